"""What a metrics API refuses or garbles: read in a later sync, told when it is met, and lost only after a week."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteStateMessage, FailureType
from airbyte_cdk.test.state_builder import StateBuilder

from unit_tests.mock_server.clock import Clock, fake_clock
from unit_tests.mock_server.commands import Output, read, token_config
from unit_tests.mock_server.metrics import TROUBLES, Asked, MetricsService, Trouble, seconds, serve
from unit_tests.mock_server.server import DigitalOcean, Reply, digitalocean, error

STREAM = "droplet_utilization"
SOURCES = ("insights", "monitoring")
REGIONS = {1: "nyc3", 2: "fra1", 3: "fra1", 4: "sgp1"}
START = "2026-01-20T06:00:00Z"
FIRST, SECOND, THIRD = "2026-01-20T12:30:00Z", "2026-01-20T15:30:00Z", "2026-01-20T18:30:00Z"

Rows = dict[tuple[str, str, str], dict[str, Any]]


@pytest.fixture
def service() -> MetricsService:
    return MetricsService(REGIONS)


@pytest.fixture(scope="module")
def whole() -> dict[str, Rows]:
    """The rows of one uninterrupted sync at the time of the third, by source."""
    with fake_clock(), digitalocean() as api:
        return {source: rows_of(sync(api, MetricsService(REGIONS), THIRD, source=source)) for source in SOURCES}


def sync(
    api: DigitalOcean,
    service: MetricsService,
    moment: str,
    before: Output | dict[str, Any] | None = None,
    source: str = "insights",
) -> Output:
    serve(api, service, moment)
    state: list[AirbyteStateMessage] | None = None
    if before is not None:
        held = before.state_of(STREAM) if isinstance(before, Output) else before
        state = StateBuilder().with_stream_state(STREAM, held).build()
    config = token_config(start_date=START, utilization={"source": source})
    return read(STREAM, config=config, state=state, through=["droplets"])


def rows_of(*outputs: Output) -> Rows:
    """The rows of some syncs by key; none came twice."""
    rows = [row for output in outputs for row in output.rows(STREAM)]
    keyed = {(row["resource_urn"], row["metric"], row["interval_start"]): row for row in rows}
    assert len(keyed) == len(rows), "a row came twice"
    return keyed


def region_is_out(asked: Asked) -> bool:
    return asked.source == "insights" and asked.place == "fra1"


def metric_is_out(asked: Asked) -> bool:
    return asked.place == "fra1" and "memory_available" in asked.metrics


def droplet_is_out(asked: Asked) -> bool:
    return asked.place == "do:droplet:2"


def path_is_out(asked: Asked) -> bool:
    return asked.place == "do:droplet:2" and asked.metrics == ("memory_available",)


def hours_are_out(asked: Asked) -> bool:
    return asked.place in ("fra1", "do:droplet:2") and asked.overlaps(
        seconds("2026-01-20T08:00:00Z"), seconds("2026-01-20T09:00:00Z")
    )


ALL_HOURS = (START, "2026-01-20T12:00:00Z")
# Source, what is in trouble, and what that costs: Droplets, the one metric (None: all), from when to when.
CASES: dict[str, tuple[str, Trouble, set[str], str | None, tuple[str, str]]] = {
    "region": ("insights", region_is_out, {"do:droplet:2", "do:droplet:3"}, None, ALL_HOURS),
    "metric": ("insights", metric_is_out, {"do:droplet:2", "do:droplet:3"}, "memory_available", ALL_HOURS),
    "hour": ("insights", hours_are_out, {"do:droplet:2", "do:droplet:3"}, None, ("2026-01-20T08", "2026-01-20T09")),
    "droplet": ("monitoring", droplet_is_out, {"do:droplet:2"}, None, ALL_HOURS),
    "path": ("monitoring", path_is_out, {"do:droplet:2"}, "memory_available", ALL_HOURS),
    "droplets-hour": ("monitoring", hours_are_out, {"do:droplet:2"}, None, ("2026-01-20T08", "2026-01-20T09")),
}


# Every answer that is none, for one metric of one place; and every size of what can be in trouble.
TRIED = [
    *(("metric", answer) for answer in TROUBLES),
    *(("path", answer) for answer in ("400", "404", "500", "503")),
    *(("region", "404"), ("hour", "422"), ("droplet", "500"), ("droplets-hour", "html")),
]


@pytest.mark.parametrize(("case", "answer"), TRIED)
def test_what_goes_unanswered_is_named_once_costs_nothing_else_and_is_read_later(
    api: DigitalOcean, service: MetricsService, whole: dict[str, Rows], case: str, answer: str
) -> None:
    source, trouble, droplets, metric, (start, end) = CASES[case]
    everything = whole[source]
    missing = {key for key in everything if key[0] in droplets and metric in (None, key[1]) and start <= key[2] < end}
    assert 0 < len(missing) < len(everything) / 2

    service.trouble, service.instead = trouble, TROUBLES[answer]
    first = sync(api, service, FIRST, source=source)
    second = sync(api, service, SECOND, first, source=source)
    service.trouble = lambda _: False
    third = sync(api, service, THIRD, second, source=source)

    assert first.status(STREAM) == "INCOMPLETE"
    kind, message = first.error(STREAM)
    assert kind == FailureType.transient_error
    place = "region fra1" if source == "insights" else "resource do:droplet:2"
    assert f"{source.capitalize()}, {place}, metric" in message
    assert (metric or "cpu_utilization") in message
    assert f"{start[:13]}:00:00Z to {end[:13]}:00:00Z" in message
    known = {key for key in everything if key[2] < "2026-01-20T12"}
    assert rows_of(first).keys() == known - missing

    assert second.status(STREAM) == "COMPLETE"
    (warning,) = [text for text in second.warnings() if "still no answer" in text]
    assert f"{place}, metric" in warning
    assert "missing for 3 hours" in warning

    assert third.status(STREAM) == "COMPLETE"
    assert "gaps" not in third.state_of(STREAM)
    assert rows_of(first, second, third) == everything


def days_later(days: float, hour: str = "12:30") -> str:
    return f"{datetime.fromisoformat(FIRST) + timedelta(days=days):%Y-%m-%d}T{hour}:00Z"


def test_after_a_week_a_gap_is_lost_and_told_once_and_the_same_trouble_is_no_news(
    api: DigitalOcean, service: MetricsService
) -> None:
    service.trouble = region_is_out
    outputs = [sync(api, service, FIRST)]
    for moment in (days_later(6.9, "11:30"), days_later(7), days_later(7, "14:30"), days_later(13), days_later(14.1)):
        outputs.append(sync(api, service, moment, outputs[-1]))

    assert [output.status(STREAM) for output in outputs] == ["INCOMPLETE", *["COMPLETE"] * 5]
    lost = [[text for text in output.warnings() if "given up as lost" in text] for output in outputs]
    assert [len(some) for some in lost] == [0, 0, 1, 0, 0, 1]
    assert "region fra1" in lost[2][0]
    assert "2026-01-20T06:00:00Z to 2026-01-27T11:00:00Z" in lost[2][0]
    (gap,) = outputs[2].state_of(STREAM)["gaps"]
    assert (gap["regions"], gap["from"], gap["to"]) == (["fra1"], "2026-01-27T11:00:00Z", "2026-01-27T12:00:00Z")


def test_a_trouble_that_was_over_is_news_when_it_comes_again(api: DigitalOcean, service: MetricsService) -> None:
    service.trouble = region_is_out
    first = sync(api, service, FIRST)
    service.trouble = lambda _: False
    second = sync(api, service, SECOND, first)
    service.trouble = region_is_out
    third = sync(api, service, THIRD, second)

    assert [one.status(STREAM) for one in (first, second, third)] == ["INCOMPLETE", "COMPLETE", "INCOMPLETE"]


def test_hours_that_are_broken_for_good_are_lost_alone_and_then_forgotten(
    api: DigitalOcean, service: MetricsService
) -> None:
    service.trouble = hours_are_out
    first = sync(api, service, FIRST)
    later = sync(api, service, days_later(7), first)

    assert [one.status(STREAM) for one in (first, later)] == ["INCOMPLETE", "COMPLETE"]
    assert len([text for text in later.warnings() if "given up as lost" in text]) == 1
    assert "gaps" not in later.state_of(STREAM)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("answer", ["400", "404"])
def test_a_metric_that_does_not_exist_is_told_and_makes_no_sync_incomplete(
    api: DigitalOcean, service: MetricsService, whole: dict[str, Rows], source: str, answer: str
) -> None:
    """It is refused wherever it is asked for, and others are answered there. Should it exist, nothing is lost."""
    service.trouble, service.instead = lambda asked: "memory_available" in asked.metrics, TROUBLES[answer]
    first = sync(api, service, FIRST, source=source)
    second = sync(api, service, SECOND, first, source=source)
    service.trouble = lambda _: False
    third = sync(api, service, THIRD, second, source=source)

    assert {one.status(STREAM) for one in (first, second, third)} == {"COMPLETE"}
    (warning,) = [text for text in first.warnings() if "seems not to have these metrics" in text]
    assert "metric memory_available" in warning
    assert rows_of(first, second, third) == whole[source]


def test_an_unknown_metric_costs_few_requests_once_it_is_known_to_be_one(
    api: DigitalOcean, service: MetricsService
) -> None:
    service.trouble, service.instead = lambda asked: "memory_available" in asked.metrics, TROUBLES["400"]
    first = sync(api, service, FIRST)
    service.asked.clear()
    sync(api, service, SECOND, first)

    # In each region: the gap and four probes of it, all other metrics at once, and the one alone with its probes.
    assert len(service.asked) <= 3 * 10


def test_a_server_that_is_away_for_a_moment_is_waited_for(
    api: DigitalOcean, service: MetricsService, clock: Clock, whole: dict[str, Rows]
) -> None:
    back = clock.now() + 4
    service.instead, service.trouble = TROUBLES["503"], lambda _: clock.now() < back
    output = sync(api, service, THIRD)

    assert output.status(STREAM) == "COMPLETE"
    assert rows_of(output) == whole["insights"]


def test_a_source_that_is_silent_everywhere_is_soon_left_alone(api: DigitalOcean) -> None:
    service = MetricsService(dict.fromkeys(range(1, 201), "nyc3"))
    service.trouble, service.instead = lambda _: True, TROUBLES["500"]

    output = sync(api, service, FIRST, source="monitoring")

    assert output.status(STREAM) == "INCOMPLETE"
    (gap,) = output.state_of(STREAM)["gaps"]
    assert len(gap["resources"]) == 200
    # Two requests of two probes each for some Droplets, six times; not five requests for each of 200.
    assert len(service.asked) < 400


def test_an_empty_answer_is_no_gap(api: DigitalOcean, service: MetricsService) -> None:
    empty = Reply({"status": "success", "data": {"resultType": "matrix", "result": []}})
    service.trouble, service.instead = region_is_out, empty

    output = sync(api, service, FIRST)

    assert output.status(STREAM) == "COMPLETE"
    assert "gaps" not in output.state_of(STREAM)
    assert {key[0] for key in rows_of(output)} == {"do:droplet:1", "do:droplet:4"}


def test_a_refused_token_opens_no_gap_and_moves_no_cursor(api: DigitalOcean, service: MetricsService) -> None:
    service.trouble, service.instead = lambda _: True, error(403, "forbidden", "not allowed")

    output = sync(api, service, FIRST)

    assert output.status(STREAM) == "COMPLETE"
    assert output.state_of(STREAM) == {"interval_start": START}
    assert any("insights:read" in text for text in output.warnings())


@pytest.mark.parametrize("source", SOURCES)
def test_a_token_that_is_revoked_in_the_middle_ends_the_stream_and_is_no_gap(
    api: DigitalOcean, service: MetricsService, source: str
) -> None:
    service.trouble, service.instead = lambda asked: asked.place in ("nyc3", "do:droplet:4"), error(401, "unauthorized")

    output = sync(api, service, FIRST, source=source)

    assert output.error(STREAM)[0] == FailureType.config_error
    assert output.state_of(STREAM) == {"interval_start": START}


def test_gaps_that_are_not_ours_make_the_stream_begin_anew(
    api: DigitalOcean, service: MetricsService, whole: dict[str, Rows]
) -> None:
    """What is missing before the cursor is not known then: repeated rows are better than lost ones."""
    output = sync(api, service, THIRD, {"interval_start": "2026-01-20T12:00:00Z", "gaps": [5]})

    assert rows_of(output) == whole["insights"]
    (warning,) = [text for text in output.warnings() if "begins at the start date again" in text]
    assert STREAM in warning


@pytest.mark.parametrize("gaps", [{}, {"gaps": []}, {"gaps": None}])
def test_a_state_without_gaps_goes_on_from_its_cursor(
    api: DigitalOcean, service: MetricsService, whole: dict[str, Rows], gaps: dict[str, Any]
) -> None:
    output = sync(api, service, THIRD, {"interval_start": "2026-01-20T12:00:00Z", **gaps})

    everything = whole["insights"]
    assert rows_of(output) == {key: row for key, row in everything.items() if key[2] >= "2026-01-20T12"}


def test_a_droplet_that_was_deleted_while_it_was_missing_is_told_as_lost(
    api: DigitalOcean, service: MetricsService
) -> None:
    service.trouble = droplet_is_out
    first = sync(api, service, FIRST, source="monitoring")
    del service.regions[2]
    second = sync(api, service, SECOND, first, source="monitoring")

    assert second.status(STREAM) == "COMPLETE"
    (warning,) = [text for text in second.warnings() if "deleted meanwhile" in text]
    assert "do:droplet:2" in warning
    assert "gaps" not in second.state_of(STREAM)


def test_an_open_gap_of_insights_is_filled_although_its_region_has_no_droplet_any_more(
    api: DigitalOcean, service: MetricsService
) -> None:
    service.trouble = region_is_out
    first = sync(api, service, FIRST)
    service.trouble = lambda _: False
    listed = MetricsService({1: "nyc3", 4: "sgp1"})
    listed.insights = service.insights  # type: ignore[method-assign]
    second = sync(api, listed, SECOND, first)

    late = {key for key in rows_of(second) if key[2] < "2026-01-20T12"}
    assert {key[0] for key in late} == {"do:droplet:2", "do:droplet:3"}


@pytest.mark.parametrize("source", SOURCES)
def test_a_gap_of_all_places_is_asked_for_at_each_of_them(
    api: DigitalOcean, service: MetricsService, whole: dict[str, Rows], source: str
) -> None:
    """So a state ends up that had to hold more than 1,000 names."""
    times = {"from": "2026-01-20T09:00:00Z", "to": "2026-01-20T11:00:00Z", "since": "2026-01-20T11:10:00Z"}
    gap = {"source": source, "metrics": ["cpu_utilization"], **times}
    output = sync(api, service, THIRD, {"interval_start": "2026-01-20T18:00:00Z", "gaps": [gap]}, source=source)

    assert rows_of(output) == {
        key: row
        for key, row in whole[source].items()
        if key[1] == "cpu_utilization" and times["from"] <= key[2] < times["to"]
    }
    assert len(rows_of(output)) == 2 * len(REGIONS)
    assert "gaps" not in output.state_of(STREAM)


def test_the_requests_for_gaps_are_part_of_the_estimate(api: DigitalOcean, service: MetricsService) -> None:
    service.trouble = region_is_out
    first = sync(api, service, FIRST)
    service.trouble = lambda _: False
    service.asked.clear()
    second = sync(api, service, SECOND, first)

    assert len(service.asked) == 4
    assert f"{STREAM} will take 4 requests to Insights" in second.log()
