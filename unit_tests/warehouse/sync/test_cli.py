"""What an operator reads when something is wrong: one sentence for each mistake."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from source_digitalocean_quolum.config_file import lock_config
from unit_tests.warehouse.sync.account import CONNECTOR, Account, droplets
from warehouse.sync.cli import main
from warehouse.sync.work_dir import work_dir

if TYPE_CHECKING:
    from pathlib import Path


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
    assert "no configuration file" in capsys.readouterr().err.splitlines()[-1]
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
    assert all(word in text for word in ("recommended", "--plan", "--list-streams"))


def test_something_is_to_be_seen_before_the_connectors_package_is_loaded(tmp_path: Path) -> None:
    program = (
        "import sys, warehouse.sync.cli as cli\n"
        "heavy = {'source_digitalocean_quolum', 'sqlalchemy', 'duckdb', 'airbyte'}\n"
        "class Told(cli.Redactor):\n"
        "    def __call__(self, text):\n"
        "        print('loaded before the first line:', sorted(heavy & set(sys.modules)), file=sys.stdout)\n"
        "        return text\n"
        "cli.Redactor = Told\n"
        "sys.exit(cli.main(['--config', 'none.json', '--duckdb', 'w.duckdb']))"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.stdout.splitlines()[0] == "loaded before the first line: []"
    assert "Sync into DuckDB w.duckdb, schema digitalocean" in done.stderr
    assert done.returncode == 2


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
