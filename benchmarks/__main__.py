"""Measures everyone on the same server, in turns, and prints one table.

python -m benchmarks [--records 60000] [--runs 5] [--latency 0 50] [--quick]

CPU is user and system time of the process and its children, "net" without what the same command takes for no records.
All figures are medians; ratios are to the floor of the same run. Results go to benchmarks/results.json and the table
into docs/benchmarks.md.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.contestants import FLOOR, HERE, ROOT, TEN, contestants, written
from integration_tests.sandbox import Sandbox

_PAGE = ROOT / "docs" / "benchmarks.md"
_STARTS = ("import airbyte_cdk", "spec", "check", "discover", "read, first record, all streams")


@contextmanager
def server(records: int, latency: float) -> Iterator[str]:
    """The server's base URL."""
    command = [sys.executable, "-m", "benchmarks.server", str(records), str(latency)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
    try:
        port = process.stdout.readline().strip() if process.stdout else ""
        yield f"http://127.0.0.1:{port}"
    finally:
        process.communicate()


def measured(command: list[str], *, first_record: bool = False) -> dict[str, float]:
    """Wall and CPU seconds and the peak of resident memory in MB of one command, whose output is drained."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    output = process.stdout
    if output is None:
        raise RuntimeError("no pipe")
    if first_record:
        for line in output:
            if line.startswith(b'{"type":"RECORD"'):
                process.kill()
                break
    while output.read(1 << 20):
        pass
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode and not first_record:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    cpu = usage.ru_utime + usage.ru_stime
    return {"wall": time.perf_counter() - begun, "cpu": cpu, "memory": usage.ru_maxrss / 1024}


def lists(records: int, latency: float, runs: int) -> dict[str, dict[str, float]]:
    """Everyone reads one long list: medians by contestant, with `net`, the CPU above that of an empty list."""
    everyone = contestants()
    taken: defaultdict[str, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory() as folder, server(records, latency) as full, server(0, 0) as empty:
        for turn in range(runs):
            # In turns, so that a busy minute of the machine falls on everyone.
            for one in everyone[turn % len(everyone) :] + everyone[: turn % len(everyone)]:
                place = Path(folder) / f"{everyone.index(one)}-{turn}"
                place.mkdir()
                nothing = measured(one.command(empty, place))
                figures = measured(one.command(full, place))
                for name, value in {**figures, "net": figures["cpu"] - nothing["cpu"]}.items():
                    taken[one.name][name].append(value)
    return {
        name: {figure: statistics.median(values) for figure, values in figures.items()}
        for name, figures in taken.items()
    }


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


def table(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    lines = []
    for latency, found in results["lists"].items():
        floor, ten = found[FLOOR], found[TEN]
        lines += [f"**{results['records']:,} records, {latency} ms of latency** (medians of {results['runs']})", ""]
        lines += ["| | wall s | to async | CPU s | net CPU us a record | net CPU to floor | peak MB |"]
        lines += ["| --- | --- | --- | --- | --- | --- | --- |"]
        for name, one in found.items():
            each = one["net"] / results["records"] * 1e6
            cells = [f"{one['wall']:.1f}", f"{one['wall'] / ten['wall']:.1f}", f"{one['cpu']:.1f}", f"{each:.0f}"]
            cells += [f"{one['net'] / floor['net']:.1f}", f"{one['memory']:.0f}"]
            lines.append(f"| {name} | {' | '.join(cells)} |")
        lines.append("")
    base = results["starts"][_STARTS[0]]
    lines += ["| Command | CPU s | above the import, in imports |", "| --- | --- | --- |"]
    lines += [f"| {name} | {cpu:.2f} | {(cpu - base) / base:.2f} |" for name, cpu in results["starts"].items()]
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and keep."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="This connector beside its peers, in one run.")
    parser.add_argument("--records", type=int, default=60_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--latency", type=float, nargs="+", default=[0, 50], metavar="MS")
    parser.add_argument("--quick", action="store_true", help="one small run, kept nowhere")
    options = parser.parse_args(arguments)
    if options.quick:
        options.records, options.runs, options.latency = 4_000, 1, [0]
    found = {f"{latency:g}": lists(options.records, latency, options.runs) for latency in options.latency}
    results = {"records": options.records, "runs": options.runs, "lists": found, "starts": starts(options.runs)}
    text = table(results)
    sys.stdout.write(text)
    if not options.quick:
        (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        before, _, rest = _PAGE.read_text(encoding="utf-8").partition("<!-- results -->\n")
        after = rest.partition("<!-- /results -->")[2]
        _PAGE.write_text(f"{before}<!-- results -->\n{text}<!-- /results -->{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
