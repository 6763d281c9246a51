"""A small team as its raw tables, for the models: written by hand, so that every figure expected of them is known.

The team is read on 20 November 2026. October has an invoice, September one whose lines were not read. Every resource
that a waste rule should find is named after the rule.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg2

Row = dict[str, Any]
Tables = dict[str, list[Row]]

SCHEMAS = Path(__file__).resolve().parent.parent / "source_digitalocean_quolum" / "schemas"
# Landed timestamps are UTC and say so nowhere.
READ_AT = dt.datetime(2026, 11, 20, 6)  # noqa: DTZ001
TODAY = READ_AT.date()
TEAM = "11111111-0000-4000-8000-000000000000"
_HOURS_OF_OCTOBER, _HOURS_SO_FAR = 744, 19 * 24
_CAP = 672
_REGION = {"slug": "nyc3", "name": "New York 3"}
_MIB, _GIB = 1024**2, 1024**3

# slug: vCPUs, MiB, GiB of disk, TB of transfer, USD a month
SIZES = {
    "s-1vcpu-2gb": (1, 2048, 50, 2, 12),
    "s-2vcpu-4gb": (2, 4096, 80, 4, 24),
    "c-2": (2, 4096, 25, 4, 42),
    "g-2vcpu-8gb": (2, 8192, 25, 4, 63),
    "gpu-h100x1-80gb": (20, 245_760, 720, 15, 2016),
}


@dataclass(frozen=True)
class Droplet:
    """A Droplet, and how busy it is: percent of its processors, share of its memory, Mbps to the internet."""

    id: int
    name: str
    size: str
    cpu: float = 60
    memory: float = 0.7
    traffic: float = 5
    status: str = "active"
    agent: bool = True
    tags: tuple[str, ...] = ()


DROPLETS = [
    Droplet(1, "web", "s-2vcpu-4gb", tags=("env:prod", "team:shop")),
    Droplet(2, "twin", "s-1vcpu-2gb"),
    Droplet(3, "twin", "s-1vcpu-2gb"),
    Droplet(4, "powered_off", "s-2vcpu-4gb", status="off"),
    Droplet(5, "idle_droplet", "s-2vcpu-4gb", cpu=1, memory=0.1, traffic=0.001),
    Droplet(6, "oversized_droplet", "g-2vcpu-8gb", cpu=20, memory=0.3, tags=("env:prod",)),
    Droplet(7, "unmeasured_droplet", "s-1vcpu-2gb", agent=False),
    Droplet(8, "idle_gpu_droplet", "gpu-h100x1-80gb", cpu=1, memory=0.2),
]
# Deleted at the end of October: it is on the invoice and on no list.
GONE = Droplet(9, "gone", "s-1vcpu-2gb")


def team() -> Tables:
    """All raw tables that the models read of this team, and no others: streams may be left out."""
    tables: Tables = {
        "account": [{"uuid": "u-1", "name": "Ada", "status": "active", "team": {"uuid": TEAM, "name": "Shop"}}],
        "projects": [{"id": "p-1", "name": "platform", "is_default": True}],
        "project_resources": [
            {"project_id": "p-1", "urn": "do:droplet:1", "assigned_at": "2026-01-01T00:00:00Z"},
            {"project_id": "p-1", "urn": "do:space:assets", "assigned_at": "2026-01-01T00:00:00Z"},
        ],
        "regions": [{"slug": "nyc3", "name": "New York 3", "available": True}],
        "sizes": [_size(slug) for slug in SIZES],
        "droplets": [_droplet(one) for one in DROPLETS],
        "volumes": [_volume("v-1", "data", [1]), _volume("v-2", "unattached_volume", [])],
        "snapshots": [
            _snapshot("s-1", "before-upgrade", "1", "2026-10-01T00:00:00Z"),
            _snapshot("s-2", "snapshot_without_resource", "77", "2026-10-01T00:00:00Z"),
            _snapshot("s-3", "old_snapshot", "1", "2025-01-01T00:00:00Z"),
        ],
        "reserved_ips": [
            {"ip": "192.0.2.1", "region": _REGION, "droplet": {"id": 1}},
            {"ip": "192.0.2.2", "region": _REGION, "droplet": None},
        ],
        "load_balancers": [
            _balancer("l-1", "edge", [1]),
            _balancer("l-2", "load_balancer_without_backends", []),
            _balancer("l-3", "idle_load_balancer", [1]),
        ],
        "database_clusters": [
            _database("d-1", "orders"),
            _database("d-2", "database_without_connections"),
            _database("d-3", "oversized_database"),
        ],
        "apps": [_app("a-1", "shop"), _app("a-2", "idle_app")],
        "app_instance_sizes": [{"slug": "apps-s-1vcpu-1gb", "usd_per_month": Decimal(12)}],
        "registries": [
            {
                "name": "uncollected_registry",
                "region": "nyc3",
                "storage_usage_bytes": 3 * _GIB,
                "created_at": "2026-01-01T00:00:00Z",
            }
        ],
        "dedicated_inferences": [
            {"id": "i-1", "name": "idle_dedicated_inference", "status": "active", "region": "nyc3"},
        ],
    }
    tables |= _utilization()
    tables |= _bills()
    return tables


def _size(slug: str) -> Row:
    vcpus, memory, disk, transfer, price = SIZES[slug]
    row: Row = {
        "slug": slug,
        "vcpus": vcpus,
        "memory": memory,
        "disk": disk,
        "transfer": Decimal(transfer),
        "price_monthly": Decimal(price),
        "price_hourly": (Decimal(price) / _CAP).quantize(Decimal("0.00001")),
        "regions": ["nyc3"],
        "available": True,
        "description": "Basic",
    }
    return row | ({"gpu_info": {"count": 1, "model": "nvidia_h100"}} if slug.startswith("gpu") else {})


def _droplet(one: Droplet) -> Row:
    vcpus, memory, disk, transfer, price = SIZES[one.size]
    return {
        "id": one.id,
        "name": one.name,
        "status": one.status,
        "vcpus": vcpus,
        "memory": memory,
        "disk": disk,
        "size_slug": one.size,
        "size": {"slug": one.size, "price_monthly": float(price), "transfer": float(transfer)},
        "region": _REGION,
        "tags": list(one.tags),
        "gpu": one.size.startswith("gpu"),
        "created_at": "2026-01-01T00:00:00Z",
    }


def _volume(id_: str, name: str, droplets: list[int]) -> Row:
    return {
        "id": id_,
        "name": name,
        "droplet_ids": droplets,
        "size_gigabytes": 100,
        "region": _REGION,
        "tags": ["env:prod"],
        "created_at": "2026-01-01T00:00:00Z",
    }


def _snapshot(id_: str, name: str, droplet: str, created_at: str) -> Row:
    return {
        "id": id_,
        "name": name,
        "resource_id": droplet,
        "resource_type": "droplet",
        "size_gigabytes": Decimal("2.5"),
        "regions": ["nyc3"],
        "created_at": created_at,
    }


def _balancer(id_: str, name: str, droplets: list[int]) -> Row:
    return {
        "id": id_,
        "name": name,
        "status": "active",
        "type": "REGIONAL",
        "size_unit": 1,
        "region": _REGION,
        "droplet_ids": droplets,
        "tag": "",
        "created_at": "2026-01-01T00:00:00Z",
    }


def _database(id_: str, name: str) -> Row:
    return {
        "id": id_,
        "name": name,
        "engine": "pg",
        "num_nodes": 1,
        "size": "db-s-2vcpu-4gb",
        "status": "online",
        "region": "nyc3",
        "tags": None,
        "created_at": "2026-01-01T00:00:00Z",
    }


def _app(id_: str, name: str) -> Row:
    service = {"name": "web", "instance_count": 2, "instance_size_slug": "apps-s-1vcpu-1gb"}
    return {
        "id": id_,
        "spec": {"name": name, "services": [service]},
        "region": {"slug": "nyc", "data_centers": ["nyc3"]},
        "tier_slug": "basic",
        "created_at": "2026-01-01T00:00:00Z",
    }


# ---- utilization: a row a day ----


def _series(feature: str, urn: str, metric: str, unit: str, level: float, capacity: float | None = None) -> list[Row]:
    """The same level every day since the first of October."""
    left = metric.endswith("available")
    share = None if capacity is None else 100 * level / capacity
    return [
        {
            "feature": feature,
            "resource_urn": urn,
            "resource_id": urn.rsplit(":", 1)[1],
            "resource_name": "",
            "region": "nyc3",
            "metric": metric,
            "unit": unit,
            "kind": "gauge",
            "labels": {},
            "labels_key": "",
            "interval_start": dt.datetime.combine(day, dt.time()),
            "interval_end": dt.datetime.combine(day + dt.timedelta(days=1), dt.time()),
            "average": level,
            "minimum": level,
            "maximum": level,
            "last": level,
            "samples": 1440,
            "capacity": capacity,
            "utilization_percent": 100 - share if left and share is not None else share,
            "source": "insights",
        }
        for day in days()
    ]


def days() -> list[dt.date]:
    """Every day that was billed and measured: October, and November up to yesterday."""
    first = dt.date(2026, 10, 1)
    return [first + dt.timedelta(days=number) for number in range((TODAY - first).days)]


def _utilization() -> Tables:
    droplets: list[Row] = []
    for one in DROPLETS:
        if one.status == "off":
            continue
        urn = f"do:droplet:{one.id}"
        droplets += _series("droplets", urn, "cpu_utilization", "percent", one.cpu, 100)
        droplets += _series("droplets", urn, "public_bandwidth_outbound", "Mbps", one.traffic)
        if one.agent:
            memory = SIZES[one.size][1] * _MIB
            droplets += _series("droplets", urn, "memory_available", "bytes", memory * (1 - one.memory), memory)
    balancers = _series("load_balancers", "do:loadbalancer:l-1", "http_requests", "1/s", 50, 10_000)
    balancers += _series("load_balancers", "do:loadbalancer:l-2", "http_requests", "1/s", 0, 10_000)
    balancers += _series("load_balancers", "do:loadbalancer:l-3", "http_requests", "1/s", 0.0001, 10_000)
    databases: list[Row] = []
    for id_, connections, cpu, memory_used in (("d-1", 20, 55, 70), ("d-2", 0, 1, 10), ("d-3", 3, 8, 25)):
        urn = f"do:dbaas:{id_}"
        databases += _series("databases", urn, "pg_connections", "count", connections)
        databases += _series("databases", urn, "cpu_utilization", "percent", cpu, 100)
        databases += _series("databases", urn, "memory_utilization", "percent", memory_used, 100)
    apps = _series("apps", "do:app:a-1", "requests", "1/s", 12)
    apps += _series("apps", "do:app:a-2", "requests", "1/s", 0.0002)
    inference = _series("dedicated_inference", "do:dedicated_inference:i-1", "gpu_occupancy", "percent", 0.5, 100)
    return {
        "droplet_utilization": droplets,
        "load_balancer_utilization": balancers,
        "database_utilization": databases,
        "app_utilization": apps,
        "dedicated_inference_utilization": inference,
    }


# ---- money: every line is billed for each hour, up to 672 of a month ----


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
        return (self.monthly * min(hours, _CAP) / _CAP).quantize(Decimal("0.01"))


def _lines() -> list[Line]:
    lines = [
        Line(
            feature="droplets",
            product="GPU Droplets" if one.size.startswith("gpu") else "Droplets",
            description=f"{one.name} ({one.size})",
            monthly=Decimal(SIZES[one.size][4]),
            resource_id=str(one.id),
            urn=f"do:droplet:{one.id}",
            sku="1-DO-DROP-0101",
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
    lines.append(Line("other", "Reserved IPs", "192.0.2.2", Decimal(5), sku="1-DO-RSIP-0001"))
    lines.append(Line("other", "NAT Gateway", "gateway (1 unit)", Decimal(40), sku="1-VP-NATG-0001"))
    lines.append(Line("support", "Premium Support", "Premium Support", Decimal(99), sku="1-SU-PREM-0001", project=""))
    return lines


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


def _bills() -> Tables:
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


# ---- landing ----


def land(tables: Tables, place: Path | str, schema: str, *, read_at: dt.datetime = READ_AT) -> None:
    """Write tables into a DuckDB file (a path) or PostgreSQL (a URL), with the types that a sync lands."""
    is_duckdb = isinstance(place, Path)
    connection: Any = duckdb.connect(str(place)) if is_duckdb else psycopg2.connect(place)
    mark = "?" if is_duckdb else "%s"
    try:
        cursor = connection.cursor()
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for stream, rows in tables.items():
            types = _types(stream)
            names = list(dict.fromkeys(name for row in rows for name in row if not name.startswith("_")))
            declared = ", ".join(f'"{name}" {types.get(name, "VARCHAR")}' for name in names)
            cursor.execute(
                f"CREATE TABLE {schema}.{stream} ({declared}, _airbyte_raw_id VARCHAR, _airbyte_extracted_at TIMESTAMP)"
            )
            marks = ", ".join([mark] * (len(names) + 2))
            cursor.executemany(
                f"INSERT INTO {schema}.{stream} VALUES ({marks})",  # noqa: S608 (names of this file)
                [
                    [
                        *(_value(row.get(name)) for name in names),
                        f"{stream}-{number}",
                        row.get("_airbyte_extracted_at", read_at),
                    ]
                    for number, row in enumerate(rows)
                ],
            )
        connection.commit()
    finally:
        connection.close()


def _value(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value


def _types(stream: str) -> dict[str, str]:
    name = "utilization" if stream.endswith("_utilization") else stream
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    return {column: _type(definition) for column, definition in schema["properties"].items()}


def _type(definition: dict[str, Any]) -> str:
    if "$ref" in definition:
        file, _, pointer = definition["$ref"].partition("#")
        found = json.loads((SCHEMAS / "shared" / file).read_text(encoding="utf-8"))
        for step in pointer.strip("/").split("/") if pointer else []:
            found = found[step]
        return _type(found)
    kinds = set(definition["type"]) if isinstance(definition["type"], list) else {definition["type"]}
    if kinds & {"object", "array"}:
        return "JSON"
    if "string" in kinds:
        return {"date-time": "TIMESTAMP", "date": "DATE"}.get(definition.get("format", ""), "VARCHAR")
    return {"integer": "BIGINT", "number": "DECIMAL(38, 9)", "boolean": "BOOLEAN"}[(kinds - {"null"}).pop()]
