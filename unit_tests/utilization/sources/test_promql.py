"""The texts of the queries, one metric of each kind, and that none is of the form that costs by the square."""

import pytest

from source_digitalocean_quolum.utilization.sources.promql import (
    STATISTICS,
    join_terms,
    select_samples,
    write_last_sample_query,
    write_query,
)
from source_digitalocean_quolum.utilization.table import load
from unit_tests.utilization.sources.fakes import table

FEATURE = table().features["droplet_utilization"]
RATE = (
    "irate({0}[330s] offset 1ms) and count_over_time({0}[330s] offset 1ms) > count_over_time({0}[300s] offset 30001ms)"
)
NEWEST = "last_over_time({0}[30s] offset 1ms) > -Inf < +Inf"


@pytest.mark.parametrize(
    ("metric", "filtered", "samples"),
    [
        ("size", False, "do.droplets.size[3600s] offset 1ms"),
        ("events", False, "do.droplets.events[3600s] offset 1ms"),
        ("size", True, f"({NEWEST.format('do.droplets.size')})[3599s:30s]"),
        ("events", True, f"({NEWEST.format('do.droplets.events')})[3599s:30s]"),
        ("count", False, f"({RATE.format('do.droplets.count')})[3599s:30s]"),
        ("cores", False, f"(sum without (cpu_id) ({RATE.format('do.droplets.cores')}))[3599s:30s]"),
        (
            "count",
            True,
            "(irate(({0})[329s:30s]) and ({0}))[3599s:30s]".format(NEWEST.format("do.droplets.count")),
        ),
    ],
)
def test_the_samples_of_each_kind(metric: str, filtered: bool, samples: str) -> None:
    series = FEATURE.metric(metric).insights
    assert series
    assert select_samples(series, 3600, filtered) == samples


def test_a_query_asks_for_each_statistic_and_for_what_a_metric_is_measured_against() -> None:
    level, size = FEATURE.metric("level"), FEATURE.metric("size")
    terms = [term.strip("()") + ")" for term in write_query([level], [(level, size)], 900).split(" or ")]

    samples = "do.droplets.level[900s] offset 1ms"
    assert terms == [
        *(
            f'label_replace({name}_over_time({samples}), "quolum_statistic", "level/{name}", "", "")'
            for name in ("avg", "min", "max", "last", "count")
        ),
        'label_replace(avg_over_time(do.droplets.size[900s] offset 1ms), "quolum_statistic", "level/capacity", "", "")',
    ]
    assert STATISTICS == ("avg", "min", "max", "last", "count")


def test_only_the_metrics_named_pass_over_what_is_no_number() -> None:
    level, size = FEATURE.metric("level"), FEATURE.metric("size")
    query = write_query([level, size], [], 900, filtered={"size"})

    assert query.count("> -Inf") == 5
    assert query.count("do.droplets.level[900s] offset 1ms") == 5


def test_the_last_samples_are_asked_for_by_the_urns_as_they_stand() -> None:
    query = write_last_sample_query(FEATURE.metric("count"), {"do:droplet:1", "", "do:x:a.b"}, 3600)
    newest = NEWEST.format('do.droplets.count{resource_urn=~"|do:droplet:1|do:x:a\\\\.b"}')
    assert query == (
        f'label_replace(max_over_time((({newest}) * 0 + time())[3599s:30s]), "quolum_statistic", "count/time", "", "")'
    )


def test_no_query_looks_at_timestamps() -> None:
    """In Prometheus 2.42 a subquery with timestamp() costs processor time by the square of the window."""
    for feature in load().features.values():
        metrics = feature.asked_of("insights", every=True)
        if metrics:
            assert "timestamp(" not in write_query(metrics, [], 3600, filtered={metrics[0].name})
            assert "timestamp(" not in write_last_sample_query(metrics[0], [""], 3600)


def test_terms_are_joined_as_a_balanced_tree() -> None:
    assert join_terms(["a"]) == "a"
    assert join_terms(["a", "b", "c", "d", "e"]) == "((a or b) or (c or (d or e)))"
