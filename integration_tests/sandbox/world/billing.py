"""The ledger: invoices, their items and summaries, the open month, balance, history and daily cost.

All arithmetic is in whole cents, so every sum is exact. The open month is regenerated at midnight (UTC).
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from integration_tests.sandbox.clock import stamp
from integration_tests.sandbox.world.account import Account
from integration_tests.sandbox.world.billables import Billable, hour, moment
from integration_tests.sandbox.world.plan import Plan, Record, uuid

_TAX_PER_MILLE = 80


def usd(cents: int) -> str:
    """Cents as a decimal string."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def month_start(when: datetime) -> datetime:
    """Midnight of the first day of the month."""
    return datetime(when.year, when.month, 1, tzinfo=UTC)


def next_month(first: datetime) -> datetime:
    """The first day of the following month."""
    return month_start(first + timedelta(days=32))


class Statement:
    """One month's bill, as far as `until`: charges, overages, taxes and credits, in cents."""

    def __init__(self, plan: Plan, lines: list[Billable], first: datetime, until: datetime) -> None:
        self.period = f"{first:%Y-%m}"
        rng = plan.rng(f"invoice/{self.period}")
        self.uuid = uuid(rng)
        self.invoice_id = str(510_000_000 + first.year * 1200 + first.month * 100 + rng.randrange(100))
        self._first, self._until = hour(first), hour(until)
        self._lines = lines
        self._charged = [
            (index, cents)
            for index, line in enumerate(lines)
            if (cents := line.cents(self._first, self._until)) or self._overlaps(line)
        ]
        self.charges = sum(cents for _, cents in self._charged)
        closed = until == next_month(first)
        self.overages = rng.randrange(0, 900) if closed and rng.random() < 0.7 else 0
        self.credits = -min(2500, self.charges) if closed and first.month % 3 == 0 else 0
        taxable = self.charges + self.overages + self.credits
        self.taxes = (taxable * _TAX_PER_MILLE + 500) // 1000
        self.amount = taxable + self.taxes

    def _overlaps(self, line: Billable) -> bool:
        return min(line.end, self._until) > max(line.start, self._first)

    def __len__(self) -> int:
        return len(self._charged)

    def header(self) -> Record:
        """The invoice in the list of invoices."""
        return {
            "invoice_uuid": self.uuid,
            "invoice_id": self.invoice_id,
            "amount": usd(self.amount),
            "invoice_period": self.period,
        }

    def items(self, start: int, stop: int) -> list[Record]:
        """Invoice items by position."""
        return [self._item(self._lines[index], cents) for index, cents in self._charged[start:stop]]

    def _item(self, line: Billable, cents: int) -> Record:
        begins, ends = max(line.start, self._first), min(line.end, self._until)
        return {
            "product": line.product,
            "resource_uuid": line.resource_uuid,
            "resource_id": line.resource_id,
            "group_description": line.group,
            "description": line.description,
            "amount": usd(cents),
            "duration": str(ends - begins),
            "duration_unit": "Hours",
            "start_time": stamp(moment(begins)),
            "end_time": stamp(moment(ends)),
            "project_name": line.project,
            "category": "iaas",
        }

    def summary(self, account: Account) -> Record:
        """The invoice summary, with the billing contact."""
        products: dict[str, list[int]] = {}
        for index, cents in self._charged:
            products.setdefault(self._lines[index].product, []).append(cents)
        return {
            "invoice_uuid": self.uuid,
            "invoice_id": self.invoice_id,
            "billing_period": self.period,
            "amount": usd(self.amount),
            "user_name": account.name,
            "user_billing_address": {
                "address_line1": "1 Quay Street",
                "address_line2": "",
                "city": "Springfield",
                "region": "NY",
                "postal_code": "00000",
                "country_iso2_code": "US",
                "created_at": "2024-01-03T16:34:46.000+00:00",
                "updated_at": "2024-01-03T16:34:46.000+00:00",
            },
            "user_company": account.team_name,
            "user_email": account.email,
            "product_charges": {
                "name": "Product usage charges",
                "amount": usd(self.charges),
                "items": [
                    {"amount": usd(sum(amounts)), "name": name, "count": str(len(amounts))}
                    for name, amounts in products.items()
                ],
            },
            "overages": {"name": "Overages", "amount": usd(self.overages)},
            "taxes": {"name": "Taxes", "amount": usd(self.taxes)},
            "credits_and_adjustments": {"name": "Credits & adjustments", "amount": usd(self.credits)},
        }


@dataclass
class _Day:
    lines: "array[int]" = field(default_factory=lambda: array("l"))
    cents: "array[int]" = field(default_factory=lambda: array("l"))


