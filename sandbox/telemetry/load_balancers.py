"""Load balancers, in Insights and in Monitoring."""

from sandbox.telemetry.hosts import host, insights
from sandbox.telemetry.signals import Computed, Constant, Rate, Signal
from sandbox.telemetry.subjects import Labels, Matrix, Parts, Row, Subject, drawn
from sandbox.world.plan import Record

_HOST = (
    "cpu_time",
    "cpu_utilization",
    "disk_sectors_read",
    "disk_sectors_written",
    "filesystem_free",
    "filesystem_size",
    "load_avg_15m",
    "load_avg_1m",
    "load_avg_5m",
    "memory_available",
    "memory_cached",
    "memory_free",
    "memory_swap_cached",
    "memory_swap_free",
    "memory_swap_total",
    "memory_total",
    "network_rx",
    "network_tx",
)


def load_balancer_parts(balancer: Record, subject: Subject) -> Parts:
    """The machines of a load balancer, its traffic and its backends."""
    units = balancer["size_unit"]
    one = host(subject, units, 1024 * units, 25)
    signals: dict[str, Signal] = {row.name: drawn(subject, row) for row in _insights_rows(units, subject.work)}
    limit = signals["max_connections"] = Constant(10_000 * units)
    signals["connection_utilization"] = Computed([signals["connections_active"], limit], lambda a, b: 100.0 * (a / b))
    responses = {code: subject.counter(f"responses/{code}", 0, high * subject.work) for code, high in _CODES.items()}
    own: Labels = {"lb_id": subject.id}
    series = [
        *insights(subject, one, "do_load_balancers_", _HOST, {}),
        *(subject.labelled(f"do_load_balancers_{name}", signal) for name, signal in signals.items()),
    ]
    matrices = [Matrix(path, own, signals[name]) for path, name in _PATHS.items()]
    matrices += [Matrix(row.name, own, drawn(subject, row)) for row in _monitoring_rows(units)]
    matrices.append(Matrix("frontend_cpu_utilization", own, one.only("cpu_utilization")))
    every = Computed([Rate(counter) for counter in responses.values()], lambda *parts: sum(parts))
    matrices.append(Matrix("frontend_http_requests_per_second", own, every))
    for code, counter in responses.items():
        series.append(subject.labelled("do_load_balancers_http_responses_by_status", counter, {"code": code}))
        told = Rate(counter)
        matrices += [Matrix(f"{side}_http_responses", {**own, "code": code}, told) for side in ("frontend", "droplets")]
    for id_ in balancer["droplet_ids"]:
        backend = {"droplet_id": str(id_)}
        healthy, away = Constant(1), subject.gauge(f"downtime/{id_}", 0, 40)
        series.append(subject.labelled("do_load_balancers_droplet_health", healthy, backend))
        active = subject.gauge(f"connections/{id_}", 0, 900)
        server = {"load_balancer_server": f"node-{id_}"}
        for name, signal in (("up", healthy), ("downtime", away), ("connections_active", active)):
            series.append(subject.labelled(f"do_load_balancers_backend_{name}", signal, server))
        for path, signal in (("droplets_health_checks", healthy), ("droplets_downtime", away)):
            matrices.append(Matrix(path, {**own, **backend}, signal))
    return series, matrices


_CODES = {"1xx": 0.01, "2xx": 80, "3xx": 12, "4xx": 3, "5xx": 0.4}


def _insights_rows(units: int, work: float) -> list[Row]:
    """Traffic by the names that Insights gives it."""
    durations = [
        Row(name, 0.002 * scale, 0.3 * scale, 5)
        for name, scale in (
            ("response_duration", 1),
            ("response_duration_p50", 0.8),
            ("response_duration_p95", 3),
            ("response_duration_p99", 6),
            ("upstream_rq_duration_avg", 1),
            ("upstream_rq_duration_p50", 0.8),
            ("upstream_rq_duration_p95", 3),
            ("upstream_rq_duration_p99", 6),
        )
    ]
    errors = [
        Row(f"http_error_{kind}_{code}", 0, high, 3 if kind == "rate" else 0)
        for code, kind, high in (("4xx", "rate", 9), ("5xx", "rate", 2), ("4xx", "count", 400), ("5xx", "count", 90))
    ]
    return [
        *durations,
        *errors,
        Row("connections_active", 0, 9_000 * units * work),
        Row("ssl_handshakes_rate_limit", 250 * units, 250 * units),
    ]


def _monitoring_rows(units: int) -> list[Row]:
    """What only Monitoring tells, by path."""
    throughput = 20_000_000 * units
    return [
        Row("frontend_firewall_dropped_bytes", 0, 90_000),
        Row("frontend_firewall_dropped_packets", 0, 90, 3),
        *(Row(f"frontend_network_throughput_{kind}", 0, throughput) for kind in ("http", "tcp", "udp")),
        *(Row(f"frontend_nlb_{kind}_network_throughput", 0, throughput) for kind in ("tcp", "udp")),
        Row("frontend_tls_connections_current", 0, 240 * units),
        Row("frontend_tls_connections_exceeding_rate_limit", 0, 3),
        Row("droplets_http_session_duration_avg", 0.01, 20, 4),
        Row("droplets_http_session_duration_50p", 0.01, 18, 4),
        Row("droplets_http_session_duration_95p", 0.04, 80, 4),
        Row("droplets_queue_size", 0, 12),
        Row("droplets_connections", 0, 900),
    ]


# The path below /v2/monitoring/metrics/load_balancer, and what Insights calls the same figure.
_PATHS = {
    "frontend_connections_current": "connections_active",
    "frontend_connections_limit": "max_connections",
    "frontend_tls_connections_limit": "ssl_handshakes_rate_limit",
    "droplets_http_response_time_avg": "response_duration",
    "droplets_http_response_time_50p": "response_duration_p50",
    "droplets_http_response_time_95p": "response_duration_p95",
    "droplets_http_response_time_99p": "response_duration_p99",
}
