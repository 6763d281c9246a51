"""When a resource has samples: from its creation to its end, without its gaps and without the minutes of a reboot."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from random import Random

import numpy as np
from numpy.typing import NDArray

from sandbox.telemetry.waves import STEP

# A sample whose predecessor is older tells no rate: the look-back of Prometheus.
LONGEST_STEP = 300
_GAP_EVERY, _BOOT_EVERY = 201_600, 432_000
_SHORTEST_GAP, _LONGEST_GAP = 150, 2_700
_SHORTEST_BOOT, _LONGEST_BOOT = 100, 420


@dataclass
class Timeline:
    """The moments at which one resource is sampled, in UNIX seconds.

    Samples lie at `phase` plus multiples of 120 s. `restarts` says whether it is a machine that reboots: its
    counters begin again at zero, with no sample for a while around it. `silent` resources have no samples at all.
    """

    seed: str
    born: int
    phase: int = 0
    restarts: bool = False
    silent: bool = False
    ended: int | None = None

    def grid(self, start: float, end: float) -> tuple[int, int]:
        """First moment and number of moments of the regular grid in [start, end]."""
        first = -int(-(start - self.phase) // STEP) * STEP + self.phase
        return first, max(0, int((end - first) // STEP) + 1) if end >= first else 0

    def present(self, first: int, count: int) -> NDArray[np.bool_]:
        """Which moments of a grid have a sample."""
        moments = first + STEP * np.arange(count, dtype=np.int64)
        last = np.inf if self.ended is None else self.ended
        shown = (moments > self.born) & (moments <= last)
        if self.silent or not count:
            return shown & False
        for begin, end in self._quiet(int(moments[0]), int(moments[-1])):
            shown &= (moments < begin) | (moments > end)
        return shown

    def boots(self, first: int, count: int) -> NDArray[np.int64]:
        """For each moment of a grid, when the counters began at zero: the last reboot, or the creation."""
        moments = first + STEP * np.arange(count, dtype=np.int64)
        began = np.full(count, self.born, dtype=np.int64)
        if not self.restarts or not count:
            return began
        begun = self._boot_before(int(moments[0]))
        began[:] = begun
        for boot, _ in self._boots(int(moments[0]), int(moments[-1])):
            began[moments >= boot] = boot
        return began

    def reboots(self, start: float, end: float) -> list[int]:
        """The moments of the reboots in [start, end]."""
        return [boot for boot, _ in self._boots(int(start), int(end)) if start <= boot <= end]

    def _quiet(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        for number in range(start // _GAP_EVERY - 1, end // _GAP_EVERY + 1):
            yield self._gap(number)
        for boot, away in self._boots(start - _LONGEST_BOOT, end + _LONGEST_BOOT):
            # The machine is gone for a while, and its agent takes a part of that again to come up.
            yield boot - away, boot + away // 4

    def _gap(self, number: int) -> tuple[int, int]:
        rng = Random(f"{self.seed}/gap/{number}")
        begin = number * _GAP_EVERY + rng.randrange(_GAP_EVERY)
        return begin, begin + rng.randrange(_SHORTEST_GAP, _LONGEST_GAP)

    def _boots(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        if not self.restarts:
            return
        for number in range(start // _BOOT_EVERY, end // _BOOT_EVERY + 1):
            boot = _reboot(self.seed, self.born, number)
            if boot is not None and start <= boot[0] <= end:
                yield boot

    def _boot_before(self, moment: int) -> int:
        number = moment // _BOOT_EVERY
        while (number + 1) * _BOOT_EVERY > self.born:
            boot = _reboot(self.seed, self.born, number)
            if boot is not None and boot[0] <= moment:
                return boot[0]
            number -= 1
        return self.born


@lru_cache(maxsize=100_000)
def _reboot(seed: str, born: int, number: int) -> tuple[int, int] | None:
    """The reboot of a slot of five days: its moment and how long the machine was gone before it; or none."""
    rng = Random(f"{seed}/boot/{number}")
    if rng.random() < 0.4:
        return None
    boot = number * _BOOT_EVERY + rng.randrange(_BOOT_EVERY)
    # Most are quick: then the samples around it are close enough together to tell a rate.
    away = int(_SHORTEST_BOOT + (_LONGEST_BOOT - _SHORTEST_BOOT) * rng.random() ** 3)
    return (boot, away) if boot > born + _LONGEST_BOOT else None
