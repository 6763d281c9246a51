"""The result of a local sync: the table at the end and the JSON report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from warehouse.sync.engine import StreamRun

_HEADINGS = ("stream", "mode", "rows", "seconds", "status", "requests")
_RIGHT_ALIGNED = frozenset({"rows", "seconds", "requests"})


def stream_entry(run: StreamRun) -> dict[str, Any]:
    """Return one stream of the report: `rows` landed, `seconds` of wall time, `requests` when known."""
    return {
        "name": run.plan.name,
        "mode": run.plan.mode,
        "rows": run.rows,
        "seconds": round(run.seconds, 3),
        "status": run.status,
        "requests": run.requests,
        "error": run.error,
    }


def table_text(runs: Iterable[StreamRun]) -> str:
    """Return the final table as text; the error of a stream that failed follows below it."""
    runs = list(runs)
    lines = [_cells(run) for run in runs]
    widths = [max(len(line[index]) for line in [_HEADINGS, *lines]) for index in range(len(_HEADINGS))]
    text = [_row(_HEADINGS, widths), _row(["-" * width for width in widths], widths)]
    text += [_row(line, widths) for line in lines]
    text += [f"{run.plan.name}: {run.error}" for run in runs if run.error]
    return "\n".join(text)


def _cells(run: StreamRun) -> list[str]:
    requests = "" if run.requests is None else f"{run.requests:,}"
    return [run.plan.name, run.plan.mode, f"{run.rows:,}", f"{run.seconds:.1f}", run.status, requests]


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(
        cell.rjust(width) if heading in _RIGHT_ALIGNED else cell.ljust(width)
        for heading, cell, width in zip(_HEADINGS, cells, widths, strict=True)
    ).rstrip()
