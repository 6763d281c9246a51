"""Where a utilization stream goes on: from its state, else from the start date, else from the previous month."""

from datetime import datetime
from typing import Any

import pytest
from airbyte_cdk.models import (
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    StreamDescriptor,
)

from source_digitalocean_quolum.utilization.gaps import Gap
from source_digitalocean_quolum.utilization.position import Position, find_position

HOUR = 3600
STREAM = "droplet_utilization"


def at(written: str) -> int:
    return int(datetime.fromisoformat(written).timestamp())


NOW = at("2026-03-10T12:15:00Z")


def find(state: dict[str, Any] | None = None, stream: str = STREAM, **config: Any) -> Position:
    blob = None if state is None else AirbyteStateBlob(state)
    stream_state = AirbyteStreamState(stream_descriptor=StreamDescriptor(name=stream), stream_state=blob)
    messages = [AirbyteStateMessage(type=AirbyteStateType.STREAM, stream=stream_state)]
    return find_position(STREAM, config, messages, HOUR, NOW)


def test_without_anything_it_begins_with_the_previous_month() -> None:
    assert find() == Position(at("2026-02-01T00:00:00Z"))
    january = find_position(STREAM, {}, [], HOUR, at("2026-01-31T23:59:59Z"))
    assert january == Position(at("2025-12-01T00:00:00Z"))


def test_a_start_date_inside_an_interval_means_that_interval() -> None:
    assert find(start_date="2026-03-05T10:20:00Z") == Position(at("2026-03-05T10:00:00Z"))
    assert find(start_date="2026-03-05") == Position(at("2026-03-05T00:00:00Z"))


def test_it_goes_on_from_its_own_state() -> None:
    state = {"interval_start": "2026-03-10T11:00:00Z"}
    assert find(state, start_date="2026-03-01T00:00:00Z") == Position(at("2026-03-10T11:00:00Z"), has_state=True)
    assert find(state, stream="app_utilization", start_date="2026-03-01T00:00:00Z") == Position(
        at("2026-03-01T00:00:00Z")
    )


@pytest.mark.parametrize("state", [{}, {"interval_start": None}, {"interval_start": "soon"}])
def test_a_state_that_tells_no_time_is_none(state: dict[str, Any]) -> None:
    assert find(state, start_date="2026-03-01T00:00:00Z") == Position(at("2026-03-01T00:00:00Z"))


GAP = {
    "source": "insights",
    "regions": ["fra1"],
    "metrics": ["size"],
    "from": "2026-03-10T07:20:00Z",
    "to": "2026-03-10T08:20:00Z",
    "since": "2026-03-10T09:00:00Z",
}


def test_gaps_become_whole_intervals_and_end_where_reading_goes_on() -> None:
    gaps = [GAP, {**GAP, "metrics": ["level"], "to": "2026-03-10T10:40:00Z"}]
    found = find({"interval_start": "2026-03-10T10:00:00Z", "gaps": gaps})
    since = at("2026-03-10T09:00:00Z")
    first = at("2026-03-10T07:00:00Z")
    assert found == Position(
        at("2026-03-10T10:00:00Z"),
        (
            Gap("insights", "fra1", "size", first, at("2026-03-10T09:00:00Z"), since),
            Gap("insights", "fra1", "level", first, at("2026-03-10T10:00:00Z"), since),
        ),
        has_state=True,
    )


def test_an_empty_gap_is_kept_and_one_that_lies_ahead_is_not() -> None:
    empty = {**GAP, "from": "2026-03-10T10:00:00Z", "to": "2026-03-10T10:00:00Z"}
    ahead = {**GAP, "from": "2026-03-10T11:00:00Z", "to": "2026-03-10T12:00:00Z"}
    found = find({"interval_start": "2026-03-10T10:00:00Z", "gaps": [empty, ahead]})
    border = at("2026-03-10T10:00:00Z")
    assert found.gaps == (Gap("insights", "fra1", "size", border, border, at("2026-03-10T09:00:00Z")),)


@pytest.mark.parametrize(
    ("gaps", "words"),
    [
        ("fra1", "`gaps` is no list"),
        ([5], "an entry of `gaps` is not readable (TypeError)"),
        ([{**GAP, "source": "elsewhere"}], "an entry of `gaps` is not readable (KeyError)"),
        ([{**GAP, "to": "soon"}], "an entry of `gaps` is not readable (ValueError)"),
        ([{**GAP, "regions": "fra1"}], "an entry of `gaps` names no regions, resources or metrics"),
        ([{**GAP, "metrics": [5]}], "an entry of `gaps` names no regions, resources or metrics"),
    ],
)
def test_gaps_that_are_not_ours_begin_the_stream_anew_and_say_why(gaps: Any, words: str) -> None:
    state = {"interval_start": "2026-03-10T10:00:00Z", "gaps": gaps}
    assert find(state, start_date="2026-03-01T00:00:00Z") == Position(at("2026-03-01T00:00:00Z"), problem=words)
