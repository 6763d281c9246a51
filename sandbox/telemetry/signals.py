"""What is measured: gauges, counters, and figures that follow from them, over a window of one resource's samples."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from sandbox.telemetry.timeline import LONGEST_STEP, Timeline
from sandbox.telemetry.waves import STEP, Floats, Wave

Sample = tuple[int, float]


class Signal(Protocol):
    """Anything with a value at each moment of a frame; NaN where there is none."""

    def column(self, frame: "Frame") -> Floats:
        """The values on the frame's grid."""
        ...


class Frame:
    """A window of one resource: its grid of moments, which of them have a sample, and the columns computed so far.

    The grid begins early enough for the first sample of the window to look back at the one before it.
    """

    def __init__(self, timeline: Timeline, start: float, end: float) -> None:
        self.first, self.count = timeline.grid(start - LONGEST_STEP, end)
        self.times = self.first + STEP * np.arange(self.count, dtype=np.int64)
        self.present = timeline.present(self.first, self.count)
        self.boots = timeline.boots(self.first, self.count)
        self._shown = self.present & (self.times >= start)
        self._columns: dict[int, tuple[Signal, Floats]] = {}

    def column(self, signal: Signal) -> Floats:
        """A signal on this grid, computed once."""
        known = self._columns.get(id(signal))
        if known is None:
            # The signal is kept with its column: its id may not pass to another one.
            known = self._columns[id(signal)] = signal, signal.column(self)
        return known[1]

    def samples(self, signal: Signal) -> list[Sample]:
        """The samples of the window, in order of time."""
        column = self.column(signal)
        shown = self._shown & ~np.isnan(column)
        return list(zip(self.times[shown].tolist(), column[shown].tolist(), strict=True))

    @cached_property
    def previous(self) -> tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
        """Whether a moment has a sample at most 300 s before it, and where on the grid that is."""
        places = np.arange(self.count, dtype=np.int64)
        latest = np.maximum.accumulate(np.where(self.present, places, -1)) if self.count else places
        before = np.concatenate(([-1], latest[:-1])) if self.count else places
        known = (before >= 0) & ((places - before) * STEP <= LONGEST_STEP)
        return known, np.where(known, before, 0)


@dataclass(eq=False)
class Gauge:
    """A figure that goes up and down, rounded to `digits` decimals."""

    wave: Wave
    digits: int = 0

    def column(self, frame: Frame) -> Floats:
        """See Signal."""
        return np.round(self.wave.at(frame.first, frame.count), self.digits)


@dataclass(eq=False)
class Constant:
    """A figure that never changes."""

    value: float

    def column(self, frame: Frame) -> Floats:
        """See Signal."""
        return np.full(frame.count, float(self.value))


@dataclass(eq=False)
class Counter:
    """What has come together since the last reboot at the pace of a wave (units a second), rounded to `digits`."""

    wave: Wave
    digits: int = 0

    def column(self, frame: Frame) -> Floats:
        """See Signal."""
        values = self.wave.integral_at(frame.first, frame.count)
        for boot in np.unique(frame.boots).tolist():
            here = frame.boots == boot
            values[here] -= self.wave.integral_until(boot)
        return np.round(values, self.digits)


@dataclass(eq=False)
class Idle:
    """The CPU seconds that no other mode took of all those `cores` had since the reboot, to the hundredth."""

    cores: int
    others: Sequence[Signal]

    def column(self, frame: Frame) -> Floats:
        """See Signal."""
        left = self.cores * (frame.times - frame.boots).astype(np.float64)
        for other in self.others:
            left = left - frame.column(other)
        return np.round(left, 2)


@dataclass(eq=False)
class Busy:
    """Percent of the CPU seconds between two samples in which a core worked: none of the `idle` modes.

    If any mode's counter is lower than at the sample before, all began again at zero and count from there.
    """

    modes: Sequence[Signal]
    idle: Sequence[Signal]

    def column(self, frame: Frame) -> Floats:
        """See Signal."""
        known, before = frame.previous
        columns = [frame.column(mode) for mode in self.modes]
        restarted = np.zeros(frame.count, dtype=np.bool_)
        for column in columns:
            restarted |= column < column[before]
        spent = [np.where(restarted, column, column - column[before]) for column in columns]
        total = np.sum(spent, axis=0)
        places = [id(mode) for mode in self.modes]
        idle = np.sum([spent[places.index(id(mode))] for mode in self.idle], axis=0)
        usable = known & (total > 0)
        return np.where(usable, 100.0 * (1.0 - idle / np.where(usable, total, 1.0)), np.nan)


@dataclass(eq=False)
class Rate:
    """A counter's growth a second since the sample before, times `scale`; after a reset it grew from zero."""

    counter: Signal
    scale: float = 1.0

    def column(self, frame: Frame) -> Floats:
        """See Signal."""
        known, before = frame.previous
        column = frame.column(self.counter)
        old = column[before]
        grown = np.where(column >= old, column - old, column)
        passed = np.where(known, frame.times - frame.times[before], 1)
        return np.where(known, grown / passed * self.scale, np.nan)


@dataclass(eq=False)
class Computed:
    """A figure that follows from others at the same moment."""

    of: Sequence[Signal]
    formula: Callable[..., Floats]

    def column(self, frame: Frame) -> Floats:
        """See Signal."""
        return self.formula(*(frame.column(signal) for signal in self.of))


def used_percent(left: Signal, whole: Signal) -> Computed:
    """Percent of the whole that is not left."""
    return Computed((left, whole), lambda free, all_: 100.0 * (1.0 - free / all_))
