"""Samples to closed intervals: counters to rates, modes to percent, then the statistics of each interval."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from source_digitalocean_quolum.utilization.samples import Sample

# Counters are looked at twice a minute, as in the query to Insights (promql.py): DigitalOcean samples once a minute at
# most. A sample whose predecessor lies further back than this from the end of its half minute has no rate: a gap.
RESOLUTION = 30
LOOK_BACK = 330
# Two samples of a processor's modes that are further apart tell nothing about the time in between.
LONGEST_STEP = 300.0


@dataclass(frozen=True, slots=True)
class IntervalStatistics:
    """One interval of one series: UNIX seconds of its start, and the statistics over its samples."""

    start: int
    average: float
    minimum: float
    maximum: float
    last: float
    samples: int


def merge_samples(parts: Sequence[list[Sample]]) -> list[Sample]:
    """The samples of several parts of one series, in order of time."""
    if len(parts) == 1:
        return parts[0]
    union: dict[float, float] = {}
    for part in parts:
        union.update(part)
    return sorted(union.items())


def compute_rates(samples: Sequence[Sample]) -> list[Sample]:
    """A counter as its rate per second, at each sample since the one before.

    As the query to Insights has it, so that both sources agree to the last sample: a counter that went down began again
    at zero; of several samples in one half minute the last one counts; there is no rate across a gap, and none in the
    half minute in which a series begins.
    """
    found: list[Sample] = []
    earlier = -math.inf
    for index in range(1, len(samples)):
        (before, old), (now, new) = samples[index - 1], samples[index]
        step = now // RESOLUTION * RESOLUTION
        if before < step:
            earlier = before
        is_last = index + 1 == len(samples) or samples[index + 1][0] >= step + RESOLUTION
        if is_last and earlier >= step + RESOLUTION - LOOK_BACK:
            # UNIX seconds as a float are known to a quarter of a microsecond; samples have whole milliseconds.
            passed = round((now - before) * 1000) / 1000
            found.append((now, (new - old if new >= old else new) / passed))
    return found


def compute_used_percent(whole: Sequence[Sample], left: Sequence[Sequence[Sample]]) -> list[Sample]:
    """Percent of a whole that is in use, at each time at which it and all that is left of it are known."""
    columns = [dict(samples) for samples in left]
    return [
        (time, 100.0 * (1 - math.fsum(column[time] for column in columns) / size))
        for time, size in whole
        if size > 0 and all(time in column for column in columns)
    ]


def compute_busy_percent(modes: Mapping[str, Sequence[Sample]], idle: Sequence[str]) -> list[Sample]:
    """Percent of the time in which processors worked, at each sample since the one before.

    `modes` are counters of CPU-seconds by mode, over all cores; `idle` the modes in which a processor does nothing, of
    which the first must be there. If one of them went down the machine was restarted and all began again at zero. A
    time at which a mode is missing is left out.
    """
    if idle[0] not in modes:
        return []
    columns = [dict(samples) for samples in modes.values()]
    idle_at = [place for place, mode in enumerate(modes) if mode in idle]
    times = sorted(set(columns[0]).intersection(*columns[1:]))
    found = []
    for before, now in pairwise(times):
        if now - before > LONGEST_STEP:
            continue
        old = [column[before] for column in columns]
        new = [column[now] for column in columns]
        restarted = any(b < a for a, b in zip(old, new, strict=True))
        spent = new if restarted else [b - a for a, b in zip(old, new, strict=True)]
        total = math.fsum(spent)
        if total > 0:
            found.append((now, min(100.0, max(0.0, 100.0 * (1 - math.fsum(spent[at] for at in idle_at) / total)))))
    return found


def aggregate(
    samples: Sequence[Sample], start: int, end: int, interval: int, scale: float = 1
) -> Iterator[IntervalStatistics]:
    """The statistics of each interval in [start, end) with samples; an interval does not include its own end.

    An interval without samples is a gap: nothing is yielded for it.
    """
    current: list[float] = []
    at = start
    for time, value in samples:
        if time < start or time >= end:
            continue
        if time >= at + interval:
            if current:
                yield _summarize(at, current, scale)
                current = []
            at = start + int((time - start) // interval) * interval
        current.append(value)
    if current:
        yield _summarize(at, current, scale)


def _summarize(start: int, values: list[float], scale: float) -> IntervalStatistics:
    average = math.fsum(values) / len(values)
    low, high = min(values), max(values)
    return IntervalStatistics(start, average * scale, low * scale, high * scale, values[-1] * scale, len(values))
