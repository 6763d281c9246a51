"""The full counts behind docs/reliability.md, whose quick selections are part of the tests.

python -m tools.reliability faults             the tables of faults and kill points (a part of `make docs`)
python -m tools.reliability kill --runs 300    kill and resume, one seed after the other
python -m tools.reliability soak               memory of some and of all lists of 2,000 and of 20,000 Droplets
python -m tools.reliability quota              how long a large account takes under the limits as they are
python -m tools.reliability first-sync         how long a first sync of every stream takes under them, after a check
python -m tools.reliability planted --runs 60  secrets planted in every answer, in every status, and harmless texts
python -m tools.reliability fuzz --examples 500    generated configurations, catalogs, states and answers
Each writes its result into docs/reliability.md, between the markers of its name. Traffic stays on loopback.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from integration_tests.connector import MAIN, configured, discover, run
from integration_tests.faults.account import SPEED
from integration_tests.faults.cases import CASES, PROMISES, rounds
from integration_tests.faults.killing import killing
from integration_tests.faults.planting import HARMLESS, STATUSES, leaks, read_harmless, read_planted
from integration_tests.faults.warm import Warm
from integration_tests.test_connect_kill_points import POINTS
from sandbox import Sandbox
from source_digitalocean_quolum.http.budget import BURST_SHARE, MINUTE, REQUESTS_PER_HOUR
from source_digitalocean_quolum.manifest import declared_streams

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reliability.md"
# How much longer than the limits dictate a sync may take.
_LONGER = 1.03
_LONGER_FIRST = 1.05
# Megabytes, at any size.
_MOST_MEMORY = 150
# Records after which it is looked at.
_LOOKED_AT = 1_000
# Droplets, volumes and what goes with them: long lists, and a list of children.
_SOAKED = ("droplets", "volumes", "actions", "snapshots", "images", "project_resources")


def write(name: str, text: str, page: Path = PAGE) -> None:
    """Put a result between its markers on the page."""
    before, start, rest = page.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    if not start or not end:
        raise ValueError(f"{page.name} has no place for {name}")
    page.write_text(f"{before}{start}{text}{end}{after}", encoding="utf-8")


# A list of their own for each of 2,000 Droplets, beside long lists.
_PACED = (*_SOAKED, "droplet_associated_resources")


def faults(page: Path = PAGE) -> None:
    """Write the table of faults."""
    runs = len(rounds("full")) + len(rounds("incremental"))
    hits = sum((case.full is not None) + (case.incremental is not None) for case in CASES)
    lines = [f"{len(CASES)} faults, {hits} hits on single streams, in {runs} syncs of all streams of the suite:", ""]
    lines += ["| Fault | First sync hits | Later sync hits | What stays correct |", "| --- | --- | --- | --- |"]
    for case in CASES:
        hit = [f"`{stream}`" if stream else "-" for stream in (case.full, case.incremental)]
        lines.append(f"| {case.name} | {hit[0]} | {hit[1]} | {PROMISES[case.promise]} |")
    write("faults", "\n".join(lines) + "\n", page)
    points(page)


def points(page: Path = PAGE) -> None:
    """Write the moments at which a run that renews its token is killed."""
    rows = [f"| {point.__name__.replace('_', ' ')} | {outcome} |" for point, outcome in POINTS]
    lines = [f"{len(rows)} points:", "", "| Killed | The grant |", "| --- | --- |", *rows]
    write("points", "\n".join(lines) + "\n", page)


def kill(runs: int) -> bool:
    """Run so many seeds; whether all ended equal to the server."""
    wrong: list[str] = []
    signals: Counter[str] = Counter()
    with killing() as account:
        for seed in range(runs):
            outcome = account.run(seed)
            signals.update(outcome.kills)
            if outcome.wrong:
                wrong.append(f"seed {seed} ({', '.join(outcome.kills)}): {', '.join(outcome.wrong)}")
                sys.stderr.write(wrong[-1] + "\n")
    kills = ", ".join(f"{count} {name}" for name, count in sorted(signals.items()))
    lines = [f"{runs} seeded runs with {sum(signals.values())} kills ({kills}): {runs - len(wrong)} ended equal to the"]
    lines += ["server.", *(f"- {one}" for one in wrong)]
    write("kill", "\n".join(lines) + "\n")
    return not wrong


def soak() -> bool:
    """Read 2,000 and 20,000 Droplets; whether no 429 was answered and memory stayed bounded.

    Some lists are read under DigitalOcean's limits times four, all of them without limits, and again a day later.
    """
    everything = tuple(declared_streams())
    all_lists = f", all {len(everything)} streams of lists"
    rows = [
        *_soaked(2_000, _SOAKED, ("",)),
        *_soaked(20_000, _SOAKED, ("",)),
        *_soaked(2_000, everything, (all_lists,), limit=10_000_000),
        *_soaked(20_000, everything, (all_lists, ", the next day"), limit=10_000_000),
    ]
    cells = [
        "| Droplets | records | requests | seconds | answered with 429 | peak memory |",
        "| --- | --- | --- | --- | --- | --- |",
        *("| " + " | ".join(cells) + " |" for cells, _ in rows),
    ]
    write("soak", "\n".join(cells) + "\n")
    return all(cells[4] == "0" and peak <= _MOST_MEMORY for cells, peak in rows)


def _soaked(
    droplets: int, streams: Sequence[str], syncs: Sequence[str], limit: int = 20_000
) -> Iterator[tuple[list[str], float]]:
    """A row of the table for each of these syncs, which follow one another by a day, and its peak memory."""
    with Sandbox(droplets=droplets, days=30, seed=4, rate_limit=limit) as sandbox:
        config = sandbox.config()
        catalog = configured(discover(config), *streams)
        state: list[Any] = []
        for which in syncs:
            sandbox.reset_requests()
            begun = time.monotonic()
            done = _measured(config, catalog, state)
            seconds = time.monotonic() - begun
            asked = sandbox.requests("/v2")
            limited = sum(request["status"] == 429 for request in asked)
            cells = [f"{droplets:,}{which}", f"{done.records:,}", f"{len(asked):,}", f"{seconds:.0f}", f"{limited}"]
            yield [*cells, f"{done.peak:.0f} MB"], done.peak
            state = done.state
            sandbox.advance(days=1)


def quota() -> bool:
    """Read 2,000 Droplets and a list of each under the real limits and latency; whether they were used and kept.

    A minute's requests may all be sent at its beginning: n of them take 60 s times (n - 1) // 250, and not less.
    """
    with Sandbox(droplets=2_000, days=30, seed=4, latency_ms=80, rate_limit=REQUESTS_PER_HOUR) as sandbox:
        config = sandbox.config()
        catalog = configured(discover(config), *_PACED, full_refresh=True)
        sandbox.reset_requests()
        done = _measured(config, catalog, [])
        asked = sandbox.requests("/v2")
    at = sorted(datetime.fromisoformat(request["time"]).timestamp() for request in asked)
    limited = sum(request["status"] == 429 for request in asked)
    taken, least = at[-1] - at[0], (len(at) - 1) // int(REQUESTS_PER_HOUR * BURST_SHARE) * MINUTE
    text = (
        f"{done.records:,} records in {len(at):,} requests, {limited} of them answered with 429: {taken:.0f} s from\n"
        f"the first to the last, where the limits allow {least:.0f} s ({taken / least:.3f} times as long); "
        f"peak memory {done.peak:.0f} MB.\n"
    )
    write("quota", text)
    return not limited and taken <= _LONGER * least


def planted(runs: int) -> bool:
    """Plant secrets in every answer, one seed after the other; whether none came out and every harmless text did."""
    found: list[str] = []
    records = 0
    with Sandbox(droplets=12, days=10, seed=3, rate_limit=6_000_000) as sandbox, Warm(SPEED) as warm:
        streams = discover(sandbox.config())
        for seed in range(runs):
            # Every other answer is a good one: records are where most secrets could go.
            status = 200 if seed % 2 else STATUSES[seed // 2 % len(STATUSES)]
            done = read_planted(warm, sandbox, streams, seed, status)
            records += len(done.of("RECORD"))
            found += [f"seed {seed}, HTTP {status}: ...{leak}" for leak in leaks(done)]
        harmless = read_harmless(warm, sandbox, streams)
        noted = [record["data"].get("note_of_tomorrow") for record in harmless.of("RECORD")]
        whole = sum(note == list(HARMLESS) for note in noted)
    sys.stderr.write("".join(f"{leak}\n" for leak in found))
    write(
        "planted",
        f"{runs} reads of all {len(streams)} streams with {records:,} records, secrets in about a third of all texts: "
        f"{len(found)} came out.\n{len(HARMLESS)} harmless texts in each of {whole:,} records: all came whole.\n",
    )
    return not found and whole > 0 and whole == sum(note is not None for note in noted)


def fuzz(examples: int) -> bool:
    """Run the fuzz tests with so many examples each; whether all hold."""
    command = [sys.executable, "-m", "pytest", "-q", "--timeout=0", "integration_tests/faults/test_fuzz.py"]
    environment = {**os.environ, "HYPOTHESIS_EXAMPLES": str(examples)}
    done = subprocess.run(command, cwd=PAGE.parents[1], env=environment, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    sys.stderr.write(done.stdout if done.returncode else "")
    verdict = "all ended as they should" if done.returncode == 0 else "not all ended as they should"
    write("fuzz", f"The last full count: {examples} examples for each of the five: {verdict}.\n")
    return done.returncode == 0


def first_sync() -> bool:
    """Check, and then read every stream for the first time, under the real limits; whether both were used and kept.

    The check has spent a part of the minute, of which the read knows nothing: the first burst may be answered with
    429s, as documented (nothing remaining, a reset an hour away). No wait may be longer than the minute then.
    """
    begin = (datetime.now(UTC) - timedelta(days=15)).strftime("%Y-%m-%dT00:00:00Z")
    # Its Insights have their samples before it starts: making them takes longer than the sync.
    with Sandbox(
        droplets=300, days=60, seed=4, latency_ms=40, rate_limit=REQUESTS_PER_HOUR, insights="start"
    ) as sandbox:
        config = sandbox.config(start_date=begin)
        streams = discover(config)
        sandbox.reset_requests()
        (checked,) = run("check", config=config).of("CONNECTION_STATUS")
        done = _measured(config, configured(streams), [])
        asked = sandbox.requests("/v2")
    at = sorted(datetime.fromisoformat(request["time"]).timestamp() for request in asked)
    limited = sum(request["status"] == 429 for request in asked)
    taken, least = at[-1] - at[0], (len(at) - limited - 1) // int(REQUESTS_PER_HOUR * BURST_SHARE) * MINUTE
    longest = max(after - before for before, after in pairwise(at))
    text = (
        f"{len(streams)} streams, {done.records:,} records in {len(at):,} requests, {limited} answered with 429: "
        f"{taken:.0f} s from the\nfirst to the last, where the limits allow {least:.0f} s ({taken / least:.3f} times "
        f"as long); the longest silence was {longest:.0f} s.\n"
    )
    write("first-sync", text)
    return checked["status"] == "SUCCEEDED" and taken <= _LONGER_FIRST * least and longest <= MINUTE + 1


@dataclass(frozen=True)
class _Measured:
    records: int
    # Of the process' resident memory, in MB.
    peak: float
    # As a host would hand it to the next sync.
    state: list[Any]


def _measured(config: dict[str, Any], catalog: dict[str, Any], state: list[Any]) -> _Measured:
    records, peak, states, failures = 0, 0.0, {}, []
    with tempfile.TemporaryDirectory() as folder:
        options = []
        for name, content in (("config", config), ("catalog", catalog), ("state", state)):
            path = Path(folder) / f"{name}.json"
            path.write_text(json.dumps(content), encoding="utf-8")
            options += [f"--{name}", str(path)]
        command = [sys.executable, str(MAIN), "read", *options]
        # As in the image (Dockerfile).
        settings = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "131072"}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **settings})  # noqa: S603
        for line in process.stdout or ():
            if line.startswith(b'{"type":"RECORD"'):
                records += 1
                if records % _LOOKED_AT == 0:
                    peak = max(peak, _peak(process.pid))
            elif line.startswith(b'{"type":"STATE"'):
                one = json.loads(line)["state"]
                states[one["stream"]["stream_descriptor"]["name"]] = {"type": "STREAM", "stream": one["stream"]}
            elif line.startswith(b'{"type":"TRACE"') and (failure := json.loads(line)["trace"].get("error")):
                failures.append(failure["message"])
    if process.wait():
        raise RuntimeError(f"the read ended with exit code {process.returncode}: {' | '.join(failures)}")
    return _Measured(records, peak, list(states.values()))


def _peak(pid: int) -> float:
    """The peak of resident memory until now; 0 of a process that has ended.

    What `wait4` says of it would begin with that of the process that forked it.
    """
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    known = status.partition("VmHWM:")[2].split()
    return int(known[0]) / 1024 if known else 0.0


def main(arguments: list[str] | None = None) -> int:
    """Run one of the full counts; 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="tools.reliability", description="The full counts of docs/reliability.md.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("faults", help="the table of faults")
    commands.add_parser("kill", help="kill and resume").add_argument("--runs", type=int, default=300)
    commands.add_parser("soak", help="memory of a large account")
    commands.add_parser("quota", help="the limits of a large account")
    commands.add_parser("first-sync", help="the limits of a first sync of every stream")
    commands.add_parser("planted", help="secrets in every answer").add_argument("--runs", type=int, default=60)
    commands.add_parser("fuzz", help="generated input").add_argument("--examples", type=int, default=500)
    options = parser.parse_args(arguments)
    if options.command == "faults":
        faults()
        return 0
    kept = {"kill": lambda: kill(options.runs), "soak": soak, "quota": quota, "first-sync": first_sync}
    kept |= {"planted": lambda: planted(options.runs), "fuzz": lambda: fuzz(options.examples)}
    return int(not kept[options.command]())


if __name__ == "__main__":
    sys.exit(main())
