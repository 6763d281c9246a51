"""What the operator sees while a sync runs: plain lines, a live view on a terminal, or errors only."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Self, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

    from warehouse.sync.engine import StreamRun

_SHOWN_LEVELS = frozenset({"WARN", "ERROR", "FATAL"})
_LINE_EVERY_SECONDS = 10.0


class PlainProgress:
    """One line when a stream begins and ends, one every ten seconds between, and the connector's warnings."""

    def __init__(self, redact: Callable[[str], str], stream: TextIO, *, quiet: bool) -> None:
        self._redact = redact
        self._stream = stream
        self._quiet = quiet
        self._told: dict[str, tuple[str, float]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.flush()

    def changed(self, run: StreamRun) -> None:
        """Print a line when the status changed, or when the last one is old."""
        status, when = self._told.get(run.plan.name, ("", 0.0))
        now = time.monotonic()
        if run.status == status and now - when < _LINE_EVERY_SECONDS:
            return
        self._told[run.plan.name] = (run.status, now)
        if not self._quiet:
            self._print(f"{run.plan.name}: {run.status}, {run.rows:,} rows landed, {run.spool.rows:,} waiting")

    def say(self, level: str, text: str) -> None:
        """Print a warning or an error; the connector's other messages are its own business."""
        if level in _SHOWN_LEVELS and not (self._quiet and level == "WARN"):
            self._print(f"{level}: {text}")

    def tell(self, text: str) -> None:
        """Print a line of this host's own."""
        if not self._quiet:
            self._print(text)

    def _print(self, text: str) -> None:
        print(self._redact(text), file=self._stream, flush=True)


class LiveProgress(PlainProgress):
    """A view on a terminal that is redrawn in place: the streams at work, and how many have ended."""

    def __init__(self, redact: Callable[[str], str], stream: TextIO) -> None:
        super().__init__(redact, stream, quiet=False)
        from rich.console import Console  # noqa: PLC0415
        from rich.live import Live  # noqa: PLC0415

        self._runs: dict[str, StreamRun] = {}
        self._console = Console(file=stream, highlight=False)
        self._live = Live(console=self._console, refresh_per_second=4, get_renderable=self._view, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def changed(self, run: StreamRun) -> None:
        """Remember the stream for the next redraw; a stream that ended gets a line of its own."""
        self._runs[run.plan.name] = run
        if run.status in {"complete", "incomplete"}:
            super().changed(run)

    def _print(self, text: str) -> None:
        self._console.print(self._redact(text), markup=False)

    def _view(self) -> Any:
        from rich.table import Table  # noqa: PLC0415

        table = Table(box=None, pad_edge=False)
        for heading in ("stream", "landed", "waiting", "state"):
            table.add_column(heading, justify="right" if heading in {"landed", "waiting"} else "left")
        runs = list(self._runs.values())
        for run in runs:
            if run.status == "running":
                state = "committed" if run.commits else "-"
                table.add_row(run.plan.name, f"{run.rows:,}", f"{run.spool.rows:,}", state)
        ended = sum(run.status != "running" for run in runs)
        table.caption = f"{ended} streams ended, {sum(run.rows for run in runs):,} rows landed"
        return table


def open_progress(redact: Callable[[str], str], *, quiet: bool) -> PlainProgress:
    """Return the view that suits stderr."""
    if not quiet and sys.stderr.isatty():
        return LiveProgress(redact, sys.stderr)
    return PlainProgress(redact, sys.stderr, quiet=quiet)
