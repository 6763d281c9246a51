"""Whose a series is, what it is called and where: from its labels, whether or not the inventory still knows it."""

from typing import Any

import pytest

from source_digitalocean_quolum.utilization.sources.insights_reader import InsightsReader
from source_digitalocean_quolum.utilization.table import load
from source_digitalocean_quolum.utilization.windows import Window
from unit_tests.utilization.sources.fakes import (
    HOUR,
    START,
    FakeApi,
    as_api,
    ask,
    keep,
    make_series,
    merge,
    open_source,
    read,
    resource,
    table,
)
from unit_tests.utilization.sources.promql_evaluator import Points

HOURLY: Points = [((START + 60 * minute) * 1000, float(minute)) for minute in range(120)]


def series(urn: str | None, **labels: str) -> Any:
    own = {} if urn is None else {"resource_urn": urn}
    return make_series({"quolum_statistic": "size/avg", **own, **labels}, [(START + HOUR, "1")])


def keys(urn: str | None, *resources: Any, **labels: str) -> tuple[list[Any], int]:
    known = table()
    feature = known.features["droplet_utilization"]
    groups, unknown = InsightsReader(known, feature, feature.metrics, resources).group("nyc3", [series(urn, **labels)])
    return [(key.urn, key.labels) for key in groups], unknown


@pytest.mark.parametrize(
    ("written", "urn"),
    [
        ("do:droplet:7", "do:droplet:7"),
        ("do:droplet:8", "do:droplet:8"),
        # Another spelling of the same, whether the Droplet still exists or not.
        ("do:droplets:7", "do:droplet:7"),
        ("do:vm:8", "do:droplet:8"),
    ],
)
def test_a_urn_is_in_our_spelling_whether_or_not_the_resource_still_exists(written: str, urn: str) -> None:
    for resources in ([], [resource()]):
        assert keys(written, *resources) == ([(urn, ())], 0)


def test_a_series_without_a_urn_is_of_the_only_resource_there_is() -> None:
    assert keys(None, resource()) == ([("do:droplet:7", (("region", "nyc3"),))], 0)
    assert keys("", resource()) == ([("do:droplet:7", (("region", "nyc3"),))], 0)
    assert keys(None) == ([], 1)
    assert keys(None, resource(), resource(urn="do:droplet:8", id="8")) == ([], 1)


@pytest.mark.parametrize(
    ("stream", "written", "urn", "id_"),
    [
        ("spaces_utilization", "do:space:photos", "do:space:photos", "do:space:photos"),
        ("functions_utilization", "do:functions_namespace:fn-1", "do:functions_namespace:fn-1", "fn-1"),
        ("kubernetes_utilization", "do:droplet:5", "do:droplet:5", "5"),
        ("managed_agent_utilization", "do:mars_agent:9", "do:mars_agent:9", "9"),
        ("droplet_autoscale_utilization", "do:autoscalepool:1-2", "do:autoscale_pool:1-2", "1-2"),
    ],
)
def test_how_a_deleted_resource_is_joined(stream: str, written: str, urn: str, id_: str) -> None:
    feature = load().features[stream]
    metric = feature.asked_of("insights", every=True)[0]
    reader = InsightsReader(load(), feature, [metric], [])
    names = ("avg", "min", "max", "last", "count")
    answer = [
        make_series({"quolum_statistic": f"{metric.name}/{name}", "resource_urn": written}, [(START + HOUR, "1")])
        for name in names
    ]
    groups, _ = reader.group("ams3", answer)
    (interval,) = reader.read("ams3", groups, {}, Window(START, START + HOUR, HOUR))
    assert (interval.urn, interval.resource_id, interval.region, interval.name) == (urn, id_, "ams3", None)


def test_an_interval_that_was_not_asked_for_is_no_row() -> None:
    known = table()
    feature = known.features["droplet_utilization"]
    reader = InsightsReader(known, feature, feature.metrics, [resource()])
    times = [START, START + 1800, START + HOUR, START + 2 * HOUR, START + 3 * HOUR, 1e200]
    names = ("avg", "min", "max", "last", "count")
    answer = [
        make_series({"quolum_statistic": f"size/{name}", "resource_urn": "do:droplet:7"}, [(at, "1") for at in times])
        for name in names
    ]
    groups, _ = reader.group("nyc3", answer)
    found = reader.read("nyc3", groups, {}, Window(START, START + 2 * HOUR, HOUR))
    assert [one.statistics.start for one in found] == [START, START + HOUR]


