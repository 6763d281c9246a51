"""Incoming state: what is gone on from, what is set aside, and that nothing is lost either way."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import (
    AirbyteGlobalState,
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    StreamDescriptor,
)
from airbyte_cdk.test.state_builder import StateBuilder

from source_digitalocean_quolum.state import read_states, revise_states
from unit_tests.mock_server.commands import read
from unit_tests.mock_server.server import DigitalOcean

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
MOMENT = {"cursor_field": "updated_at", "datetime_format": "%Y-%m-%dT%H:%M:%SZ"}
APPS = [
    {"id": "old", "updated_at": "2019-01-01T00:00:00Z"},
    {"id": "new", "updated_at": "2026-02-01T00:00:00Z"},
]


def of(name: str, state: Any) -> list[AirbyteStateMessage]:
    return StateBuilder().with_stream_state(name, state).build()


def partition(cursor: Any, partition: Any = None) -> dict[str, Any]:
    return {"partition": {"id": "a"} if partition is None else partition, "cursor": cursor}


def revised(
    states: list[AirbyteStateMessage], cursors: Mapping[str, Mapping[str, Any] | None], now: float = NOW
) -> dict[str, dict[str, Any]]:
    """The states to go on from, by stream."""
    found = {}
    for message in revise_states(states, cursors, now):
        assert message.stream
        found[message.stream.stream_descriptor.name] = dict(vars(message.stream.stream_state))
    return found


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"updated_at": "2026-01-01T00:00:00Z"},
        {"updated_at": "2026-01-01T00:00:00Z", "more": 1},
        {"states": []},
        {"states": [partition({"updated_at": "2026-01-01T00:00:00Z"}), partition({})], "use_global_cursor": False},
        {"__ab_full_refresh_sync_complete": True},
        {"__ab_no_cursor_state_message": True},
        {"use_global_cursor": True, "state": {"updated_at": "2026-01-01T00:00:00Z"}, "lookback_window": 12},
        {"use_global_cursor": True, "state": {}, "parent_state": {}},
        # Written before the first parent was read.
        {"use_global_cursor": False},
        {"use_global_cursor": False, "states": [], "lookback_window": 0, "parent_state": {"apps": {"a": "b"}}},
    ],
)
def test_a_state_of_this_version_is_gone_on_from(state: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    assert revised(of("apps", state), {"apps": MOMENT}) == {"apps": state}
    assert caplog.messages == []


def test_a_list_of_pairs_as_state_is_set_aside(caplog: pytest.LogCaptureFixture) -> None:
    """The CDK makes a state of it, whose names may be numbers."""
    (message,) = of("apps", {})
    assert message.stream
    message.stream.stream_state = AirbyteStateBlob([[1, 2]])

    assert revised([message], {"apps": MOMENT}) == {"apps": {}}
    assert "begins at the start date again" in caplog.text


@pytest.mark.parametrize(
    "state",
    [
        {"created_at": "2026-01-01T00:00:00Z"},
        {"updated_at": "yesterday"},
        {"updated_at": "2026-01-01"},
        {"updated_at": 1_700_000_000},
        {"updated_at": None},
        {"updated_at": {"a": 1}},
        {"version": 2, "cursors": {}},
        {"states": "all"},
        {"states": ["a"]},
        {"states": [{"cursor": {"updated_at": "2026-01-01T00:00:00Z"}}]},
        {"states": [partition({"updated_at": "soon"})]},
        {"states": [partition({"other": "2026-01-01T00:00:00Z"})]},
        {"states": [partition("2026-01-01T00:00:00Z")]},
        {"states": [partition({"updated_at": "2026-01-01T00:00:00Z"}, "a")]},
        {"states": [], "lookback_window": None},
        {"states": [], "lookback_window": "P1D"},
        {"states": [], "parent_state": 4},
        {"use_global_cursor": True, "state": {"updated_at": "soon"}},
        {"use_global_cursor": True, "state": 5},
        {"use_global_cursor": "yes", "states": []},
        {"use_global_cursor": True, "state": {}, "states": 5},
    ],
)
def test_a_state_of_another_shape_is_set_aside(state: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    assert revised(of("apps", state), {"apps": MOMENT}) == {"apps": {}}
    assert [message.split(" is not")[0] for message in caplog.messages] == ["The state of stream apps"]


def test_states_of_other_streams_and_of_none_are_no_trouble() -> None:
    legacy = AirbyteStateMessage(type=AirbyteStateType.LEGACY, data={"apps": {"updated_at": "x"}})
    messages = [legacy, *of("gone", {"a": 1}), *of("tags", {"a": 1})]
    empty = StateBuilder().with_stream_state("apps", AirbyteStateBlob()).build()

    assert revised([*messages, *empty], {"apps": MOMENT, "tags": None}) == {"tags": {"a": 1}, "apps": {}}


AHEAD, NOW_WRITTEN = "2999-01-01T00:00:00Z", "2026-03-01T12:00:00Z"
PAST = "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("state", "cut"),
    [
        ({"updated_at": AHEAD, "gaps": [1]}, {"updated_at": NOW_WRITTEN, "gaps": [1]}),
        ({"updated_at": "2026-03-01T12:00:01Z"}, {"updated_at": NOW_WRITTEN}),
        (
            {
                "states": [partition({"updated_at": AHEAD}), partition({"updated_at": PAST}), partition({})],
                "state": {"updated_at": AHEAD},
                "lookback_window": 1,
            },
            {
                "states": [partition({"updated_at": NOW_WRITTEN}), partition({"updated_at": PAST}), partition({})],
                "state": {"updated_at": NOW_WRITTEN},
                "lookback_window": 1,
            },
        ),
    ],
)
def test_a_state_of_the_future_is_cut_to_now(
    state: dict[str, Any], cut: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    assert revised(of("apps", state), {"apps": MOMENT}) == {"apps": cut}
    (warning,) = caplog.messages
    assert "The state of stream apps stands at" in warning
    assert f"is set to {NOW_WRITTEN}" in warning


def test_a_month_that_has_begun_is_not_of_the_future() -> None:
    month = {"cursor_field": "invoice_period", "datetime_format": "%Y-%m"}

    assert revised(of("invoices", {"invoice_period": "2026-03"}), {"invoices": month})["invoices"] == {
        "invoice_period": "2026-03"
    }
    assert revised(of("invoices", {"invoice_period": "2026-04"}), {"invoices": month})["invoices"] == {
        "invoice_period": "2026-03"
    }


def test_a_stream_of_the_future_is_read_from_now_on(api: DigitalOcean, caplog: pytest.LogCaptureFixture) -> None:
    api.lists(
        "/v2/apps", "apps", [*APPS, {"id": "newer", "updated_at": "2026-02-02T00:00:00Z"}], {"with_projects": "true"}
    )

    output = read("apps", state=of("apps", {"updated_at": AHEAD}))

    assert not output.failed
    assert output.state_of("apps")["updated_at"] < "2900"
    assert [one for one in caplog.messages if AHEAD in one]


def test_a_global_state_is_one_of_each_of_its_streams(caplog: pytest.LogCaptureFixture) -> None:
    streams = [
        AirbyteStreamState(StreamDescriptor(name="apps"), AirbyteStateBlob({"updated_at": PAST})),
        AirbyteStreamState(StreamDescriptor(name="projects"), AirbyteStateBlob({"updated_at": 5})),
    ]
    both = AirbyteGlobalState(shared_state=AirbyteStateBlob({"a": 1}), stream_states=streams)
    state = [AirbyteStateMessage(type=AirbyteStateType.GLOBAL, global_=both)]

    assert revised(state, {"apps": MOMENT, "projects": MOMENT}) == {"apps": {"updated_at": PAST}, "projects": {}}
    assert len(caplog.messages) == 2


def stream_state(name: Any, state: Any) -> dict[str, Any]:
    return {"type": "STREAM", "stream": {"stream_descriptor": {"name": name}, "stream_state": state}}


GOOD = stream_state("apps", {"updated_at": PAST})


@pytest.mark.parametrize(
    "bad",
    [
        5,
        None,
        [],
        {},
        stream_state("projects", 5),
        stream_state("projects", "x"),
        stream_state("projects", [["updated_at", PAST]]),
        stream_state(7, {}),
        stream_state("projects", {"states": [], "lookback_window": None}),
        {"type": "STREAM", "stream": 7},
        {"type": "STREAM", "stream": {"stream_descriptor": 7}},
        {"type": "LEGACY", "data": {"apps": {}}},
        {"type": "GLOBAL", "global": {"stream_states": 5}},
        {
            "type": "GLOBAL",
            "global": {"shared_state": {"a": 1}, "stream_states": [5, stream_state("gone", 5)["stream"]]},
        },
    ],
)
def test_what_is_wrong_in_a_file_of_states_costs_no_other_stream(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, bad: Any
) -> None:
    (tmp_path / "state.json").write_text(json.dumps([bad, GOOD]), encoding="utf-8")

    found = revised(read_states(str(tmp_path / "state.json")), {"apps": MOMENT, "projects": MOMENT})

    assert found.pop("projects", {}) == {}
    assert found == {"apps": {"updated_at": PAST}}
    if "GLOBAL" not in str(bad) or "shared" in str(bad):
        assert caplog.messages


@pytest.mark.parametrize(
    ("content", "states"), [("null", []), ("[]", []), ("{}", []), ("", None), ("{", None), ("7", None)]
)
def test_a_file_without_a_list_of_states_is_refused(tmp_path: Path, content: str, states: Any) -> None:
    (tmp_path / "state.json").write_text(content, encoding="utf-8")

    if states is None:
        with pytest.raises(ValueError, match=r"list|Expecting|empty"):
            read_states(str(tmp_path / "state.json"))
    else:
        assert read_states(str(tmp_path / "state.json")) == states


def test_a_good_state_is_gone_on_from(api: DigitalOcean) -> None:
    api.lists("/v2/apps", "apps", APPS, {"with_projects": "true"})

    output = read("apps", state=of("apps", {"updated_at": "2026-01-01T00:00:00Z"}))

    assert [row["id"] for row in output.rows("apps")] == ["new"]
    assert output.warnings() == []


@pytest.mark.parametrize(
    "state",
    [
        {"created_at": "2026-01-01T00:00:00Z"},
        {"updated_at": "garbage"},
        {"states": [{"cursor": 7}]},
    ],
)
def test_a_stream_whose_state_is_set_aside_is_read_whole_and_says_so(api: DigitalOcean, state: dict[str, Any]) -> None:
    api.lists("/v2/apps", "apps", APPS, {"with_projects": "true"})

    output = read("apps", state=of("apps", state))

    assert [row["id"] for row in output.rows("apps")] == ["old", "new"]
    assert output.state_of("apps") == {"updated_at": "2026-02-01T00:00:00Z"}
    assert not output.failed


def test_the_state_of_a_removed_stream_is_ignored(api: DigitalOcean) -> None:
    api.lists("/v2/volumes", "volumes", [{"id": "a"}])

    output = read("volumes", state=of("retired_stream", {"updated_at": "2026-01-01T00:00:00Z"}))

    assert output.rows("volumes") == [{"id": "a"}]
    assert not output.failed


def test_garbage_for_a_partitioned_stream_begins_again(api: DigitalOcean) -> None:
    invoices = [{"invoice_uuid": "i", "invoice_period": "2026-02", "amount": "1.00"}]
    api.lists("/v2/customers/my/invoices", "invoices", invoices)
    api.lists("/v2/customers/my/invoices/i", "invoice_items", [{"product": "Droplets", "amount": "1.00"}])

    output = read("invoice_items", state=of("invoice_items", {"states": [{"cursor": "x"}], "parent_state": 4}))

    assert len(output.rows("invoice_items")) == 1
    assert not output.failed


def test_the_state_of_a_full_refresh_means_nothing_to_an_incremental_one(api: DigitalOcean) -> None:
    api.lists("/v2/apps", "apps", APPS, {"with_projects": "true"})

    output = read("apps", state=of("apps", {"__ab_full_refresh_sync_complete": True}))

    assert [row["id"] for row in output.rows("apps")] == ["old", "new"]


def action(number: int, status: str, day: int) -> dict[str, Any]:
    return {"id": number, "status": status, "started_at": f"2026-02-{day:02d}T00:00:00Z"}


@pytest.mark.parametrize("status", ["in-progress", None])
def test_an_unfinished_action_holds_the_cursor_back_until_it_ends(api: DigitalOcean, status: Any) -> None:
    actions = [action(4, "completed", 9), action(3, status, 7), action(2, status, 5), action(1, "errored", 3)]
    api.lists("/v2/actions", "actions", actions)
    first = read("actions")

    assert sorted(row["id"] for row in first.rows("actions")) == [1, 2, 3, 4]
    assert first.state_of("actions") == {"started_at": "2026-02-05T00:00:00Z"}

    actions = [action(4, "completed", 9), action(3, "errored", 7), action(2, "completed", 5), actions[3]]
    api.lists("/v2/actions", "actions", actions)
    second = read("actions", state=of("actions", first.state_of("actions")))

    assert sorted((row["id"], row["status"]) for row in second.rows("actions")) == [
        (2, "completed"),
        (3, "errored"),
        (4, "completed"),
    ]
    assert second.state_of("actions") == {"started_at": "2026-02-09T00:00:00Z"}
