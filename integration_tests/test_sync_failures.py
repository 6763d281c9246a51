"""What a failure costs in a local sync: a stream, a crash, a token, a lock; with a scripted connector."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from unit_tests.warehouse.sync.account import CONNECTOR, Account, action_rows, actions, droplets, events
from unit_tests.warehouse.sync.target import Target, postgres_url, report, sync, target
from warehouse.sync import engine as engine_module
from warehouse.sync.cli import main
from warehouse.sync.loaders import DuckDBLoader
from warehouse.sync.opening import open_postgres
from warehouse.sync.spool import Spool
from warehouse.sync.warehouse import Warehouse

__all__ = ["postgres_url", "target"]


def test_a_stream_that_fails_costs_only_itself(
    tmp_path: Path, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    account = Account(tmp_path, droplets(4), actions(50), events(5))
    assert sync(account, target) == 0
    fails = {**droplets(0), "rows": [{"id": 77}, {"id": 78}], "fail_after": 1}
    account.write(fails, actions(60, error="actions: 403, add action:read"), events(9))

    assert sync(account, target) == 1

    assert target.ids("droplets") == [0, 1, 2, 3], "an incomplete full refresh leaves the table as it was"
    assert target.ids("actions") == list(range(60)), "the records before the failure are kept"
    assert target.states()["actions"] == {"started_at": "2026-01-01T00:00:59Z"}
    assert len(target.ids("events")) == 10, "4 is read again: a stream without a key has it twice"
    entries = report(account)
    assert entries["droplets"]["error"] == "droplets broke (system_error)"
    assert entries["actions"]["error"] == "actions: 403, add action:read (config_error)"
    assert (entries["events"]["status"], entries["events"]["error"]) == ("complete", None)
    assert "add action:read" in capsys.readouterr().out


def test_a_stream_without_a_final_status_is_not_complete(tmp_path: Path, target: Target) -> None:
    account = Account(tmp_path, {**droplets(3), "no_status": True})
    assert sync(account, target) == 1
    assert "droplets" not in target.tables()
    assert "without completing" in report(account)["droplets"]["error"]


@pytest.mark.parametrize("make", [actions, events])
def test_a_connector_that_dies_is_resumed_without_losing_or_doubling_a_row(
    tmp_path: Path, target: Target, monkeypatch: pytest.MonkeyPatch, make: Any
) -> None:
    monkeypatch.setattr(engine_module, "BATCH_ROWS", 20)
    stream = make(100, state_every=10, die_after=57)
    account = Account(tmp_path, stream)
    assert sync(account, target) == 1
    assert target.states() == {make(0)["name"]: {"started_at": "2026-01-01T00:00:49Z"}}

    # The scripted cursor is inclusive: the row of the state itself comes again.
    account.write({**make(100, state_every=10), "rows": action_rows(100)[50:]})
    assert sync(account, target) == 0
    assert target.ids(make(0)["name"]) == list(range(100))


def test_a_crash_between_the_rows_and_the_state_leaves_neither(
    tmp_path: Path, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Account(tmp_path, events(10))
    assert sync(account, target) == 0
    account.write({**events(20), "rows": action_rows(20)[10:]})

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Warehouse, "_write_state", crash)
        assert sync(account, target) == 130
    assert target.ids("events") == list(range(10))
    assert target.states() == {"events": {"started_at": "2026-01-01T00:00:09Z"}}
    assert sync(account, target) == 0
    assert target.ids("events") == list(range(20))


def test_only_the_streams_asked_for_are_synced(
    tmp_path: Path, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    account = Account(tmp_path, droplets(1), actions(1))
    assert sync(account, target, "--streams", "action") == 2
    assert "the nearest are actions" in capsys.readouterr().err
    assert sync(account, target, "--streams", "actions") == 0
    assert set(report(account)) == {"actions"}
    assert "droplets" not in target.tables()


def test_rotated_tokens_go_back_into_the_file_and_are_never_shown(
    tmp_path: Path, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    account = Account(
        tmp_path,
        droplets(1),
        refresh_token="refresh-token-a",
        rotate_on="check",
        wait_for_config=True,
        noise=["using refresh-token-a and s3cr3t-of-the-app"],
        check={"status": "SUCCEEDED", "message": "connected with TOKEN"},
    )
    assert sync(account, target) == 0
    captured = capsys.readouterr()
    assert sync(account, target) == 0

    assert account.content["rotated"] == 2
    assert account.config["credentials"]["refresh_token"] == "rotated-token-2"
    everything = captured.out + captured.err + (tmp_path / "report.json").read_text()
    assert "connected with ****" in everything
    assert "refresh-token-a" not in everything
    assert "rotated-token" not in everything
    assert "s3cr3t-of-the-app" not in everything


def test_a_token_that_cannot_be_written_back_stops_the_sync_before_the_next_record(
    tmp_path: Path, target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    account = Account(tmp_path, actions(5), refresh_token="refresh-token-a", rotate_on="read")
    rescue = tmp_path / "rescue"
    rescue.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(rescue))
    replace = Path.replace

    def full_disk(self: Path, to: Path) -> Path:
        if to == account.config_path and account.content.get("rotated"):
            raise OSError(28, "No space left on device")
        return replace(self, to)

    monkeypatch.setattr(Path, "replace", full_disk)
    assert sync(account, target) == 2

    assert "actions" not in target.tables()
    (kept,) = rescue.iterdir()
    assert str(kept) in capsys.readouterr().err
    assert json.loads(kept.read_text())["credentials"]["refresh_token"] == account.content["refresh_token"]


def test_a_failed_check_shows_the_connectors_words_and_reads_nothing(
    tmp_path: Path, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    account = Account(tmp_path, droplets(1), check={"status": "FAILED", "message": "401: paste a new token"})
    assert sync(account, target) == 2
    assert "401: paste a new token" in capsys.readouterr().err
    assert "droplets" not in target.tables()


def test_a_postgres_schema_is_held_by_one_sync_at_a_time(
    tmp_path: Path, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    target = Target("postgres", tmp_path, postgres_url)
    account = Account(tmp_path, droplets(1))
    with open_postgres(postgres_url, target.schema, tmp_path, print):
        assert sync(account, target) == 3
        assert "in use by another sync (source-digitalocean-quolum-sync" in capsys.readouterr().err
        assert sync(account, target, "--schema", f"{target.schema}_2") == 0, "another schema is free"
    assert sync(account, target) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--duckdb", "other.duckdb"], "not a valid DuckDB database file"),
        (["--postgres", "postgresql://me:hidden-pw@127.0.0.1:1/db"], "Connection refused"),
        (["--postgres", "postgresql://me@127.0.0.1:1/db"], "Connection refused"),
    ],
)
def test_a_warehouse_that_cannot_be_opened_is_one_sentence_and_no_password(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    account = Account(tmp_path, droplets(1), refresh_token="refresh-token-a", rotate_on="check")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PGPASSWORD", "hidden-pw")
    (tmp_path / "other.duckdb").write_bytes(b"this is no database" * 500)
    assert main(["--config", str(account.config_path), "--connector", CONNECTOR, *arguments]) == 4
    captured = capsys.readouterr()
    assert words in captured.err.splitlines()[-1]
    assert "Traceback" not in captured.err
    assert "hidden-pw" not in captured.out + captured.err
    assert "rotated" not in account.content, "no token is spent for a sync that cannot land"


def test_a_missing_requirement_is_said_with_the_way_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    account = Account(tmp_path, droplets(1))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "airbyte.caches", None)
    assert main(["--config", str(account.config_path), "--connector", CONNECTOR]) == 2
    assert "install digitalocean-quolum-warehouse again" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ({"exit_code": 3}, "ended with exit code 3. Every stream was complete before, and is kept."),
        ({"close_output": True}, "closed its output and went on for 1 s: it was ended."),
        ({"last_lines": ['{"type":"RECORD"}']}, "The connector wrote a RECORD without its `record`."),
    ],
)
def test_a_connector_that_ends_badly_after_its_last_stream_is_a_sentence_and_exit_code_1(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ending: dict[str, Any],
    words: str,
) -> None:
    monkeypatch.setattr("warehouse.sync.connector._GRACE_SECONDS", 1)
    target = Target("duckdb", tmp_path, "")
    account = Account(tmp_path, droplets(2), **ending)
    assert sync(account, target) == 1
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said
    assert target.ids("droplets") == [0, 1]


def test_the_warehouse_and_the_report_are_for_their_owners_eyes(tmp_path: Path) -> None:
    target = Target("duckdb", tmp_path, "")
    account = Account(tmp_path, droplets(2))
    (tmp_path / "report.json").write_text("{}")
    assert sync(account, target) == 0
    for path in (Path(target.arguments[1]), tmp_path / "report.json"):
        assert path.stat().st_mode & 0o777 == 0o600, path


def test_a_full_temporary_folder_is_named_and_costs_one_stream(
    tmp_path: Path, target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    account = Account(tmp_path, droplets(3), actions(4))
    assert sync(account, target) == 0
    monkeypatch.setattr("warehouse.sync.spool._WRITE_BYTES", 1)
    write = Spool._write

    def full(spool: Spool) -> None:
        if "name" in spool.columns:
            raise OSError(28, "No space left on device")
        write(spool)

    monkeypatch.setattr(Spool, "_write", full)
    account.write(droplets(5), actions(9))
    assert sync(account, target) == 1
    said = capsys.readouterr().err
    assert f"do not fit into the temporary folder {tempfile.gettempdir()}" in said
    assert "TMPDIR" in said
    assert target.ids("droplets") == [0, 1, 2]
    assert target.ids("actions") == list(range(9))


def test_a_state_after_the_last_commit_is_kept(tmp_path: Path, target: Target) -> None:
    account = Account(tmp_path, actions(3, state_after_status=True))
    assert sync(account, target) == 0
    assert target.states() == {"actions": {"started_at": "2026-01-01T00:00:02Z", "after": True}}


def test_a_full_disk_of_the_warehouse_is_not_told_to_rebuild_the_table(
    tmp_path: Path, target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    account = Account(tmp_path, droplets(3))

    def full(*_: object) -> None:
        raise OperationalError("INSERT", None, Exception("could not extend file: No space left on device"))

    monkeypatch.setattr(Warehouse, "_move", full)
    assert sync(account, target) == 4
    said = capsys.readouterr().err
    assert "Make room on the disk of the warehouse" in said
    assert "--full-refresh" not in said


def test_a_view_that_stands_in_the_way_of_a_changed_type_is_named(
    tmp_path: Path, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    target = Target("postgres", tmp_path, postgres_url)
    account = Account(tmp_path, actions(2))
    assert sync(account, target) == 0
    target.sql("CREATE VIEW {s}.recent AS SELECT id FROM {s}.actions")
    changed = actions(2)
    changed["properties"]["id"] = {"type": ["null", "string"]}
    changed["rows"] = [{**row, "id": str(row["id"])} for row in changed["rows"]]
    account.write(changed)
    assert sync(account, target, "--full-refresh") == 4
    said = capsys.readouterr().err
    assert "recent" in said
    assert "Drop these views" in said


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_times_are_utc_and_memory_is_limited_wherever_the_server_thinks_it_is(
    tmp_path: Path, target: Target, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    monkeypatch.setenv("PGTZ", zone)
    time.tzset()
    limits: list[str] = []
    load = DuckDBLoader.load

    def limited(loader: DuckDBLoader, connection: Any, *arguments: Any) -> None:
        limits.append(connection.exec_driver_sql("SELECT current_setting('memory_limit')").scalar_one())
        load(loader, connection, *arguments)

    begin = DuckDBLoader.begin

    def elsewhere(loader: DuckDBLoader, connection: Any) -> None:
        # As a user's own settings might be.
        connection.exec_driver_sql(f"SET TimeZone = '{zone}'")
        begin(loader, connection)

    monkeypatch.setattr(DuckDBLoader, "load", limited)
    monkeypatch.setattr(DuckDBLoader, "begin", elsewhere)
    # The second one has no zone: then it is UTC, and not the server's.
    times = ["2026-01-01T09:00:00+09:00", "2026-01-01T00:00:00", "2026-01-01"]
    rows = [{"id": number, "started_at": text} for number, text in enumerate(times)]
    account = Account(tmp_path, {**actions(0), "rows": rows})
    try:
        assert sync(account, target) == 0
    finally:
        monkeypatch.undo()
        time.tzset()
    landed = target.sql("SELECT started_at FROM {s}.actions ORDER BY id")
    assert [str(landed_at) for (landed_at,) in landed] == ["2026-01-01 00:00:00"] * 3
    (extracted,) = target.sql("SELECT min(_airbyte_extracted_at) FROM {s}.actions")
    assert str(extracted[0]) == "2023-11-14 22:13:20"
    assert limits == (["488.2 MiB"] if target.kind == "duckdb" else [])
