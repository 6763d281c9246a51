"""Counts the requests of the three model accounts, and writes the table of docs/digitalocean-quolum.md.

python -m tools.request_table            runs S, M and L against the sandbox (some minutes) and writes the table
python -m tools.request_table S          runs the named ones and prints requests by stream; writes nothing
python -m tools.request_table --before FILE   prints the figures of FILE (from --save) beside them

The accounts are those of the request arithmetic that the product was planned with: Droplets, database clusters, apps
and DNS zones. All list streams are read with the default start date: a first sync, and the next one a day later.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "digitalocean-quolum.md"
START, END = "<!-- requests -->", "<!-- /requests -->"
_COUNTED = "Requests made: "


@dataclass(frozen=True)
class Model:
    """The sizes of a model account; the rest of it grows with the Droplets."""

    droplets: int
    databases: int
    apps: int
    domains: int


MODELS = {"S": Model(20, 3, 5, 10), "M": Model(200, 20, 40, 100), "L": Model(2000, 150, 300, 800)}


@dataclass(frozen=True)
class Count:
    """What one sync took: requests by stream, and records in all."""

    requests: Mapping[str, int]
    records: int
    incomplete: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All requests."""
        return sum(self.requests.values())


def count(model: Model, names: tuple[str, ...] = ()) -> tuple[Count, Count]:
    """A first sync and the next one, a day later, of the named streams or of all but utilization."""
    sizes = {"databases": model.databases, "apps": model.apps, "domains": model.domains}
    options: dict[str, Any] = {"droplets": model.droplets, "days": 60, "seed": 3, "sizes": sizes}
    with Sandbox(**options, rate_limit=6_000_000) as sandbox, tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        config = sandbox.config()
        # As an operator leaves it.
        config.pop("start_date", None)
        (place / "config.json").write_text(json.dumps(config), encoding="utf-8")
        (place / "catalog.json").write_text(json.dumps(_catalog(place, names)), encoding="utf-8")
        (place / "state.json").write_text("[]", encoding="utf-8")
        first = _sync(place)
        sandbox.advance(days=1)
        return first, _sync(place)


def _catalog(place: Path, names: tuple[str, ...]) -> dict[str, Any]:
    (catalog,) = (m["catalog"] for m in _run("discover", "--config", place / "config.json") if m["type"] == "CATALOG")
    streams = [
        s for s in catalog["streams"] if (s["name"] in names if names else not s["name"].endswith("_utilization"))
    ]
    return {
        "streams": [
            {
                "stream": stream,
                "sync_mode": "incremental" if "incremental" in stream["supported_sync_modes"] else "full_refresh",
                "destination_sync_mode": "append",
            }
            for stream in streams
        ]
    }


def _sync(place: Path) -> Count:
    """One sync with the state of the last one, which it replaces."""
    states: dict[str, Any] = {}
    requests: dict[str, int] = {}
    statuses: dict[str, str] = {}
    records = 0
    options = ("--config", place / "config.json", "--catalog", place / "catalog.json", "--state", place / "state.json")
    for message in _run("read", *options):
        if message["type"] == "RECORD":
            records += 1
        elif message["type"] == "STATE":
            states[message["state"]["stream"]["stream_descriptor"]["name"]] = message["state"]
        elif message["type"] == "LOG" and message["log"]["message"].startswith(_COUNTED):
            requests = json.loads(message["log"]["message"].removeprefix(_COUNTED))
        elif message["type"] == "TRACE" and message["trace"]["type"] == "STREAM_STATUS":
            status = message["trace"]["stream_status"]
            statuses[status["stream_descriptor"]["name"]] = status["status"]
    (place / "state.json").write_text(
        json.dumps([{"type": "STREAM", "stream": state["stream"]} for state in states.values()]), encoding="utf-8"
    )
    return Count(requests, records, sorted(name for name, status in statuses.items() if status != "COMPLETE"))


