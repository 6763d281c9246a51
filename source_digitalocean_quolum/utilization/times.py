"""Times as records and states hold them."""

from datetime import UTC, datetime


def format_time(seconds: float) -> str:
    """UNIX seconds as RFC 3339 in UTC, e.g. 2026-11-23T12:00:00Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(written: str) -> float:
    """RFC 3339 as UNIX seconds; without a zone it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(written)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
