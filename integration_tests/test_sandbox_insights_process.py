"""The Prometheus processes of the sandbox: none outlives it, and none is needed for the rest."""

import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from sandbox import Sandbox
from sandbox.telemetry.prometheus import installed

NOW = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
needs_prometheus = pytest.mark.skipif(not installed(), reason="the programs prometheus and promtool are not installed")


def descendants(pid: int) -> set[int]:
    parents = {}
    for process in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = process.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(process.parent.name)] = int(fields[1])
    found, grown = {pid}, True
    while grown:
        more = {child for child, parent in parents.items() if parent in found} - found
        found, grown = found | more, bool(more)
    return found - {pid}


@needs_prometheus
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_behind(number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with Sandbox(droplets=3, now=NOW.isoformat(), insights_days=0.05, insights="start") as sandbox:
        started = descendants(sandbox.pid)
        assert len(started) >= 2
        assert list(tmp_path.iterdir())
        os.kill(sandbox.pid, number)
        until = time.monotonic() + 10
        while time.monotonic() < until and (any(alive(pid) for pid in started) or list(tmp_path.iterdir())):
            time.sleep(0.05)
        assert [pid for pid in started if alive(pid)] == []
        assert list(tmp_path.iterdir()) == []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_without_prometheus_insights_is_unavailable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with Sandbox(droplets=3) as sandbox:
        url = f"{sandbox.api_base_url}/v2/insights/query/nyc3/prom/api/v1/query?query=up"
        answer = requests.get(url, headers={"Authorization": f"Bearer {sandbox.token}"}, timeout=30)
        assert (answer.status_code, answer.json()["errorType"]) == (503, "unavailable")
        assert "not installed" in answer.json()["error"]
