"""The sandbox's movable clock: it ticks like real time and can be advanced, never set back."""

import time
from datetime import UTC, datetime, timedelta


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC with whole seconds, as DigitalOcean writes its timestamps."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(text: str) -> datetime:
    """An aware UTC datetime from an RFC 3339 text; raises ValueError without an offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write 2026-11-23T12:00:00Z")
    return moment.astimezone(UTC)


class Clock:
    """Time as the sandbox's world sees it."""

    def __init__(self, start: datetime | None = None) -> None:
        self.start = start or datetime.now(UTC)
        self._began = time.monotonic()
        self._advanced = timedelta()

    def now(self) -> datetime:
        """The present moment of the sandbox, aware, UTC."""
        return self.start + timedelta(seconds=time.monotonic() - self._began) + self._advanced

    def advance(self, seconds: float) -> datetime:
        """Move forward; raises ValueError for a negative number of seconds."""
        if seconds < 0:
            raise ValueError("the sandbox's clock does not run backwards")
        self._advanced += timedelta(seconds=seconds)
        return self.now()
