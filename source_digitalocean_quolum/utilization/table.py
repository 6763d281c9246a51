"""The table of metrics (metrics.yaml) as typed objects; whoever adds a metric touches the table and nothing else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Literal

from airbyte_cdk.utils.yaml_loader import safe_load_yaml

_TABLE = Path(__file__).parent / "metrics.yaml"

Kind = Literal["gauge", "counter", "busy"]


@dataclass(frozen=True)
class InsightsSeries:
    """A series of DigitalOcean Insights: its dotted name, label matchers, and what brings it to the metric's unit."""

    series: str
    kind: Kind = "gauge"
    scale: float = 1
    where: str = ""
    rename: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MonitoringSeries:
    """An endpoint below /v2/monitoring/metrics/<feature>/, with its parameters.

    `each` maps a parameter to a path in the resource's record: one request for each value found there, which
    becomes a label. `label` and `idle` belong to kind `busy`: counters of seconds by mode, of which one is idle.
    """

    path: str
    kind: Kind = "gauge"
    scale: float = 1
    parameters: Mapping[str, str] = field(default_factory=dict)
    each: Mapping[str, str] = field(default_factory=dict)
    label: str = ""
    idle: str = ""
    rename: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Capacity:
    """What a metric is measured against: a number, a path in the resource's record, or another metric.

    With `labels` it is the capacity of series with these labels only: a Droplet's disk is that of `/`.
    """

    number: float | None = None
    path: str = ""
    scale: float = 1
    metric: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, written: Any) -> "Capacity | None":
        """From the table: `100`, `{path: memory, scale: 1048576}` or `{metric: connections_limit}`."""
        if written is None:
            return None
        return cls(**written) if isinstance(written, Mapping) else cls(number=written)


@dataclass(frozen=True)
class Metric:
    """One row of the table.

    `remaining` means that it counts what is left rather than what is used. `defaults` are the sources in which
    it is asked for when the operator wants the useful metrics only.
    """

    name: str
    about: str
    unit: str
    capacity: Capacity | None
    remaining: bool
    defaults: frozenset[str]
    insights: InsightsSeries | None
    monitoring: MonitoringSeries | None
    where: Mapping[str, list[Any]]

    @classmethod
    def of(cls, name: str, facts: Mapping[str, Any]) -> "Metric":
        """Read one entry; an unknown word in it is a TypeError."""
        default = facts.get("default", True)
        chosen = default if isinstance(default, Mapping) else {"insights": default, "monitoring": default}
        known = {"about", "unit", "capacity", "remaining", "default", "insights", "monitoring", "where"}
        if unknown := set(facts) - known:
            raise TypeError(f"Metric {name}: unknown {', '.join(sorted(unknown))}")
        return cls(
            name=name,
            about=facts["about"],
            unit=facts["unit"],
            capacity=Capacity.of(facts.get("capacity")),
            remaining=facts.get("remaining", False),
            defaults=frozenset(source for source, wanted in chosen.items() if wanted),
            insights=InsightsSeries(**facts["insights"]) if "insights" in facts else None,
            monitoring=MonitoringSeries(**facts["monitoring"]) if "monitoring" in facts else None,
            where=facts.get("where", {}),
        )


@dataclass(frozen=True)
class ResourceList:
    """A stream that lists the resources of a feature, and where in its records their facts are (dotted paths)."""

    list: str
    urn: str
    id: str
    name: str = ""
    regions: str = ""
    since: str = ""
    where: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Feature:
    """One feature, one stream: its resources and its metrics.

    In Monitoring its endpoints are below `below`, its resources go into `parameter`, and only those with the
    values of `monitored` are known there at all.
    """

    name: str
    stream: str
    resources: tuple[ResourceList, ...]
    metrics: tuple[Metric, ...]
    below: str = ""
    parameter: str = ""
    monitored: Mapping[str, list[Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, facts: Mapping[str, Any]) -> "Feature":
        """Read one feature with all its metrics."""
        monitoring = facts.get("monitoring", {})
        return cls(
            name=name,
            stream=facts["stream"],
            resources=tuple(ResourceList(**entry) for entry in facts["resources"]),
            metrics=tuple(Metric.of(metric, entry) for metric, entry in facts["metrics"].items()),
            below=monitoring.get("below", ""),
            parameter=monitoring.get("parameter", ""),
            monitored=monitoring.get("where", {}),
        )

    def metric(self, name: str) -> Metric:
        """The metric of this name; a KeyError names what is missing."""
        for metric in self.metrics:
            if metric.name == name:
                return metric
        raise KeyError(f"{self.stream} has no metric {name}")

    def asked_of(self, source: str, *, every: bool) -> tuple[Metric, ...]:
        """The metrics that a source has and that are wanted: all of them, or those on by default."""
        return tuple(
            metric
            for metric in self.metrics
            if getattr(metric, source) is not None and (every or source in metric.defaults)
        )

    @property
    def paths(self) -> frozenset[str]:
        """The paths in a resource's record that its metrics need: capacities, conditions, parameters."""
        paths: set[str] = set(self.monitored)
        for metric in self.metrics:
            paths.update(metric.where)
            if metric.capacity and metric.capacity.path:
                paths.add(metric.capacity.path)
            if metric.monitoring:
                paths.update(metric.monitoring.each.values())
        return frozenset(paths)


@dataclass(frozen=True)
class Table:
    """The features by stream name, and the labels that only repeat which resource a series is about."""

    features: Mapping[str, Feature]
    identity_labels: frozenset[str]


@cache
def load() -> Table:
    """Read metrics.yaml."""
    written: dict[str, Any] = safe_load_yaml(_TABLE.read_text(encoding="utf-8"))
    identity_labels = frozenset(written.pop("identity_labels"))
    written.pop("not_used", None)
    features = [Feature.of(name, facts) for name, facts in written.items()]
    return Table({feature.stream: feature for feature in features}, identity_labels)


def parameter_sets(series: MonitoringSeries, facts: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """The parameters of each request that this series takes for one resource (see MonitoringSeries.each)."""
    names = list(series.each)
    choices = [facts.get(path) or [] for path in series.each.values()]
    for values in product(*choices):
        yield {**series.parameters, **dict(zip(names, map(str, values), strict=True))}
