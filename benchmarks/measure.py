"""Runs commands in turns against a server in a process of its own, and takes what they cost."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.contestants import ROOT, Contestant

Figures = dict[str, float]

# Everyone runs with the C library's memory settings of the connector's image (Dockerfile).
MEMORY_SETTINGS = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "131072"}


class Server:
    """Its base URL, and how often it was asked."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.base = f"http://127.0.0.1:{self._line()}"

    def requests(self) -> int:
        """Requests since the last call."""
        if self._process.stdin is None:
            raise RuntimeError("no pipe")
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._line())

    def _line(self) -> str:
        return self._process.stdout.readline().strip() if self._process.stdout else ""


@contextmanager
def server(*arguments: object) -> Iterator[Server]:
    """benchmarks.server with these arguments, for the length of a `with` block."""
    command = [sys.executable, "-m", "benchmarks.server", *map(str, arguments)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
    try:
        yield Server(process)
    finally:
        process.communicate()


def measured(command: list[str], *, first_record: bool = False) -> Figures:
    """Wall and CPU seconds, peak of resident memory in MB and RECORD lines of one command, whose output is drained.

    A process counts what it was forked from into its peak: this one has to stay smaller than all of them.
    """
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, **MEMORY_SETTINGS}
    )
    output, records = process.stdout, 0
    if output is None:
        raise RuntimeError("no pipe")
    if first_record:
        for line in output:
            if line.startswith(b'{"type":"RECORD"'):
                process.kill()
                break
    # A line's beginning that falls between two pieces is not counted: records of others are for comparison only.
    while piece := output.read(1 << 20):
        records += piece.count(b'{"type":"RECORD"')
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode and not first_record:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    cpu = usage.ru_utime + usage.ru_stime
    wall = time.perf_counter() - begun
    return {"wall": wall, "cpu": cpu, "memory": usage.ru_maxrss / 1024, "lines": records}


def compare(
    everyone: Sequence[Contestant], full: Sequence[object], empty: Sequence[object], runs: int
) -> dict[str, Figures]:
    """Medians by contestant of reading the `full` server; `net` is the CPU above that of the `empty` one."""
    taken: defaultdict[str, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory() as folder, server(*full) as whole, server(*empty) as bare:
        for turn in range(runs):
            # In turns, so that a busy minute of the machine falls on everyone.
            shift = turn % len(everyone)
            for one in [*everyone[shift:], *everyone[:shift]]:
                places = [Path(folder) / f"{everyone.index(one)}-{turn}" / name for name in ("nothing", "account")]
                for place in places:
                    place.mkdir(parents=True)
                nothing = measured(one.command(bare.base, places[0]))
                whole.requests()
                figures = measured(one.command(whole.base, places[1]))
                figures |= {"net": figures["cpu"] - nothing["cpu"], "requests": whole.requests()}
                for name, value in figures.items():
                    taken[one.name][name].append(value)
    return {
        name: {figure: statistics.median(values) for figure, values in figures.items()}
        for name, figures in taken.items()
    }
