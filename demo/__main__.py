"""python -m demo: runs the demo against the sandbox, or against your account with DIGITALOCEAN_TOKEN set."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from demo.findings import counts, findings
from sandbox import Sandbox
from sandbox.telemetry.prometheus import installed
from source_digitalocean_quolum.utilization.table import load
from warehouse.sync.text import output_width, shortened, table

SCHEMA = "digitalocean"
# Enough for the waste rules, which want a week, and few enough to be filled in a moment.
INSIGHTS_DAYS = 9
# Kinds of resources that Monitoring measures, too: they are most of the samples.
IN_MONITORING = ("droplet", "app", "load_balancer", "database", "autoscale_pool")
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
CONNECTOR = Path(sys.executable).with_name("source-digitalocean-quolum")
HOST = Path(sys.executable).with_name("source-digitalocean-quolum-sync")

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT[\d:]{8}Z")
_PROBLEMS = ("ERROR", "FATAL")
_SECONDS_BETWEEN_LINES = 10.0
_SPINNER = 2

console = Console(highlight=False, width=output_width())


def main() -> int:
    """Connect, check, discover, sync, report. Returns the exit code of the first step that failed."""
    if not HOST.exists():
        console.print(
            "The demo lands in a warehouse, which needs Python 3.11 or 3.12: make demo PYTHON=python3.12 VENV=.venv-12."
        )
        return 1
    token = os.environ.get("DIGITALOCEAN_TOKEN")
    folder = Path("build/demo") / ("account" if token else "sandbox")
    folder.mkdir(parents=True, exist_ok=True)
    warehouse, config = folder / "digitalocean_warehouse.duckdb", folder / "config.json"
    before = counts(warehouse, SCHEMA) if warehouse.exists() else {}
    with _account(token, folder / "began.txt") as credentials:
        _write(config, credentials)
        if not _check(config):
            return 1
        streams = _discover(config)
        report = _sync(config, warehouse, folder, streams, from_insights=not token)
    if report is None:
        return 1
    _print_landed(report, before, counts(warehouse, SCHEMA))
    for finding in findings(warehouse, SCHEMA):
        console.print(f"\n[bold]{finding.sentence}[/bold]")
        for line in finding.lines:
            console.print(f"  {line}")
    console.print(f"\nThe warehouse is {warehouse}; run the command again for an incremental sync.")
    if token:
        console.print(
            f"To look at: source-digitalocean-quolum-models --duckdb {warehouse}, then "
            f"source-digitalocean-quolum-dashboard --duckdb {warehouse} --out build/dashboard.html."
        )
    else:
        console.print("To look at: make dashboard writes build/dashboard.html, with cost, use and savings.")
    return 0 if all(stream["status"] == "complete" for stream in report["streams"]) else 1


@contextmanager
def _account(token: str | None, began: Path) -> Iterator[dict[str, Any]]:
    """The configuration of the account to read: yours, or a sandbox that lives as long as the demo runs."""
    if token:
        console.print("[bold]1. Connect[/bold]: your account, with the token in DIGITALOCEAN_TOKEN")
        yield {"credentials": {"auth_type": "access_token", "access_token": token}}
        return
    # The first run sees the account as it was yesterday, so that the second one has a day of news.
    now = datetime.now(UTC)
    first_run = not began.exists()
    if first_run:
        began.write_text((now - timedelta(days=1)).strftime(_MOMENT), encoding="utf-8")
    start = began.read_text(encoding="utf-8")
    # A hundred times DigitalOcean's limit: nobody wants to watch a demo wait for its quota.
    with Sandbox(
        droplets=40,
        days=90,
        seed=7,
        now=start,
        rate_limit=500_000,
        waste="seeded",
        insights_days=INSIGHTS_DAYS,
        insights_without=",".join(IN_MONITORING),
    ) as sandbox:
        if not first_run:
            sandbox.advance(seconds=(now - datetime.strptime(start, _MOMENT).replace(tzinfo=UTC)).total_seconds())
        console.print(
            f"[bold]1. Connect[/bold]: log in at a sandbox of DigitalOcean ({sandbox.api_base_url}), consent, be back"
        )
        yield sandbox.config(auth="oauth2.0", utilization={"source": "monitoring", "interval": "P1D"})


def _write(path: Path, config: dict[str, Any]) -> None:
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=2), encoding="utf-8")


def _check(config: Path) -> bool:
    status = next(m["connectionStatus"] for m in _connector("check", config) if m["type"] == "CONNECTION_STATUS")
    console.print(f"[bold]2. Check[/bold]: {status['status']}. {status.get('message', '')}")
    return bool(status["status"] == "SUCCEEDED")


def _discover(config: Path) -> list[str]:
    streams = next(m["catalog"]["streams"] for m in _connector("discover", config) if m["type"] == "CATALOG")
    incremental = sum("incremental" in stream["supported_sync_modes"] for stream in streams)
    console.print(f"[bold]3. Discover[/bold]: {len(streams)} streams, {incremental} of them incremental")
    return [stream["name"] for stream in streams]


def _connector(command: str, config: Path) -> list[dict[str, Any]]:
    with console.status(f"{command} …"):
        done = subprocess.run(  # noqa: S603
            [str(CONNECTOR), command, "--config", str(config)], stdout=subprocess.PIPE, text=True, check=False
        )
    return [json.loads(line) for line in done.stdout.splitlines()]


def _sync(
    config: Path, warehouse: Path, folder: Path, streams: list[str], *, from_insights: bool
) -> dict[str, Any] | None:
    """Sync all streams; the report. The sandbox is read in two syncs: what only Insights measures is read from there.

    The sandbox answers Insights with a real Prometheus, which would need minutes for months of every Droplet's samples.
    """
    console.print("[bold]4. Sync[/bold] into DuckDB: every stream, which takes some minutes")
    if not from_insights:
        return _sync_streams(config, warehouse, folder / "report.json", "all")
    only_there = [name for name, feature in load().features.items() if not feature.asked_of("monitoring", every=False)]
    from_there: list[dict[str, Any]] = []
    if installed():
        measured = _sync_insights(config, warehouse, folder / "insights.json", only_there)
        if measured is None:
            return None
        from_there = measured["streams"]
    else:
        console.print(
            f"{len(only_there)} tables of utilization stay away: only Insights measures them, and the sandbox "
            "answers Insights with Prometheus, which is not installed here (apt-get install prometheus)."
        )
    others = ",".join(name for name in streams if name not in only_there)
    report = _sync_streams(config, warehouse, folder / "report.json", others)
    if report is not None:
        report["streams"] += from_there
    return report


def _sync_insights(config: Path, warehouse: Path, report: Path, streams: list[str]) -> dict[str, Any] | None:
    """Sync the streams that only Insights has, of the days that the sandbox's Prometheus holds."""
    before = json.loads(config.read_text(encoding="utf-8"))
    start = (datetime.now(UTC) - timedelta(days=INSIGHTS_DAYS)).strftime(_MOMENT)
    _write(config, {**before, "start_date": start, "utilization": {**before["utilization"], "source": "insights"}})
    found = _sync_streams(config, warehouse, report, ",".join(streams))
    # The sync has renewed the token in the file.
    after = json.loads(config.read_text(encoding="utf-8"))
    _write(config, {**before, "credentials": after["credentials"]})
    return found


