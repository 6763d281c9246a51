"""A small team as its raw tables, for the models: written by hand, so that every figure expected of them is known.

The team is read on 20 November 2026. October has an invoice, September one whose lines were not read. Every resource
that a waste rule should find is named after the rule.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from integration_tests.models_team.bills import bills
from integration_tests.models_team.facts import CAP, DROPLETS, SIZES, TEAM, Droplet, Row, Tables, days

_REGION = {"slug": "nyc3", "name": "New York 3"}
_WEEKEND = (5, 6)
_MIB, _GIB = 1024**2, 1024**3


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
        "kubernetes_clusters": [
            {"id": "k-1", "name": "cluster", "region": "nyc3", "created_at": "2026-01-01T00:00:00Z"}
        ],
        "kubernetes_nodes": [
            {"cluster_id": one.cluster, "id": f"n-{one.id}", "name": one.name, "droplet_id": str(one.id)}
            for one in DROPLETS
            if one.cluster
        ],
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
        "apps": [_app("a-1", "shop"), _app("a-2", "idle_app"), _app("a-3", "workers"), _app("a-4", "nightly-job")],
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
            {"id": "i-2", "name": "nightly-batch", "status": "active", "region": "nyc3"},
        ],
    }
    tables |= _utilization()
    tables |= bills()
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
        "price_hourly": (Decimal(price) / CAP).quantize(Decimal("0.00001")),
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


# ---- utilization: mostly a row a day ----


def _series(
    feature: str,
    urn: str,
    metric: str,
    unit: str,
    level: float,
    capacity: float | None = None,
    peak: float | None = None,
    hours: int = 24,
) -> list[Row]:
    """The same level in every interval since the first of October, and the same peak, where it differs."""
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
            "interval_start": start,
            "interval_end": start + dt.timedelta(hours=hours),
            "average": level,
            "minimum": level,
            "maximum": level if peak is None else peak,
            "last": level,
            "samples": 60 * hours,
            "capacity": capacity,
            "utilization_percent": 100 - share if left and share is not None else share,
            "source": "insights",
        }
        for day in days()
        for start in (dt.datetime.combine(day, dt.time(hour)) for hour in range(0, 24, hours))
    ]


def _utilization() -> Tables:
    droplets: list[Row] = []
    for one in DROPLETS:
        if one.status == "off":
            continue
        urn = f"do:droplet:{one.id}"
        processor = _series("droplets", urn, "cpu_utilization", "percent", one.cpu, 100, one.peak, one.hours)
        traffic = _series("droplets", urn, "public_bandwidth_outbound", "Mbps", one.traffic)
        for row in (*processor, *traffic):
            if row["interval_start"].weekday() in _WEEKEND:
                row |= {name: row[name] * one.weekend for name in ("average", "minimum", "maximum", "last")}
        droplets += processor + traffic
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
    # Workers get no requests; of an app of jobs only the processor is measured, which is busy for minutes.
    apps += _series("apps", "do:app:a-3", "requests", "1/s", 0)
    apps += _series("apps", "do:app:a-3", "cpu_utilization", "percent", 40, 100)
    apps += _series("apps", "do:app:a-4", "cpu_utilization", "percent", 0.5, 100, 90)
    inference = _series("dedicated_inference", "do:dedicated_inference:i-1", "gpu_occupancy", "percent", 0.5, 100)
    inference += _series("dedicated_inference", "do:dedicated_inference:i-2", "gpu_occupancy", "percent", 0.5, 100, 90)
    return {
        "droplet_utilization": droplets,
        "load_balancer_utilization": balancers,
        "database_utilization": databases,
        "app_utilization": apps,
        "dedicated_inference_utilization": inference,
    }
