"""Lines as the command prints them carry what the CDK's messages carry, stream by stream, and leave the same states."""

import gc
import json
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.sources.streams.concurrent.cursor import ConcurrentCursor
from freezegun import freeze_time

from source_digitalocean_quolum import run as command_line
from unit_tests.mock_server.clock import fake_clock
from unit_tests.mock_server.commands import INCREMENTAL, read, token_config
from unit_tests.mock_server.server import PAGE, Reply, Request, digitalocean
from unit_tests.mock_server.world import World, endpoints, schemas

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
CONFIG = token_config(start_date="2026-03-01T00:00:00Z")

Lines = list[dict[str, Any]]


def printed(
    capsys: pytest.CaptureFixture[str], folder: Path, *streams: str, state: dict[str, Any] | None = None
) -> Lines:
    """What `read` prints, as a process would; `state` is that of each stream."""
    catalog = [
        {
            "stream": {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]},
            "sync_mode": "incremental" if name in INCREMENTAL else "full_refresh",
            "destination_sync_mode": "overwrite",
        }
        for name in streams
    ]
    options = []
    given = [
        {"type": "STREAM", "stream": {"stream_descriptor": {"name": name}, "stream_state": one}}
        for name, one in (state or {}).items()
    ]
    for name, content in (("config", CONFIG), ("catalog", {"streams": catalog}), ("state", given)):
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
        options += [f"--{name}", str(folder / f"{name}.json")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gc, "disable", lambda: None)
        patch.setattr(sys, "excepthook", sys.excepthook)
        command_line.run(["read", *options])
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def records(lines: Lines) -> dict[str, list[dict[str, Any]]]:
    found = defaultdict(list)
    for line in lines:
        if line["type"] == "RECORD":
            # The CDK leaves out fields that are null.
            data = {name: value for name, value in line["record"]["data"].items() if value is not None}
            found[line["record"]["stream"]].append(data)
    return {stream: sorted(rows, key=json.dumps) for stream, rows in found.items()}


def states(lines: Lines) -> dict[str, Any]:
    return {
        line["state"]["stream"]["stream_descriptor"]["name"]: line["state"]["stream"]["stream_state"]
        for line in lines
        if line["type"] == "STATE"
    }


def test_records_and_states_are_those_of_the_messages(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    # Built before time stands still, which makes building slower.
    schemas()
    with freeze_time(NOW), fake_clock(), digitalocean() as api:
        api.otherwise = World()
        lines = printed(capsys, tmp_path, *endpoints())
        messages = [json.loads(line) for line in read(*endpoints(), config=CONFIG).lines]
    found, wanted = records(lines), records(messages)

    assert {name for name in endpoints() if found.get(name) != wanted[name]} == set()
    assert states(lines) == states(messages)
    assert set(states(lines)) >= INCREMENTAL


ACTIONS = [
    {"id": 6, "status": "completed", "started_at": "2026-03-09T10:00:00Z"},
    {"id": 5, "status": "in-progress", "started_at": "2026-03-08T10:00:00Z"},
    {"id": 4, "status": "completed", "started_at": "2026-03-08T09:00:00Z"},
    {"id": 7, "status": "completed", "started_at": "2026-03-07T10:00:00Z"},
    {"id": 3, "status": "in-progress", "started_at": "2026-03-07T10:00:00Z"},
    {"id": 8, "status": "errored", "started_at": "2026-03-07T10:00:00Z"},
    {"id": 2, "status": "errored", "started_at": "2026-03-07T09:00:00Z"},
    {"id": 1, "status": "completed", "started_at": "2026-03-07T09:00:00Z"},
]


@pytest.mark.parametrize("order", [ACTIONS, ACTIONS[::-1]])
def test_the_oldest_unfinished_action_holds_the_state_wherever_it_stands(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, order: Lines
) -> None:
    with freeze_time(NOW), fake_clock(), digitalocean() as api:
        api.lists("/v2/actions", "actions", order)
        lines = printed(capsys, tmp_path, "actions")

    assert sorted(row["id"] for row in records(lines)["actions"]) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert states(lines)["actions"]["started_at"].startswith("2026-03-07T10:00:00")


def test_the_newest_of_many_values_is_the_state(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """More values than are remembered, each of several projects, in no order."""
    moments = [f"2026-03-0{1 + n % 7}T{n // 7 % 24:02}:{n // 168 % 60:02}:00Z" for n in range(3_000)]
    projects = [{"id": str(n), "updated_at": moments[n * 7 % 3_000]} for n in range(6_000)]
    with freeze_time(NOW), fake_clock(), digitalocean() as api:
        api.on("/v2/projects", PAGE, {"projects": projects})
        lines = printed(capsys, tmp_path, "projects")

    assert len(records(lines)["projects"]) == len(projects)
    assert states(lines)["projects"]["updated_at"] == max(moments)


def test_partitions_that_are_not_being_read_are_kept_as_their_states(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    alive = []

    def events(request: Request) -> Reply:
        alive.append(sum(type(one) is ConcurrentCursor for one in gc.get_objects()))
        cluster = request.address.split("/")[-2]
        return Reply({"events": [{"id": f"{cluster}-1", "create_time": "2026-03-09T10:00:00Z"}]})

    clusters = [{"id": f"c{n}", "engine": "pg"} for n in range(200)]
    with freeze_time(NOW), fake_clock(), digitalocean() as api:
        api.lists("/v2/databases", "databases", clusters)
        for cluster in clusters:
            api.on(f"/v2/databases/{cluster['id']}/events", PAGE, events)
        first = states(printed(capsys, tmp_path, "database_events"))
        before_the_last = alive[-1]
        alive.clear()
        api.lists("/v2/databases", "databases", clusters[:3])
        second = states(printed(capsys, tmp_path, "database_events", state=first))

    kept = first["database_events"]["states"]
    assert {one["partition"]["database_cluster_uuid"] for one in kept} == {cluster["id"] for cluster in clusters}
    assert {one["cursor"]["create_time"][:10] for one in kept} == {"2026-03-09"}
    assert second["database_events"]["states"] == kept
    assert len(alive) == 3
    assert max(before_the_last, *alive) < 50
