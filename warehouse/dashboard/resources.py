"""Resources: everything that is or was billed, deleted ones included, with the cost of the last thirty days."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any

from warehouse.dashboard.budget import within
from warehouse.dashboard.figures import cents, day, percent

if TYPE_CHECKING:
    from warehouse.dashboard.marts import Marts, Row
    from warehouse.dashboard.months import Months

# Bytes of the file that resources may take.
_BUDGET = 5_000_000
_INVENTORY = """
SELECT
    inventory.source_relation, inventory.urn, inventory.resource_type, inventory.feature, inventory.name,
    inventory.project_name, inventory.owner, cast(inventory.tags AS varchar) AS tags, inventory.region_slug,
    inventory.size, inventory.status, inventory.monthly_cost, inventory.is_listed, inventory.is_deleted,
    inventory.first_seen_on, inventory.last_seen_on, used.used_percent
FROM {{marts}}.resource_inventory AS inventory
LEFT JOIN (
    SELECT source_relation, urn, max(used_percent) AS used_percent
    FROM {{marts}}.use_and_pay
    WHERE level = 'resource' AND billing_month = DATE '{month}'
    GROUP BY source_relation, urn
) AS used
    ON used.source_relation = inventory.source_relation AND used.urn = inventory.urn
"""
# One row a resource, its days as text: a row a day would be a million of them for a large account.
_DAILY = """
SELECT
    source_relation, urn, sum(amount) AS amount,
    string_agg(cast(usage_date - DATE '{first}' AS varchar) || ':' || cast(round(100 * amount) AS varchar), ' ') AS days
FROM (
    SELECT source_relation, urn, usage_date, sum(amount) AS amount
    FROM {{marts}}.resource_cost_daily
    WHERE urn IS NOT NULL AND usage_date BETWEEN DATE '{first}' AND DATE '{last}'
    GROUP BY source_relation, urn, usage_date
) AS days
GROUP BY source_relation, urn
"""


def read_resources(marts: Marts, months: Months) -> dict[str, Any]:
    """Return the resources, the dearest first, and in a line for each feature what the file has no room for."""
    costs = _daily_costs(marts, months)
    found = marts.rows(_INVENTORY.format(month=months.current))
    for row in found:
        # Several resources of one name have no daily cost of their own: that is not known, and not nothing.
        row["thirty"], row["days"] = costs.get((row["source_relation"], row["urn"]), (None, None))
    found.sort(key=lambda row: (-(row["monthly_cost"] or 0), -(row["thirty"] or 0), row["name"] or "", row["urn"]))
    rows = within(_BUDGET, (_row(one) for one in found))
    return {
        "first_day": day(months.thirty_days[0]) if months.thirty_days else None,
        "last_day": day(months.cost_day),
        "rows": rows,
        "found": len(found),
        "left_out": _left_out(found[len(rows) :]),
    }


def _row(row: Row) -> list[Any]:
    state = "deleted" if row["is_deleted"] else "listed" if row["is_listed"] else "unknown"
    return [
        row["name"] or row["urn"],
        row["feature"],
        row["resource_type"],
        row["project_name"],
        row["owner"],
        row["tags"] or "",
        row["region_slug"],
        row["size"],
        row["status"],
        state,
        cents(row["monthly_cost"]),
        cents(row["thirty"]),
        _runs(row["days"]) if row["days"] else None,
        percent(row["used_percent"]),
        day(row["first_seen_on"]),
        day(row["last_seen_on"]),
    ]


def _daily_costs(marts: Marts, months: Months) -> dict[tuple[str, str], tuple[Decimal, str]]:
    """For each resource the sum of the thirty days, and their cents as `day:cents`."""
    if not months.thirty_days:
        return {}
    rows = marts.rows(_DAILY.format(first=months.thirty_days[0], last=months.thirty_days[-1]))
    return {(row["source_relation"], row["urn"]): (row["amount"], row["days"]) for row in rows}


def _runs(days: str) -> str:
    """The thirty days in cents, equal ones as one: 86x27 0x3 is 27 days of 0.86 USD, and 3 days without cost."""
    cents_of = {int(at): int(float(amount)) for at, _, amount in (one.partition(":") for one in days.split())}
    runs = ((amount, sum(1 for _ in run)) for amount, run in groupby(cents_of.get(at, 0) for at in range(30)))
    return " ".join(f"{amount}x{length}" if length > 1 else str(amount) for amount, length in runs)


def _left_out(rows: list[Row]) -> list[dict[str, Any]]:
    """What the file has no room for, by feature."""
    features: dict[str, list[Row]] = {}
    for row in rows:
        features.setdefault(row["feature"], []).append(row)
    return [
        {
            "feature": feature,
            "resources": len(members),
            "monthly_cost": cents(sum((row["monthly_cost"] or 0 for row in members), Decimal(0))),
            "thirty_days": cents(sum((row["thirty"] or 0 for row in members), Decimal(0))),
        }
        for feature, members in sorted(features.items())
    ]
