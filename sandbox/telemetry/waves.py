"""Smooth figures as functions of time: a level with a weekly, a daily and three quicker rhythms, and its integral.

A figure that has working hours is a wave over the time that was worked, so that its integral is the wave's own at that
time. Values are the same to the last bit whatever window they are computed for: sines are taken one moment at a time,
and arrays are only multiplied and added, element by element.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEP = 120
# Moments are counted from 2020-01-01, so that integrals stay small enough to keep their decimals.
_EPOCH = 1_577_836_800
_WEEK, _DAY = 604_800.0, 86_400.0
# Seconds, and the share of a figure's swing.
_RHYTHMS = ((_WEEK, 0.12), (_DAY, 0.48), (11_171.0, 0.18), (2_801.0, 0.14), (733.0, 0.08))
_TURNS = [2 * math.pi / period for period, _ in _RHYTHMS]


@dataclass(frozen=True)
class WorkingHours:
    """The first `length` of every `period` seconds, counted from `begin` after the epoch.

    Outside of them only the share `rest` of the usual is done.
    """

    period: int
    begin: int
    length: int
    rest: float

    def worked(self, since_epoch: int) -> float:
        """How many seconds' worth of usual work are done from `begin` until a moment."""
        periods, into = divmod(since_epoch - self.begin, self.period)
        within = periods * self.length + min(into, self.length)
        return within + self.rest * (since_epoch - self.begin - within)

    def pace(self, since_epoch: int) -> float:
        """The share of the usual that is done at a moment."""
        return 1.0 if (since_epoch - self.begin) % self.period < self.length else self.rest


@lru_cache(maxsize=64)
def _paces(first: int, count: int, hours: WorkingHours) -> Floats:
    return np.array([hours.pace(first - _EPOCH + STEP * number) for number in range(count)], dtype=np.float64)


@lru_cache(maxsize=64)
def _table(first: int, count: int, hours: WorkingHours | None) -> tuple[Floats, list[tuple[Floats, Floats]]]:
    """The time that was worked until each moment of a grid, and the sine and cosine of every rhythm at it."""
    moments = [_worked(first - _EPOCH + STEP * number, hours) for number in range(count)]
    turns = [
        (np.array([math.sin(turn * t) for t in moments]), np.array([math.cos(turn * t) for t in moments]))
        for turn in _TURNS
    ]
    return np.array(moments, dtype=np.float64), turns


def _worked(since_epoch: int, hours: WorkingHours | None) -> float:
    return since_epoch if hours is None else hours.worked(since_epoch)


@dataclass(frozen=True)
class Wave:
    """`level` plus, for each rhythm, `swing` times the sine of its angle plus `phase`; in `hours`, if it has any."""

    level: float
    swings: tuple[float, ...]
    phases: tuple[float, ...]
    hours: WorkingHours | None = None

    @classmethod
    def between(cls, rng: Random, low: float, high: float) -> Self:
        """A wave that never leaves [low, high]: its level and how far it swings are drawn from the generator."""
        swing = (high - low) / 2 * rng.uniform(0.35, 0.95)
        level = rng.uniform(low + swing, high - swing)
        phases = tuple(rng.uniform(0, 2 * math.pi) for _ in _RHYTHMS)
        return cls(level, tuple(swing * share for _, share in _RHYTHMS), phases)

    def at(self, first: int, count: int) -> Floats:
        """The values on a grid of `count` moments, STEP seconds apart, from `first` (UNIX seconds)."""
        moments, turns = _table(first, count, self.hours)
        values = np.full(len(moments), self.level)
        for swing, phase, (sines, cosines) in zip(self.swings, self.phases, turns, strict=True):
            values = values + swing * math.cos(phase) * sines + swing * math.sin(phase) * cosines
        return values if self.hours is None else values * _paces(first, count, self.hours)

    def integral_at(self, first: int, count: int) -> Floats:
        """The integral since a fixed moment, on the same grid."""
        moments, turns = _table(first, count, self.hours)
        values = self.level * moments
        for swing, phase, turn, (sines, cosines) in zip(self.swings, self.phases, _TURNS, turns, strict=True):
            values = values - swing / turn * (math.cos(phase) * cosines - math.sin(phase) * sines)
        return values

    def integral_until(self, moment: int) -> float:
        """The integral since the same moment, until one (UNIX seconds)."""
        t = _worked(moment - _EPOCH, self.hours)
        pieces = zip(self.swings, self.phases, _TURNS, strict=True)
        return self.level * t - sum(swing / turn * math.cos(turn * t + phase) for swing, phase, turn in pieces)
