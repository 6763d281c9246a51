"""Measures everyone on the same server, in turns, and prints one table.

python -m benchmarks [--runs 5] [--share 1.0] [--only SCENARIO ...] [--quick]

CPU is user and system time of the process and its children, "net" without what the same command takes for an empty
account. All figures are medians; ratios are to the floor of the same run. Results go to benchmarks/results.json, the
table into docs/benchmarks.md and the picture to docs/images/benchmarks.svg.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.contestants import CONNECTOR, HERE, ROOT, connector, of_lists, of_utilization, written
from benchmarks.measure import Figures, compare, measured
from benchmarks.recording import recording
from benchmarks.report import picture, table
from benchmarks.scenarios import SCENARIOS
from sandbox import Sandbox

_PAGE = ROOT / "docs" / "benchmarks.md"
_PICTURE = ROOT / "docs" / "images" / "benchmarks.svg"
_LATENCIES = (0, 50)
_STARTS = ("import airbyte_cdk", "spec", "check", "discover", "read, first record, all streams")
# Utilization: Droplets, and hours of them, by source.
_MEASURED = {"insights": (100, 48), "monitoring": (100, 48)}


def lists(only: list[str], share: float, runs: int) -> Iterator[dict[str, Any]]:
    """The scenarios of lists, at every latency."""
    for scenario in SCENARIOS:
        if only and scenario.name not in only:
            continue
        records = int(scenario.records * share)
        held = scenario.held(records)
        for latency in _LATENCIES:
            everyone = of_lists(scenario)
            found = compare(everyone, (scenario.name, records, latency), (scenario.name, 0, 0), runs)
            yield _result(scenario.name, scenario.title, latency, held, found)


def utilization(only: list[str], share: float, runs: int) -> Iterator[dict[str, Any]]:
    """Droplets' utilization, as the sandbox (with a real Prometheus) answered it once."""
    for source, (droplets, hours) in _MEASURED.items():
        if only and source not in only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            kept, nothing = Path(folder) / "recording.jsonl", Path(folder) / "nothing.jsonl"
            nothing.touch()
            start = f"{datetime.now(UTC) - timedelta(hours=hours):%Y-%m-%dT%H:00:00Z}"
            everyone = of_utilization(source, start, kept)
            with (
                Sandbox(droplets=max(2, int(droplets * share)), days=5, seed=6, rate_limit=10_000_000) as sandbox,
                recording(sandbox.api_base_url, kept) as base,
            ):
                _record(base, Path(folder), sandbox.config(), source, start)
            found = compare(everyone, (kept, 0), (nothing, 0), runs)
            title = f"Droplets' utilization, from {source.capitalize()}"
            yield _result(source, title, 0, int(found[CONNECTOR]["lines"]), found)


def _record(base: str, folder: Path, config: dict[str, Any], source: str, start: str) -> None:
    extra = {"start_date": start, "utilization": {"source": source, "interval": "PT1H"}}
    measured(connector(base, folder, ["droplet_utilization"], {**extra, "credentials": config["credentials"]}))


def _result(name: str, title: str, latency: float, records: int, found: dict[str, Figures]) -> dict[str, Any]:
    return {"name": name, "title": title, "latency": latency, "records": records, "found": found}


def starts(runs: int) -> dict[str, float]:
    """CPU seconds of short commands, medians."""
    taken: defaultdict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, Sandbox(droplets=20, rate_limit=10_000_000) as sandbox:
        inputs = written(Path(folder), sandbox.config(), None)
        main = [sys.executable, str(ROOT / "main.py")]
        commands = {
            _STARTS[0]: [sys.executable, "-c", "import airbyte_cdk"],
            _STARTS[1]: [*main, "spec"],
            _STARTS[2]: [*main, "check", *inputs[:2]],
            _STARTS[3]: [*main, "discover", *inputs[:2]],
            _STARTS[4]: [*main, "read", *inputs],
        }
        for _ in range(runs):
            for name, command in commands.items():
                taken[name].append(measured(command, first_record=name == _STARTS[4])["cpu"])
    return {name: statistics.median(values) for name, values in taken.items()}


def _among_the_others(scenarios: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last run's scenarios with these in their places: a ratio is to the floor of the same scenario and turn."""
    new = {(one["name"], one["latency"]): one for one in scenarios}
    kept = json.loads((HERE / "results.json").read_text(encoding="utf-8"))["scenarios"]
    return [new.get((one["name"], one["latency"]), one) for one in kept]


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and keep."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="This connector beside its peers, in one run.")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--share", type=float, default=1.0, help="of each account's size")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="SCENARIO", help="some scenarios: they replace those of the last run"
    )
    parser.add_argument("--quick", action="store_true", help="one small run, kept nowhere")
    options = parser.parse_args(arguments)
    if options.quick:
        options.runs, options.share = 1, 0.05
    scenarios = []
    for find in (lists, utilization):
        for found in find(options.only, options.share, options.runs):
            sys.stderr.write(f"{found['title']}, {found['latency']} ms: measured\n")
            scenarios.append(found)
    if options.only and not options.quick:
        scenarios = _among_the_others(scenarios)
    results = {"runs": options.runs, "scenarios": scenarios, "starts": starts(options.runs)}
    text = table(results)
    sys.stdout.write(text)
    if not options.quick:
        (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        before, _, rest = _PAGE.read_text(encoding="utf-8").partition("<!-- results -->\n")
        after = rest.partition("<!-- /results -->")[2]
        _PAGE.write_text(f"{before}<!-- results -->\n{text}<!-- /results -->{after}", encoding="utf-8")
        _PICTURE.write_text(picture(results), encoding="utf-8")


if __name__ == "__main__":
    main()
