"""The local sync as a process: killed, stopped, locked out, watched; with a scripted connector."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from integration_tests.warm_host import HostRun
from unit_tests.warehouse.sync.account import CONNECTOR, Account, actions, droplets
from unit_tests.warehouse.sync.target import Target, postgres_url, target

__all__ = ["postgres_url", "target"]

ROWS = 25_000
PROJECT = Path(__file__).parents[1]


def command(account: Account, *arguments: str) -> list[str]:
    module = [sys.executable, "-m", "warehouse.sync.cli"]
    return [*module, "--config", str(account.config_path), "--connector", CONNECTOR, "--streams", "all", *arguments]


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """A home, a temporary folder and a working directory of their own, to see what is left there."""
    for name in ("home", "tmp", "cwd"):
        (folder / name).mkdir(exist_ok=True)
    return {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        **variables,
    }


def start(account: Account, *arguments: str) -> HostRun:
    folder = account.folder
    return HostRun(command(account, *arguments)[3:], folder / "cwd", environment(folder), folder)


def wait_for(path: Path, process: HostRun) -> None:
    deadline = time.monotonic() + 90
    while not path.exists():
        assert process.poll() is None, process.communicate(1)
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "zombie" not in Path(f"/proc/{pid}/status").read_text()


@pytest.mark.slow
def test_a_killed_sync_goes_on_from_the_last_commit_and_ends_equal_to_the_source(
    tmp_path: Path, target: Target
) -> None:
    account = Account(tmp_path, droplets(20), actions(ROWS, state_every=1000, hang_after=24_000))
    environment(tmp_path)
    process = start(account, *target.arguments)
    wait_for(account.hanging, process)
    time.sleep(2)
    process.kill()
    connector = int(account.hanging.read_text())
    deadline = time.monotonic() + 5
    while is_running(connector) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(connector), "an orphaned connector could still spend the refresh token"
    assert target.states()["actions"]["started_at"] == "2026-01-01T05:33:19Z", "20,000 records were committed"

    account.write(droplets(19), actions(ROWS, state_every=1000))
    process = start(account, *target.arguments)
    out, error = process.communicate(timeout=120)

    assert process.returncode == 0, error
    assert account.states_received["actions"] == {"started_at": "2026-01-01T05:33:19Z"}
    assert "5,001" in out, "only what was not committed is read again"
    assert target.sql("SELECT count(*), count(DISTINCT id), min(id), max(id) FROM {s}.actions") == [
        (ROWS, ROWS, 0, ROWS - 1)
    ]
    assert target.ids("droplets") == list(range(19))
    assert list((tmp_path / "tmp").iterdir()) == [], "what the killed sync left is removed by the next"


@pytest.mark.slow
def test_a_stopped_sync_ends_its_connector_and_a_second_one_is_told_to_wait(tmp_path: Path) -> None:
    account = Account(tmp_path, actions(10, hang_after=5))
    environment(tmp_path)
    first = start(account)
    wait_for(account.hanging, first)

    second = start(account)
    _, error = second.communicate(timeout=60)
    assert second.returncode == 3
    assert f"process {first.pid} on" in error

    (tmp_path / "other").mkdir()
    other = Account(tmp_path / "other", droplets(1))
    environment(other.folder)
    third = start(other, "--duckdb", str(tmp_path / "cwd" / "warehouse.duckdb"))
    _, error = third.communicate(timeout=60)
    assert third.returncode == 3
    assert f"PID {first.pid}" in error
    assert "Traceback" not in error

    first.send_signal(signal.SIGTERM)
    _, error = first.communicate(timeout=30)
    assert first.returncode == 130
    assert "Interrupted" in error
    assert not is_running(int(account.hanging.read_text()))
    assert list((tmp_path / "tmp").iterdir()) == []


def test_nothing_is_left_outside_the_warehouse_and_the_report(tmp_path: Path) -> None:
    account = Account(tmp_path, droplets(3))
    env = environment(tmp_path)
    # A process of its own: PyAirbyte decides while it is imported where its files are.
    done = subprocess.run(
        command(account, "--json", "report.json"),
        cwd=tmp_path / "cwd",
        env=env,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    out, error = done.stdout, done.stderr

    assert done.returncode == 0, error
    assert {path.name for path in (tmp_path / "cwd").iterdir()} == {"warehouse.duckdb", "report.json"}
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list((tmp_path / "home").iterdir()) == []
    assert "Warning" not in error
    assert out.splitlines()[0].split() == ["stream", "mode", "rows", "seconds", "status", "requests"]
    with duckdb.connect(str(tmp_path / "cwd" / "warehouse.duckdb"), read_only=True) as database:
        assert database.execute("SELECT count(*) FROM digitalocean.droplets").fetchone() == (3,)


def test_a_terminal_sees_a_live_view_and_the_table(tmp_path: Path) -> None:
    account = Account(tmp_path, droplets(3), actions(2000, error="actions: 403"))
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(account),
        cwd=tmp_path,
        env={**environment(tmp_path), "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    shown = read_all(ours)
    out, _ = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "of 2 streams" in shown
    assert "actions: 403" in shown
    assert b"actions   incremental | append_dedup" in out


def read_all(descriptor: int) -> str:
    chunks: list[bytes] = []
    while True:
        try:
            chunk = os.read(descriptor, 65536)
        except OSError:  # the other side of a terminal that was closed
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(descriptor)
    return b"".join(chunks).decode(errors="replace")


def test_the_json_report_is_written_even_when_the_sync_is_stopped(tmp_path: Path) -> None:
    account = Account(tmp_path, droplets(3), actions(10, hang_after=5))
    environment(tmp_path)
    process = start(account, "--json", "report.json")
    process.wait_for("actions: running")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    report: dict[str, Any] = json.loads((tmp_path / "cwd" / "report.json").read_text())
    assert [(entry["name"], entry["status"]) for entry in report["streams"]] == [
        ("droplets", "complete"),
        ("actions", "incomplete"),
    ]


@pytest.mark.slow
def test_a_second_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    account = Account(tmp_path, actions(10, hang_after=5, ignore_signals=True))
    environment(tmp_path)
    process = start(account)
    wait_for(account.hanging, process)
    process.send_signal(signal.SIGINT)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in error
    assert not is_running(int(account.hanging.read_text()))
    assert list((tmp_path / "tmp").iterdir()) == []
