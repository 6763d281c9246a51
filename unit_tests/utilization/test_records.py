"""The record that a metric's interval becomes: percentages, totals, and labels that no two sets of share a key."""

from typing import Any

import pytest

from source_digitalocean_quolum.utilization.records import RecordBuilder
from source_digitalocean_quolum.utilization.sources.intervals import IntervalStatistics
from source_digitalocean_quolum.utilization.sources.metric_interval import MetricInterval
from unit_tests.utilization.sources.fakes import HOUR, START, table

METRICS = {metric.name: metric for metric in table().features["droplet_utilization"].metrics}


def record(
    metric: str = "share", average: float = 20, capacity: float | None = 80, labels: Any = (), start: int = START
) -> dict[str, Any]:
    statistics = IntervalStatistics(start, average, 10, 70, 30, 60)
    interval = MetricInterval(METRICS[metric], "do:droplet:7", "7", "web", "nyc3", labels, statistics, capacity)
    (built,) = RecordBuilder("droplets", "insights", HOUR).build([interval])
    return built


def test_every_column() -> None:
    assert record(labels=(("device", "vda"), ("mode", "user"))) == {
        "feature": "droplets",
        "resource_urn": "do:droplet:7",
        "resource_id": "7",
        "resource_name": "web",
        "region": "nyc3",
        "metric": "share",
        "unit": "percent",
        "kind": "gauge",
        "labels": {"device": "vda", "mode": "user"},
        "labels_key": "device=vda,mode=user",
        "interval_start": "2025-11-20T00:00:00Z",
        "interval_end": "2025-11-20T01:00:00Z",
        "average": 20,
        "minimum": 10,
        "maximum": 70,
        "last": 30,
        "samples": 60,
        "total": None,
        "capacity": 80,
        "utilization_percent": 25,
        "source": "insights",
    }


@pytest.mark.parametrize(
    ("metric", "average", "capacity", "percent"),
    [
        ("share", 20, 80, 25),
        ("share", 160, 80, 200),
        ("share", 0, 80, 0),
        ("share", 20, None, None),
        ("share", 20, 0, None),
        ("share", 20, -80, None),
        ("level", 20, 80, 75),
        ("level", 80, 80, 0),
        ("level", 100, 80, 0),
        ("level", 0, 0.5, 100),
        ("level", 20, -1, None),
    ],
)
def test_percent_is_of_the_capacity_and_never_below_nothing(
    metric: str, average: float, capacity: float | None, percent: float | None
) -> None:
    assert record(metric, average, capacity)["utilization_percent"] == percent


def test_only_what_happened_has_a_total() -> None:
    assert record("events", 2.5)["total"] == 150
    assert record("events", 2.5)["kind"] == "delta"
    assert record("count", 2.5)["total"] is None
    assert record("count", 2.5)["kind"] == "counter"


def test_no_two_sets_of_labels_have_one_key() -> None:
    sets = [
        (("a", "1"), ("b", "2")),
        (("a", "1,b=2"),),
        (("a", "1\\,b=2"),),
        (("a", "1\\"), ("b", "2")),
        (("a", "1=b"),),
        (),
    ]
    assert len({record(labels=labels)["labels_key"] for labels in sets}) == len(sets)
    assert record(labels=(("a", "x,y=z\\"),))["labels_key"] == "a=x\\,y\\=z\\\\"


def test_the_same_time_is_written_the_same() -> None:
    intervals = [
        MetricInterval(METRICS["share"], "u", "7", None, None, (), IntervalStatistics(at, 1, 1, 1, 1, 1), None)
        for at in (START, START + HOUR, START)
    ]
    built = list(RecordBuilder("droplets", "insights", HOUR).build(intervals))
    assert [one["interval_start"][11:13] for one in built] == ["00", "01", "00"]
    assert [one["interval_end"][11:13] for one in built] == ["01", "02", "01"]
