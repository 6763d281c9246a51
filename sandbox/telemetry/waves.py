"""Smooth figures as functions of time: a level with a weekly, a daily and three quicker rhythms, and its integral.

Values are the same to the last bit whatever window they are computed for: sines are taken one moment at a time,
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


@lru_cache(maxsize=64)
def _table(first: int, count: int) -> tuple[Floats, list[tuple[Floats, Floats]]]:
    """The moments of a grid since the epoch, and the sine and cosine of every rhythm at each of them."""
    moments = [first - _EPOCH + STEP * number for number in range(count)]
    turns = [
        (np.array([math.sin(turn * t) for t in moments]), np.array([math.cos(turn * t) for t in moments]))
        for turn in _TURNS
    ]
    return np.array(moments, dtype=np.float64), turns


@dataclass(frozen=True)
class Wave:
    """`level` plus, for each rhythm, `swing` times the sine of its angle plus `phase`."""

    level: float
    swings: tuple[float, ...]
    phases: tuple[float, ...]

    @classmethod
    def between(cls, rng: Random, low: float, high: float) -> Self:
        """A wave that never leaves [low, high]: its level and how far it swings are drawn from the generator."""
        swing = (high - low) / 2 * rng.uniform(0.35, 0.95)
        level = rng.uniform(low + swing, high - swing)
        phases = tuple(rng.uniform(0, 2 * math.pi) for _ in _RHYTHMS)
        return cls(level, tuple(swing * share for _, share in _RHYTHMS), phases)

    def at(self, first: int, count: int) -> Floats:
        """The values on a grid of `count` moments, STEP seconds apart, from `first` (UNIX seconds)."""
        moments, turns = _table(first, count)
        values = np.full(len(moments), self.level)
        for swing, phase, (sines, cosines) in zip(self.swings, self.phases, turns, strict=True):
            values = values + swing * math.cos(phase) * sines + swing * math.sin(phase) * cosines
        return values

    def integral_at(self, first: int, count: int) -> Floats:
        """The integral from the epoch, on the same grid."""
        moments, turns = _table(first, count)
        values = self.level * moments
        for swing, phase, turn, (sines, cosines) in zip(self.swings, self.phases, _TURNS, turns, strict=True):
            values = values - swing / turn * (math.cos(phase) * cosines - math.sin(phase) * sines)
        return values

    def integral_until(self, moment: float) -> float:
        """The integral from the epoch to one moment (UNIX seconds)."""
        t = moment - _EPOCH
        pieces = zip(self.swings, self.phases, _TURNS, strict=True)
        return self.level * t - sum(swing / turn * math.cos(turn * t + phase) for swing, phase, turn in pieces)

    def __mul__(self, factor: float) -> "Wave":
        return Wave(self.level * factor, tuple(swing * factor for swing in self.swings), self.phases)
