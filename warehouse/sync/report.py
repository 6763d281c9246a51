"""The result of a local sync: the table and the totals at the end, and the JSON report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.sync.text import counted, duration, output_width, table, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.sync.engine import StreamRun

_HEADINGS = ("stream", "mode", "rows", "seconds", "status", "requests")
_RIGHT_ALIGNED = frozenset({"rows", "seconds", "requests"})
_SPARE = ("mode", "seconds", "requests")


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
        "warnings": run.warnings,
    }


def result_text(runs: Sequence[StreamRun], seconds: float, width: int | None = None) -> str:
    """Return the final table; below it the error of each stream that failed, and the totals."""
    width = width or output_width()
    rows = [_cells(run) for run in runs]
    lines = table(_HEADINGS, rows, right=_RIGHT_ALIGNED, spare=_SPARE, width=width)
    lines += [line for run in runs if run.error for line in wrapped(f"{run.plan.name}: {run.error}", width)]
    complete = sum(run.status == "complete" for run in runs)
    requests = sum(run.requests or 0 for run in runs)
    lines += wrapped(
        f"{complete} of {counted(len(runs), 'stream')} complete: {counted(sum(run.rows for run in runs), 'row')}"
        f" with {counted(requests, 'request')} in {duration(seconds)}.",
        width,
    )
    return "\n".join(lines)


def _cells(run: StreamRun) -> list[str]:
    requests = "" if run.requests is None else f"{run.requests:,}"
    return [run.plan.name, run.plan.mode, f"{run.rows:,}", f"{run.seconds:.1f}", run.status, requests]
