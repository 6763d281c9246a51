"""The team's bills: an issued invoice, the open month and daily cost, all of the same lines.

Every line is billed for each hour, up to 672 of a month.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from integration_tests.models_team.facts import CAP, DROPLETS, GONE, READ_AT, SIZES, TEAM, Droplet, Row, Tables, days

_HOURS_OF_OCTOBER, _HOURS_SO_FAR = 744, 19 * 24


@dataclass(frozen=True)
class Line:
    """A billed thing: what it is called, and what a whole month of it costs."""

    feature: str
    product: str
    description: str
    monthly: Decimal
    resource_id: str = ""
    resource_uuid: str = ""
    urn: str = ""
    sku: str = ""
    project: str = "platform"
    until: int = 1 << 30

    def cents(self, hours: int) -> Decimal:
        """What that many hours of a month cost."""
        return (self.monthly * min(hours, CAP) / CAP).quantize(Decimal("0.01"))


def _lines() -> list[Line]:
    lines = [
        Line(
            feature="kubernetes" if one.cluster else "droplets",
            product=_product(one),
            description=f"{one.name} ({one.size})",
            monthly=Decimal(SIZES[one.size][4]),
            resource_id=str(one.id),
            urn=f"do:droplet:{one.id}",
            sku="1-KS-K8SWN-0101" if one.cluster else "1-DO-DROP-0101",
            project="" if one.name == "idle_droplet" else "platform",
        )
        for one in [*DROPLETS, GONE]
    ]
    for id_, name in (("v-1", "data"), ("v-2", "unattached_volume")):
        lines.append(
            Line("volumes", "Volumes", f"{name} (100 GiB)", Decimal(10), "", id_, f"do:volume:{id_}", "1-BS-VOLM-0001")
        )
    for id_, name in (("d-1", "orders"), ("d-2", "database_without_connections"), ("d-3", "oversized_database")):
        lines.append(
            Line(
                "databases",
                "Database Clusters",
                f"{name} (1 x db)",
                Decimal(60),
                "",
                id_,
                f"do:dbaas:{id_}",
                "1-DB-PG-1",
            )
        )
    for id_, name in (("l-1", "edge"), ("l-2", "load_balancer_without_backends"), ("l-3", "idle_load_balancer")):
        urn = f"do:loadbalancer:{id_}"
        lines.append(
            Line("load_balancers", "Load Balancers", f"{name} (1 node)", Decimal(12), "", id_, urn, "1-LB-NODE-1")
        )
    for id_, name in (("a-1", "shop"), ("a-2", "idle_app")):
        lines.append(Line("apps", "App Platform", f"{name}/web", Decimal(24), "", id_, f"do:app:{id_}", "1-AP-INST-1"))
    lines.append(
        Line(
            "kubernetes",
            "Kubernetes Clusters",
            "cluster (high availability)",
            Decimal(40),
            "",
            "k-1",
            "do:kubernetes:k-1",
        )
    )
    lines.append(Line("other", "Reserved IPs", "192.0.2.2", Decimal(5), sku="1-DO-RSIP-0001"))
    lines.append(Line("other", "NAT Gateway", "gateway (1 unit)", Decimal(40), sku="1-VP-NATG-0001"))
    lines.append(Line("support", "Premium Support", "Premium Support", Decimal(99), sku="1-SU-PREM-0001", project=""))
    return lines


def _product(one: Droplet) -> str:
    if one.cluster:
        return "Kubernetes Clusters"
    return "GPU Droplets" if one.size.startswith("gpu") else "Droplets"


def _item(line: Line, number: int, hours: int, first: dt.date, more: Row) -> Row:
    start = dt.datetime.combine(first, dt.time())
    return {
        "row_hash": f"{first:%Y-%m}-{number}",
        "invoice_period": f"{first:%Y-%m}",
        "feature": line.feature,
        "resource_urn": line.urn or None,
        "resource_id": line.resource_id,
        "resource_uuid": line.resource_uuid,
        "product": line.product,
        "group_description": "",
        "description": line.description,
        "amount": line.cents(hours),
        "duration": Decimal(hours),
        "duration_unit": "Hours",
        "start_time": start,
        "end_time": start + dt.timedelta(hours=hours),
        "project_name": line.project,
        "category": "iaas",
        **more,
    }


def bills() -> Tables:
    """The tables of the streams about money."""
    lines = _lines()
    october, november = dt.date(2026, 10, 1), dt.date(2026, 11, 1)
    issued = {"invoice_uuid": "inv-10", "synced_at": READ_AT}
    items = [_item(line, number, _HOURS_OF_OCTOBER, october, issued) for number, line in enumerate(lines)]
    open_lines = [line for line in lines if line.description != "gone (s-1vcpu-2gb)"]
    preview = [
        _item(line, number, _HOURS_SO_FAR, november, {"invoice_uuid": "inv-11"})
        for number, line in enumerate(open_lines)
    ]
    usage = sum((row["amount"] for row in items), Decimal(0))
    overages, credits_ = Decimal("3.21"), Decimal("-25.00")
    taxes = ((usage + overages + credits_) * 8 / 100).quantize(Decimal("0.01"))
    total = usage + overages + credits_ + taxes
    summary = {
        "invoice_uuid": "inv-10",
        "invoice_id": "510",
        "invoice_period": "2026-10",
        "amount": total,
        "overages": {"name": "Overages", "amount": str(overages)},
        "taxes": {"name": "Taxes", "amount": str(taxes)},
        "credits_and_adjustments": {"name": "Credits", "amount": str(credits_)},
    }
    daily = [
        {
            "account_urn": f"do:team:{TEAM}",
            "start_date": day,
            "row_hash": f"{day}-{number}",
            "feature": line.feature,
            "total_amount": amount,
            "region": "nyc3",
            "sku": line.sku,
            "description": line.description,
            "group_description": "",
            "synced_at": READ_AT,
        }
        for day in days()
        for number, line in enumerate(lines if day < november else open_lines)
        if (amount := line.cents(day.day * 24) - line.cents(day.day * 24 - 24))
    ]
    return {
        "invoices": [
            {"invoice_uuid": "inv-10", "invoice_id": "510", "invoice_period": "2026-10", "amount": total},
            {"invoice_uuid": "inv-09", "invoice_id": "509", "invoice_period": "2026-09", "amount": Decimal("12.34")},
        ],
        "invoice_items": items,
        "invoice_preview_items": preview,
        "invoice_summaries": [summary],
        "billing_insights": daily,
    }
