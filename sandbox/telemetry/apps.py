"""Apps and Droplet autoscale pools, in Insights and in Monitoring."""

from sandbox.telemetry.signals import Computed, Constant, Signal
from sandbox.telemetry.subjects import Matrix, Parts, Row, Series, Subject, rows
from sandbox.world.plan import Record

_MIB = 1024**2


def app_parts(app: Record, subject: Subject) -> Parts:
    """Every instance of an app's services and workers, and the traffic of its services."""
    series: list[Series] = []
    matrices: list[Matrix] = []
    for kind in ("services", "workers"):
        for component in app["spec"].get(kind, []):
            name, count = component["name"], component["instance_count"]
            cpus, memory = _instance_size(component["instance_size_slug"])
            for number in range(count):
                labels = {"app_component": name, "app_component_instance": f"{name}-{number}"}
                figures = _instance(subject, f"{name}-{number}", cpus, memory)
                series += [subject.labelled(f"do_apps_{figure}", signal, labels) for figure, signal in figures.items()]
                own = {"app_uuid": subject.id, **labels}
                matrices += [
                    Matrix(path, own, figures[figure], {"app_component": name}) for path, figure in _APP_PATHS.items()
                ]
            series += _replicas(subject, name, count)
            if kind == "services":
                series += rows(subject, "do_apps_app_", _traffic(subject.work), {"app_component": name})
    return series, matrices


_APP_PATHS = {
    "cpu_percentage": "app_cpu_utilization",
    "memory_percentage": "app_memory_utilization",
    "restart_count": "restart_count",
}


def _traffic(work: float) -> list[Row]:
    return [Row("requests_per_second", 0.1 * work, 90 * work, 3), Row("request_duration_p95", 0.01, 2.5, 4)]


def _instance_size(slug: str) -> tuple[int, int]:
    """Processors and MiB of an instance size such as `apps-s-1vcpu-0.5gb`."""
    *_, cpus, memory = slug.split("-")
    return int(cpus.removesuffix("vcpu")), int(float(memory.removesuffix("gb")) * 1024)


def _instance(subject: Subject, name: str, cpus: int, memory: int) -> dict[str, Signal]:
    used = subject.gauge(f"{name}/memory", memory * _MIB * 0.08, memory * _MIB * 0.95)
    busy = subject.gauge(f"{name}/cpu", 0.2 * subject.work, 97 * subject.work, 6)
    restarts = subject.counter(f"{name}/restarts", 0, 1 / 40_000)
    return {
        "app_cpu_usage": Computed([busy], lambda percent: percent * cpus / 100),
        "app_cpu_utilization": busy,
        "app_memory_usage": used,
        "app_memory_utilization": Computed([used], lambda values: 100.0 * (values / (memory * _MIB))),
        "app_restarts_total": restarts,
        "restart_count": restarts,
    }


def _replicas(subject: Subject, component: str, count: int) -> list[Series]:
    names = ("current", "desired", "ready")
    return [
        subject.labelled(f"do_apps_app_replicas_{name}", Constant(count), {"app_component": component})
        for name in names
    ]


def autoscale_parts(pool: Record, subject: Subject) -> Parts:
    """An autoscale pool; Insights tells one of its figures."""
    config = pool["config"]
    wanted = config.get("target_number_instances")
    instances = Constant(wanted) if wanted else subject.gauge("instances", 1, 9)
    signals: dict[str, Signal] = {
        "current_instances": instances,
        "target_instances": instances,
        "current_cpu_utilization": subject.gauge("cpu", 0.05, 0.9, 4),
        "target_cpu_utilization": Constant(config.get("target_cpu_utilization", 0)),
        "current_memory_utilization": subject.gauge("memory", 0.2, 0.8, 4),
        "target_memory_utilization": Constant(config.get("target_memory_utilization", 0)),
    }
    own = {"autoscale_pool_id": subject.id}
    average = subject.labelled("do_droplet_autoscale_pool_average_cpu_utilization", signals["current_cpu_utilization"])
    return [average], [Matrix(path, own, signal) for path, signal in signals.items()]
