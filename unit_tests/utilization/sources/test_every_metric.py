"""Which metrics, capacities and statistics come from which source, by name and in both directions.

Every series and endpoint of the table is answered with a value of its own, so that each figure tells where it is from.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from source_digitalocean_quolum.utilization.api import Series
from source_digitalocean_quolum.utilization.records import RecordBuilder
from source_digitalocean_quolum.utilization.resources import Resource
from source_digitalocean_quolum.utilization.table import Feature, Metric, load
from source_digitalocean_quolum.utilization.windows import Window
from unit_tests.utilization.sources.fakes import HOUR, START, FakeApi, as_api, ask, make_series, open_source
from unit_tests.utilization.sources.promql_evaluator import Points

ENGINES = ("mysql", "pg", "mongodb", "opensearch")
FACTS: dict[str, Any] = {
    "memory": 11,
    "vcpus": 12,
    "size_unit": 13,
    "config.max_instances": 14,
    "subscription.tier.included_storage_bytes": 15,
    "db_names": ["shop"],
}
features = pytest.mark.parametrize("feature", load().features.values(), ids=lambda feature: str(feature.stream))


@cache
def expected() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / "expected_metrics.yaml").read_text("utf-8"))
    return found


def resources(feature: Feature) -> list[Resource]:
    """One resource, of databases one of each engine; each known to have had its size always."""
    prefix = feature.resources[0].urn_prefix or "do:team"
    if feature.resources[0].id == "urn":
        prefix = "do:space"
    names = ENGINES if feature.name == "databases" else ("one",)
    return [
        Resource(f"{prefix}:{name}", name, name, ("nyc3",), 0.0, {**FACTS, "engine": name}, unchanged_since=0.0)
        for name in names
    ]


def value(feature: Feature, series: str) -> float:
    """What a series or an endpoint is answered with: no two of a feature alike."""
    names = sorted({name for metric in feature.metrics for name in name_series(metric)})
    return 100.0 + names.index(series)


def name_series(metric: Metric) -> Iterator[str]:
    if metric.insights:
        yield metric.insights.series
    if metric.monitoring:
        yield from (metric.monitoring.path, *metric.monitoring.left)


def grow(pace: float) -> Points:
    return [((START + second) * 1000, pace * (second + 600)) for second in range(-300, HOUR, 60)]


def stay(level: float) -> Points:
    return [((START + second) * 1000, level) for second in range(0, HOUR, 60)]


def read_insights(feature: Feature) -> list[dict[str, Any]]:
    """The records of one hour in which every series has samples."""
    known = resources(feature)
    store: dict[str, list[tuple[dict[str, str], Points]]] = {}
    for metric in feature.asked_of("insights", every=True):
        if metric.insights:
            level = value(feature, metric.insights.series)
            points = grow(level) if metric.insights.kind == "counter" else stay(level)
            store[metric.insights.series] = [({"resource_urn": one.urn}, points) for one in known]
    api = as_api(FakeApi(store))
    source = open_source("insights", api, load(), feature, feature.asked_of("insights", every=True), known)
    return list(RecordBuilder(feature.name, "insights", HOUR).build(ask(source, Window(START, START + HOUR, HOUR))))


class AnyEndpoint:
    """Monitoring, with a value of its own at each endpoint; processors have the modes of a Droplet's."""

    def __init__(self, feature: Feature) -> None:
        self._feature = feature
        self._counters = {
            metric.monitoring.path: metric.monitoring
            for metric in feature.metrics
            if metric.monitoring and metric.monitoring.kind in ("busy", "counter")
        }

    def get(self, path: str, params: Mapping[str, str]) -> list[Series]:
        """One series; of a counter one for each mode."""
        name = path.removeprefix(f"/v2/monitoring/metrics/{self._feature.below}/")
        assert params[self._feature.parameter]
        if name in self._counters:
            paces = {"idle": 1.0, "iowait": 0.5, "steal": 0.5, "user": 2.0}
            return [make_series({"mode": mode}, self._write(grow(pace))) for mode, pace in paces.items()]
        return [make_series({}, self._write(stay(value(self._feature, name))))]

    @staticmethod
    def _write(points: Points) -> list[tuple[float, str]]:
        return [(at / 1000, repr(number)) for at, number in points]


