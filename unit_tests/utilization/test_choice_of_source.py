"""Which source a stream is read from, and what it costs to find out."""

import time
from typing import Any

import pytest

from source_digitalocean_quolum.utilization import run
from unit_tests.mock_server.metrics import TROUBLES, MetricsService, seconds
from unit_tests.mock_server.server import Reply
from unit_tests.utilization.syncs import HOUR, FakeMetricsApi, Synced, sync

START = "2026-01-20T06:00:00Z"
NOW = seconds(START) + 3 * HOUR + 900


@pytest.fixture(autouse=True)
def _connected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "MetricsApi", FakeMetricsApi)
    monkeypatch.setattr(time, "sleep", lambda _: None)


class Empty(MetricsService):
    """Insights knows none of the series."""

    def insights(self, region: str, query: str, start: int, end: int) -> list[dict[str, Any]] | Reply:
        """See MetricsService."""
        super().insights(region, query, start, end)
        return []


def read(service: MetricsService | None = None, source: str = "auto") -> tuple[Synced, list[tuple[str, int, int]]]:
    """A sync of one Droplet over three hours, with what was asked, in hours."""
    service = service or MetricsService({1: "nyc3"})
    synced = sync(service, NOW, None, START, source=source)
    begin = seconds(START)
    asked = [(one.source, (one.start - begin) // HOUR, (one.end - begin) // HOUR) for one in service.asked]
    return synced, asked


def test_where_there_is_a_choice_the_newest_hour_is_tried_first() -> None:
    synced, asked = read()
    assert asked == [("insights", 2, 3), ("insights", 0, 3)]
    assert {row["source"] for row in synced.rows} == {"insights"}


@pytest.mark.parametrize(("source", "requests"), [("insights", 1), ("monitoring", 7)])
def test_who_insists_on_a_source_pays_for_no_trial(source: str, requests: int) -> None:
    synced, asked = read(source=source)
    assert len(asked) == requests
    assert {row["source"] for row in synced.rows} == {source}
    assert synced.error is None


def test_what_insights_does_not_know_comes_from_monitoring() -> None:
    synced, asked = read(Empty({1: "nyc3"}))
    assert [one for one in asked if one[0] == "insights"] == [("insights", 2, 3)]
    assert {row["source"] for row in synced.rows} == {"monitoring"}


def test_an_insights_without_a_usable_answer_is_not_left() -> None:
    service = MetricsService({1: "nyc3"})
    service.instead, service.trouble = TROUBLES["500"], lambda asked: asked.source == "insights"
    synced, asked = read(service)
    assert {source for source, *_ in asked} == {"insights"}
    assert synced.rows == []
    assert synced.error is not None
