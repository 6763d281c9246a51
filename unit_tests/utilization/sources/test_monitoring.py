"""Monitoring's resources: which are asked, in which order, and what is said of those that do not answer."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.utilization.api import Absent, NotUnderstood, Series
from source_digitalocean_quolum.utilization.sources.metric_interval import MetricInterval
from source_digitalocean_quolum.utilization.sources.monitoring import Monitoring
from source_digitalocean_quolum.utilization.sources.question import Question, Unanswered
from source_digitalocean_quolum.utilization.windows import Window
from unit_tests.utilization.sources.fakes import HOUR, START, as_api, make_series, resource, table

KNOWN = table()
FEATURE = KNOWN.features["droplet_utilization"]
WINDOW = Window(START, START + HOUR, HOUR)


class Server:
    """A sample in the hour for everything that is not `wrong`, by resource and metric."""

    def __init__(self, wrong: Callable[[str, str], Exception | None] = lambda *_: None) -> None:
        self.wrong = wrong
        self.asked: list[tuple[str, str]] = []

    def get(self, path: str, params: Mapping[str, str]) -> list[Series]:
        one = (params["host_id"], path.rpartition("/")[2])
        self.asked.append(one)
        if problem := self.wrong(*one):
            raise problem
        return [make_series({}, [(START + 60, "1")])]


def open_monitoring(
    server: Server, *metrics: str, count: int = 2, deleted: Callable[[Iterable[str]], set[str]] = lambda _: set()
) -> Monitoring:
    chosen = [FEATURE.metric(name) for name in metrics]
    resources = [resource(urn=f"do:droplet:{one}", id=f"{one}") for one in range(count)]
    return Monitoring(as_api(server), KNOWN, FEATURE, chosen, resources, deleted)


def read(source: Monitoring, **more: Any) -> tuple[list[tuple[str, str]], list[Unanswered]]:
    """Resource and metric of the intervals, and what was not answered."""
    found, unanswered = [], []
    for one in source.read(Question(WINDOW, **more)):
        if isinstance(one, MetricInterval):
            found.append((one.resource_id, one.metric.name))
        else:
            unanswered.append(one)
    return found, unanswered


def test_every_metric_of_every_resource() -> None:
    server = Server()
    found, unanswered = read(open_monitoring(server, "share", "size"))
    assert sorted(found) == [(one, name) for one in "01" for name in ("share", "size")]
    assert unanswered == []


def test_only_what_is_named_is_asked_and_what_is_in_trouble_last() -> None:
    server = Server()
    source = open_monitoring(server, "share", "size", count=3)
    read(source, places=("do:droplet:2", "do:droplet:9"), metrics=("size",))
    assert server.asked == [("2", "size")]
    server.asked.clear()
    found, _ = read(source, metrics=("size",), in_trouble=frozenset({("do:droplet:0", "size")}))
    assert [one for one, _ in found] == ["1", "2", "0"]


def test_a_resource_is_asked_for_the_time_since_it_exists() -> None:
    server = Server()
    for since, asked in ((START + HOUR, 0), (START + HOUR - 1, 1)):
        source = Monitoring(
            as_api(server), KNOWN, FEATURE, [FEATURE.metric("share")], [resource(since=float(since))], lambda _: set()
        )
        read(source)
        assert len(server.asked) == asked


def test_one_metric_that_is_refused_is_named_with_its_resource_and_the_rest_is_there() -> None:
    source = open_monitoring(
        Server(lambda one, name: NotUnderstood("no") if (one, name) == ("1", "size") else None), "share", "size"
    )
    found, (failed,) = read(source)
    assert sorted(found) == [("0", "share"), ("0", "size"), ("1", "share")]
    assert failed == Unanswered("do:droplet:1", ("size",), WINDOW, "refused", "no")
    assert not source.tally.is_silent("do:droplet:1")


def test_a_resource_that_answers_nothing_twice_is_not_asked_again() -> None:
    server = Server(lambda one, _: NotUnderstood("no") if one == "1" else None)
    source = open_monitoring(server, "share")
    for _ in range(2):
        _, (failed,) = read(source)
        assert failed == Unanswered("do:droplet:1", ("share",), WINDOW, "refused", "no")
    server.asked.clear()
    found, (failed,) = read(source)
    assert found == [("0", "share")]
    assert server.asked == [("0", "share")]
    assert failed == Unanswered(
        "do:droplet:1", ("share",), WINDOW, "failed", "not asked any more in this sync, after no"
    )


def test_what_the_first_resources_refuse_is_not_asked_of_the_last_ones() -> None:
    server = Server(lambda _, name: NotUnderstood("no") if name == "size" else None)
    _, unanswered = read(open_monitoring(server, "share", "size", count=20))
    assert len(unanswered) == 20
    # Five refusals, and what was under way meanwhile.
    assert 5 <= len([one for one in server.asked if one[1] == "size"]) <= 10


def test_a_deleted_resource_is_left_out_and_told(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[set[str]] = []

    def deleted(urns: Iterable[str]) -> set[str]:
        asked.append(set(urns))
        return {"do:droplet:1"}

    source = open_monitoring(
        Server(lambda one, _: Absent("") if one in "12" else None), "share", count=3, deleted=deleted
    )
    with caplog.at_level(logging.INFO, "airbyte"):
        found, (failed,) = read(source)
    assert found == [("0", "share")]
    assert (failed.place, failed.kind) == ("do:droplet:2", "refused")
    assert asked == [{"do:droplet:1", "do:droplet:2"}]
    assert "deleted during the sync: do:droplet:1" in caplog.text

    read(source)
    assert asked[1] == {"do:droplet:1"}, "the other one was seen to be there still"


def test_nobody_asks_who_was_deleted_while_all_answer() -> None:
    def deleted(_: Iterable[str]) -> set[str]:
        raise AssertionError

    read(open_monitoring(Server(), "share", deleted=deleted))


def test_whether_something_was_deleted_may_stay_unknown(caplog: pytest.LogCaptureFixture) -> None:
    def deleted(_: Iterable[str]) -> set[str]:
        raise AirbyteTracedException(message="HTTP 500", failure_type=FailureType.transient_error)

    source = open_monitoring(Server(lambda *_: Absent("")), "share", count=1, deleted=deleted)
    found, (failed,) = read(source)
    assert found == []
    assert failed.place == "do:droplet:0"
    assert "whether do:droplet:0 were deleted is unknown: HTTP 500" in caplog.text


def test_what_it_knows_and_what_it_takes() -> None:
    source = open_monitoring(Server(), "share", "level", count=3)
    assert source.list_places() == ["do:droplet:0", "do:droplet:1", "do:droplet:2"]
    assert source.knows("do:droplet:0")
    assert not source.knows("do:droplet:9")
    assert source.has_metric("share")
    assert not source.has_metric("size"), "asked for only as what another one is measured against"
    # Two metrics, and what one of them is measured against.
    assert source.count_requests(2, HOUR) == 2 * 3 * 3
    assert source.count_requests(2, HOUR, ["do:droplet:0", "do:droplet:9"], ["share"]) == 2
    assert source.longest_window(HOUR) == 86_400
