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
