"""What a line of the cost section opens to: the resources that it is made of, and what is not listed one by one."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from warehouse.dashboard.figures import cents

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from warehouse.dashboard.marts import Marts, Row

MOST_RESOURCES = 10
_BILLED = """
SELECT
    cast(focus."BillingPeriodStart" AS date) AS billing_month,
    coalesce(focus."ResourceId", focus."ChargeDescription") AS thing,
    coalesce(focus."ResourceName", focus."ChargeDescription") AS name,
    focus."x_Feature" AS feature,
    focus."x_ProjectName" AS project,
    inventory.owner,
    coalesce(focus."RegionId", inventory.region_slug) AS region,
    cast(focus."Tags" AS varchar) AS tags,
    sum(focus."BilledCost") AS amount
FROM {{marts}}.focus_cost AS focus
LEFT JOIN {{marts}}.resource_inventory AS inventory
    ON inventory.source_relation = focus."x_SourceRelation" AND inventory.urn = focus."ResourceId"
WHERE focus."x_LineSource" <> 'invoice_summaries'
    AND cast(focus."BillingPeriodStart" AS date) IN ({months})
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""

_Things = dict[tuple[str, str, str], Decimal]


def read_billed_resources(marts: Marts, months: Sequence[dt.date]) -> list[Row]:
    """Return what each resource was billed for in these months, with all that it can stand under."""
    rows = marts.rows(_BILLED.format(months=", ".join(f"DATE '{month}'" for month in months)))
    for row in rows:
        row["tag"] = list(json.loads(row["tags"])) if row["tags"] else [None]
    return rows


def resources_of_lines(
    dimension: str, month: dt.date, amounts: Mapping[Any, Decimal], billed: Sequence[Row]
) -> dict[Any, dict[str, Any]]:
    """Return for each line its dearest resources, and the number and sum of what is not listed.

    A line is left closed where its resources come to more than the line: then somebody else than the resource decides
    where its cost stands (an owner by the project of a line, a region that no list has), which the marts do not tell.
    """
    things: defaultdict[Any, _Things] = defaultdict(dict)
    for row in billed:
        if row["billing_month"] != month:
            continue
        values = row["tag"] if dimension == "tag" else [row[dimension]]
        key = (row["thing"] or "", row["name"] or "", row["feature"])
        for value in values:
            if value in amounts:
                things[value][key] = things[value].get(key, Decimal(0)) + row["amount"]
    opened = {}
    for value, of_value in things.items():
        ordered = sorted(of_value.items(), key=lambda one: (-one[1], one[0]))
        listed = ordered[:MOST_RESOURCES]
        rest = amounts[value] - sum((amount for _, amount in listed), Decimal(0))
        if rest < 0 and amounts[value] > 0:
            continue
        opened[value] = {
            "resources": [[name, feature, cents(amount)] for (_, name, feature), amount in listed],
            "more": len(ordered) - len(listed),
            "more_amount": cents(rest),
        }
    return opened
