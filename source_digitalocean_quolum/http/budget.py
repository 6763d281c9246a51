"""The rate limits, as DigitalOcean counts them: sliding windows per token, shared by all streams of a run."""

import logging
import math
import threading
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from airbyte_cdk.sources.streams.call_rate import APIBudget

logger = logging.getLogger("airbyte")

MINUTE, HOUR = 60.0, 3600.0

# API reference, "Rate limit": 5,000 requests an hour, and 250 a minute, which is 5 % of the hourly total.
REQUESTS_PER_HOUR = 5000
BURST_SHARE = 0.05

# API reference, "Rate limit": these two are counted on their own, independent of the limits above.
SPECIAL_LIMITS = {"/v2/account/keys": (10, MINUTE), "/v2/cdn/endpoints": (5, 10.0)}

# Nothing that was sent longer ago can still be on its way: connect and read time out before.
_LONGEST_REQUEST = 300.0
_LOG_WAITS_FROM = 5.0
_CLOCKS_AGREE = 5.0


class SlidingWindows:
    """Requests counted in one or more sliding windows.

    DigitalOcean counts a request when it arrives, which is some time between our sending it and our having
    the answer. A request therefore holds its place from the moment it is sent until one window length after
    its answer: then DigitalOcean has certainly forgotten it. So the limits can be used to the last request.
    """

    def __init__(self, limits: dict[float, int], clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self._clock = clock
        self._answered: deque[float] = deque()
        self._under_way: dict[int, float] = {}

    def wait(self) -> float:
        """Seconds until one more request fits all windows; 0 when it fits now."""
        now = self._clock()
        self._forget(now)
        waits = [self._wait_for(window, limit, now) for window, limit in self.limits.items()]
        return max(waits, default=0.0)

    def take(self, request_id: int) -> None:
        """Count a request that is about to be sent. Sent again (a retry), it first counts as answered."""
        self.answered(request_id)
        self._under_way[request_id] = self._clock()

    def answered(self, request_id: int) -> None:
        """The answer is here: the request's place is free one window length from now."""
        if self._under_way.pop(request_id, None) is not None:
            self._answered.append(self._clock())

    @property
    def under_way(self) -> int:
        """Requests sent whose answer is not here yet."""
        return len(self._under_way)

    def _wait_for(self, window: float, limit: int, now: float) -> float:
        free = limit - len(self._under_way)
        recent = len(self._answered) - bisect_right(self._answered, now - window)
        if recent < free:
            return 0.0
        if free <= 0:
            return 0.05
        # The request that has to leave the window before one more fits.
        return self._answered[len(self._answered) - free] + window - now

    def _forget(self, now: float) -> None:
        longest = max(self.limits, default=0.0)
        while self._answered and self._answered[0] <= now - longest:
            self._answered.popleft()
        for request_id, sent in list(self._under_way.items()):
            if sent < now - _LONGEST_REQUEST:
                del self._under_way[request_id]


class DigitalOceanBudget(APIBudget):
    """The CDK's API budget for one token (airbyte_cdk.sources.streams.call_rate.APIBudget).

    Three things pace a run: our own count in sliding windows; the server's count in `ratelimit-remaining`,
    which knows about other clients and about the run before this one; and a 429 that comes anyway, which
    stops every stream until `retry-after` or `ratelimit-reset`. `ratelimit-limit` is believed: a team with
    another limit is paced by its own.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        epoch: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(policies=[])
        self._clock, self._epoch, self._sleep = clock, epoch, sleep
        self._lock = threading.Lock()
        self._general = SlidingWindows(_limits(REQUESTS_PER_HOUR), clock)
        self._special = {path: SlidingWindows({s: n}, clock) for path, (n, s) in SPECIAL_LIMITS.items()}
        self._paused_until = 0.0
        self._server_remaining: int | None = None
        self._server_reset = 0.0
        self._server_ahead = 0.0

    def now(self) -> float:
        """UNIX seconds by DigitalOcean's clock, as far as an answer's `Date` has told it; else by this machine's."""
        return self._epoch() + self._server_ahead

    def acquire_call(self, request: Any, block: bool = True, timeout: float | None = None) -> None:
        """Wait until the request may be sent, and count it. (`block` and `timeout` are the CDK's; unused.)"""
        windows = self._windows(request)
        announced = False
        while True:
            with self._lock:
                wait = max(windows.wait(), self._paused_until - self._clock())
                if windows is self._general:
                    wait = max(wait, self._wait_for_server())
                if wait <= 0:
                    windows.take(id(request))
                    if windows is self._general and self._server_remaining is not None:
                        self._server_remaining -= 1
                    return
            if wait >= _LOG_WAITS_FROM and not announced:
                announced = True
                logger.info("Keeping DigitalOcean's rate limit: the next request goes out in %.0f s", wait)
            self._sleep(wait)

    def update_from_response(self, request: Any, response: Any) -> None:
        """Learn from an answer's headers (ratelimit-limit, -remaining, -reset, retry-after)."""
        windows = self._windows(request)
        with self._lock:
            windows.answered(id(request))
            self._set_clock(response.headers.get("date"))
            if response.status_code == 429:
                self._paused_until = max(self._paused_until, self._clock() + self.pause(response))
            if windows is self._general:
                self._believe(response.headers)

    def pause(self, response: Any) -> float:
        """Seconds to stay silent after a 429: `retry-after` (burst limit) or until `ratelimit-reset`."""
        retry_after = _number(response.headers.get("retry-after"))
        if retry_after is not None:
            return min(max(retry_after, 0.0), HOUR)
        reset = _number(response.headers.get("ratelimit-reset"))
        if reset is not None:
            return min(max(reset - self._epoch(), 1.0), HOUR)
        return MINUTE

    def _believe(self, headers: Any) -> None:
        limit = _number(headers.get("ratelimit-limit"))
        if limit is not None and limit >= 1 and limit != self._general.limits[HOUR]:
            self._general.limits = _limits(int(limit))
        remaining = _number(headers.get("ratelimit-remaining"))
        reset = _number(headers.get("ratelimit-reset"))
        if remaining is None or reset is None:
            return
        # Those still under way may not be in the server's count yet.
        self._server_remaining = int(remaining) - self._general.under_way
        self._server_reset = self._clock() + min(max(reset - self._epoch(), 0.0), HOUR)

    def _set_clock(self, date: str | None) -> None:
        try:
            ahead = parsedate_to_datetime(date or "").timestamp() - self._epoch()
        except ValueError:
            return
        # `Date` has whole seconds, and the answer took a moment: less than that is no difference.
        self._server_ahead = ahead if abs(ahead) > _CLOCKS_AGREE else 0.0

    def _wait_for_server(self) -> float:
        if self._server_remaining is None or self._server_remaining > 0:
            return 0.0
        wait = self._server_reset - self._clock()
        if wait <= 0:
            # The oldest request has left the window: at least one place is free; the answer tells of more.
            self._server_remaining = 1
        return wait

    def _windows(self, request: Any) -> SlidingWindows:
        path = urlsplit(request.url).path
        for prefix, windows in self._special.items():
            if path.startswith(prefix):
                return windows
        return self._general


def _limits(per_hour: int) -> dict[float, int]:
    return {MINUTE: max(1, int(per_hour * BURST_SHARE)), HOUR: per_hour}


def _number(value: str | None) -> float | None:
    try:
        number = float(value) if value is not None else None
    except ValueError:
        return None
    return number if number is None or math.isfinite(number) else None
