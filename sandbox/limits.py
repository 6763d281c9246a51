"""DigitalOcean's rate limits as sliding windows per token: they pass in real time, and are told by the sandbox's clock.

Facts: DigitalOcean API reference, "Rate Limit": N requests an hour, 5 % of N a minute, and two limits of
their own for SSH keys (10 in 60 s) and CDN endpoints (5 in 10 s).
"""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.problems import Problem, too_many_requests

HOUR = 3600.0
MINUTE = 60.0


@dataclass
class Window:
    """At most `limit` requests in any `seconds`."""

    limit: int
    seconds: float
    times: deque[float] = field(default_factory=deque)

    def forget(self, now: float) -> None:
        """Drop the requests that left the window."""
        while self.times and self.times[0] <= now - self.seconds:
            self.times.popleft()

    @property
    def full(self) -> bool:
        """Whether the next request would be one too many."""
        return len(self.times) >= self.limit

    def wait(self, now: float) -> float:
        """Seconds until the oldest request leaves the window (0 when empty)."""
        return max(0.0, self.times[0] + self.seconds - now) if self.times else 0.0


class Limiter:
    """All windows of all tokens, on a clock that runs `speed` times as fast as real time, for a client in a hurry."""

    def __init__(self, per_hour: int, epoch: Callable[[], float] = time.time, speed: float = 1.0) -> None:
        self.per_hour = per_hour
        self._epoch, self._speed = epoch, speed
        self._windows: dict[tuple[str, str], Window] = {}

    def _window(self, token: str, name: str, limit: int, seconds: float) -> Window:
        return self._windows.setdefault((token, name), Window(limit, seconds))

    def _short_windows(self, token: str, path: str) -> list[Window]:
        windows = [self._window(token, "burst", max(1, self.per_hour * 5 // 100), MINUTE)]
        if path == "/v2/account/keys":
            windows.append(self._window(token, "ssh_keys", 10, MINUTE))
        if path.startswith("/v2/cdn/endpoints"):
            windows.append(self._window(token, "cdn", 5, 10.0))
        return windows

    def admit(self, token: str, path: str) -> tuple[dict[str, str], Problem | None]:
        """Count one request; answers the rate headers and, over a limit, the 429 (not counted)."""
        now = time.monotonic() * self._speed
        hour = self._window(token, "hour", self.per_hour, HOUR)
        short = self._short_windows(token, path)
        for window in (hour, *short):
            window.forget(now)
        blocked = [window for window in short if window.full]
        if hour.full:
            return self._headers(hour, now, 0), too_many_requests()
        if blocked:
            retry_after = math.ceil(max(window.wait(now) for window in blocked))
            return self._headers(hour, now, 0), too_many_requests(max(1, retry_after))
        for window in (hour, *short):
            window.times.append(now)
        return self._headers(hour, now, self.per_hour - len(hour.times)), None

    def _headers(self, hour: Window, now: float, remaining: int) -> dict[str, str]:
        # By the clock that also writes `Date`: what one answer says agrees with itself.
        reset = math.ceil(self._epoch() + hour.wait(now))
        return {
            "ratelimit-limit": str(self.per_hour),
            "ratelimit-remaining": str(remaining),
            "ratelimit-reset": str(reset),
        }
