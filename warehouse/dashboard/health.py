"""Data health: how fresh the data is, what is missing from it, and what of it cannot be attributed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from warehouse.dashboard.figures import cents, day, share

if TYPE_CHECKING:
    from warehouse.dashboard.landed import Landed
    from warehouse.dashboard.marts import Marts
    from warehouse.dashboard.months import Months

_NEWEST_INVOICE = "SELECT max(billing_month) AS month FROM {marts}.invoice_reconciliation"
# One metric of each kind of resource is enough to say what has no measurements at all: the best one.
_UNMEASURED = """
SELECT feature, resource_type, max(resources_measured) AS measured, min(resources_not_measured) AS not_measured
FROM {{marts}}.feature_utilization_daily
WHERE usage_date = DATE '{day}'
GROUP BY feature, resource_type
HAVING min(resources_not_measured) > 0
ORDER BY min(resources_not_measured) DESC, feature, resource_type
"""
# Days between the first and the last measurement of a feature that have none.
_HOLES = """
SELECT
    feature, min(usage_date) AS first_day, max(usage_date) AS last_day, count(DISTINCT usage_date) AS days
FROM {{marts}}.feature_utilization_daily
WHERE usage_date >= DATE '{since}'
GROUP BY feature
ORDER BY feature
"""
_ATTRIBUTED = """
SELECT
    coalesce(sum({amount}), 0) AS amount, coalesce(sum(CASE WHEN NOT is_attributed THEN {amount} END), 0) AS nobody
FROM {{marts}}.{mart} WHERE billing_month = DATE '{month}'
"""
_DAILY = """
SELECT
    coalesce(sum(amount), 0) AS amount,
    coalesce(sum(CASE WHEN urn IS NULL AND candidates = 0 THEN amount END), 0) AS nameless,
    coalesce(sum(CASE WHEN urn IS NULL AND candidates > 0 THEN amount END), 0) AS ambiguous
FROM {{marts}}.resource_cost_daily WHERE billing_month = DATE '{month}'
"""


def read_health(marts: Marts, months: Months, landed: Landed) -> dict[str, Any]:
    """Return the section, money in cents."""
    (invoice,) = marts.rows(_NEWEST_INVOICE)
    return {
        "connections": landed.connections(),
        "newest": [
            ["Daily costs", day(months.cost_day)],
            ["Utilization", day(months.used_day)],
            ["Issued invoice, for the month that begins", day(invoice["month"])],
        ],
        "streams": landed.missing_streams(),
        "gaps": landed.gaps(),
        "has_states": landed.has_states(),
        "holes": _holes(marts, months),
        "unmeasured": marts.rows(_UNMEASURED.format(day=months.used_day)) if months.used_day else [],
        "unattributed": _unattributed(marts, months),
    }


def _holes(marts: Marts, months: Months) -> list[list[Any]]:
    """Features whose utilization lacks whole days within the last thirty."""
    if not months.thirty_days:
        return []
    rows = marts.rows(_HOLES.format(since=months.thirty_days[0]))
    spans = [(row, (row["last_day"] - row["first_day"]).days + 1 - row["days"]) for row in rows]
    return [[row["feature"], day(row["first_day"]), day(row["last_day"]), missing] for row, missing in spans if missing]


def _unattributed(marts: Marts, months: Months) -> list[list[Any]]:
    """What of the month's cost has no project, tag, owner or resource: label, cents, percent, why."""
    reasons = (
        ("No project", "cost_by_project", "amount", "DigitalOcean names no project on the line."),
        ("No tag", "cost_by_tag", "allocated_amount", "The resource has no tag, or the line has no resource."),
        ("No owner", "cost_by_owner", "amount", "The seed resource_owners names nobody for its tags and project."),
    )
    found: list[tuple[str, Decimal, Decimal, str]] = []
    for label, mart, column, why in reasons:
        (row,) = marts.rows(_ATTRIBUTED.format(mart=mart, amount=column, month=months.current))
        found.append((label, row["nobody"], row["amount"], why))
    (daily,) = marts.rows(_DAILY.format(month=months.current))
    found += [
        ("Daily cost without a resource", daily["nameless"], daily["amount"], "No billed line is called so."),
        ("Daily cost of several candidates", daily["ambiguous"], daily["amount"], "Several resources have the name."),
    ]
    return [[label, cents(part), share(Decimal(part), Decimal(whole)), why] for label, part, whole, why in found]
