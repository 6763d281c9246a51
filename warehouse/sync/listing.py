"""What `--list-streams` and `--plan` print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.sync.selection import known_streams
from warehouse.sync.text import duration, output_width, shortened, table, wrapped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from warehouse.sync.history import LastSync
    from warehouse.sync.plan import StreamPlan

# API reference, "Rate limit".
_PER_MINUTE, _PER_HOUR = 250, 5_000


def streams_text(discovered: Sequence[Mapping[str, Any]], width: int | None = None) -> str:
    """Return the streams by product, the recommended ones marked."""
    known, width = known_streams(), width or output_width()
    by_product: dict[str, list[Mapping[str, Any]]] = {}
    for stream in discovered:
        by_product.setdefault(known.product_of(str(stream["name"])), []).append(stream)
    lines = wrapped(
        "* is recommended: --streams recommended is the default. A heading is a name for --streams, too.", width
    )
    for product, streams in by_product.items():
        lines += ["", product]
        for stream in streams:
            mark = "*" if stream["name"] in known.recommended else " "
            mode = "incremental" if "incremental" in (stream.get("supported_sync_modes") or ()) else "full refresh"
            lines.append(shortened(f"{mark} {stream['name']:<34}{mode}", width))
    return "\n".join(lines)


def plan_text(plans: Sequence[StreamPlan], known: Mapping[str, LastSync], target: str, width: int | None = None) -> str:
    """Return what a sync is to take: as the last one of each stream did, and in words where there was none."""
    width = width or output_width()
    rows = [_cells(plan, known.get(plan.name)) for plan in plans]
    lines = [*wrapped(f"{len(plans)} streams into {target}. Nothing was read.", width), ""]
    lines += table(
        ("stream", "mode", "rows", "requests"),
        rows,
        right=frozenset({"rows"}),
        spare=("mode",),
        width=width,
    )
    counted = [known[plan.name] for plan in plans if plan.name in known]
    requests = sum(one.requests or 0 for one in counted)
    lines.append("")
    if counted:
        lines += wrapped(
            f"As in the last sync of {len(counted)} streams: {sum(one.rows for one in counted):,} rows with "
            f"{requests:,} requests, {minutes(requests)} at DigitalOcean's limits.",
            width,
        )
    if unknown := len(plans) - len(counted):
        lines += wrapped(
            f"Never synced into this warehouse: {unknown} of them. The table says how their requests are counted. "
            "For utilization the connector tells a number when a sync starts.",
            width,
        )
    lines += wrapped(f"The limits are {_PER_MINUTE} requests a minute and {_PER_HOUR:,} an hour for each token.", width)
    return "\n".join(lines)


def minutes(requests: int) -> str:
    """Return how long requests take where nothing else limits them than DigitalOcean does."""
    if requests <= _PER_MINUTE:
        return "less than a minute"
    hours = (requests - 1) // _PER_HOUR
    return duration(hours * 3600 + (requests - hours * _PER_HOUR) / _PER_MINUTE * 60)


def _cells(plan: StreamPlan, last: LastSync | None) -> list[str]:
    mode = "incremental" if plan.incremental and plan.write != "replace" else "full refresh"
    if last is None:
        return [plan.name, mode, "?", known_streams().requests_of(plan.name)]
    return [plan.name, mode, f"{last.rows:,}", "0" if last.requests is None else f"{last.requests:,}"]
