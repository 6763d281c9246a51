"""Use beside pay: what each feature costs and how much of it is used, and the resources that are dear and idle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.dashboard.figures import cents, percent, quantity

if TYPE_CHECKING:
    import datetime as dt

    from warehouse.dashboard.marts import Marts
    from warehouse.dashboard.months import Months

# The chart keeps the dearest: among more points nobody finds one.
MOST_POINTS, MOST_NAMED = 1500, 8
# Below this much in use a dear resource is worth a look.
IDLE_PERCENT = 50
_MONTHS = "SELECT DISTINCT billing_month FROM {marts}.use_and_pay ORDER BY billing_month DESC LIMIT 2"
_FEATURES = """
SELECT
    feature, sum(amount) AS amount, sum(resources_billed) AS billed, sum(resources_measured) AS measured,
    CASE WHEN count(*) = 1 THEN max(used_percent) END AS used_percent, sum(used_quantity) AS used_quantity,
    max(used_unit) AS used_unit, sum(unused_amount) AS unused,
    CASE WHEN count(*) = 1 THEN max(cost_per_used_unit) END AS unit_cost
FROM {{marts}}.use_and_pay
WHERE level = 'feature' AND billing_month = DATE '{month}'
GROUP BY feature
ORDER BY sum(amount) DESC, feature
"""
_POINTS = """
SELECT resource_name, feature, amount, used_percent, unused_amount, count(*) OVER () AS found
FROM {{marts}}.use_and_pay
WHERE level = 'resource' AND billing_month = DATE '{month}' AND used_percent IS NOT NULL AND amount > 0
ORDER BY unused_amount DESC, amount DESC, urn
LIMIT {most}
"""
_ALLOWANCE = """
SELECT
    sum(droplets) AS droplets, sum(droplets_measured) AS measured, sum(allowance_gib) AS allowance,
    sum(outbound_gib) AS outbound, 100 * sum(outbound_gib) / nullif(sum(allowance_gib), 0) AS used_percent
FROM {{marts}}.transfer_allowance WHERE billing_month = DATE '{month}'
"""


def read_use(marts: Marts, months: Months) -> dict[str, Any]:
    """Return the section for the two newest months, money in cents."""
    found = [row["billing_month"] for row in marts.rows(_MONTHS)]
    return {"months": {month.isoformat(): _month(marts, month) for month in found if month <= months.current}}


def _month(marts: Marts, month: dt.date) -> dict[str, Any]:
    points = marts.rows(_POINTS.format(month=month, most=MOST_POINTS))
    (allowance,) = marts.rows(_ALLOWANCE.format(month=month))
    named = 0
    resources = []
    for row in points:
        is_named = named < MOST_NAMED and row["used_percent"] < IDLE_PERCENT and row["unused_amount"] >= 1
        named += is_named
        resources.append(
            {
                "name": row["resource_name"],
                "feature": row["feature"],
                "amount": cents(row["amount"]),
                "used": percent(row["used_percent"]),
                "unused": cents(row["unused_amount"]),
                "number": named if is_named else None,
            }
        )
    return {
        "features": [
            {
                "feature": row["feature"],
                "amount": cents(row["amount"]),
                "billed": int(row["billed"] or 0),
                "measured": int(row["measured"] or 0),
                "used": percent(row["used_percent"]),
                "used_quantity": quantity(row["used_quantity"]),
                "used_unit": row["used_unit"],
                "unused": cents(row["unused"]),
                "unit_cost": quantity(row["unit_cost"], 4),
            }
            for row in marts.rows(_FEATURES.format(month=month))
        ],
        "points": resources,
        "points_left_out": (points[0]["found"] - len(points)) if points else 0,
        "transfer": {
            "droplets": int(allowance["droplets"] or 0),
            "measured": int(allowance["measured"] or 0),
            "allowance": quantity(allowance["allowance"]),
            "outbound": quantity(allowance["outbound"]),
            "used": percent(allowance["used_percent"]),
        },
    }
