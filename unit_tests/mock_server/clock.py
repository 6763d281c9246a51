"""A clock that sleeping moves: waits of minutes take no time, and can be measured."""

import functools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from source_digitalocean_quolum.http import run_context
from source_digitalocean_quolum.http.budget import RateLimitBudget

_REAL_SLEEP = time.sleep
# 15 January 2027: later than all that happens in the tests' accounts.
_EPOCH = 1_800_000_000.0


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 1_000.0

    def now(self) -> float:
        """Seconds as time.monotonic counts them."""
        return self._now

    def epoch(self) -> float:
        """Seconds as time.time counts them."""
        return self._now + _EPOCH

    def sleep(self, seconds: float) -> None:
        """Pass the time without waiting for it."""
        with self._lock:
            self._now += max(seconds, 0.0)
        _REAL_SLEEP(0)


@contextmanager
def fake_clock() -> Iterator[Clock]:
    """The clock of every budget made meanwhile, and of every sleep."""
    clock = Clock()
    budget = functools.partial(RateLimitBudget, clock=clock.now, epoch=clock.epoch, sleep=clock.sleep)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", clock.sleep)
        patch.setattr(run_context, "RateLimitBudget", budget)
        yield clock
