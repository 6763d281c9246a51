"""Closed UTC intervals, and the windows of them that are asked for at once."""

from collections.abc import Iterator
from dataclasses import dataclass

SECONDS = {"PT5M": 300, "PT15M": 900, "PT1H": 3600, "P1D": 86400}

# DigitalOcean's samples arrive 3 to 4 minutes after the fact; an interval is read once, so this is generous.
INGESTION_DELAY = 600


@dataclass(frozen=True, slots=True)
class Window:
    """Whole intervals from `start` to `end`, all in UNIX seconds."""

    start: int
    end: int
    interval: int

    def halves(self) -> "tuple[Window, Window] | None":
        """The window in two; None when it is a single interval."""
        intervals = (self.end - self.start) // self.interval
        if intervals < 2:
            return None
        middle = self.start + intervals // 2 * self.interval
        return Window(self.start, middle, self.interval), Window(middle, self.end, self.interval)

    def split(self) -> "list[Window]":
        """Each of its intervals."""
        return [Window(at, at + self.interval, self.interval) for at in range(self.start, self.end, self.interval)]


def round_down(seconds: float, interval: int) -> int:
    """The start of the interval that holds this moment; all interval lengths divide a UTC day."""
    return int(seconds // interval) * interval


def round_up(seconds: float, interval: int) -> int:
    """The end of the interval that holds this moment; a moment on a border is the end of the interval before it."""
    return -int(-seconds // interval) * interval


def find_last_end(now: float, interval: int) -> int:
    """The end of the last interval whose samples have all arrived."""
    return round_down(now - INGESTION_DELAY, interval)


def split_windows(start: int, end: int, interval: int, longest: int) -> Iterator[Window]:
    """Windows of at most `longest` seconds from `start` to `end`, the earliest first."""
    step = max(interval, longest // interval * interval)
    for at in range(start, end, step):
        yield Window(at, min(at + step, end), interval)


def count_windows(start: int, end: int, interval: int, longest: int) -> int:
    """How many windows that makes."""
    step = max(interval, longest // interval * interval)
    return max(0, -(-(end - start) // step))
