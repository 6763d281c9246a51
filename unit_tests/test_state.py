"""Incoming state: what is gone on from, what is set aside, and that nothing is lost either way."""

from typing import Any

import pytest
from airbyte_cdk.models import AirbyteStateBlob, AirbyteStateMessage, AirbyteStateType
from airbyte_cdk.test.state_builder import StateBuilder

from source_digitalocean_quolum.state import unusable
from unit_tests.mock_server.commands import read
from unit_tests.mock_server.server import DigitalOcean

MOMENT = {"cursor_field": "updated_at", "datetime_format": "%Y-%m-%dT%H:%M:%SZ"}
APPS = [
    {"id": "old", "updated_at": "2019-01-01T00:00:00Z"},
    {"id": "new", "updated_at": "2026-02-01T00:00:00Z"},
]


def of(name: str, state: Any) -> list[AirbyteStateMessage]:
    return StateBuilder().with_stream_state(name, state).build()


def partition(cursor: Any, partition: Any = None) -> dict[str, Any]:
    return {"partition": {"id": "a"} if partition is None else partition, "cursor": cursor}


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
    ],
)
def test_a_state_of_this_version_is_gone_on_from(state: dict[str, Any]) -> None:
    assert unusable(of("apps", state), {"apps": MOMENT}) == []


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
    ],
)
def test_a_state_of_another_shape_is_set_aside(state: dict[str, Any]) -> None:
    assert unusable(of("apps", state), {"apps": MOMENT}) == ["apps"]


def test_states_of_other_streams_and_of_none_are_no_trouble() -> None:
    legacy = AirbyteStateMessage(type=AirbyteStateType.LEGACY, data={"apps": {"updated_at": "x"}})
    messages = [legacy, *of("gone", {"a": 1}), *of("tags", {"a": 1})]
    empty = StateBuilder().with_stream_state("apps", AirbyteStateBlob()).build()

    assert unusable([*messages, *empty], {"apps": MOMENT, "tags": None}) == []


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