def read_monitoring(feature: Feature) -> list[dict[str, Any]]:
    api = as_api(AnyEndpoint(feature))
    wanted = feature.asked_of("monitoring", every=True)
    source = open_source("monitoring", api, load(), feature, wanted, resources(feature))
    return list(RecordBuilder(feature.name, "monitoring", HOUR).build(ask(source, Window(START, START + HOUR, HOUR))))


def expect_capacity(feature: Feature, source: str, written: float | str | None) -> float | None:
    """The value behind what expected_metrics.yaml names."""
    if written is None or isinstance(written, int | float):
        return written
    path, _, factor = written.partition(" x ")
    if path in FACTS:
        return float(FACTS[path]) * float(factor or 1)
    series = getattr(feature.metric(written), source)
    return value(feature, series.series if source == "insights" else series.path) * float(series.scale)


@features
@pytest.mark.parametrize("source", ["insights", "monitoring"])
def test_each_source_is_asked_for_these_metrics_by_default(feature: Feature, source: str) -> None:
    wanted = expected()[feature.stream].get(source, {"default": []})
    assert [metric.name for metric in feature.asked_of(source, every=False)] == wanted["default"]


@features
@pytest.mark.parametrize("source", ["insights", "monitoring"])
def test_each_source_has_these_metrics_measured_against_these_capacities(feature: Feature, source: str) -> None:
    if source not in expected()[feature.stream]:
        assert not feature.asked_of(source, every=True)
        return
    wanted = expected()[feature.stream][source]
    records = read_insights(feature) if source == "insights" else read_monitoring(feature)

    capacities = {**dict.fromkeys(wanted["without_capacity"]), **wanted["capacities"]}
    assert {record["metric"] for record in records} == set(capacities), "expected_metrics.yaml says otherwise"
    for record in records:
        capacity = expect_capacity(feature, source, capacities[record["metric"]])
        assert record["capacity"] == pytest.approx(capacity), record["metric"]
        assert (record["utilization_percent"] is None) == (capacity is None), record["metric"]


@features
def test_every_statistic_of_insights_is_in_the_metrics_unit(feature: Feature) -> None:
    for record in read_insights(feature):
        series = feature.metric(record["metric"]).insights
        assert series
        wanted = pytest.approx(value(feature, series.series) * series.scale)
        statistics = {name: record[name] for name in ("average", "minimum", "maximum", "last")}
        assert statistics == dict.fromkeys(statistics, wanted), record["metric"]
        assert record["samples"] == 60
        assert record["kind"] == series.kind
        total = pytest.approx(record["average"] * 60) if series.kind == "delta" else None
        assert record["total"] == total


@features
def test_every_statistic_of_monitoring_is_in_the_metrics_unit(feature: Feature) -> None:
    for record in read_monitoring(feature):
        series = feature.metric(record["metric"]).monitoring
        assert series
        if series.kind == "busy":
            wanted = 50.0
        elif series.kind == "counter":
            wanted = {"idle": 1.0, "iowait": 0.5, "steal": 0.5, "user": 2.0}[record["labels"]["mode"]]
        elif series.kind == "used":
            left = sum(value(feature, path) for path in series.left)
            wanted = 100 * (1 - left / value(feature, series.path))
        else:
            wanted = value(feature, series.path)
        statistics = {name: record[name] for name in ("average", "minimum", "maximum", "last")}
        assert statistics == dict.fromkeys(statistics, pytest.approx(wanted * series.scale)), record["metric"]
        assert record["samples"] == 60
