"""Samples to closed intervals: counters to rates, modes to percent, then the statistics of each interval."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from source_digitalocean_quolum.utilization.samples import Sample

# Two samples of a counter that are further apart tell nothing about the time in between: a gap. DigitalOcean
# samples every 60 or 120 s; this is the look-back of Prometheus too.
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

    As Prometheus' irate(): a counter that went down began again at zero. Across a gap there is no rate.
    """
    found = []
    for (before, old), (now, new) in pairwise(samples):
        if 0 < now - before <= LONGEST_STEP:
            found.append((now, (new - old if new >= old else new) / (now - before)))
    return found


def compute_busy_percent(modes: Mapping[str, Sequence[Sample]], idle: str) -> list[Sample]:
    """Percent of the time that was not idle, at each sample since the one before.

    `modes` are counters of CPU-seconds by mode, over all cores. If one of them went down the machine was
    restarted and all began again at zero. A time at which a mode is missing is left out.
    """
    if idle not in modes:
        return []
    columns = [dict(samples) for samples in modes.values()]
    idle_at = list(modes).index(idle)
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
            found.append((now, min(100.0, max(0.0, 100.0 * (1 - spent[idle_at] / total)))))
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
