"""The rate limits of one token, shared by all streams of a run: who may send when, and what a 429 means."""

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count

from source_digitalocean_quolum.http.server_clock import ServerClock
from source_digitalocean_quolum.http.sliding_windows import SlidingWindows

MINUTE, HOUR = 60.0, 3600.0

# API reference, "Rate limit": 5,000 requests an hour, and 250 a minute, which is 5 % of the hourly total.
REQUESTS_PER_HOUR = 5000
BURST_SHARE = 0.05

# API reference, "Rate limit": these two have limits of their own, and count in the general ones as well.
SPECIAL_LIMITS = {"/v2/account/keys": (10, MINUTE), "/v2/cdn/endpoints": (5, 10.0)}

# Waits are looked at anew so often: another thread may have learned better meanwhile.
_LOOK_AGAIN = 1.0
# Of what others have used of the hour when a run begins, so much may have been in this very minute: a check takes 40.
_MOST_FOREIGN = 60


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a request may not go out yet, and for how many seconds as far as is known."""

    seconds: float
    reason: str


class LongWaitError(Exception):
    """A request would have to wait longer than whoever asks can."""

    def __init__(self, wait: Wait) -> None:
        super().__init__(wait.reason)
        self.wait = wait


@dataclass
class _Limited:
    """What shares one limit: windows, and until when a 429 silences it."""

    windows: SlidingWindows
    silent_until: float = 0.0

    def wait(self, now: float) -> Wait:
        pause = self.silent_until - now
        counted = self.windows.wait()
        if pause > counted:
            return Wait(pause, "DigitalOcean answered 429 (too many requests)")
        per = ", ".join(_per(window, limit) for window, limit in self.windows.limits.items())
        return Wait(counted, f"DigitalOcean allows {per}")


@dataclass
class RateLimitBudget:
    """Paces all requests of one token.

    Three things do: our own count in sliding windows; the server's count of the hour in `ratelimit-remaining`,
    which knows about other clients and about the run before this one; and a 429 that comes anyway.
    `ratelimit-limit` is believed: a team with another limit is paced by its own.
    """

    clock: Callable[[], float] = time.monotonic
    epoch: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    requests_per_hour: int = REQUESTS_PER_HOUR
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ids: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        self.server_clock = ServerClock(self.epoch)
        self._general = _Limited(SlidingWindows(_limits(self.requests_per_hour), self.clock))
        self._special = {path: _Limited(SlidingWindows({s: n}, self.clock)) for path, (n, s) in SPECIAL_LIMITS.items()}
        self._remaining: int | None = None
        self._reset = 0.0

    def acquire(self, path: str, on_wait: Callable[[Wait], None] | None = None, *, patience: float = math.inf) -> int:
        """Wait until a request for this path may be sent, and count it; `on_wait` is called whenever it has to wait.

        Returns the number by which `release` knows it. Raises LongWaitError for a wait of more than `patience` seconds.
        """
        while True:
            with self._lock:
                wait = self._wait_for(path)
                if wait.seconds <= 0:
                    return self._take(path)
            if wait.seconds > patience:
                raise LongWaitError(wait)
            if on_wait is not None:
                on_wait(wait)
            self.sleep(min(wait.seconds, _LOOK_AGAIN))

    def release(self, path: str, request_id: int, status: int = 0, headers: Mapping[str, str] | None = None) -> None:
        """A request has ended; learn from its answer's headers (date, ratelimit-*, retry-after) if there is one."""
        with self._lock:
            for limited in self._limits_of(path):
                limited.windows.release(request_id)
            if headers is None:
                return
            self.server_clock.learn(headers.get("date"))
            if status == 429:
                self._silence(path, headers)
            if status != 429 or _number(headers.get("retry-after")) is None:
                self._believe(headers)

    def is_special(self, path: str) -> bool:
        """Whether a path has a limit of its own."""
        return self._special_of(path) is not None

    def _silence(self, path: str, headers: Mapping[str, str]) -> None:
        """Stay silent after a 429: for `retry-after` (the burst), else until `ratelimit-reset` (the hour)."""
        seconds = _number(headers.get("retry-after"))
        if seconds is None:
            reset = _number(headers.get("ratelimit-reset"))
            seconds = reset - self.server_clock.now() if reset is not None else MINUTE
            if seconds <= 0:
                # The hour has room, so it was the minute that had none.
                seconds = MINUTE
        limited = self._special_of(path) or self._general
        limited.silent_until = max(limited.silent_until, self.clock() + min(max(seconds, 0.0), HOUR))

    def _wait_for(self, path: str) -> Wait:
        waits = [limited.wait(self.clock()) for limited in self._limits_of(path)]
        waits.append(self._wait_for_server())
        return max(waits, key=lambda wait: wait.seconds)

    def _wait_for_server(self) -> Wait:
        if self._remaining is None or self._remaining > 0:
            return Wait(0.0, "")
        seconds = self._reset - self.clock()
        if seconds <= 0:
            # The oldest request has left the window: at least one place is free; the answer tells of more.
            self._remaining = 1
        return Wait(seconds, "DigitalOcean has no requests left for this hour (ratelimit-remaining: 0)")

    def _take(self, path: str) -> int:
        request_id = next(self._ids)
        for limited in self._limits_of(path):
            limited.windows.take(request_id)
        if self._remaining is not None:
            self._remaining -= 1
        return request_id

    def _believe(self, headers: Mapping[str, str]) -> None:
        limit, remaining = _number(headers.get("ratelimit-limit")), _number(headers.get("ratelimit-remaining"))
        general = self._general.windows
        if limit is not None and limit >= 1 and limit != general.limits[HOUR]:
            general.limits = _limits(int(limit))
        reset = _number(headers.get("ratelimit-reset"))
        if remaining is None or reset is None:
            return
        if self._remaining is None:
            used = general.limits[HOUR] - int(remaining)
            # Those under way may not have arrived when the server counted.
            general.add_foreign(min(max(0, used - general.counted + general.under_way), _MOST_FOREIGN))
        # Those still under way may not be in the server's count yet.
        self._remaining = int(remaining) - general.under_way
        self._reset = self.clock() + min(max(reset - self.server_clock.now(), 0.0), HOUR)

    def _special_of(self, path: str) -> _Limited | None:
        return next((limited for prefix, limited in self._special.items() if path.startswith(prefix)), None)

    def _limits_of(self, path: str) -> list[_Limited]:
        special = self._special_of(path)
        return [self._general, special] if special else [self._general]


def _limits(per_hour: int) -> dict[float, int]:
    return {MINUTE: max(1, int(per_hour * BURST_SHARE)), HOUR: per_hour}


def _per(window: float, limit: int) -> str:
    length = {MINUTE: "a minute", HOUR: "an hour"}.get(window, f"in {window:.0f} s")
    return f"{limit:,} {length}"


def _number(value: str | None) -> float | None:
    try:
        number = float(value) if value is not None else None
    except ValueError:
        return None
    return number if number is None or math.isfinite(number) else None
