"""What a run of utilization takes is told before the first request for metrics; sources are tried in their order."""

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.utilization.gaps import Gap
from source_digitalocean_quolum.utilization.position import Position
from source_digitalocean_quolum.utilization.run import RunTimes, UtilizationRun
from source_digitalocean_quolum.utilization.sizes import SizeDates

HOUR, DAY = 3600, 86_400
DROPLETS, POOLS = "droplet_utilization", "droplet_autoscale_utilization"
NOW = int(datetime.fromisoformat("2026-03-10T12:15:00Z").timestamp())
END = NOW - 15 * 60


class Lists:
    """The Droplets and pools of an account."""

    def __init__(self, droplets: int = 0, pools: int = 0, regions: int = 1) -> None:
        self.rows: dict[str, Any] = {
            "droplets": [{"id": one, "region": {"slug": f"r{one % regions}"}} for one in range(droplets)],
            "droplet_autoscale_pools": [
                {"id": f"p{one}", "droplet_template": {"region": "r0"}} for one in range(pools)
            ],
        }

    def __call__(self, name: str, *, fresh: bool = False) -> Any:
        found = self.rows.get(name, [])
        if isinstance(found, Exception):
            raise found
        partition = SimpleNamespace(read=lambda: iter([SimpleNamespace(data=row) for row in found]))
        return SimpleNamespace(generate_partitions=lambda: iter([partition]))


