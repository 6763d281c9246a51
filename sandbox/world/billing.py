"""The ledger: invoices, the open month, balance, history and daily cost.

All arithmetic is in whole cents, so every sum is exact. The open month is regenerated at midnight (UTC).
"""

from array import array
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from sandbox.clock import stamp
from sandbox.world.account import Account
from sandbox.world.billables import Billable, moment, second
from sandbox.world.plan import Plan, Record
from sandbox.world.statement import Changes, Statement, month_start, next_month, usd

_DAY = 86_400
_NEVER = datetime.max.replace(tzinfo=UTC)


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
        self._changes: defaultdict[str, Changes] = defaultdict(Changes)
        self._statement = cache(self._build)
        self._days: dict[int, _Day] = {}

    def _build(self, first: datetime, until: datetime, corrected: bool = False) -> Statement:
        changes = self._changes.get(f"{first:%Y-%m}")
        return Statement(self._plan, self._lines, first, until, corrected, changes)

    def change(self, period: str, cents: int, position: int | None = None, item: Record | None = None) -> None:
        """Add cents to the item at a position of a month's bill, or an item (`product`, `description`, ...) of as many.

        An issued invoice changes as well as the open month. Raises ValueError for a month without a name.
        """
        datetime.strptime(period + "+0000", "%Y-%m%z")
        changes = self._changes[period]
        if position is not None:
            changes.by_position[position] = changes.by_position.get(position, 0) + cents
        else:
            changes.added.append({"product": "Adjustment", **(item or {}), "cents": cents})
        self._statement = cache(self._build)

    def end(self, resource_ids: set[str], when: datetime) -> None:
        """Stop billing deleted resources."""
        for line in self._lines:
            if line.resource_id in resource_ids or line.resource_uuid in resource_ids:
                line.end_at(when)

    def issued(self, now: datetime) -> list[Statement]:
        """Invoices of every closed month since the horizon, newest first."""
        statements, first = [], month_start(self._plan.horizon)
        while (following := next_month(first)) <= now:
            statements.append(self._statement(first, following, _corrected(first) <= now))
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
            charged = self._statement(first, due).amount
            yield due, "Invoice", f"Invoice for {first:%B %Y}", charged, invoice
            paid = due + timedelta(days=1, hours=6)
            yield paid, "Payment", "Payment (credit card)", -charged, {}
            # A ledger is never rewritten: what a correction takes off an invoice is a row of its own.
            if statement.amount != charged and _corrected(first) <= now:
                text = f"Correction of the invoice for {first:%B %Y}"
                yield _corrected(first), "Adjustment", text, statement.amount - charged, invoice
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
            begins = day * _DAY
            first = second(month_start(moment(begins)))
            for index, line in enumerate(self._lines):
                if line.start < begins + _DAY and line.end > begins:
                    cents = line.cents(first, begins + _DAY) - line.cents(first, begins)
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
        days = range(second(since) // _DAY, min(second(end), second(_midnight(now)) - _DAY) // _DAY + 1)
        return sum(len(self._day(day).lines) for day in days), list(
            self._points(days, first, last, second(now) // _DAY - 3)
        )

    def _points(self, days: range, first: int, last: int, fresh: int) -> Iterator[Record]:
        for day in days:
            found = self._day(day)
            for position in range(max(first, 0), min(last, len(found.lines))):
                line = self._lines[found.lines[position]]
                # A night's estimates put a cent of the first line on the second; three days later they are right.
                slip = 0
                if day >= fresh and len(found.lines) > 1 and position < 2:
                    slip = (-1, 1)[position]
                yield {
                    "usage_team_urn": f"do:team:{self._account.team_uuid}",
                    "start_date": f"{moment(day * _DAY):%Y-%m-%d}",
                    "total_amount": usd(found.cents[position] + slip),
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


def _corrected(first: datetime) -> datetime:
    """When the invoice of a month is corrected: that of every third month, on the fifth; the others never."""
    return next_month(first) + timedelta(days=4, hours=15) if first.month % 3 == 2 else _NEVER
