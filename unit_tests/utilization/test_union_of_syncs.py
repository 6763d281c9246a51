"""Whatever a metrics API answers, and wherever a sync is killed: all syncs together are one uninterrupted sync."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from source_digitalocean_quolum.utilization import run
from source_digitalocean_quolum.utilization.sources.insights import Insights
from source_digitalocean_quolum.utilization.sources.monitoring import Monitoring
from unit_tests.mock_server.metrics import TROUBLES, Asked, MetricsService, seconds
from unit_tests.mock_server.server import Reply
from unit_tests.utilization.syncs import HOUR, FakeMetricsApi, Row, sync

REGIONS = {1: "nyc3", 2: "fra1", 3: "fra1"}
START = "2026-01-20T06:00:00Z"
BEGIN = seconds(START)
# A whole window, and some that end in the middle of what is read.
WINDOW = 5 * HOUR


@pytest.fixture(autouse=True, scope="module")
def _fast() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "MetricsApi", FakeMetricsApi)
        patch.setattr(time, "sleep", lambda _: None)
        for source in (Insights, Monitoring):
            patch.setattr(source, "longest_window", lambda _self, _interval: WINDOW)
        yield


@dataclass(frozen=True)
class Trouble:
    """What goes unanswered: a place, a metric (None: all of them), some hours of the day, and how."""

    place: str | None
    metric: str | None
    hours: tuple[int, int]
    answer: str

    def concerns(self, asked: Asked) -> bool:
        return (
            self.place in (None, asked.place)
            and (self.metric is None or self.metric in asked.metrics)
            and asked.overlaps(BEGIN + self.hours[0] * HOUR, BEGIN + self.hours[1] * HOUR)
        )


class TroubledService(MetricsService):
    """Answers, but for its troubles."""

    def __init__(self) -> None:
        super().__init__(REGIONS)
        self.troubles: list[Trouble] = []

    def refuse(self, asked: Asked) -> Reply | None:
        return next((TROUBLES[one.answer] for one in self.troubles if one.concerns(asked)), None)


@dataclass
class Step:
    """One sync: hours after the one before, what is in trouble, and after how many pages and states it is killed."""

    hours: int
    troubles: list[Trouble] = field(default_factory=list)
    kill_after: int | None = None


troubles = st.builds(
    Trouble,
    place=st.sampled_from([None, "fra1", "nyc3", "do:droplet:1", "do:droplet:2"]),
    metric=st.sampled_from([None, "memory_available", "cpu_utilization", "cpu", "bandwidth", "filesystem_free"]),
    hours=st.tuples(st.integers(0, 12), st.integers(1, 40)),
    answer=st.sampled_from(list(TROUBLES)),
)
steps = st.builds(
    Step,
    hours=st.integers(0, 12),
    troubles=st.lists(troubles, max_size=3),
    kill_after=st.none() | st.integers(0, 6),
)
sources = st.sampled_from(["insights", "monitoring"])


def key_of(row: Row) -> tuple[Any, ...]:
    return row["resource_urn"], row["metric"], row["labels_key"], row["interval_start"]


@given(st.lists(steps, min_size=1, max_size=5), sources)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_union_of_all_syncs_is_one_uninterrupted_sync(done: list[Step], source: str) -> None:
    service = TroubledService()
    now, state = BEGIN + 3 * HOUR + 1800, None
    rows: list[Row] = []
    for step in [*done, Step(hours=1)]:
        now += step.hours * HOUR
        service.troubles = step.troubles
        synced = sync(service, now, state, START, step.kill_after, source=source)
        rows += synced.rows
        state = synced.states[-1] if synced.states else state
    service.troubles = []
    whole = sync(service, now, None, START, source=source)

    assert whole.error is None
    together = {key_of(row): row for row in rows}
    assert together == {key_of(row): row for row in whole.rows}
    assert all(row == together[key_of(row)] for row in rows), "a row came twice and was another one"
    if not any(step.kill_after is not None for step in done):
        assert len(rows) == len(together), "a row came twice, and no sync was killed"
    assert "gaps" not in (state or {})


@given(st.lists(troubles, min_size=1, max_size=3), sources)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_sync_that_says_complete_has_all_rows_or_has_told_what_is_missing(found: list[Trouble], source: str) -> None:
    """And one sync later the same trouble is no error any more: it is in the state."""
    service = TroubledService()
    now = BEGIN + 12 * HOUR + 1800
    whole = {key_of(row) for row in sync(service, now, None, START, source=source).rows}
    service.troubles = found

    first = sync(service, now, None, START, source=source)
    second = sync(service, now, first.states[-1], START, source=source)

    missing = whole - {key_of(row) for row in first.rows}
    gaps = first.states[-1].get("gaps", [])
    for urn, metric, _, at in missing:
        region = REGIONS[int(urn.rpartition(":")[2])]
        assert any(
            metric in gap["metrics"]
            and gap["from"] <= at < gap["to"]
            and (region if source == "insights" else urn) in gap[{"insights": "regions"}.get(source, "resources")]
            for gap in gaps
        )
    assert second.error is None
    assert not {key_of(row) for row in second.rows} & {key_of(row) for row in first.rows}