def _run(command: str, *options: str | Path) -> Iterator[dict[str, Any]]:
    process = subprocess.Popen(  # noqa: S603 (the connector of this repository)
        [sys.executable, str(ROOT / "main.py"), command, *map(str, options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    for line in process.stdout or ():
        if line.startswith("{"):
            yield json.loads(line)
    process.wait()


def by_stream(first: Count, following: Count, before: Mapping[str, Any] | None = None) -> str:
    """A line for each stream with more than one request in either sync, the most expensive first."""
    earlier = before or {"first": {"requests": {}}, "next": {"requests": {}}}
    names = {*first.requests, *following.requests, *earlier["first"]["requests"], *earlier["next"]["requests"]}
    rows = [
        (
            name,
            earlier["first"]["requests"].get(name, 0),
            first.requests.get(name, 0),
            earlier["next"]["requests"].get(name, 0),
            following.requests.get(name, 0),
        )
        for name in names
    ]
    rows = sorted((row for row in rows if max(row[1:]) > 1), key=lambda row: (-max(row[1:]), row[0]))
    lines = [f"{'stream':40} {'before':>8} {'first':>8} {'before':>8} {'next':>8}"]
    return "\n".join([*lines, *(f"{name:40} {a:8} {b:8} {c:8} {d:8}" for name, a, b, c, d in rows)])


def table(counts: Mapping[str, tuple[Count, Count]]) -> str:
    """The block of the page: an account a line."""
    lines = ["| Account | Records | First sync | Next sync, a day later |", "| --- | --- | --- | --- |"]
    for name, (first, following) in counts.items():
        lines.append(
            f"| {account_of(MODELS[name])} | {first.records:,} | {requests_of(first)} | {requests_of(following)} |"
        )
    return f"{START}\n" + "\n".join(lines) + f"\n{END}"


def account_of(model: Model) -> str:
    """A model account in words."""
    return f"{model.droplets:,} Droplets, {model.databases} databases, {model.apps} apps, {model.domains} DNS zones"


def requests_of(made: Count) -> str:
    """The requests of a sync, and the minutes that they take at least."""
    minutes = made.total // 250
    return f"{made.total:,} requests" + (f", {minutes} minutes at 250 a minute" if minutes > 1 else "")


def with_table(page: str, block: str) -> str:
    """The page with this block in the place of the old one."""
    before, start, rest = page.partition(START)
    _, end, after = rest.partition(END)
    return f"{before}{block}{after}" if start and end else page


def main(arguments: list[str] | None = None) -> int:
    """Count, print, and write the table where all models were run; 1 where a stream was incomplete."""
    parser = argparse.ArgumentParser(description="Count the requests of the model accounts.")
    parser.add_argument("models", nargs="*", choices=[*MODELS, []], help="run these only, and write nothing")
    parser.add_argument("--stream", action="append", default=[], help="read this stream only (again for more)")
    parser.add_argument("--save", type=Path, help="write the figures into this file")
    parser.add_argument("--before", type=Path, help="print the figures of this file, too")
    options = parser.parse_args(arguments)
    before = json.loads(options.before.read_text(encoding="utf-8")) if options.before else {}
    counts = {}
    for name in options.models or MODELS:
        first, following = counts[name] = count(MODELS[name], tuple(options.stream))
        print(f"{name}: {first.total} and {following.total} requests, {first.records} and {following.records} records")
        print(by_stream(first, following, before.get(name)))
        for made in (first, following):
            if made.incomplete:
                print(f"  incomplete: {', '.join(made.incomplete)}")
    if options.save:
        saved = {name: {"first": asdict(first), "next": asdict(after)} for name, (first, after) in counts.items()}
        options.save.write_text(json.dumps(saved), encoding="utf-8")
    if not options.models and not options.stream:
        PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), table(counts)), encoding="utf-8")
    return int(any(made.incomplete for pair in counts.values() for made in pair))


if __name__ == "__main__":
    sys.exit(main())
