"""What the operator sees while a sync runs: lines with their time, a live view on a terminal, or errors only."""

from __future__ import annotations

import os
import re
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self, TextIO

from warehouse.sync.text import counted, duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from warehouse.sync.engine import StreamRun

_SHOWN_LEVELS = frozenset({"WARN", "ERROR", "FATAL"})
# What the connector has to say of the price of a sync.
_PRICE = re.compile(r"Utilization will take ")
_LINE_EVERY_SECONDS = 10.0
_MOST_STREAMS = 8


class PlainProgress:
    """Lines with their time: where the sync is, when a stream begins and ends, and the connector's warnings."""

    def __init__(self, redact: Callable[[str], str], stream: TextIO, *, quiet: bool) -> None:
        self._redact = redact
        self._stream = stream
        self._quiet = quiet
        self._told: dict[str, tuple[str, float]] = {}
        self._runs: Mapping[str, StreamRun] = {}
        self._began = time.monotonic()
        self._phase = ""
        self._requests = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the view: what follows it is printed below."""
        self._stream.flush()

    def watch(self, runs: Mapping[str, StreamRun]) -> None:
        """Show these streams from now on."""
        self._runs = runs

    def phase(self, text: str) -> None:
        """Tell what is done now, before the streams are read."""
        self._phase = text
        self.tell(text)

    def count_requests(self, total: int) -> None:
        """Show how many requests the connector has made so far."""
        self._requests = total

    def changed(self, run: StreamRun) -> None:
        """Print a line when a stream begins, ends or waits, and every ten seconds in between."""
        state = state_of(run)
        before, when = self._told.get(run.plan.name, ("", 0.0))
        now = time.monotonic()
        if _without_numbers(state) == before and now - when < _LINE_EVERY_SECONDS:
            return
        self._told[run.plan.name] = (_without_numbers(state), now)
        self.tell(f"{run.plan.name}: {state}{self._position(run)}")

    def say(self, level: str, text: str) -> None:
        """Print a warning, an error or a price; the connector's other messages are its own business."""
        if level in _SHOWN_LEVELS and not (self._quiet and level == "WARN"):
            self._print(f"{level}: {text}")
        elif _PRICE.match(text):
            self.tell(text)

    def tell(self, text: str) -> None:
        """Print a line of this host's own."""
        if not self._quiet:
            self._print(text)

    def _print(self, text: str) -> None:
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        print(stamp, self._redact(text), file=self._stream, flush=True)

    def _position(self, run: StreamRun) -> str:
        if not self._runs or not _has_ended(run):
            return ""
        requests = f", {counted(self._requests, 'request')}" if self._requests else ""
        return f" ({self._ended()} of {counted(len(self._runs), 'stream')}{requests})"

    def _ended(self) -> int:
        return sum(_has_ended(run) for run in self._runs.values())


class LiveProgress(PlainProgress):
    """A view on a terminal that is redrawn in place: how far the sync is, and the streams at work."""

    def __init__(self, redact: Callable[[str], str], stream: TextIO) -> None:
        super().__init__(redact, stream, quiet=False)
        from rich.console import Console  # noqa: PLC0415
        from rich.live import Live  # noqa: PLC0415

        # Rich leaves out colours only; see https://no-color.org.
        self._emphasis = "" if os.environ.get("NO_COLOR") else "bold"
        self._console = Console(file=stream, highlight=False, emoji=False)
        self._live = Live(console=self._console, refresh_per_second=4, get_renderable=self._view, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def close(self) -> None:
        """Remove the view; the lines above it stay."""
        self._live.stop()

    def phase(self, text: str) -> None:
        """Show it in the view's first line."""
        self._phase = text
        self._live.refresh()

    def changed(self, run: StreamRun) -> None:
        """Give a stream that ended a line of its own; the view shows the others."""
        if _has_ended(run):
            super().changed(run)

    def _print(self, text: str) -> None:
        self._console.print(self._redact(text), markup=False)

    def _view(self) -> Any:
        from rich.text import Text  # noqa: PLC0415

        elapsed = duration(time.monotonic() - self._began)
        if not self._runs:
            return Text(f"{elapsed}: {self._phase} …", style=self._emphasis, no_wrap=True, overflow="ellipsis")
        running = [run for run in self._runs.values() if run.status == "running"]
        lines = [f"{run.plan.name}: {state_of(run)}" for run in running[:_MOST_STREAMS]]
        if len(running) > _MOST_STREAMS:
            lines.append(f"… and {len(running) - _MOST_STREAMS} more at work")
        view = Text(no_wrap=True, overflow="ellipsis")
        view.append(f"{self._totals()}, {elapsed}", style=self._emphasis)
        return view.append("".join(f"\n{self._redact(line)}" for line in lines))

    def _totals(self) -> str:
        runs = self._runs.values()
        requests = max(self._requests, sum(run.requests or 0 for run in runs))
        rows = counted(sum(run.rows for run in runs), "row")
        asked = f", {counted(requests, 'request')}" if requests else ""
        return f"{self._ended()} of {counted(len(runs), 'stream')}, {rows}{asked}"


def state_of(run: StreamRun) -> str:
    """Return in a few words what a stream does, or what it waits for."""
    rows = counted(run.rows, "row")
    if _has_ended(run):
        return f"{run.status}, {rows}, {duration(run.seconds)}"
    waits = run.waits_until - time.time()
    if waits > 0:
        return f"waits for DigitalOcean's rate limit, {duration(waits)}"
    return f"{run.status}, {rows}" + (f", {run.spool.rows:,} to be landed" if run.spool.rows else "")


def open_progress(redact: Callable[[str], str], *, quiet: bool) -> PlainProgress:
    """Return the view that suits stderr; a terminal that cannot move its cursor gets lines."""
    if not quiet and sys.stderr.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}:
        return LiveProgress(redact, sys.stderr)
    return PlainProgress(redact, sys.stderr, quiet=quiet)


def _has_ended(run: StreamRun) -> bool:
    return run.status in {"complete", "incomplete"}


def _without_numbers(state: str) -> str:
    return re.sub(r"[\d,]+", "", state)
