"""What an operator reads: one sentence for each mistake, and a table at the end."""

from __future__ import annotations

import io
import os
import tempfile
from typing import TYPE_CHECKING

import pytest

from source_digitalocean_quolum.config_file import lock_config
from unit_tests.warehouse.sync.account import CONNECTOR, Account, droplets
from warehouse.sync.cli import main
from warehouse.sync.engine import StreamRun
from warehouse.sync.plan import plan_streams
from warehouse.sync.progress import PlainProgress
from warehouse.sync.report import stream_entry, table_text
from warehouse.sync.spool import Spool
from warehouse.sync.warehouse import Table
from warehouse.sync.work_dir import work_dir

if TYPE_CHECKING:
    from pathlib import Path


def run_of(folder: Path, name: str = "droplets") -> StreamRun:
    (plan,) = plan_streams([{"name": name}], None, {}, full_refresh=False)
    return StreamRun(plan, Table(name, name, {}, {}, []), Spool(folder / "rows.jsonl", {}))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--duckdb", "digitalocean.duckdb"], 2, "same name"),
        (["--duckdb", "nowhere/w.duckdb"], 2, "does not exist"),
        (["--duckdb", ":memory:"], 2, "name a file"),
        (["--schema", "Big Schema"], 2, "schema name"),
        (["--schema", "pg_catalog"], 2, "schema name"),
        (["--postgres", "mysql://me:hidden-pw@host/db"], 2, "must be postgresql://"),
        (["--postgres", "postgresql://me:hidden-pw@host:port/db"], 2, "not a URL"),
        (["--postgres", "postgresql://me:hidden-pw@host"], 2, "must be postgresql://"),
        (["--json", "nowhere/report.json"], 2, "report"),
        (["--connector", "'"], 2, "--connector"),
    ],
)
def test_a_mistake_is_one_sentence_and_no_traceback(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    account = Account(tmp_path, droplets(1))
    command = ["--config", str(account.config_path), "--connector", CONNECTOR, *arguments]
    assert main(command) == code
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count("\n") == 1
    assert "hidden-pw" not in captured.err
    assert not list(tmp_path.glob("*.duckdb*"))


def test_a_missing_configuration_leaves_no_lock_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(tmp_path / "config.json"), "--connector", CONNECTOR]) == 2
    assert "no configuration file" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_second_sync_of_the_same_configuration_exits_with_its_own_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    account = Account(tmp_path, droplets(1))
    with lock_config(account.config_path):
        code = main(["--config", str(account.config_path), "--connector", CONNECTOR])
    assert code == 3
    assert f"process {os.getpid()} on" in capsys.readouterr().err


def test_the_exit_codes_are_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert all(f"\n  {code} " in text for code in (0, 1, 2, 3, 4, 130))


def test_the_report_has_every_field(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    run.rows, run.status, run.requests, run.error = 12, "incomplete", 3, "broke"
    run.started, run.ended = 100.0, 101.5
    assert stream_entry(run) == {
        "name": "droplets",
        "mode": "full_refresh | overwrite",
        "rows": 12,
        "seconds": 1.5,
        "status": "incomplete",
        "requests": 3,
        "error": "broke",
    }


def test_the_table_is_aligned_and_errors_follow_it(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    run.rows, run.status, run.error = 1234567, "incomplete", "broke"
    heading, _, row, error = table_text([run]).splitlines()
    assert "1,234,567" in row
    assert heading.index("rows") + len("rows") == row.index("1,234,567") + len("1,234,567")
    assert error == "droplets: broke"


def test_plain_progress_tells_changes_and_warnings_once_and_no_secret(tmp_path: Path) -> None:
    out, run = io.StringIO(), run_of(tmp_path)
    progress = PlainProgress(lambda text: text.replace("hush", "****"), out, quiet=False)
    run.status = "running"
    progress.changed(run)
    progress.changed(run)
    progress.say("INFO", "detail")
    progress.say("WARN", "token hush")
    run.status = "complete"
    progress.changed(run)
    assert out.getvalue().splitlines() == [
        "droplets: running, 0 rows landed, 0 waiting",
        "WARN: token ****",
        "droplets: complete, 0 rows landed, 0 waiting",
    ]


def test_quiet_leaves_only_errors(tmp_path: Path) -> None:
    out, run = io.StringIO(), run_of(tmp_path)
    progress = PlainProgress(str, out, quiet=True)
    progress.changed(run)
    progress.tell("hello")
    progress.say("WARN", "careful")
    progress.say("ERROR", "broke")
    assert out.getvalue() == "ERROR: broke\n"


def test_the_folder_of_a_killed_sync_is_removed_by_the_next_one_of_the_same_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    config, other = tmp_path / "config.json", tmp_path / "other.json"
    with work_dir(config) as killed:
        (killed / "records-0.jsonl").write_text("{}")
        with work_dir(other):
            assert killed.exists()
        with work_dir(config) as folder:
            assert not killed.exists()
            assert folder.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == []
