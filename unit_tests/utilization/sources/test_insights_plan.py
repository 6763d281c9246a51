"""How much is asked at once: a first sync that fits, and nothing that a stock Prometheus refuses."""

import pytest

from source_digitalocean_quolum.utilization.resources import Resource
from source_digitalocean_quolum.utilization.sources.insights_plan import (
    MOST_POINTS,
    MOST_SERIES,
    MOST_VALUES,
    InsightsPlan,
    find_filtered,
)
from source_digitalocean_quolum.utilization.sources.promql import write_query
from source_digitalocean_quolum.utilization.table import Feature, load
from unit_tests.utilization.sources.fakes import table

FEATURES = load().features
DROPLETS = FEATURES["droplet_utilization"]
DAY = 86_400


def plan(feature: Feature, count: int, every: bool = False) -> InsightsPlan:
    resources = [Resource(f"u{number}", str(number), None, ("nyc3",), 0.0, {}) for number in range(count)]
    return InsightsPlan(feature, feature.asked_of("insights", every=every), resources)


def count_requests(feature: Feature, count: int, interval: int, days: int = 60) -> int:
    """Requests for a region with so many resources."""
    chosen = plan(feature, count)
    batches = chosen.split_metrics(feature.asked_of("insights", every=False), interval)
    return -(-days * DAY // chosen.longest_window(interval)) * len(batches)


@pytest.mark.parametrize(("in_region", "most"), [(1, 1), (20, 10), (200, 100)])
def test_sixty_days_of_1_40_and_400_droplets_in_two_regions_take_200_requests_at_most(
    in_region: int, most: int
) -> None:
    assert count_requests(DROPLETS, in_region, 3600) <= most


@pytest.mark.parametrize("interval", [300, 900, 3600, 86_400])
@pytest.mark.parametrize("count", [1, 30, 200, 2_000])
@pytest.mark.parametrize("every", [False, True])
def test_no_answer_is_larger_than_we_read_and_no_window_longer_than_a_server_answers(
    interval: int, count: int, every: bool
) -> None:
    for feature in FEATURES.values():
        metrics = feature.asked_of("insights", every=every)
        if not metrics:
            continue
        chosen = plan(feature, count, every)
        window = chosen.longest_window(interval)
        batches = chosen.split_metrics(metrics, interval)
        assert window % interval == 0
        assert interval <= window <= MOST_POINTS * interval
        assert [metric for batch in batches for metric in batch] == list(metrics)
        for batch in batches:
            series = count * write_query(batch, chosen.find_capacities(batch), interval).count("label_replace(")
            assert series <= MOST_SERIES or len(batch) == 1
            assert series * window / interval <= MOST_VALUES or window == interval


def test_more_resources_are_asked_for_less_time_and_then_in_batches() -> None:
    windows = [plan(DROPLETS, count).longest_window(3600) for count in (1, 20, 200, 600)]
    assert windows == sorted(windows, reverse=True)
    assert len(set(windows)) == len(windows)
    batches = plan(DROPLETS, 2_000).split_metrics(DROPLETS.asked_of("insights", every=False), 3600)
    assert len(batches) > 1


def test_what_is_in_no_region_counts_for_each() -> None:
    resources = [Resource(f"u{number}", str(number), None, (), 0.0, {}) for number in range(200)]
    homeless = InsightsPlan(DROPLETS, DROPLETS.asked_of("insights", every=False), resources)
    assert homeless.longest_window(3600) == plan(DROPLETS, 200).longest_window(3600)


def test_processors_by_core_and_mode_weigh_what_they_are() -> None:
    """Sixteen series of each of 2,000 Droplets, every half minute: 50 million samples are soon reached."""
    cores = [DROPLETS.metric("cpu_cores_busy")]
    resources = [Resource(f"u{number}", str(number), None, ("nyc3",), 0.0, {}) for number in range(200)]
    window = InsightsPlan(DROPLETS, cores, resources).longest_window(3600)
    assert 200 * 16 * 4 * (window + 330) / 30 <= 50_000_000


def test_what_a_metric_is_measured_against_is_asked_for_once() -> None:
    available, total = DROPLETS.metric("memory_available"), DROPLETS.metric("memory_total")
    chosen = plan(DROPLETS, 1)
    assert chosen.find_capacities([available]) == [(available, total)]
    assert chosen.find_capacities([available, total]) == []
    assert chosen.find_capacities([DROPLETS.metric("load_average_15m")]) == [], "a field of the list"


def test_levels_of_databases_are_known_to_hold_samples_that_are_no_numbers() -> None:
    databases = FEATURES["database_utilization"]
    filtered = find_filtered(databases, databases.asked_of("insights", every=False))
    assert {"cpu_utilization", "memory_available", "pg_connections"} <= filtered
    assert "network_received" not in filtered
    assert find_filtered(DROPLETS, DROPLETS.metrics) == set()


# Seconds of the server's processor as measured: a step of a subquery, a sample, a value of the answer.
STEP, SAMPLE, VALUE = 1.8e-6, 1e-7, 1.2e-5
BY_THE_STEP = 5 * 120 * STEP + 5 * VALUE


@pytest.mark.parametrize(
    ("metrics", "count", "interval", "intervals"),
    [
        # A level: five statistics of a sample a minute cost next to nothing. Points are the limit, then values.
        ("share", 1, 3600, 11_000),
        ("share", 100, 3600, 250_000 // 500),
        ("share", 100, 86_400, 12.5 / (500 * (1440 * SAMPLE + VALUE))),
        # What it is measured against is a sixth series, unless it is asked for anyway.
        ("level", 100, 3600, 250_000 // 600),
        ("level size", 100, 3600, 250_000 // 1_000),
        ("level share", 100, 3600, 250_000 // 1_100),
        # A counter is looked at twice a minute, each of its series.
        ("count", 1, 3600, 12.5 / BY_THE_STEP),
        ("count", 10, 300, 250_000 // 50),
        ("count share", 1, 86_400, 12.5 / (5 * (2880 * STEP + 1440 * SAMPLE + 2 * VALUE))),
        ("cores", 10, 3600, 12.5 / (50 * (16 * 120 * STEP + VALUE))),
        ("cores", 100_000, 3600, 1),
    ],
)
def test_a_window_is_as_long_as_the_answer_and_the_servers_processor_allow(
    metrics: str, count: int, interval: int, intervals: float
) -> None:
    assert measure(metrics, count, interval) == int(intervals) * interval


def test_levels_that_hold_no_numbers_cost_a_server_as_much_as_counters() -> None:
    for metrics in ("share", "count"):
        assert measure(metrics, 1, 3600, nan_between=True) == int(12.5 / BY_THE_STEP) * 3600
    with_capacity = 12.5 / (6 * 120 * STEP + 6 * VALUE)
    assert measure("level", 1, 3600, nan_between=True) == int(with_capacity) * 3600


def measure(metrics: str, count: int, interval: int, nan_between: bool = False) -> int:
    feature = table(nan_between=nan_between).features[DROPLETS.stream]
    chosen = [feature.metric(name) for name in metrics.split()]
    resources = [Resource(f"u{number}", str(number), None, ("nyc3",), 0.0, {}) for number in range(count)]
    return InsightsPlan(feature, chosen, resources).longest_window(interval)


def test_metrics_are_asked_for_together_up_to_40_000_series_and_12_seconds() -> None:
    feature = table().features[DROPLETS.stream]
    levels = [feature.metric(name) for name in ("size", "share", "events", "level")]
    # What `level` is measured against is asked for once, or is a series more.
    for count, sizes in ((1_904, [4]), (2_000, [4]), (2_001, [3, 1]), (4_000, [2, 1, 1]), (8_001, [1, 1, 1, 1])):
        assert [len(one) for one in plan_of(feature, count).split_metrics(levels, 3600)] == sizes
    counters = [feature.metric("cores"), feature.metric("count"), feature.metric("share")]
    for count, sizes in ((600, [3]), (676, [2, 1]), (700, [1, 2])):
        assert [len(one) for one in plan_of(feature, count).split_metrics(counters, 3600)] == sizes


def plan_of(feature: Feature, count: int) -> InsightsPlan:
    resources = [Resource(f"u{number}", str(number), None, ("nyc3",), 0.0, {}) for number in range(count)]
    return InsightsPlan(feature, feature.metrics, resources)


def test_the_region_with_most_resources_decides() -> None:
    feature = table().features[DROPLETS.stream]
    regions = [("nyc3",)] * 100 + [("fra1",)] * 60 + [("nyc3", "fra1")] * 20
    resources = [Resource(f"u{number}", str(number), None, where, 0.0, {}) for number, where in enumerate(regions)]
    chosen = InsightsPlan(feature, [feature.metric("share")], resources)
    assert chosen.longest_window(3600) == 250_000 // 600 * 3600
    assert InsightsPlan(feature, [feature.metric("share")], []).longest_window(3600) == 11_000 * 3600
    assert InsightsPlan(feature, [], resources).longest_window(3600) == 3600
