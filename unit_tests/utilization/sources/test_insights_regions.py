"""Regions that do not answer, do not exist, or hold series of nobody."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from source_digitalocean_quolum.utilization.api import Absent, NotUnderstood, Series
from source_digitalocean_quolum.utilization.resources import Regions
from source_digitalocean_quolum.utilization.sources.insights import Insights
from source_digitalocean_quolum.utilization.sources.metric_interval import MetricInterval
from source_digitalocean_quolum.utilization.sources.question import Question, Unanswered
from source_digitalocean_quolum.utilization.windows import Window
from unit_tests.utilization.sources.fakes import HOUR, START, as_api, make_series, resource, table

KNOWN = table()
FEATURE = KNOWN.features["droplet_utilization"]
WINDOW = Window(START, START + HOUR, HOUR)
NAMES = ("avg", "min", "max", "last", "count")


class Server:
    """One figure of `size` of one Droplet, but for regions that are `wrong`."""

    def __init__(self, wrong: Callable[[str], Exception | None], urn: str = "do:droplet:7") -> None:
        self.wrong, self.urn = wrong, urn
        self.asked: list[str] = []

    def post(self, path: str, form: Mapping[str, str]) -> list[Series]:
        region = path.split("/")[4]
        self.asked.append(region)
        if problem := self.wrong(region):
            raise problem
        at = [(START + HOUR, "1")]
        return [make_series({"resource_urn": self.urn, "quolum_statistic": f"size/{one}"}, at) for one in NAMES]


def open_insights(server: Server, *regions: str, certain: bool = True) -> Insights:
    resources = [resource(), resource(urn="do:droplet:8", id="8")]
    metrics = [FEATURE.metric("size")]
    return Insights(as_api(server), KNOWN, FEATURE, metrics, resources, Regions(list(regions), certain=certain))


def read(source: Insights, **more: Any) -> tuple[list[str | None], list[Unanswered]]:
    found, unanswered = [], []
    for one in source.read(Question(WINDOW, **more)):
        if isinstance(one, MetricInterval):
            found.append(one.region)
        else:
            unanswered.append(one)
    return found, unanswered


def test_a_region_that_was_only_a_guess_may_not_exist(caplog: pytest.LogCaptureFixture) -> None:
    source = open_insights(
        Server(lambda region: Absent("") if region == "xyz1" else None), "fra1", "xyz1", certain=False
    )
    for _ in range(3):
        assert read(source) == (["fra1"], [])
    assert caplog.messages == [
        f"{FEATURE.stream}: Insights has nothing in xyz1, where none of the resources is known to be"
    ]
    assert not source.tally.is_silent("xyz1")


def test_a_region_that_holds_resources_has_to_answer() -> None:
    source = open_insights(Server(lambda region: Absent(" (gone)") if region == "fra1" else None), "fra1", "nyc3")
    found, (failed,) = read(source)
    assert found == ["nyc3"]
    assert failed == Unanswered("fra1", ("size",), WINDOW, "refused", "not found (gone)")


def test_a_region_that_answers_nothing_twice_is_not_asked_again() -> None:
    server = Server(lambda region: NotUnderstood("no") if region == "fra1" else None)
    source = open_insights(server, "fra1", "nyc3")
    read(source)
    read(source)
    server.asked.clear()
    found, (failed,) = read(source)
    assert (found, server.asked) == (["nyc3"], ["nyc3"])
    assert failed == Unanswered("fra1", ("size",), WINDOW, "failed", "not asked any more in this sync, after no")


def test_what_is_in_trouble_is_asked_last() -> None:
    server = Server(lambda _: None)
    read(open_insights(server, "ams3", "fra1", "nyc3"), in_trouble=frozenset({("ams3", "size")}))
    assert server.asked == ["fra1", "nyc3", "ams3"]
    server.asked.clear()
    read(open_insights(server, "ams3", "fra1", "nyc3"), places=("nyc3",))
    assert server.asked == ["nyc3"]


def test_series_of_nobody_are_left_out_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    source = open_insights(Server(lambda _: None, urn=""), "nyc3")
    assert read(source) == read(source) == ([], [])
    assert caplog.messages == [f"{FEATURE.stream}: 5 series of nyc3 do not say whose they are: left out"]
