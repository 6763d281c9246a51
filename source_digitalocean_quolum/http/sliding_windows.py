"""Requests counted in sliding windows, as DigitalOcean counts them."""

import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable

# Nothing that was sent longer ago can still be on its way: answers have a deadline.
_LONGEST_REQUEST = 300.0


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
        self._foreign = 0
        self._foreign_until = 0.0

    def wait(self) -> float:
        """Seconds until one more request fits all windows; 0 when it fits now."""
        now = self._clock()
        self._forget(now)
        waits = [self._wait_for(window, limit, now) for window, limit in self.limits.items()]
        return max(waits, default=0.0)

    def take(self, request_id: int) -> None:
        """Count a request that is about to be sent."""
        self._under_way[request_id] = self._clock()

    def release(self, request_id: int) -> None:
        """The answer is here: the request's place is free one window length from now."""
        if self._under_way.pop(request_id, None) is not None:
            self._answered.append(self._clock())

    def add_foreign(self, count: int) -> None:
        """Count requests that somebody else made a moment ago in the shortest window."""
        self._foreign, self._foreign_until = count, self._clock() + min(self.limits)

    @property
    def counted(self) -> int:
        """Requests in the longest window, those under way among them."""
        self._forget(self._clock())
        return len(self._answered) + len(self._under_way)

    @property
    def under_way(self) -> int:
        """Requests sent whose answer is not here yet."""
        return len(self._under_way)

    def _wait_for(self, window: float, limit: int, now: float) -> float:
        foreign = self._foreign if window == min(self.limits) and now < self._foreign_until else 0
        free = limit - len(self._under_way) - foreign
        recent = len(self._answered) - bisect_right(self._answered, now - window)
        if recent < free:
            return 0.0
        if free <= 0:
            return 0.05 if not foreign else self._foreign_until - now
        # The request that has to leave the window before one more fits.
        leaves = self._answered[len(self._answered) - free] + window - now
        return min(leaves, self._foreign_until - now) if foreign else leaves

    def _forget(self, now: float) -> None:
        longest = max(self.limits, default=0.0)
        while self._answered and self._answered[0] <= now - longest:
            self._answered.popleft()
        for request_id, sent in list(self._under_way.items()):
            if sent < now - _LONGEST_REQUEST:
                del self._under_way[request_id]