class Sizes(SizeDates):
    """Keeps since when it was asked for sizes, and for how many metrics."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, set[str]]] = []

    def apply(self, feature: Any, metrics: Any, resources: Any, since: float) -> Any:
        """See SizeDates."""
        self.asked.append((since, {one.name for one in metrics}))
        return resources


@pytest.fixture(autouse=True)
def info(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.INFO, "airbyte"):
        yield


def make(lists: Lists, selected: Mapping[str, Position], **settings: str) -> UtilizationRun:
    context = RunContext({"credentials": {}, "utilization": settings})
    context.budget.server_clock.epoch = lambda: float(NOW)
    run = UtilizationRun(context.config, lists, selected)
    run.sizes = Sizes()
    return run


def new(hours: int = 1) -> Position:
    return Position(END - hours * HOUR)


def test_times_are_fixed_once() -> None:
    run = make(Lists(), {})
    assert run.begin() == RunTimes(NOW, END)
    run._context.budget.server_clock.epoch = lambda: float(NOW + DAY)
    assert run.begin() == RunTimes(NOW, END)
    assert make(Lists(), {}, interval="PT5M").begin() == RunTimes(NOW, NOW - 600)


def test_each_stream_is_told_by_source_and_then_all_together(caplog: pytest.LogCaptureFixture) -> None:
    run = make(Lists(droplets=4, pools=2, regions=2), {DROPLETS: new(), POOLS: new()})
    run.begin()
    run.begin()
    assert caplog.messages == [
        # Two regions; seven requests for each Droplet; what is preferred comes first.
        f"{DROPLETS} will take 2 requests to Insights, or else 28 requests to Monitoring",
        f"{POOLS} will take 6 requests to Monitoring, or else 1 requests to Insights",
        "Utilization will take 8 requests (under a minute) and at most 34 requests (under a minute)",
    ]


def test_without_resources_or_without_time_it_takes_none(caplog: pytest.LogCaptureFixture) -> None:
    make(Lists(pools=1), {DROPLETS: new(), POOLS: new(hours=0)}, source="monitoring").begin()
    assert caplog.messages == [
        f"{DROPLETS} will take no requests",
        f"{POOLS} will take 0 requests to Monitoring",
        "Utilization will take 0 requests (under a minute)",
    ]


def test_gaps_are_counted_with_their_own_places_metrics_and_time(caplog: pytest.LogCaptureFixture) -> None:
    start = END - 3 * DAY
    gaps = (
        Gap("monitoring", "do:droplet:1", "cpu_utilization", start, start + 2 * DAY, start),
        Gap("monitoring", "", "memory_total", start, start + HOUR, start),
        Gap("insights", "r0", "cpu_utilization", start, start + HOUR, start),
    )
    position = Position(END - HOUR, gaps, has_state=True)
    make(Lists(droplets=4, regions=2), {DROPLETS: position}).begin()
    # Monitoring: 4 x 7 for the hour, two days of one metric of one Droplet, one metric of all four.
    assert caplog.messages[0] == (
        f"{DROPLETS} will take 3 requests to Insights, or else {28 + 2 + 4} requests to Monitoring"
    )


def test_more_than_an_hour_allows_is_a_warning_with_what_helps(caplog: pytest.LogCaptureFixture) -> None:
    run = make(Lists(droplets=800), {DROPLETS: new()}, source="monitoring")
    run.begin()
    assert "Utilization will take 5,600 requests (about 1 h 2 min)" in caplog.messages
    (warning,) = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert warning.getMessage() == (
        "Utilization may take more requests than DigitalOcean allows in an hour (5,600 of 5,000): this sync then takes "
        "about 1 h 2 min. To make it less: choose the source `insights` (scope insights:read), one request for a "
        "region and feature; or sync less often than hourly, since a longer window costs no more, or set a later "
        "`start_date`."
    )


def test_useful_metrics_are_advised_to_who_has_all(caplog: pytest.LogCaptureFixture) -> None:
    make(Lists(droplets=800), {DROPLETS: new()}, source="monitoring", metrics="all").begin()
    assert "; or choose the `useful` metrics; or sync less often" in caplog.text


def test_minutes_are_told_from_the_first_one_on(caplog: pytest.LogCaptureFixture) -> None:
    make(Lists(droplets=50), {DROPLETS: new()}, source="monitoring").begin()
    assert caplog.messages[-1].startswith("Utilization will take 350 requests (about ")
    assert not [one for one in caplog.records if one.levelno == logging.WARNING]


def test_a_list_that_fails_leaves_its_stream_without_an_estimate(caplog: pytest.LogCaptureFixture) -> None:
    lists = Lists(pools=1)
    lists.rows["droplets"] = AirbyteTracedException(message="HTTP 500", failure_type=FailureType.transient_error)
    make(lists, {DROPLETS: new(), POOLS: new()}, source="monitoring").begin()
    assert caplog.messages[:2] == [
        f"{DROPLETS} has no estimate: HTTP 500",
        f"{POOLS} will take 3 requests to Monitoring",
    ]


@pytest.mark.parametrize(
    ("stream", "source", "names"),
    [
        (DROPLETS, "auto", ["insights", "monitoring"]),
        (POOLS, "auto", ["monitoring", "insights"]),
        (DROPLETS, "insights", ["insights"]),
        (DROPLETS, "monitoring", ["monitoring"]),
        ("spaces_utilization", "auto", ["insights"]),
        ("spaces_utilization", "monitoring", []),
    ],
)
def test_sources_are_those_that_may_be_asked_the_preferred_one_first(
    stream: str, source: str, names: list[str]
) -> None:
    run = make(Lists(), {stream: new()}, source=source)
    assert [one.name for one in run.list_sources(run.table.features[stream])] == names


def test_sizes_are_asked_for_since_the_earliest_interval_and_only_if_there_is_one() -> None:
    gap = Gap("insights", "r0", "size", END - 2 * DAY, END - DAY, END)
    later = Gap("insights", "r0", "size", END - DAY, END - DAY + HOUR, END)
    for position, since in (
        (new(), [END - HOUR]),
        (new(hours=0), []),
        (Position(END, (later, gap)), [END - 2 * DAY]),
        (Position(END - 3 * DAY, (gap,)), [END - 3 * DAY]),
    ):
        run = make(Lists(droplets=1), {DROPLETS: position})
        run.list_sources(run.table.features[DROPLETS])
        assert [at for at, _ in run.sizes.asked] == since  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("settings", "has", "lacks"),
    [
        ({}, {"load_average_15m", "cpu_utilization"}, {"load_average_1m"}),
        ({"metrics": "all"}, {"load_average_1m", "load_average_15m"}, set()),
        ({"source": "monitoring"}, {"cpu_utilization"}, {"load_average_15m"}),
        ({"source": "monitoring", "metrics": "all"}, {"load_average_15m"}, set()),
    ],
)
def test_sizes_are_asked_for_the_metrics_that_are_read(
    settings: dict[str, str], has: set[str], lacks: set[str]
) -> None:
    run = make(Lists(droplets=1), {DROPLETS: new()}, **settings)
    run.list_sources(run.table.features[DROPLETS])
    ((_, names),) = run.sizes.asked  # type: ignore[attr-defined]
    assert has <= names
    assert not lacks & names


def test_a_refusal_is_told_once_a_run_for_each_source(caplog: pytest.LogCaptureFixture) -> None:
    run = make(Lists(), {})
    assert not run.is_refused("insights")
    run.note_refusal("insights", " (no)")
    run.note_refusal("insights", " (no)")
    assert run.is_refused("insights")
    assert not run.is_refused("monitoring")
    (message,) = caplog.messages
    assert message.startswith("The token may not read DigitalOcean Insights (no). Give it the scope insights:read;")
    run.note_refusal("monitoring", "")
    assert "Monitoring. Give it the scope monitoring:read" in caplog.messages[1]
