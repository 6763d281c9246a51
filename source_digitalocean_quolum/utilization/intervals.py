"""Samples to closed intervals: clean what a server may send, counters to rates, modes to percent, then the figures."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

# Two samples of a counter that are further apart tell nothing about the time in between: a gap. DigitalOcean
# samples every 60 or 120 s; this is the look-back of Prometheus too.
LONGEST_STEP = 300.0

Sample = tuple[float, float]


@dataclass(frozen=True, slots=True)
class IntervalStatistics:
    """One interval of one series: UNIX seconds of its start, and the figures over its samples."""

    start: int
    average: float
    minimum: float
    maximum: float
    last: float
    samples: int


def clean(values: Iterable[Sequence[Any]]) -> list[Sample]:
    """Samples in order of time, each time once, without what is no number.

    `values` are Prometheus' pairs [UNIX seconds, "number"]. NaN and infinities are left out: nothing is known
    at that time. Of two samples with one time the later in the answer counts. What is no pair is left out too.
    """
    samples: list[Sample] = []
    before = -math.inf
    ordered = True
    for pair in values:
        try:
            time, value = float(pair[0]), float(pair[1])
        except (TypeError, ValueError, IndexError, KeyError):
            continue
        if not (math.isfinite(value) and math.isfinite(time)):
            continue
        ordered = ordered and time > before
        before = time
        samples.append((time, value))
    return samples if ordered else sorted(dict(samples).items())


def merged(parts: Sequence[list[Sample]]) -> list[Sample]:
    """The samples of several parts of one series, in order of time."""
    if len(parts) == 1:
        return parts[0]
    union: dict[float, float] = {}
    for part in parts:
        union.update(part)
    return sorted(union.items())


def rates(samples: Sequence[Sample]) -> list[Sample]:
    """A counter as its rate per second, at each sample since the one before.

    As Prometheus' irate(): a counter that went down began again at zero. Across a gap there is no rate.
    """
    found = []
    for (before, old), (now, new) in pairwise(samples):
        if 0 < now - before <= LONGEST_STEP:
            found.append((now, (new - old if new >= old else new) / (now - before)))
    return found


def busy(modes: Mapping[str, Sequence[Sample]], idle: str) -> list[Sample]:
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
    """The figures of each interval in [start, end) that has samples; a sample belongs to [interval, interval + length).

    An interval without samples is a gap: nothing is yielded for it.
    """
    current: list[float] = []
    at = start
    for time, value in samples:
        if time < start or time >= end:
            continue
        if time >= at + interval:
            if current:
                yield _figures(at, current, scale)
                current = []
            at = start + int((time - start) // interval) * interval
        current.append(value)
    if current:
        yield _figures(at, current, scale)


def _figures(start: int, values: list[float], scale: float) -> IntervalStatistics:
    average = math.fsum(values) / len(values)
    low, high = min(values), max(values)
    return IntervalStatistics(start, average * scale, low * scale, high * scale, values[-1] * scale, len(values))
