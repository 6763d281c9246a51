"""Monitoring's metrics: one figure of one resource as a matrix of 120-second samples."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from sandbox.endpoints import Endpoint
from sandbox.paging import Ask
from sandbox.problems import bad_request, not_found
from sandbox.telemetry.measurements import Measurements, text, visible
from sandbox.world import World
from sandbox.world.plan import Record

_PREFIX = "/v2/monitoring/metrics"
_AGGREGATES = ("avg", "max", "min")
_FREE: tuple[str, ...] = ()


@dataclass(frozen=True)
class Metric:
    """A path below its product. `required` maps further parameters to what they may be; no values: anything."""

    path: str
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    optional: tuple[str, ...] = ()


@dataclass(frozen=True)
class Product:
    """The metrics of one product: the kind of resource, and the parameter that names one."""

    path: str
    kind: str
    parameter: str
    metrics: tuple[Metric, ...]


def _plain(*paths: str) -> tuple[Metric, ...]:
    return tuple(Metric(path) for path in paths)


_CHANGES = {"schema": _FREE, "metric": ("insert", "fetch", "update", "delete")}
PRODUCTS = [
    Product(
        "droplet",
        "droplet",
        "host_id",
        (
            Metric("bandwidth", {"interface": ("private", "public"), "direction": ("inbound", "outbound")}),
            *_plain("cpu", "filesystem_free", "filesystem_size", "load_1", "load_5", "load_15"),
            *_plain("memory_cached", "memory_free", "memory_total", "memory_available"),
        ),
    ),
    Product(
        "apps",
        "app",
        "app_id",
        tuple(
            Metric(path, optional=("app_component",))
            for path in ("memory_percentage", "cpu_percentage", "restart_count")
        ),
    ),
    Product(
        "load_balancer",
        "load_balancer",
        "lb_id",
        _plain(
            *(f"frontend_connections_{what}" for what in ("current", "limit")),
            *(f"frontend_firewall_dropped_{what}" for what in ("bytes", "packets")),
            *(f"frontend_network_throughput_{what}" for what in ("http", "udp", "tcp")),
            *(f"frontend_nlb_{what}_network_throughput" for what in ("tcp", "udp")),
            *(f"frontend_tls_connections_{what}" for what in ("current", "limit", "exceeding_rate_limit")),
            *(f"frontend_{what}" for what in ("cpu_utilization", "http_responses", "http_requests_per_second")),
            *(f"droplets_http_session_duration_{what}" for what in ("avg", "50p", "95p")),
            *(f"droplets_http_response_time_{what}" for what in ("avg", "50p", "95p", "99p")),
            *(f"droplets_{what}" for what in ("queue_size", "http_responses", "connections")),
            *(f"droplets_{what}" for what in ("health_checks", "downtime")),
        ),
    ),
    Product(
        "droplet_autoscale",
        "autoscale_pool",
        "autoscale_pool_id",
        _plain(
            *(
                f"{when}_{what}"
                for what in ("instances", "cpu_utilization", "memory_utilization")
                for when in ("current", "target")
            )
        ),
    ),
    Product(
        "database/mysql",
        "database",
        "db_id",
        (
            *(Metric(f"{what}_usage", {"aggregate": _AGGREGATES}) for what in ("cpu", "memory", "disk")),
            Metric("load", {"metric": ("load1", "load5", "load15"), "aggregate": ("avg", "max")}),
            *_plain("threads_connected", "threads_created_rate", "threads_active", "index_vs_sequential_reads"),
            Metric("op_rates", {"metric": ("select", "insert", "update", "delete")}),
            Metric("schema_throughput", _CHANGES),
            Metric("schema_latency", _CHANGES),
        ),
    ),
]


def _given(ask: Ask, name: str, allowed: tuple[str, ...]) -> str:
    value = ask.query.get(name)
    if not value:
        raise bad_request(f"the parameter {name} is required")
    if allowed and value not in allowed:
        raise bad_request(f"{name} must be one of {', '.join(allowed)}")
    return value


def _seconds(ask: Ask, name: str) -> int:
    value = _given(ask, name, ())
    if not (value.isascii() and value.isdigit()):
        raise bad_request(f"{name} must be a UNIX timestamp in seconds")
    return int(value)


def _answer(measurements: Measurements, product: Product, metric: Metric, _: World, ask: Ask) -> Record:
    id_ = _given(ask, product.parameter, ())
    asked = {name: _given(ask, name, allowed) for name, allowed in metric.required.items()}
    asked |= {name: ask.query[name] for name in metric.optional if ask.query.get(name)}
    start, end = _seconds(ask, "start"), _seconds(ask, "end")
    if end < start:
        raise bad_request("end must not be before start")
    subject = measurements.find(product.kind, id_)
    # Of the databases only MySQL has these metrics.
    if subject is None or (product.kind == "database" and not subject.matrices):
        raise not_found()
    found = measurements.matrices(subject, metric.path, asked, start, min(end, visible(ask.now)))
    result = [
        {"metric": labels, "values": [[moment, text(value)] for moment, value in samples]} for labels, samples in found
    ]
    return {"status": "success", "data": {"resultType": "matrix", "result": result}}


def metrics_endpoints(measurements: Measurements) -> list[Endpoint]:
    """Every path below /v2/monitoring/metrics."""
    return [
        Endpoint(
            f"{_PREFIX}/{product.path}/{metric.path}",
            ("monitoring:read",),
            partial(_answer, measurements, product, metric),
        )
        for product in PRODUCTS
        for metric in product.metrics
    ]