def _sync_streams(config: Path, warehouse: Path, report: Path, streams: str) -> dict[str, Any] | None:
    report.unlink(missing_ok=True)
    with subprocess.Popen(  # noqa: S603
        [
            *(str(HOST), "--config", str(config), "--duckdb", str(warehouse)),
            *("--schema", SCHEMA, "--streams", streams, "--json", str(report)),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as host:
        _show(host.stderr or ())
    if not report.exists():
        return None
    landed: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return landed


def _show(lines: Iterable[str]) -> None:
    """What the host says, in one line that is redrawn; in a pipe one line in ten seconds. Its errors stay."""
    told = 0.0
    with console.status("…") as status:
        for line in lines:
            stamp, _, text = line.strip().partition(" ")
            if not _STAMP.fullmatch(stamp):
                console.print(line.rstrip(), markup=False)
            elif text.startswith(_PROBLEMS):
                console.print(text, markup=False)
            elif console.is_terminal:
                status.update(escape(shortened(text, console.width - _SPINNER)))
            elif time.monotonic() - told > _SECONDS_BETWEEN_LINES:
                told = time.monotonic()
                console.print(f"   {text}", markup=False)


def _print_landed(report: dict[str, Any], before: dict[str, int], after: dict[str, int]) -> None:
    headings = ("stream", "sync mode", "status", "read", "in table", "new", "requests", "seconds")
    rows = []
    for stream in report["streams"]:
        name = stream["name"]
        new = after.get(name, 0) - before.get(name, 0)
        rows.append(
            (
                *(name, stream["mode"].split(" ")[0].replace("_", " "), stream["status"]),
                *(f"{stream['rows']:,}", f"{after.get(name, 0):,}", f"{new:+,}" if before and new else ""),
                *(f"{stream['requests'] or 0:,}", f"{stream['seconds']:.1f}"),
            )
        )
    right, spare = frozenset(headings[3:]), ("sync mode", "read", "seconds", "requests")
    for line in table(headings, rows, right=right, spare=spare, width=console.width):
        console.print(line, markup=False)
    requests = sum(stream["requests"] or 0 for stream in report["streams"])
    rows = sum(stream["rows"] for stream in report["streams"])
    console.print(f"{rows:,} records with {requests:,} requests (DigitalOcean allows 250 a minute).")
    if before:
        news = {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}
        words = ", ".join(f"{count:+} {name}" for name, count in sorted(news.items())) or "nothing"
        console.print(f"[bold]New since the last run[/bold]: {words}.")


if __name__ == "__main__":
    sys.exit(main())
