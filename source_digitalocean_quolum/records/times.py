"""Times as servers write them, read alike by whoever compares them."""

from datetime import UTC, datetime
from typing import Any

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


def parse_time(value: Any) -> datetime | None:
    """A time with its zone; None for what is unknown: no time at all, Go's zero time, anything before 1970."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment if moment >= _FIRST else None
