"""Counts the requests of the three model accounts, and writes the tables of docs/digitalocean-quolum.md.

python -m tools.request_table --count        runs S, M and L against the sandbox (many minutes), keeps the figures in
                                             request_figures.json and writes the tables; --count M takes M only
python -m tools.request_table                writes the tables from the figures that are kept
python -m tools.request_table --check        changes nothing; exits 1 where the page is not up to date
python -m tools.request_table --count S --stream apps   prints requests by stream, and writes nothing

The accounts are those of the request arithmetic that the product was planned with: Droplets, database clusters, apps
and DNS zones. All list streams are read with the default start date: a first sync, and the next one a day later.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox import Sandbox
from tools import generated, stream_sets, streams_table
from tools.openapi import FACTS
from tools.request_reasons import REASONS

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "digitalocean-quolum.md"
FIGURES = ROOT / "tools" / "request_figures.json"
MARKS = ("<!-- requests -->", "<!-- /requests -->")
BY_STREAM = ("<!-- requests by stream -->", "<!-- /requests by stream -->")
# It takes one request a region, and the test server minutes to fill its Prometheus for the first of them.
_NOT_COUNTED = frozenset({"insights_resources"})
# Streams with fewer requests in the next sync of the largest account are not named one by one.
_NAMED = 10
_COUNTED = "Requests made: "
# The middle of a month, the same one whenever it is counted: a first sync reads back to the first of the one before.
NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Model:
    """The sizes of a model account; the rest of it grows with the Droplets.

    The request arithmetic has no number of uptime checks. These are about what its sums of children leave for them.
    """

    droplets: int
    databases: int
    apps: int
    domains: int
    uptime_checks: int


MODELS = {"S": Model(20, 3, 5, 10, 3), "M": Model(200, 20, 40, 100, 25), "L": Model(2000, 150, 300, 800, 150)}


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

    def of(self, streams: Collection[str]) -> int:
        """The requests of these streams."""
        return sum(made for name, made in self.requests.items() if name in streams)


def planned() -> frozenset[str]:
    """The streams of which the request arithmetic worked out what an account takes."""
    streams = json.loads(FACTS.read_text(encoding="utf-8"))["streams"]
    return frozenset(name for name, stream in streams.items() if stream["default_enabled"])


def count(model: Model, names: tuple[str, ...] = ()) -> tuple[Count, Count]:
    """A first sync and the next one, a day later, of the named streams or of all but utilization."""
    sizes = {name: value for name, value in asdict(model).items() if name != "droplets"}
    options: dict[str, Any] = {"droplets": model.droplets, "days": 60, "seed": 3, "sizes": sizes, "now": NOW}
    with Sandbox(**options, insights_days=1, rate_limit=6_000_000) as sandbox, tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        config = sandbox.config()
        # As an operator leaves it.
        config.pop("start_date", None)
        # What Spaces is asked counts in no limit of the API.
        config.pop("spaces", None)
        (place / "config.json").write_text(json.dumps(config), encoding="utf-8")
        (place / "catalog.json").write_text(json.dumps(_catalog(place, names)), encoding="utf-8")
        (place / "state.json").write_text("[]", encoding="utf-8")
        measured = any(name.endswith("_utilization") for name in names)
        counts: list[Count] = []
        for now in (NOW, NOW + timedelta(days=1)):
            if measured:
                sandbox.load_insights()
            counts.append(_sync(place, now))
            sandbox.advance(days=1)
        return counts[0], counts[1]


def _catalog(place: Path, names: tuple[str, ...]) -> dict[str, Any]:
    discovered = _run("discover", "--config", place / "config.json", now=NOW)
    (catalog,) = (message["catalog"] for message in discovered if message["type"] == "CATALOG")
    streams = [s for s in catalog["streams"] if (s["name"] in names if names else _is_counted(s["name"]))]
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


def _is_counted(stream: str) -> bool:
    return not stream.endswith("_utilization") and stream not in _NOT_COUNTED


def _sync(place: Path, now: datetime) -> Count:
    """One sync at this moment, with the state of the last one, which it replaces."""
    states: dict[str, Any] = {}
    requests: dict[str, int] = {}
    statuses: dict[str, str] = {}
    records = 0
    options = ("--config", place / "config.json", "--catalog", place / "catalog.json", "--state", place / "state.json")
    for message in _run("read", *options, now=now):
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


def _run(command: str, *options: str | Path, now: datetime) -> Iterator[dict[str, Any]]:
    process = subprocess.Popen(  # noqa: S603 (the connector of this repository)
        [sys.executable, "-m", "tools.at_moment", f"{now:%Y-%m-%dT%H:%M:%SZ}", command, *map(str, options)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    for line in process.stdout or ():
        if line.startswith("{"):
            yield json.loads(line)
    process.wait()


def by_stream(first: Count, following: Count) -> str:
    """A line for each stream with more than one request in either sync, the most expensive first."""
    rows = [
        (name, first.requests.get(name, 0), following.requests.get(name, 0))
        for name in {**first.requests, **following.requests}
    ]
    rows = sorted((row for row in rows if max(row[1:]) > 1), key=lambda row: (-max(row[1:]), row[0]))
    lines = [f"{'stream':40} {'first':>8} {'next':>8}"]
    return "\n".join([*lines, *(f"{name:40} {one:8} {other:8}" for name, one, other in rows)])


def table(counts: Mapping[str, tuple[Count, Count]]) -> str:
    """A line for each account."""
    lines = [
        "| Account | Records | First sync | Next sync, a day later | Recommended streams | Streams of the plan |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, (first, following) in counts.items():
        parts = [
            " and ".join(f"{made.of(streams):,}" for made in (first, following))
            for streams in (stream_sets.recommended(), planned())
        ]
        lines.append(
            f"| {account_of(MODELS[name])} | {first.records:,} | {requests_of(first)} | {requests_of(following)} | "
            f"{parts[0]} | {parts[1]} |"
        )
    return "\n".join([MARKS[0], *lines, MARKS[1]])


def table_by_stream(counts: Mapping[str, tuple[Count, Count]]) -> str:
    """What the syncs of the largest account are made of: a line for each stream that takes many requests."""
    first, following = counts[[name for name in MODELS if name in counts][-1]]
    asked = {name: stream.requests for name, stream in streams_table.streams().items()}
    lines = ["| Stream | First sync | Next sync | What one read takes | Why |", "| --- | --- | --- | --- | --- |"]
    named = [name for name in {**first.requests, **following.requests} if _most(name, first, following) >= _NAMED]
    for name in sorted(named, key=lambda name: (-following.requests.get(name, 0), -first.requests.get(name, 0), name)):
        figures = f"{first.requests.get(name, 0):,} | {following.requests.get(name, 0):,}"
        lines.append(f"| `{name}` | {figures} | {asked[name]} | {REASONS[name]} |")
    rest = [sum(count for name, count in made.requests.items() if name not in named) for made in (first, following)]
    others = len({**first.requests, **following.requests}) - len(named)
    lines.append(f"| the {others} others that ask at all | {rest[0]:,} | {rest[1]:,} | | |")
    return "\n".join([BY_STREAM[0], *lines, BY_STREAM[1]])


def _most(name: str, *syncs: Count) -> int:
    return max(made.requests.get(name, 0) for made in syncs)


def kept() -> dict[str, tuple[Count, Count]]:
    """The figures that were counted last, by account."""
    found = json.loads(FIGURES.read_text(encoding="utf-8"))
    return {name: (Count(**found[name]["first"]), Count(**found[name]["next"])) for name in MODELS if name in found}


def account_of(model: Model) -> str:
    """A model account in words."""
    return f"{model.droplets:,} Droplets, {model.databases} databases, {model.apps} apps, {model.domains} DNS zones"


def requests_of(made: Count) -> str:
    """The requests of a sync, and the minutes that they take at least: 250 a minute, and 5,000 an hour."""
    hours = max(made.total - 1, 0) // 5000
    minutes = 60 * hours + (made.total - 5000 * hours) // 250
    return f"{made.total:,} requests" + (f", {minutes} minutes within the limits" if minutes > 1 else "")


def pages() -> dict[Path, str]:
    """The page with its tables as they should be."""
    counts = kept()
    page = generated.with_block(PAGE.read_text(encoding="utf-8"), table(counts), MARKS)
    return {PAGE: generated.with_block(page, table_by_stream(counts), BY_STREAM)}


def _keep(counts: Mapping[str, tuple[Count, Count]]) -> None:
    figures = {name: {"first": asdict(first), "next": asdict(after)} for name, (first, after) in counts.items()}
    FIGURES.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Count or write; 1 where a stream was incomplete, or with --check where the page is not up to date."""
    parser = argparse.ArgumentParser(description="Count the requests of the model accounts.")
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if the page is not up to date")
    parser.add_argument("--count", nargs="*", choices=list(MODELS), help="count these, or all, and keep the figures")
    parser.add_argument("--stream", action="append", default=[], help="count this stream only (again for more)")
    options = parser.parse_args(arguments)
    if options.count is None:
        return generated.write(pages(), check=options.check)
    incomplete = False
    counts = kept() if FIGURES.is_file() else {}
    for name in options.count or MODELS:
        first, following = counts[name] = count(MODELS[name], tuple(options.stream))
        print(f"{name}: {first.total} and {following.total} requests, {first.records} and {following.records} records")
        print(f"   of these the streams of the plan: {first.of(planned())} and {following.of(planned())}")
        print(by_stream(first, following))
        for made in (first, following):
            if made.incomplete:
                incomplete = True
                print(f"  incomplete: {', '.join(made.incomplete)}")
    if not options.stream and not incomplete:
        _keep({name: counts[name] for name in MODELS if name in counts})
        generated.write(pages(), check=False)
    return int(incomplete)


if __name__ == "__main__":
    sys.exit(main())
