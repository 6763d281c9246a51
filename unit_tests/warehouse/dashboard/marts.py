"""Hand-made marts: tables with the columns that dbt makes, and a small team to put into them."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from warehouse.dashboard.marts import MARTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Rows = Mapping[str, Iterable[Mapping[str, Any]]]

_DECLARED = Path(__file__).parents[3] / "warehouse" / "models" / "models" / "marts" / "_marts.yml"
# dbt tells the columns of a mart and not their types: here they follow from the names.
_TYPES = {
    r"is_.*|x_Is.*": "BOOLEAN",
    r".*_(date|month|on)|(first|last)_day": "DATE",
    r"Billing.*(End|Start)|ChargePeriod.*": "TIMESTAMPTZ",
    r"(.*_)?(amount|cost|monthly|spent|forecast|actual|overages|taxes|credits|difference)|.*Cost": "DECIMAL(38, 9)",
    r"(.*_)?(percent|gib|average|p95|peak|quantity|used_unit_cost|unit_cost)|cost_per_used_unit": "DECIMAL(38, 4)",
    r"(.*_)?(days|resources|measured|billed|lines|candidates|droplets|samples|compared)": "BIGINT",
}
TEAM = "do:team:1"
NOVEMBER, OCTOBER = dt.date(2026, 11, 1), dt.date(2026, 10, 1)
BAD_NAME = "</script><script>document.title='owned'</script>&\u2028<b>"


@cache
def _columns() -> dict[str, dict[str, str]]:
    models = yaml.safe_load(_DECLARED.read_text(encoding="utf-8"))["models"]
    return {model["name"]: {column["name"]: _type(column["name"]) for column in model["columns"]} for model in models}


def _type(column: str) -> str:
    return next((kind for pattern, kind in _TYPES.items() if re.fullmatch(pattern, column)), "VARCHAR")


def make_marts(connection: Any, rows: Rows | None = None) -> None:
    """Create every mart, and put the rows into them; what a row does not name is empty."""
    cursor = connection.cursor()
    cursor.execute("CREATE SCHEMA digitalocean_marts")
    for mart in MARTS:
        declared = ", ".join(f'"{name}" {kind}' for name, kind in _columns()[mart].items())
        cursor.execute(f"CREATE TABLE digitalocean_marts.{mart} ({declared})")
    for mart, given in (rows or {}).items():
        put(connection, f"digitalocean_marts.{mart}", given)


def put(connection: Any, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows, each with the columns that it names; those that name the same ones together."""
    cursor = connection.cursor()
    for names, same in groupby(rows, key=tuple):
        columns = ", ".join(f'"{name}"' for name in names)
        values = ", ".join(f"({', '.join(map(_literal, row.values()))})" for row in same)
        cursor.execute(f"INSERT INTO {table} ({columns}) VALUES {values}")  # noqa: S608


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool | float | int | Decimal):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def small_team() -> dict[str, list[dict[str, Any]]]:
    """Four resources: one is deleted, one has a bad name, one no cost; an issued October and an open November."""
    web, api = ("do:droplet:1", "web"), ("do:droplet:2", BAD_NAME)
    gone, twin = ("do:volume:9", "gone"), ("do:volume:8", "twin")
    of = {"source_relation": "digitalocean", "team_urn": TEAM}
    billed = [
        # month, issued, resource, feature, project, region, tags, owner, amount
        (OCTOBER, True, web, "droplets", "shop", "fra1", ("a", "b"), "ann", Decimal("24.01")),
        (OCTOBER, True, api, "droplets", "shop", "ams3", (), None, Decimal("1200.00")),
        (OCTOBER, True, gone, "volumes", None, "fra1", (), None, Decimal("10.00")),
        (NOVEMBER, False, web, "droplets", "shop", "fra1", ("a", "b"), "ann", Decimal("20.55")),
        (NOVEMBER, False, api, "droplets", "shop", "ams3", (), None, Decimal("1000.00")),
        (NOVEMBER, False, ("", "Support"), "support", None, None, (), None, Decimal("0.45")),
    ]
    marts: dict[str, list[dict[str, Any]]] = {mart: [] for mart in MARTS}
    for month, issued, (urn, name), feature, project, region, tags, owner, amount in billed:
        line = {**of, "billing_month": month, "is_issued": issued, "feature": feature, "amount": amount}
        marts["feature_cost_monthly"].append({**line, "region_slug": region})
        marts["cost_by_project"].append({**line, "project_name": project, "is_attributed": project is not None})
        marts["cost_by_owner"].append({**line, "owner": owner, "is_attributed": owner is not None})
        cents = int(amount * 100)
        for nth, tag in enumerate(tags or (None,)):
            share = Decimal(cents // max(len(tags), 1) + (cents % max(len(tags), 1) if nth == 0 else 0)) / 100
            marts["cost_by_tag"].append(
                {**line, "tag": tag, "is_attributed": tag is not None, "allocated_amount": share}
            )
        marts["focus_cost"].append(
            {
                "BilledCost": amount,
                "BillingPeriodStart": f"{month} 00:00:00+00",
                "ChargeDescription": name,
                "ResourceId": urn or None,
                "ResourceName": name if urn else None,
                "RegionId": region,
                "Tags": "{" + ", ".join(f'"{tag}": true' for tag in tags) + "}" if tags else None,
                "x_Feature": feature,
                "x_LineSource": "invoice_items" if issued else "invoice_preview_items",
                "x_ProjectName": project,
                "x_SourceRelation": "digitalocean",
            }
        )
        if urn:
            marts["use_and_pay"].append(
                {
                    **line,
                    "level": "resource",
                    "urn": urn,
                    "resource_name": name,
                    "resources_billed": 1,
                    "used_percent": Decimal("12.5") if feature == "droplets" else None,
                    "unused_amount": amount * Decimal("0.875") if feature == "droplets" else None,
                }
            )
    for month, issued, paid in (
        (OCTOBER, True, Decimal("1224.01")),
        (NOVEMBER, False, Decimal("1020.55")),
    ):
        marts["use_and_pay"].append(
            {
                **of,
                "level": "feature",
                "billing_month": month,
                "is_issued": issued,
                "feature": "droplets",
                "amount": paid,
                "resources_billed": 2,
                "resources_measured": 2,
                "used_percent": Decimal("12.5"),
                "used_quantity": Decimal(90),
                "used_unit": "hour of all processors in use",
                "unused_amount": paid * Decimal("0.875"),
                "cost_per_used_unit": Decimal("13.6001"),
            }
        )
    for (urn, name), feature, kind, cost, deleted in (
        (web, "droplets", "droplet", Decimal("24.00"), False),
        (api, "droplets", "droplet", Decimal("1200.00"), False),
        (gone, "volumes", "volume", None, True),
        (twin, "volumes", "volume", Decimal("5.00"), False),
    ):
        marts["resource_inventory"].append(
            {
                **of,
                "team_name": "Tidepool Labs",
                "urn": urn,
                "resource_type": kind,
                "feature": feature,
                "name": name,
                "project_name": "shop",
                "owner": "ann" if urn == web[0] else None,
                "tags": '["a", "b"]' if urn == web[0] else "[]",
                "region_slug": "fra1",
                "monthly_cost": cost,
                "is_listed": not deleted,
                "is_deleted": deleted,
                "first_seen_on": OCTOBER,
                "last_seen_on": OCTOBER if deleted else dt.date(2026, 11, 20),
            }
        )
    for back in range(40):
        date = dt.date(2026, 11, 20) - dt.timedelta(days=back)
        for (urn, _), region, amount in ((web, "fra1", Decimal("0.86")), (api, "ams3", Decimal("43.335"))):
            day = {**of, "usage_date": date, "feature": "droplets", "region_slug": region, "amount": amount}
            marts["feature_cost_daily"].append(day)
            marts["resource_cost_daily"].append(
                {**day, "billing_month": date.replace(day=1), "urn": urn, "candidates": 1}
            )
    marts["resource_cost_daily"] += [
        {**of, "usage_date": day, "billing_month": OCTOBER, "feature": "volumes", "urn": gone[0], "amount": 0.33}
        for day in ("2026-10-25", "2026-10-26")
    ]
    marts["resource_cost_daily"].append(
        {**of, "usage_date": NOVEMBER, "billing_month": NOVEMBER, "feature": "droplets", "candidates": 2, "amount": 3}
    )
    marts["month_end_forecast"].append(
        {
            **of,
            "billing_month": NOVEMBER,
            "as_of_date": dt.date(2026, 11, 20),
            "is_open": True,
            "spent": Decimal("883.90"),
            "forecast": Decimal("1501.005"),
            "mean_error_percent": Decimal("1.25"),
        }
    )
    marts["waste_findings"] += [
        {
            **of,
            "finding_key": rule,
            "rule": rule,
            "title": title,
            "urn": api[0],
            "feature": "droplets",
            "name": BAD_NAME,
            "evidence": "Powered off.",
            "saving_monthly": saving,
            "additive_saving_monthly": additive,
            "confidence": "high",
            "what_to_do": "Destroy it.",
        }
        for rule, title, saving, additive in (
            ("powered_off", "Droplet powered off and billed", Decimal(1200), Decimal(1200)),
            ("idle_droplet", "Droplet idle", Decimal(1200), Decimal(0)),
            ("unmeasured_droplet", "Droplet without a metrics agent", None, Decimal(0)),
        )
    ]
    marts["invoice_reconciliation"].append(
        {
            **of,
            "invoice_id": "510",
            "billing_month": OCTOBER,
            "invoice_amount": Decimal("1300.00"),
            "items_amount": Decimal("1234.01"),
            "lines": 3,
            "overages": Decimal(0),
            "taxes": Decimal("75.99"),
            "credits": Decimal("-10.00"),
            "is_complete": True,
            "difference": Decimal(0),
            "daily_amount": Decimal("1230.00"),
            "is_daily_complete": True,
            "daily_difference": Decimal("4.01"),
        }
    )
    marts["feature_utilization_daily"] += [
        {
            **of,
            "usage_date": dt.date(2026, 11, day),
            "feature": "droplets",
            "resource_type": "droplet",
            "metric": "cpu_utilization",
            "resources_measured": 1,
            "resources_not_measured": 1,
        }
        for day in (17, 20)
    ]
    return marts