class Ledger:
    """Everything about money of one team. `lines` may end (a deletion) but never change otherwise."""

    def __init__(self, plan: Plan, account: Account, lines: list[Billable]) -> None:
        self._plan = plan
        self._account = account
        self._lines = lines
        self._statement = cache(lambda first, until: Statement(plan, lines, first, until))
        self._days: dict[int, _Day] = {}

    def end(self, resource_ids: set[str], when: datetime) -> None:
        """Stop billing deleted resources, from the next full hour."""
        for line in self._lines:
            if line.resource_id in resource_ids or line.resource_uuid in resource_ids:
                line.end = min(line.end, hour(when) + 1)

    def issued(self, now: datetime) -> list[Statement]:
        """Invoices of every closed month since the horizon, newest first."""
        statements, first = [], month_start(self._plan.horizon)
        while (following := next_month(first)) <= now:
            statements.append(self._statement(first, following))
            first = following
        return statements[::-1]

    def preview(self, now: datetime) -> Statement:
        """The open month up to last midnight."""
        return self._statement(month_start(now), _midnight(now))

    def preview_header(self, now: datetime) -> Record:
        """The preview in the list of invoices; the only one with `updated_at`."""
        return {**self.preview(now).header(), "updated_at": stamp(_midnight(now))}

    def find(self, invoice_uuid: str, now: datetime) -> Statement | None:
        """An invoice by UUID; `preview` and the preview's own UUID are the open month."""
        preview = self.preview(now)
        if invoice_uuid in {"preview", preview.uuid}:
            return preview
        return next((one for one in self.issued(now) if one.uuid == invoice_uuid), None)

    def history(self, now: datetime) -> list[Record]:
        """The billing history, newest first: an invoice a month and its payment, credits and a refund."""
        entries = sorted(self._entries(now), key=lambda entry: entry[0], reverse=True)
        return [
            {"description": text, "amount": usd(cents), "date": stamp(when), "type": kind, **invoice}
            for when, kind, text, cents, invoice in entries
            if when <= now
        ]

    def _entries(self, now: datetime) -> Iterator[tuple[datetime, str, str, int, Record]]:
        for statement in self.issued(now):
            first = datetime.strptime(statement.period + "+0000", "%Y-%m%z")
            due = next_month(first)
            invoice = {"invoice_id": statement.invoice_id, "invoice_uuid": statement.uuid}
            yield due, "Invoice", f"Invoice for {first:%B %Y}", statement.amount, invoice
            paid = due + timedelta(days=1, hours=6)
            yield paid, "Payment", "Payment (credit card)", -statement.amount, {}
        early = self._plan.horizon + timedelta(days=10, hours=9)
        yield early, "Credit", "Promotional credit", -4000, {}
        yield early + timedelta(days=5), "Refund", "Refund of a duplicate charge", 1500, {}
        # Two corrections of the same moment and amount: real ledgers hold rows that nothing tells apart.
        for _ in range(2):
            yield early + timedelta(days=9), "Adjustment", "Service credit for an incident", -500, {}

    def balance(self, now: datetime) -> Record:
        """The balance as of last midnight: what is owed from the history, plus the open month."""
        generated = _midnight(now)
        owed = sum(entry[3] for entry in self._entries(generated) if entry[0] <= generated)
        usage = self.preview(now).amount
        return {
            "month_to_date_balance": usd(owed + usage),
            "account_balance": usd(owed),
            "month_to_date_usage": usd(usage),
            "generated_at": stamp(generated),
        }

    def _day(self, day: int) -> _Day:
        """One closed day: how much the month's charge of each line grew during it."""
        if day not in self._days:
            found = _Day()
            begins = day * 24
            first = hour(month_start(moment(begins)))
            for index, line in enumerate(self._lines):
                if line.start < begins + 24 and line.end > begins:
                    cents = line.cents(first, begins + 24) - line.cents(first, begins)
                    if cents:
                        found.lines.append(index)
                        found.cents.append(cents)
            self._days[day] = found
        return self._days[day]

    def insights(
        self, start: datetime, end: datetime, now: datetime, first: int, last: int
    ) -> tuple[int, list[Record]]:
        """How many daily points lie in the whole days [start, end], and the points [first, last) of them."""
        since = max(start, month_start(self._plan.horizon))
        # Points appear the night after their day.
        days = range(hour(since) // 24, min(hour(end), hour(_midnight(now)) - 24) // 24 + 1)
        return sum(len(self._day(day).lines) for day in days), list(self._points(days, first, last))

    def _points(self, days: range, first: int, last: int) -> Iterator[Record]:
        for day in days:
            found = self._day(day)
            for position in range(max(first, 0), min(last, len(found.lines))):
                line = self._lines[found.lines[position]]
                yield {
                    "usage_team_urn": f"do:team:{self._account.team_uuid}",
                    "start_date": f"{moment(day * 24):%Y-%m-%d}",
                    "total_amount": usd(found.cents[position]),
                    "region": line.region,
                    "sku": line.sku,
                    "description": line.description,
                    "group_description": line.group,
                }
            first, last = first - len(found.lines), last - len(found.lines)
            if last <= 0:
                return


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
