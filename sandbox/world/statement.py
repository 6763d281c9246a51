"""One month's bill: items, summary and CSV file, all of the same cents."""

import csv
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sandbox.clock import stamp
from sandbox.world.account import Account
from sandbox.world.billables import HOUR, Billable, moment, second
from sandbox.world.plan import Plan, Record, uuid

_TAX_PER_MILLE = 80
# API specification, response invoice_csv.
_CSV_COLUMNS = ["product", "group_description", "description", "hours", "start", "end", "USD"]
_CSV_COLUMNS += ["project_name", "category"]


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


@dataclass
class Changes:
    """What a test does to a month's bill: items added, and cents added to the items at these positions."""

    added: list[Record] = field(default_factory=list)
    by_position: dict[int, int] = field(default_factory=dict)


class Statement:
    """One month's bill, as far as `until`: charges, overages, taxes and credits, in cents.

    `corrected`: DigitalOcean has found, after the invoice, that it charged a tenth too much for the dearest item.
    """

    def __init__(
        self,
        plan: Plan,
        lines: list[Billable],
        first: datetime,
        until: datetime,
        corrected: bool = False,
        changes: Changes | None = None,
    ) -> None:
        self.period = f"{first:%Y-%m}"
        rng = plan.rng(f"invoice/{self.period}")
        self.uuid = uuid(rng)
        self.invoice_id = str(510_000_000 + first.year * 1200 + first.month * 100 + rng.randrange(100))
        self._first, self._until = second(first), second(until)
        self._lines = lines
        self._charged = [
            (index, cents)
            for index, line in enumerate(lines)
            if (cents := line.cents(self._first, self._until)) or self._overlaps(line)
        ]
        if corrected and self._charged:
            dearest = max(range(len(self._charged)), key=lambda position: self._charged[position][1])
            index, cents = self._charged[dearest]
            self._charged[dearest] = (index, cents - cents // 10)
        changes = changes or Changes()
        for position, more in changes.by_position.items():
            index, cents = self._charged[position]
            self._charged[position] = (index, cents + more)
        self._added = changes.added
        self.charges = sum(cents for _, cents in self._charged) + sum(int(one["cents"]) for one in self._added)
        closed = until == next_month(first)
        self.overages = rng.randrange(0, 900) if closed and rng.random() < 0.7 else 0
        self.credits = -min(2500, self.charges) if closed and first.month % 3 == 0 else 0
        taxable = self.charges + self.overages + self.credits
        self.taxes = (taxable * _TAX_PER_MILLE + 500) // 1000
        self.amount = taxable + self.taxes

    def _overlaps(self, line: Billable) -> bool:
        return min(line.end, self._until) > max(line.start, self._first)

    def __len__(self) -> int:
        return len(self._charged) + len(self._added)

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
        found = [self._item(self._lines[index], cents) for index, cents in self._charged[start:stop]]
        after = len(self._charged)
        return found + [self._added_item(one) for one in self._added[max(start - after, 0) : max(stop - after, 0)]]

    def _added_item(self, given: Record) -> Record:
        texts = {name: value for name, value in given.items() if name != "cents"}
        whole_month = {
            "duration": _hours(self._until - self._first),
            "duration_unit": "Hours",
            "start_time": stamp(moment(self._first)),
            "end_time": stamp(moment(self._until)),
        }
        blank = dict.fromkeys(("resource_uuid", "resource_id", "group_description", "description", "project_name"), "")
        return {**blank, **whole_month, "category": "iaas", **texts, "amount": usd(int(given["cents"]))}

    def _item(self, line: Billable, cents: int) -> Record:
        begins, ends = max(line.start, self._first), min(line.end, self._until)
        return {
            "product": line.product,
            "resource_uuid": line.resource_uuid,
            "resource_id": line.resource_id,
            "group_description": line.group,
            "description": line.description,
            "amount": usd(cents),
            "duration": _hours(ends - begins),
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
        for one in self._added:
            products.setdefault(one["product"], []).append(int(one["cents"]))
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

    def csv(self) -> str:
        """The invoice as a CSV file: its items, and what else makes up its amount."""
        written = io.StringIO()
        lines = csv.writer(written, lineterminator="\n")
        lines.writerow(_CSV_COLUMNS)
        for one in self.items(0, len(self)):
            span = [_csv_moment(one["start_time"]), _csv_moment(one["end_time"])]
            texts = [one["product"], one["group_description"], one["description"], one["duration"]]
            lines.writerow([*texts, *span, _csv_money(one["amount"]), one["project_name"], one["category"]])
        rest = [
            ("Bandwidth", "Bandwidth Overage", self.overages),
            ("Taxes", f"STATE SALES TAX ({_TAX_PER_MILLE / 10:.2f}%)", self.taxes),
            ("Credits", "Credits & adjustments", self.credits),
        ]
        span = [_csv_moment(stamp(moment(self._first))), _csv_moment(stamp(moment(self._until) - timedelta(seconds=1)))]
        for product, text, cents in rest:
            if cents:
                lines.writerow([product, "", text, "", *span, _csv_money(usd(cents)), "", "iaas"])
        return written.getvalue()


def _hours(seconds: int) -> str:
    """Hours, with four digits where they are not whole: how DigitalOcean writes them is not documented."""
    return str(seconds // HOUR) if seconds % HOUR == 0 else f"{seconds / HOUR:.4f}"


def _csv_moment(text: str) -> str:
    return text.replace("T", " ").replace("Z", " +0000")


def _csv_money(amount: str) -> str:
    return f"-${amount[1:]}" if amount.startswith("-") else f"${amount}"
