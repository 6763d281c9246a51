"""The table of metrics (metrics.yaml) as typed objects; whoever adds a metric touches the table and nothing else."""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
from airbyte_cdk.utils.yaml_loader import safe_load_yaml

_TABLE = Path(__file__).parent / "metrics.yaml"

# What a sample is: a level; the total since the last start; what was counted since the sample before.
InsightsKind = Literal["gauge", "counter", "delta"]
# Besides: seconds by mode of the processors, made percent busy; what is left of a whole, made percent used.
MonitoringKind = Literal["gauge", "counter", "busy", "used"]
Unit = Literal[
    "percent",
    "bytes",
    "bytes/s",
    "Mbps",
    "count",
    "cores",
    "1/s",
    "seconds",
    "ratio",
    "tokens/s",
    "celsius",
    "unstated",
]

_T = TypeVar("_T")


class InsightsSeries(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A series of DigitalOcean Insights: its dotted name, and what brings it to the metric's unit.

    `cite` names the citations that say its unit and kind; `sum_over` the labels over which samples of one moment are
    added up (the cores of a machine).
    """

    series: str
    cite: tuple[str, ...]
    kind: InsightsKind = "gauge"
    scale: float = 1
    sum_over: tuple[str, ...] = ()


class MonitoringSeries(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An endpoint below /v2/monitoring/metrics/<feature>/, with its parameters.

    `each` maps a parameter to a path in the resource's record: one request for each value found there, which
    becomes a label. `label` and `idle` belong to kind `busy`: the label that holds the mode, and the modes in which a
    processor does nothing. `left` belongs to kind `used`: the endpoints that tell what of `path` is not in use.
    """

    path: str
    cite: tuple[str, ...]
    kind: MonitoringKind = "gauge"
    scale: float = 1
    parameters: dict[str, str] = {}
    each: dict[str, str] = {}
    label: str = ""
    idle: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


class Capacity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a metric is measured against, the first that is known: a number, another metric, a field of the resource.

    Another metric's average of the same interval and labels; a field (dotted path, times `scale`) only for
    intervals in which it is known to have had its present value.
    """

    number: float | None = None
    metric: str = ""
    path: str = ""
    scale: float = 1


class Metric(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One row of the table.

    `remaining` means that it counts what is left rather than what is used. `default` says in which sources it is
    asked for when the operator wants the useful metrics only; `where` which resources have it (paths, values).
    """

    name: str
    about: str
    unit: Unit
    capacity: Capacity | float | None = None
    remaining: bool = False
    default: bool | dict[Literal["insights", "monitoring"], bool] = True
    insights: InsightsSeries | None = None
    monitoring: MonitoringSeries | None = None
    where: dict[str, tuple[str | int, ...]] = {}

    @property
    def kind(self) -> InsightsKind:
        """How DigitalOcean counts it, the same in both sources: what a record's statistics are made of."""
        kinds = {series.kind for series in (self.insights, self.monitoring) if series}
        return "delta" if "delta" in kinds else "counter" if "counter" in kinds else "gauge"

    @property
    def measured_against(self) -> Capacity | None:
        """Its capacity, a plain number too."""
        return Capacity(number=self.capacity) if isinstance(self.capacity, int | float) else self.capacity

    def is_default(self, source: str) -> bool:
        """Whether a source is asked for it when the operator wants the useful metrics only."""
        return self.default if isinstance(self.default, bool) else self.default.get(source, False)  # type: ignore[call-overload]


class ResourceList(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A stream that lists the resources of a feature, and where in its records their facts are (dotted paths).

    `unchanged_since` is a time before which the facts may have been others, for lists that tell such a time. `resized`
    is what actions call a resource of this list, where they tell of its resizes. `where` leaves out the records whose
    values do not have these forms (`*` stands for anything).
    """

    list: str
    urn: str
    id: str
    name: str = ""
    regions: str = ""
    since: str = ""
    unchanged_since: str = ""
    resized: str = ""
    where: dict[str, str] = {}

    @property
    def urn_prefix(self) -> str:
        """What the URNs begin with, such as `do:droplet`; empty where a list gives them whole, or is the team's."""
        prefix, _, rest = self.urn.rpartition(":")
        return "" if self.urn.startswith("{") or "[" in rest else prefix


class MonitoringFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where Monitoring has a feature: below which path, which parameter a resource goes into, and which it knows."""

    below: str
    parameter: str
    where: dict[str, tuple[str, ...]] = {}


class Feature(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One feature, one stream: its resources and its metrics.

    `reference` is its page in DigitalOcean's telemetry reference. `nan_between` means that its series in Insights
    were seen to hold NaN between their samples; `prefer` the source that is asked first where both may be.
    """

    name: str
    stream: str
    resources: tuple[ResourceList, ...]
    metrics: tuple[Metric, ...]
    reference: str = ""
    monitoring: MonitoringFacts | None = None
    nan_between: bool = False
    prefer: Literal["insights", "monitoring"] = "insights"

    @property
    def below(self) -> str:
        """The path of its endpoints in Monitoring; empty where it has none."""
        return self.monitoring.below if self.monitoring else ""

    @property
    def parameter(self) -> str:
        """The parameter of its endpoints in Monitoring that names the resource."""
        return self.monitoring.parameter if self.monitoring else ""

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
            if getattr(metric, source) is not None and (every or metric.is_default(source))
        )

    def capacity_of(self, metric: Metric) -> Metric | None:
        """The metric that another one is measured against."""
        capacity = metric.measured_against
        return self.metric(capacity.metric) if capacity and capacity.metric else None

    @property
    def paths(self) -> frozenset[str]:
        """The paths in a resource's record that its metrics need: capacities, conditions, parameters."""
        paths: set[str] = set(self.monitoring.where if self.monitoring else ())
        for metric in self.metrics:
            paths.update(metric.where)
            if metric.monitoring:
                paths.update(metric.monitoring.each.values())
            capacity = metric.measured_against
            if capacity and capacity.path:
                paths.add(capacity.path)
        return frozenset(paths)


class LabelMeaning(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the sources' labels mean: those that only repeat which resource it is, and short names for the others."""

    identity: frozenset[str]
    rename: dict[str, str]


class Citation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where units and kinds come from, in a sentence; `short` is its name in the tables of the documentation."""

    short: str
    text: str


class LeftOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Series of Insights that no metric uses, and why."""

    reason: str
    series: tuple[str, ...]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The features by stream name, what labels mean, the citations by key, and what is left out."""

    features: dict[str, Feature]
    labels: LabelMeaning
    citations: dict[str, Citation]
    not_used: tuple[LeftOut, ...]

    @property
    def urn_prefixes(self) -> frozenset[str]:
        """The beginnings of all URNs that the features' resources have, such as `do:droplet`."""
        lists = (source for feature in self.features.values() for source in feature.resources)
        return frozenset(source.urn.rpartition(":")[0] for source in lists) - {""}


class TableError(ValueError):
    """The table holds what it may not; the text names feature, metric and word."""


@cache
def load() -> Table:
    """Read metrics.yaml. Raises TableError."""
    written: dict[str, Any] = safe_load_yaml(_TABLE.read_text(encoding="utf-8"))
    return read_table(written)


def read_table(written: Mapping[str, Any]) -> Table:
    """The table from what the file holds. Raises TableError where a word, a value or a name in it is unknown."""
    rest = {name: written.get(name) for name in ("labels", "citations", "not_used")}
    features = [_read_feature(name, facts) for name, facts in written["features"].items()]
    table = _convert({**rest, "features": {one.stream: one for one in features}}, Table, "metrics.yaml")
    for feature in features:
        for metric in feature.metrics:
            _check(metric, feature, table)
    return table


def _read_feature(name: str, facts: Mapping[str, Any]) -> Feature:
    metrics = [
        _convert({"name": metric, **entry}, Metric, f"metrics.yaml: feature {name}, metric {metric}")
        for metric, entry in facts["metrics"].items()
    ]
    return _convert({"name": name, **facts, "metrics": metrics}, Feature, f"metrics.yaml: feature {name}")


def _convert(facts: Any, kind: type[_T], where: str) -> _T:
    try:
        return msgspec.convert(facts, kind)
    except msgspec.ValidationError as problem:
        raise TableError(f"{where}: {problem}") from None


def _check(metric: Metric, feature: Feature, table: Table) -> None:
    """What one entry alone cannot tell: that what it names exists."""
    where = f"metrics.yaml: feature {feature.name}, metric {metric.name}"
    series = [one for one in (metric.insights, metric.monitoring) if one]
    if not series:
        raise TableError(f"{where}: it has neither `insights` nor `monitoring`")
    for one in series:
        if unknown := set(one.cite) - set(table.citations):
            raise TableError(f"{where}: unknown citation {', '.join(sorted(unknown))}")
        if not one.cite:
            raise TableError(f"{where}: `cite` says nothing about where its unit and kind come from")
    if metric.monitoring:
        if feature.monitoring is None:
            raise TableError(f"{where}: `monitoring`, but the feature does not say where Monitoring has it")
        if (metric.monitoring.kind == "busy") != bool(metric.monitoring.label and metric.monitoring.idle):
            raise TableError(f"{where}: kind `busy` needs `label` and `idle`, and no other kind may have them")
        if (metric.monitoring.kind == "used") != bool(metric.monitoring.left):
            raise TableError(f"{where}: kind `used` needs `left`, and no other kind may have it")
    capacity = metric.measured_against
    if capacity and capacity.metric and capacity.metric not in {one.name for one in feature.metrics}:
        raise TableError(f"{where}: it is measured against {capacity.metric}, which is no metric of the feature")


def parameter_sets(series: MonitoringSeries, facts: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """The parameters of each request that this series takes for one resource (see MonitoringSeries.each)."""
    names = list(series.each)
    choices = [facts.get(path) or [] for path in series.each.values()]
    for values in product(*choices):
        yield {**series.parameters, **dict(zip(names, map(str, values), strict=True))}
