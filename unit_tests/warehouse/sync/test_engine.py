"""Messages become commits: when, with which state, and what a failure costs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from warehouse.sync import engine as engine_module
from warehouse.sync.engine import Engine, StreamRun
from warehouse.sync.errors import StreamRefusedError, WarehouseError
from warehouse.sync.plan import plan_streams
from warehouse.sync.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROPERTIES = {"id": {"type": "integer"}}


class RecordingWarehouse:
    """Remembers each commit as (stream, how, ids, state)."""

    def __init__(self) -> None:
        self.commits: list[tuple[str, str, list[int], Any]] = []
        self.errors: dict[str, Exception] = {}
        self.documented: list[str] = []

    def table(self, stream: str, json_schema: dict[str, Any], key: list[str]) -> Table:
        columns = {name: name for name in json_schema.get("properties", {})}
        types = {"integer": "BIGINT", "number": "DECIMAL(38, 12)"}
        kinds = {name: types[definition["type"]] for name, definition in json_schema.get("properties", {}).items()}
        return Table(stream, stream, columns, kinds, key)

    def land(self, table: Table, rows: Path, write: str, state: Any) -> int:
        if error := self.errors.get(table.stream):
            raise error
        ids = [json.loads(line)["id"] for line in rows.read_text().splitlines()]
        self.commits.append((table.stream, write, ids, state and state["stream"]["stream_state"]))
        return len(ids)

    def document(self, table: Table) -> None:
        self.documented.append(table.stream)

    def save_state(self, table: Table, state: Any) -> None:
        self.commits.append((table.stream, "state", [], state["stream"]["stream_state"]))


class Told:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.requests = 0

    def count_requests(self, total: int) -> None:
        self.requests = total

    def changed(self, run: StreamRun) -> None:
        pass

    def say(self, level: str, text: str) -> None:
        self.lines.append((level, text))


def stream(name: str, *, key: bool = True, incremental: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "json_schema": {"properties": PROPERTIES},
        "supported_sync_modes": ["full_refresh", *(["incremental"] if incremental else [])],
        "source_defined_primary_key": [["id"]] if key else [],
    }


STREAMS = [
    stream("droplets"),
    stream("actions", incremental=True),
    stream("events", key=False, incremental=True),
]


@pytest.fixture
def warehouse() -> RecordingWarehouse:
    return RecordingWarehouse()


@pytest.fixture
def told() -> Told:
    return Told()


def engine(warehouse: RecordingWarehouse, told: Told, folder: Path, states: dict[str, Any] | None = None) -> Engine:
    plans = plan_streams(STREAMS, None, states or {}, full_refresh=False)
    return Engine(warehouse, plans, folder, told)  # type: ignore[arg-type]


def record(name: str, number: int) -> dict[str, Any]:
    return {"type": "RECORD", "record": {"stream": name, "data": b'{"id": %d}' % number, "emitted_at": 0}}


def records(name: str, *numbers: int) -> list[dict[str, Any]]:
    return [record(name, number) for number in numbers]


def state(name: str, value: int) -> dict[str, Any]:
    body = {"stream_descriptor": {"name": name}, "stream_state": value}
    return {"type": "STATE", "state": {"type": "STREAM", "stream": body}}


def status(name: str, value: str) -> dict[str, Any]:
    body = {"stream_descriptor": {"name": name}, "status": value}
    return {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "stream_status": body}}


def error(name: str | None, message: str) -> dict[str, Any]:
    body = {"message": message, "failure_type": "config_error"}
    if name:
        body["stream_descriptor"] = {"name": name}  # type: ignore[assignment]
    return {"type": "TRACE", "trace": {"type": "ERROR", "error": body}}


def test_a_full_refresh_is_written_once_when_it_is_complete(
    warehouse: RecordingWarehouse, told: Told, tmp_path: Path
) -> None:
    messages = [*records("droplets", 1, 2), state("droplets", 5), record("droplets", 3)]
    running = engine(warehouse, told, tmp_path)
    running.process([*messages, status("droplets", "COMPLETE")])
    assert warehouse.commits == [("droplets", "replace", [1, 2, 3], None)]
    assert running.runs["droplets"].rows == 3


def test_a_complete_full_refresh_without_rows_empties_the_table(
    warehouse: RecordingWarehouse, told: Told, tmp_path: Path
) -> None:
    engine(warehouse, told, tmp_path).process([status("droplets", "STARTED"), status("droplets", "COMPLETE")])
    assert warehouse.commits == [("droplets", "replace", [], None)]


@pytest.mark.parametrize("last", [[status("droplets", "INCOMPLETE")], []])
def test_a_full_refresh_that_is_not_complete_touches_nothing(
    warehouse: RecordingWarehouse, told: Told, tmp_path: Path, last: list[dict[str, Any]]
) -> None:
    running = engine(warehouse, told, tmp_path)
    running.process([*records("droplets", 1), *last])
    assert warehouse.commits == []
    assert running.runs["droplets"].status == "incomplete"


def test_the_state_is_committed_with_the_records_before_it(
    warehouse: RecordingWarehouse, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "BATCH_ROWS", 2)
    messages = [
        *records("events", 1, 2, 3),
        state("events", 3),
        record("events", 4),
        state("events", 4),
        record("events", 5),
        state("events", 5),
        status("events", "COMPLETE"),
    ]
    engine(warehouse, told, tmp_path, {"events": state("events", 0)["state"]}).process(messages)
    assert warehouse.commits == [
        ("events", "append", [1, 2, 3], 3),
        ("events", "append", [4, 5], 5),
        ("events", "append", [], 5),
    ]


def test_streams_that_arrive_together_are_committed_apart(
    warehouse: RecordingWarehouse, told: Told, tmp_path: Path
) -> None:
    messages = [record("droplets", 1), record("actions", 2), record("droplets", 3), state("actions", 2)]
    messages += [status("actions", "COMPLETE"), status("droplets", "COMPLETE")]
    engine(warehouse, told, tmp_path).process(messages)
    assert warehouse.commits == [("actions", "merge", [2], 2), ("droplets", "replace", [1, 3], None)]


def test_two_full_batches_of_a_merged_stream_do_not_wait_for_a_state(
    warehouse: RecordingWarehouse, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "BATCH_ROWS", 2)
    messages = [record("actions", 1), state("actions", 1), *records("actions", 2, 3, 4, 5)]
    engine(warehouse, told, tmp_path).process([*messages, status("actions", "COMPLETE")])
    assert warehouse.commits == [
        ("actions", "merge", [1, 2, 3, 4], 1),
        ("actions", "merge", [5], 1),
    ]


def test_time_also_makes_a_commit_due(
    warehouse: RecordingWarehouse, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "COMMIT_SECONDS", 0.0)

    def messages() -> Iterator[dict[str, Any]]:
        yield from [record("actions", 1), state("actions", 1)]
        assert warehouse.commits == [("actions", "merge", [1], 1)]

    engine(warehouse, told, tmp_path).process(messages())


def test_a_failed_merged_stream_keeps_its_rows_with_the_last_state(
    warehouse: RecordingWarehouse, told: Told, tmp_path: Path
) -> None:
    messages = [record("actions", 1), state("actions", 1), record("actions", 2), error("actions", "broke")]
    running = engine(warehouse, told, tmp_path)
    running.process([*messages, status("actions", "INCOMPLETE")])
    assert warehouse.commits == [("actions", "merge", [1, 2], 1)]
    assert running.runs["actions"].error == "broke (config_error)"


def test_a_failed_appended_stream_keeps_only_what_its_state_covers(
    warehouse: RecordingWarehouse, told: Told, tmp_path: Path
) -> None:
    messages = [record("events", 1), state("events", 1), record("events", 2), status("events", "INCOMPLETE")]
    engine(warehouse, told, tmp_path, {"events": state("events", 0)["state"]}).process(messages)
    assert warehouse.commits == [("events", "append", [1], 1)]


def test_an_appended_stream_read_from_the_beginning_replaces_what_an_older_history_left(
    warehouse: RecordingWarehouse, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "BATCH_ROWS", 1)
    messages = [record("events", 1), state("events", 1), record("events", 2), state("events", 2)]
    engine(warehouse, told, tmp_path).process(messages)
    assert [commit[1] for commit in warehouse.commits][:2] == ["replace", "append"]


def test_a_state_after_the_last_commit_is_saved_alone(
    warehouse: RecordingWarehouse, told: Told, tmp_path: Path
) -> None:
    messages = [record("actions", 1), status("actions", "COMPLETE"), state("actions", 1)]
    engine(warehouse, told, tmp_path).process(messages)
    assert warehouse.commits == [("actions", "merge", [1], None), ("actions", "state", [], 1)]


def test_a_stream_the_warehouse_refuses_costs_only_itself(
    warehouse: RecordingWarehouse, told: Told, tmp_path: Path
) -> None:
    warehouse.errors["droplets"] = StreamRefusedError("not a number")
    messages = [record("droplets", 1), status("droplets", "COMPLETE"), record("actions", 2)]
    running = engine(warehouse, told, tmp_path)
    running.process([*messages, status("actions", "COMPLETE")])
    assert warehouse.commits == [("actions", "merge", [2], None)]
    run = running.runs["droplets"]
    assert (run.status, run.error, run.refused) == ("incomplete", "not a number", True)


def test_a_warehouse_that_went_away_stops_everything_and_every_stream_says_so(
    warehouse: RecordingWarehouse, told: Told, tmp_path: Path
) -> None:
    warehouse.errors["droplets"] = WarehouseError("gone")
    running = engine(warehouse, told, tmp_path)
    with pytest.raises(WarehouseError):
        running.process([record("droplets", 1), status("droplets", "COMPLETE"), record("actions", 2)])
    assert warehouse.commits == []
    assert {run.status for run in running.runs.values()} == {"incomplete"}
    assert all(run.error for run in running.runs.values())
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_no_stream_is_the_reason_of_those_left(
    warehouse: RecordingWarehouse, told: Told, tmp_path: Path
) -> None:
    running = engine(warehouse, told, tmp_path)
    running.process([status("droplets", "COMPLETE"), error(None, "token revoked")])
    assert running.runs["droplets"].error is None
    assert running.runs["actions"].error == "token revoked (config_error)"
    assert ("ERROR", "token revoked (config_error)") in told.lines


def test_a_stream_that_recovers_from_an_error_is_complete(
    warehouse: RecordingWarehouse, told: Told, tmp_path: Path
) -> None:
    running = engine(warehouse, told, tmp_path)
    running.process([error("droplets", "retried"), status("droplets", "COMPLETE")])
    assert (running.runs["droplets"].status, running.runs["droplets"].error) == ("complete", None)


def test_a_stream_that_waits_for_a_rate_limit_says_until_when_and_goes_on(
    warehouse: RecordingWarehouse, told: Told, tmp_path: Path
) -> None:
    running = engine(warehouse, told, tmp_path)
    run = running.runs["droplets"]
    reasons = [{"type": "RATE_LIMITED", "rate_limited": {"quota_reset": 1_800_000_000_500}}]
    waits = status("droplets", "RUNNING")
    waits["trace"]["stream_status"]["reasons"] = reasons
    seen = []

    def messages() -> Iterator[dict[str, Any]]:
        yield status("droplets", "STARTED")
        yield waits
        seen.append(run.waits_until)
        yield record("droplets", 1)
        seen.append(run.waits_until)
        yield status("droplets", "COMPLETE")

    running.process(messages())
    assert seen == [1_800_000_000.5, 0.0]
    assert run.status == "complete"


def test_what_is_no_number_in_a_column_of_numbers_costs_its_stream_and_is_named(
    warehouse: RecordingWarehouse, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROPERTIES, "id", {"type": "number"})
    running = engine(warehouse, told, tmp_path)
    bad = {"type": "RECORD", "record": {"stream": "droplets", "data": b'{"id": "n/a"}', "emitted_at": 0}}
    running.process([record("droplets", 1), bad, status("droplets", "COMPLETE"), status("actions", "COMPLETE")])
    run = running.runs["droplets"]
    assert (run.refused, run.status) == (True, "incomplete")
    assert "something else than a number in id" in str(run.error)
    assert [commit[0] for commit in warehouse.commits] == ["actions"]
    assert warehouse.documented == ["actions"]


def test_the_connectors_count_of_requests_is_kept(warehouse: RecordingWarehouse, told: Told, tmp_path: Path) -> None:
    running = engine(warehouse, told, tmp_path)
    text = 'Requests made: {"droplets": 4, "unknown": 1, "actions": "many"}'
    broken = {"type": "LOG", "log": {"level": "INFO", "message": "Requests made: [oops"}}
    so_far = {"type": "LOG", "log": {"level": "INFO", "message": "Requests so far: 300"}}
    running.process([so_far, broken, {"type": "LOG", "log": {"level": "INFO", "message": text}}])
    assert told.requests == 300
    assert {name: run.requests for name, run in running.runs.items()} == {
        "droplets": 4,
        "actions": None,
        "events": None,
    }


def test_messages_of_a_stream_nobody_selected_are_told_and_dropped(
    warehouse: RecordingWarehouse, told: Told, tmp_path: Path
) -> None:
    engine(warehouse, told, tmp_path).process([*records("volumes", 1, 2), status("volumes", "COMPLETE")])
    assert warehouse.commits == []
    assert len([line for line in told.lines if "volumes" in line[1]]) == 1
    assert told.lines[0][0] == "WARN"
    assert "volumes" in told.lines[0][1]
