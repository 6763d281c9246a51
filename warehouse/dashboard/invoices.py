"""Invoices: each beside the sum of its parts, what was paid and credited, and what the team owes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from warehouse.dashboard.figures import cents, day, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.dashboard.marts import Marts, Row

MOST_INVOICES, MOST_ENTRIES = 60, 200
# Steps of the waterfall between nothing and the items; what is less has one step together.
_MOST_STEPS = 6
_INVOICES = """
SELECT
    source_relation, invoice_id, billing_month, invoice_amount, items_amount, lines, overages, taxes, credits,
    is_complete, difference, daily_amount, is_daily_complete, daily_difference
FROM {{marts}}.invoice_reconciliation
ORDER BY billing_month DESC, source_relation, invoice_id
LIMIT {most}
"""
_FEATURES = """
SELECT source_relation, billing_month, feature, sum(amount) AS amount
FROM {marts}.feature_cost_monthly
WHERE is_issued
GROUP BY source_relation, billing_month, feature
ORDER BY sum(amount) DESC, feature
"""
_MONEY = (
    "invoice_amount",
    "items_amount",
    "overages",
    "taxes",
    "credits",
    "difference",
    "daily_amount",
    "daily_difference",
)
_BALANCE = ("month_to_date_balance", "account_balance", "month_to_date_usage", "generated_at")
_LEDGER = ("date", "type", "description", "amount", "row_hash")


def read_invoices(marts: Marts, connections: Sequence[str]) -> dict[str, Any]:
    """Return the section; the ledger and the balance are no marts, and come from the raw tables where those are."""
    invoices = marts.rows(_INVOICES.format(most=MOST_INVOICES))
    features = marts.rows(_FEATURES)
    ledger, left_out = _ledger(marts, connections)
    return {
        "invoices": [
            {
                "connection": row["source_relation"],
                "number": row["invoice_id"],
                "month": day(row["billing_month"]),
                "lines": row["lines"],
                "is_complete": row["is_complete"],
                "is_daily_complete": row["is_daily_complete"],
                **{name: cents(row[name]) for name in _MONEY},
                "steps": _steps(row, features),
            }
            for row in invoices
        ],
        "balance": _balance(marts, connections),
        "ledger": ledger,
        "ledger_left_out": left_out,
    }


def _steps(invoice: Row, features: list[Row]) -> list[list[Any]]:
    """The steps from nothing to the invoice; none where its parts were not read."""
    if not invoice["is_complete"]:
        return []
    parts = [
        row
        for row in features
        if (row["source_relation"], row["billing_month"]) == (invoice["source_relation"], invoice["billing_month"])
    ]
    if sum((row["amount"] for row in parts), Decimal(0)) != invoice["items_amount"]:
        # Two invoices of one month: the features are of both.
        steps = [["items", invoice["items_amount"]]]
    else:
        steps = [[row["feature"], row["amount"]] for row in parts[:_MOST_STEPS]]
        if rest := parts[_MOST_STEPS:]:
            steps.append([f"{len(rest)} more features", sum(row["amount"] for row in rest)])
    steps += [[name, invoice[name]] for name in ("overages", "taxes", "credits", "difference") if invoice[name]]
    return [[name, cents(amount)] for name, amount in steps]


def _balance(marts: Marts, connections: Sequence[str]) -> list[dict[str, Any]]:
    found = []
    for schema in connections:
        table = marts.raw_table(schema, "balance", *_BALANCE)
        if table is None:
            continue
        rows = marts.rows(f"SELECT {', '.join(_BALANCE)} FROM {table} ORDER BY generated_at DESC LIMIT 1")  # noqa: S608
        found += [
            {
                "connection": schema,
                "owed": cents(row["month_to_date_balance"]),
                "from_past": cents(row["account_balance"]),
                "usage": cents(row["month_to_date_usage"]),
                "moment": moment(row["generated_at"]),
            }
            for row in rows
        ]
    return found


def _ledger(marts: Marts, connections: Sequence[str]) -> tuple[list[list[Any]], int]:
    """The newest entries of the billing ledger, and how many are not shown."""
    entries: list[Row] = []
    for schema in connections:
        if table := marts.raw_table(schema, "billing_history", *_LEDGER):
            entries += marts.rows(f"SELECT DISTINCT {', '.join(_LEDGER)} FROM {table}")  # noqa: S608
    entries.sort(key=lambda row: (str(row["date"] or ""), str(row["description"] or "")), reverse=True)
    shown = [
        [day(row["date"]), row["type"], row["description"], cents(row["amount"])] for row in entries[:MOST_ENTRIES]
    ]
    return shown, max(0, len(entries) - MOST_ENTRIES)
