"""Cost: by day and feature, and by month for each feature, project, tag, owner and region."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from warehouse.dashboard.cost_lines import read_billed_resources, resources_of_lines
from warehouse.dashboard.figures import cents

if TYPE_CHECKING:
    import datetime as dt

    from warehouse.dashboard.marts import Marts, Row
    from warehouse.dashboard.months import Months

# A dimension of more lines than these has one line for the rest, so that its sum stays whole.
MOST_LINES, MOST_DAYS, MOST_MONTHS = 40, 400, 13
_BY_DAY = """
SELECT usage_date, feature, sum(amount) AS amount FROM {marts}.feature_cost_daily GROUP BY usage_date, feature
"""
_SUM = "SELECT billing_month, {column} AS value, sum(amount) AS amount, sum({shared}) AS shared"
_BY_DIMENSION = {
    name: f"{_SUM.format(column=column, shared=shared)} FROM {{marts}}.{mart} GROUP BY billing_month, {column}"
    for name, column, shared, mart in (
        ("feature", "feature", "amount", "feature_cost_monthly"),
        ("project", "project_name", "amount", "cost_by_project"),
        # A resource with two tags stands under both: only its shares add up.
        ("tag", "tag", "allocated_amount", "cost_by_tag"),
        ("owner", "owner", "amount", "cost_by_owner"),
        ("region", "region_slug", "amount", "feature_cost_monthly"),
    )
}


def read_cost(marts: Marts, months: Months) -> dict[str, Any]:
    """Return the days and the lines of the section, money in cents."""
    lines = {name: marts.rows(statement) for name, statement in _BY_DIMENSION.items()}
    found = sorted({row["billing_month"] for rows in lines.values() for row in rows}, reverse=True)[:MOST_MONTHS]
    billed = read_billed_resources(marts, [months.current, months.last])
    return {
        "daily": _days(marts.rows(_BY_DAY)),
        "months": [month.isoformat() for month in found],
        "months_with_resources": [months.current.isoformat(), months.last.isoformat()],
        "dimensions": {
            name: {month.isoformat(): _lines(name, month, rows, billed) for month in found}
            for name, rows in lines.items()
        },
    }


def _days(rows: list[Row]) -> dict[str, Any]:
    """The cost of each feature on each of the newest days; the dearest feature first."""
    days = sorted({row["usage_date"] for row in rows})[-MOST_DAYS:]
    place = {day: at for at, day in enumerate(days)}
    totals: dict[str, Decimal] = {}
    amounts: dict[str, list[int]] = {}
    for row in rows:
        if (at := place.get(row["usage_date"])) is not None:
            totals[row["feature"]] = totals.get(row["feature"], Decimal(0)) + row["amount"]
            amounts.setdefault(row["feature"], [0] * len(days))[at] = cents(row["amount"]) or 0
    features = sorted(totals, key=lambda one: (-totals[one], one))
    sums = [Decimal(0)] * len(days)
    for row in rows:
        if (at := place.get(row["usage_date"])) is not None:
            sums[at] += row["amount"]
    return {
        "days": [day.isoformat() for day in days],
        "features": features,
        "amounts": [amounts[feature] for feature in features],
        "sums": [cents(one) for one in sums],
    }


def _lines(dimension: str, month: dt.date, rows: list[Row], billed: list[Row]) -> dict[str, Any]:
    """The lines of one month, the dearest first, and the sum, which is the usage of the month."""
    lines = [row for row in rows if row["billing_month"] == month]
    lines.sort(key=lambda row: (-row["amount"], row["value"] or ""))
    shown, rest = lines[:MOST_LINES], lines[MOST_LINES:]
    of_lines = resources_of_lines(dimension, month, {row["value"]: row["amount"] for row in shown}, billed)
    return {
        "sum": cents(sum((row["shared"] for row in lines), Decimal(0))),
        "lines": [
            {
                "value": row["value"],
                "amount": cents(row["amount"]),
                "shared": cents(row["shared"]),
                **of_lines.get(row["value"], {}),
            }
            for row in shown
        ],
        "others": len(rest),
        "others_shared": cents(sum((row["shared"] for row in rest), Decimal(0))),
    }
