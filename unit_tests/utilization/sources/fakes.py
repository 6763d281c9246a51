"""Both APIs over one set of samples, and a small table of which each metric is of another kind."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

from source_digitalocean_quolum.utilization.api import MetricsApi, Series
from source_digitalocean_quolum.utilization.records import RecordBuilder
from source_digitalocean_quolum.utilization.resources import Regions, Resource
from source_digitalocean_quolum.utilization.sources.insights import Insights
from source_digitalocean_quolum.utilization.sources.metric_interval import MetricInterval
from source_digitalocean_quolum.utilization.sources.monitoring import Monitoring
from source_digitalocean_quolum.utilization.sources.question import Question
from source_digitalocean_quolum.utilization.table import Feature, Metric, Table, read_table
from source_digitalocean_quolum.utilization.windows import Window
from unit_tests.utilization.sources.promql_evaluator import Points, Store, evaluate

URN = "do:droplet:7"
HOUR = 3600
# A full hour of UTC.
START = 1_763_596_800

_CITE = {"cite": ["spec"]}


def table(**more: Any) -> Table:
    """One feature, of which each metric is in both sources where that can be."""
    metrics: dict[str, Any] = {
        "level": {"unit": "bytes", "capacity": {"metric": "size", "path": "memory", "scale": 1024}, "remaining": True},
        "size": {"unit": "bytes"},
        "share": {"unit": "percent", "capacity": 100},
        "count": {"unit": "1/s"},
        "cores": {"unit": "cores", "capacity": {"path": "vcpus"}},
        "events": {"unit": "count"},
    }
    kinds = {"count": "counter", "cores": "counter", "events": "delta"}
    for name, facts in metrics.items():
        facts["about"] = f"What {name} is in the tests."
        facts["insights"] = {"series": f"do.droplets.{name}", "kind": kinds.get(name, "gauge"), **_CITE}
        if name != "events":
            facts["monitoring"] = {"path": name, "kind": kinds.get(name, "gauge"), **_CITE}
    metrics["count"]["insights"]["scale"] = metrics["count"]["monitoring"]["scale"] = 8
    metrics["cores"]["insights"]["sum_over"] = ["cpu_id"]
    return read_table(
        {
            "citations": {"spec": {"short": "specification", "text": "The specification says so."}},
            "labels": {
                "identity": ["__name__", "resource_urn", "service_name", "host_id", "resource_region_slug"],
                "rename": {"cpu_mode": "mode", "disk_device": "device"},
            },
            "not_used": [],
            "features": {
                "droplets": {
                    "stream": "droplet_utilization",
                    "resources": [{"list": "droplets", "urn": "do:droplet:{id}", "id": "id"}],
                    "monitoring": {"below": "droplet", "parameter": "host_id"},
                    "metrics": metrics,
                    **more,
                }
            },
        }
    )


def resource(**changes: Any) -> Resource:
    """The one resource of the tests."""
    facts: dict[str, Any] = {"memory": 4, "vcpus": 2}
    known: dict[str, Any] = {"urn": URN, "id": "7", "name": "web", "regions": ("nyc3",), "since": 0.0, "facts": facts}
    return Resource(**{**known, **changes})


@dataclass
class FakeApi:
    """Answers both APIs from samples by series, as (labels, points in milliseconds)."""

    store: Store
    closed: bool = True
    asked: list[Mapping[str, str]] = field(default_factory=list)

    def post(self, path: str, form: Mapping[str, str]) -> list[Series]:
        """Insights' range query."""
        self.asked.append({"path": path, **form})
        start, end, step = float(form["start"]), float(form["end"]), float(form["step"])
        found: dict[Any, list[tuple[float, str]]] = {}
        at = start
        while at <= end:
            for labels, value in evaluate(form["query"], self.store, at, closed=self.closed).items():
                found.setdefault(labels, []).append((at, _write_number(value)))
            at += step
        return [make_series(dict(labels), values) for labels, values in found.items()]

    def get(self, path: str, params: Mapping[str, str]) -> list[Series]:
        """Monitoring's matrix of one metric of one resource."""
        self.asked.append({"path": path, **params})
        name = path.rpartition("/")[2]
        first, last = int(params["start"]) * 1000, int(params["end"]) * 1000
        return [
            make_series(
                {label: value for label, value in labels.items() if not label.startswith("resource")},
                [(at / 1000, _write_number(value)) for at, value in points if first <= at <= last],
            )
            for labels, points in self.store.get(f"monitoring/{name}", [])
            if f"do:droplet:{params['host_id']}" == labels.get("resource_urn")
        ]


def as_api(fake: object) -> MetricsApi:
    """A stand-in as the sources want it: they call `get` and `post`."""
    return cast("MetricsApi", fake)


def make_series(labels: Mapping[str, str], values: Iterable[tuple[float, str]]) -> Series:
    """A series as it stands in an answer."""
    return Series(metric=_raw(labels), values=_raw([list(pair) for pair in values]))


def keep(metric: str, labels: Mapping[str, str], points: Points) -> dict[str, list[tuple[dict[str, str], Points]]]:
    """One series for the store, as both APIs hold it."""
    own = {"resource_urn": URN, "service_name": "web", **labels}
    renamed = {{"cpu_mode": "mode", "disk_device": "device"}.get(name, name): value for name, value in own.items()}
    return {f"do.droplets.{metric}": [(own, points)], f"monitoring/{metric}": [(renamed, points)]}


def merge(*stores: Store) -> dict[str, list[tuple[dict[str, str], Points]]]:
    """Several stores as one."""
    merged: dict[str, list[tuple[dict[str, str], Points]]] = {}
    for store in stores:
        for name, series in store.items():
            merged.setdefault(name, []).extend(series)
    return merged


def read(
    source: str,
    store: Store,
    hours: int = 2,
    closed: bool = True,
    resources: Iterable[Resource] | None = None,
    **more: Any,
) -> list[dict[str, Any]]:
    """The records that a source makes of the samples, in order of metric, labels and time."""
    known = table(**more)
    feature = known.features["droplet_utilization"]
    api = as_api(FakeApi(store, closed))
    chosen = [resource()] if resources is None else list(resources)
    window = Window(START, START + hours * HOUR, HOUR)
    intervals = ask(open_source(source, api, known, feature, feature.asked_of(source, every=True), chosen), window)
    records = list(RecordBuilder(feature.name, source, HOUR).build(intervals))
    return sorted(records, key=lambda one: (one["metric"], one["labels_key"], one["interval_start"]))


def open_source(
    source: str,
    api: MetricsApi,
    known: Table,
    feature: Feature,
    metrics: Sequence[Metric],
    resources: Sequence[Resource],
) -> Insights | Monitoring:
    """A source of a feature's metrics, all of it in one region."""
    if source == "insights":
        return Insights(api, known, feature, metrics, resources, Regions(["nyc3"], certain=True))
    return Monitoring(api, known, feature, metrics, resources, find_deleted=set)


def ask(source: Insights | Monitoring, window: Window) -> Iterator[MetricInterval]:
    """The metric intervals of a window, all of which are to be answered."""
    for one in source.read(Question(window)):
        assert isinstance(one, MetricInterval), one
        yield one


def _write_number(value: float) -> str:
    return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}.get(repr(value), repr(value))


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())
