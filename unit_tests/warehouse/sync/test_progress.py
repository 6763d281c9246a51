"""What an operator sees while a sync runs, in a pipe, on a narrow terminal and with --quiet."""

from __future__ import annotations

import io
import re
import time
from typing import TYPE_CHECKING

import pytest
from rich.console import Console, Group

from unit_tests.warehouse.sync.runs import run_of
from warehouse.sync.progress import LiveProgress, PlainProgress

if TYPE_CHECKING:
    from pathlib import Path


def lines(out: io.StringIO) -> list[str]:
    """What was printed, without the time in front of each line."""
    stamped = [re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (.*)", line) for line in out.getvalue().splitlines()]
    assert all(stamped), out.getvalue()
    return [line[1] for line in stamped if line]


def test_a_pipe_gets_lines_with_their_time_and_no_secret(tmp_path: Path) -> None:
    out, run, other = io.StringIO(), run_of(tmp_path), run_of(tmp_path, "volumes")
    progress = PlainProgress(lambda text: text.replace("hush", "****"), out, quiet=False)
    progress.phase("Checking the connection")
    progress.watch({"droplets": run, "volumes": other})
    run.status = "running"
    progress.changed(run)
    run.rows = 3
    progress.changed(run)
    progress.say("INFO", "detail")
    progress.say("WARN", "token hush")
    progress.say("INFO", "Utilization will take 120 requests")
    run.waits_until = time.time() + 58.4
    progress.changed(run)
    run.waits_until, run.status, run.started, run.ended = 0.0, "complete", 100.0, 172.0
    progress.changed(run)
    progress.count_requests(1_200)
    other.status = "complete"
    progress.changed(other)
    assert lines(out) == [
        "Checking the connection",
        "droplets: running, 0 rows",
        "WARN: token ****",
        "Utilization will take 120 requests",
        "droplets: waits for DigitalOcean's rate limit, 58 s",
        "droplets: complete, 3 rows, 1 min 12 s (1 of 2 streams)",
        "volumes: complete, 0 rows, 0 s (2 of 2 streams, 1,200 requests)",
    ]


def test_a_long_stream_is_told_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, run = io.StringIO(), run_of(tmp_path, status="running")
    progress = PlainProgress(str, out, quiet=False)
    now = time.monotonic()
    for seconds in (0, 5, 11, 15, 22):
        monkeypatch.setattr(time, "monotonic", lambda seconds=seconds: now + seconds)
        run.rows = seconds * 1000
        progress.changed(run)
    assert lines(out) == [
        "droplets: running, 0 rows",
        "droplets: running, 11,000 rows",
        "droplets: running, 22,000 rows",
    ]


def test_quiet_leaves_only_errors(tmp_path: Path) -> None:
    out, run = io.StringIO(), run_of(tmp_path)
    progress = PlainProgress(str, out, quiet=True)
    progress.phase("Checking the connection")
    progress.changed(run)
    progress.tell("hello")
    progress.say("WARN", "careful")
    progress.say("INFO", "Utilization will take 120 requests")
    progress.say("ERROR", "broke")
    assert lines(out) == ["ERROR: broke"]


def view(progress: LiveProgress, width: int) -> list[str]:
    """The live view as a terminal of this width shows it."""
    console = Console(width=width, file=io.StringIO(), force_terminal=True, no_color=True)
    with console.capture() as captured:
        console.print(Group(progress._view()))
    return re.sub(r"\x1b\[[0-9;]*m", "", captured.get()).splitlines()


@pytest.mark.parametrize(("no_color", "bold"), [("", True), ("1", False)])
def test_no_color_turns_off_bold_text(monkeypatch: pytest.MonkeyPatch, no_color: str, bold: bool) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    console = Console(width=60, file=io.StringIO(), force_terminal=True)
    with console.capture() as captured:
        console.print(LiveProgress(str, io.StringIO())._view())
    assert ("\x1b[1m" in captured.get()) is bold


@pytest.mark.parametrize("width", [60, 100, 200])
def test_the_live_view_is_legible_at_any_width(tmp_path: Path, width: int) -> None:
    progress = LiveProgress(str, io.StringIO())
    assert view(progress, width)[0].startswith("0 s: ")
    runs = [
        run_of(tmp_path, "account", status="complete", rows=1, requests=1),
        run_of(tmp_path, "invoices", status="running", rows=1_234, requests=1_200),
        run_of(tmp_path, "billing_insights", status="running", waits_until=time.time() + 58.4),
        run_of(tmp_path, "domains"),
    ]
    progress.watch({run.plan.name: run for run in runs})
    shown = view(progress, width)
    assert shown == [
        "1 of 4 streams, 1,235 rows, 1,201 requests, 0 s",
        "invoices: running, 1,234 rows",
        "billing_insights: waits for DigitalOcean's rate limit, 58 s",
    ]
    names = [f"partner_attachment_remote_routes_of_{number}" for number in range(20)]
    runs += [run_of(tmp_path, name, status="running", rows=10**9) for name in names]
    progress.watch({run.plan.name: run for run in runs})
    shown = view(progress, width)
    assert all(len(line) <= width for line in shown)
    assert len(shown) == 10
    assert shown[-1] == "… and 14 more at work"