def test_name_and_region_are_those_of_the_labels() -> None:
    labelled = keep("size", {"service_name": "then", "resource_region_slug": "ams3"}, HOURLY)
    plain = keep("size", {"service_name": ""}, HOURLY)
    for store, name, region in ((labelled, "then", "ams3"), (plain, "web", "nyc3")):
        records = read("insights", store)
        assert {(one["resource_name"], one["region"]) for one in records} == {(name, region)}


def test_a_renamed_resource_is_one_series_and_called_what_it_was_called_last() -> None:
    middle = (START + 5400) * 1000
    store = merge(
        keep("size", {}, [one for one in HOURLY if one[0] < middle]),
        keep("size", {"service_name": "new"}, [one for one in HOURLY if one[0] >= middle]),
    )
    records = read("insights", store)
    assert [(one["resource_name"], one["last"], one["samples"]) for one in records] == [
        ("web", 59, 60),
        ("new", 119, 60),
    ]
    assert [one["average"] for one in records] == [29.5, 89.5]


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_names_in_one_hour_the_later_one_counts(turned: bool) -> None:
    middle = (START + 1800) * 1000
    before = keep("size", {"service_name": "before"}, [one for one in HOURLY if one[0] < middle])
    after = keep("size", {"service_name": "after"}, [one for one in HOURLY if one[0] >= middle])
    # In whatever order the answer has them.
    store = merge(after, before) if turned else merge(before, after)
    first = read("insights", store)[0]
    assert (first["resource_name"], first["last"], first["samples"]) == ("after", 59, 60)
    assert (first["average"], first["minimum"], first["maximum"]) == (29.5, 0, 59)


def test_what_holds_samples_that_are_no_numbers_is_asked_for_anew_and_then_rightly_at_once() -> None:
    known = table()
    feature = known.features["droplet_utilization"]
    odd = [(at, float("nan") if number % 2 else value) for number, (at, value) in enumerate(HOURLY)]
    api = FakeApi(merge(keep("size", {}, odd), keep("share", {}, HOURLY)))
    metrics = [feature.metric("size"), feature.metric("share")]
    source = open_source("insights", as_api(api), known, feature, metrics, [resource()])

    for hour in range(2):
        window = Window(START + hour * HOUR, START + (hour + 1) * HOUR, HOUR)
        found = {one.metric.name: one.statistics.samples for one in ask(source, window)}
        assert found == {"size": 30, "share": 60}
    filtered = [("share" in one["query"], "> -Inf" in one["query"]) for one in api.asked]
    assert filtered == [(True, False), (False, True), (True, True)]


def test_a_capacity_without_samples_of_its_metric_is_no_second_series() -> None:
    """Two series of one key, of which only one has samples: nothing has to be asked to tell which was the last."""
    known = table()
    feature = known.features["droplet_utilization"]
    tagged = {"service_name": "old"}
    early = [(at, value) for at, value in HOURLY if at < (START + HOUR) * 1000]
    api = FakeApi(merge(keep("level", {}, HOURLY), keep("size", {}, HOURLY), keep("size", tagged, early)))
    source = open_source("insights", as_api(api), known, feature, [feature.metric("level")], [resource()])

    found = list(ask(source, Window(START, START + 2 * HOUR, HOUR)))
    assert [one.statistics.start for one in found] == [START, START + HOUR]
    assert len(api.asked) == 1


def test_databases_are_asked_rightly_at_once() -> None:
    """Their levels were seen to hold NaN between two samples: no request is wasted to learn it."""
    known = table(nan_between=True)
    feature = known.features["droplet_utilization"]
    api = FakeApi(keep("size", {}, [(at, float("nan") if at % 120_000 else value) for at, value in HOURLY]))
    metrics = [feature.metric("size"), feature.metric("count")]
    source = open_source("insights", as_api(api), known, feature, metrics, [resource()])

    (interval,) = ask(source, Window(START, START + HOUR, HOUR))
    assert interval.statistics.samples == 30
    (asked,) = api.asked
    assert asked["query"].count("> -Inf") == 5, "levels, not counters"
