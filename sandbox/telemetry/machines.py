"""Droplets and Kubernetes clusters: the figures of their machines."""

from collections.abc import Callable

from sandbox.telemetry.hosts import DIRECTIONS, INTERFACES, MEGABITS, Host, host, insights
from sandbox.telemetry.signals import Rate
from sandbox.telemetry.subjects import Matrix, Parts, Row, Subject, rows
from sandbox.world.plan import Record

_COMMON = (
    "cpu_time",
    "cpu_utilization",
    "disk_read",
    "disk_sectors_read",
    "disk_sectors_written",
    "disk_utilization",
    "disk_write",
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
    "memory_utilization",
)
_DROPLET = (
    *_COMMON,
    "network_rx",
    "network_tx",
    *(f"{side}_network_{way}" for side in INTERFACES for way in DIRECTIONS.values()),
)
# The path below /v2/monitoring/metrics/droplet, and the figure it tells.
_PLAIN = {
    "load_1": "load_avg_1m",
    "load_5": "load_avg_5m",
    "load_15": "load_avg_15m",
    **{name: name for name in ("memory_cached", "memory_free", "memory_total", "memory_available")},
}
_API_SERVER = [
    Row("current_inflight_requests", 0, 40, labels=tuple({"request_kind": kind} for kind in ("mutating", "readOnly"))),
    Row(
        "request_total",
        0.01,
        9,
        counter=True,
        labels=tuple({"verb": verb, "code": code} for verb in ("GET", "LIST", "PATCH") for code in ("200", "404")),
    ),
]
_DAEMON_SETS = [Row("available", 2, 3), Row("desired_scheduled", 3, 3)]
_BUCKETS = ("0.05", "0.5", "+Inf")
_HISTOGRAMS = (
    "admission_controller_admission_duration_seconds",
    "admission_step_admission_duration_seconds",
    "admission_webhook_admission_duration_seconds",
    "request_duration_seconds",
    "response_sizes",
)


def machine(subject: Subject, droplet: Record) -> Host:
    """The machine of a Droplet."""
    return host(subject, droplet["vcpus"], droplet["memory"], droplet["disk"])


def droplet_parts(made: Callable[[], Host], subject: Subject) -> Parts:
    """What is measured on a Droplet."""
    one = made()
    return insights(subject, one, "do_droplets_", _DROPLET, {}), _droplet_matrices(subject, one)


def _droplet_matrices(subject: Subject, one: Host) -> list[Matrix]:
    own = {"host_id": subject.id}
    found = [Matrix(path, own, one.only(figure)) for path, figure in _PLAIN.items()]
    found += [Matrix("cpu", {**own, "mode": labels["cpu_mode"]}, signal) for labels, signal in one.figures["cpu_time"]]
    for path in ("filesystem_free", "filesystem_size"):
        found += [
            Matrix(
                path,
                {
                    **own,
                    "device": labels["filesystem_device"],
                    "fstype": labels["filesystem_type"],
                    "mountpoint": labels["filesystem_mountpoint"],
                },
                signal,
            )
            for labels, signal in one.figures[path]
        ]
    for direction, short in DIRECTIONS.items():
        for interface, (_, counter) in zip(INTERFACES, one.figures[f"network_{short}"], strict=True):
            asked = {"interface": interface, "direction": direction}
            found.append(Matrix("bandwidth", {**own, **asked}, Rate(counter, MEGABITS), asked))
    return found


def node_parts(made: Callable[[], Host], node: str, subject: Subject) -> Parts:
    """What is measured on one node of a Kubernetes cluster; `node` is its name."""
    one, extra = made(), {"node_name": node}
    series = insights(subject, one, "do_kubernetes_node_", _COMMON, extra)
    for direction, name in (("rx", "network_receive_bytes"), ("tx", "network_transmit_bytes")):
        series += [
            subject.labelled(f"do_kubernetes_node_{name}", counter, {**labels, **extra})
            for labels, counter in one.figures[f"network_{direction}"]
        ]
    return series, []


def api_server_parts(subject: Subject) -> Parts:
    """What a cluster's control plane tells about its requests."""
    histograms = [
        Row(f"{name}{suffix}", 0.01, 3, 3 if suffix == "_sum" else 0, counter=True)
        for name in _HISTOGRAMS
        for suffix in ("_count", "_sum")
    ]
    histograms += [
        Row(f"{name}_bucket", 0.01, 3, counter=True, labels=tuple({"le": limit} for limit in _BUCKETS))
        for name in _HISTOGRAMS
    ]
    series = rows(subject, "do_kubernetes_apiserver_", [*_API_SERVER, *histograms])
    return [*series, *rows(subject, "do_kubernetes_daemonset_", _DAEMON_SETS)], []
