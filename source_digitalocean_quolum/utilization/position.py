"""Where a utilization stream goes on: the cursor and the gaps of its incoming state."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from airbyte_cdk.models import AirbyteStateMessage

from source_digitalocean_quolum.utilization.gaps import Gap, read_gaps
from source_digitalocean_quolum.utilization.times import parse_time
from source_digitalocean_quolum.utilization.windows import round_down, round_up

CURSOR_FIELD = "interval_start"


@dataclass(frozen=True)
class Position:
    """The start of the first interval that has not been read (UNIX seconds), and what is missing before it.

    `problem` says why an incoming state is not gone on from. Without a state the start is the start date's, which may
    lie in the future.
    """

    start: int
    gaps: tuple[Gap, ...] = ()
    has_state: bool = False
    problem: str = ""


def find_position(
    stream: str, config: Mapping[str, Any], state: Iterable[AirbyteStateMessage], interval: int, now: float
) -> Position:
    """Where a stream goes on: its state, else the start date, else the first day of the previous month.

    A time inside an interval (the interval's length was changed) means that interval again.
    """
    for message in state:
        if message.stream and message.stream.stream_descriptor.name == stream and message.stream.stream_state:
            return _read_state(vars(message.stream.stream_state), config, interval, now)
    return _begin(config, interval, now)


def _read_state(state: Mapping[str, Any], config: Mapping[str, Any], interval: int, now: float) -> Position:
    try:
        start = round_down(parse_time(str(state.get(CURSOR_FIELD))), interval)
    except ValueError:
        # All streams' states are judged, and this is told, before any is read (state.py).
        return _begin(config, interval, now)
    try:
        found = read_gaps(state)
    except ValueError as problem:
        return replace(_begin(config, interval, now), problem=str(problem))
    aligned = (
        replace(gap, start=round_down(gap.start, interval), end=min(round_up(gap.end, interval), start))
        for gap in found
    )
    return Position(start, tuple(gap for gap in aligned if gap.start <= gap.end), has_state=True)


def _begin(config: Mapping[str, Any], interval: int, now: float) -> Position:
    if config.get("start_date"):
        return Position(round_down(parse_time(config["start_date"]), interval))
    this_month = datetime.fromtimestamp(now, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return Position(round_down((this_month - timedelta(days=1)).replace(day=1).timestamp(), interval))
