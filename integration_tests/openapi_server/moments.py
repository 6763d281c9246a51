"""Plausible dates: near the present or inside the window a request asks for, in the documented form."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MONTH = re.compile(r"\d{4}-\d\d")
_FUTURE = ("expire", "not_after", "end_of_", "valid_until", "next_")
_LATER = ("updated", "completed", "finished", "end", "last_", "modified")
_SAMPLES = 500


@dataclass(frozen=True)
class Window:
    """Days (`start_date`, `end_date` in the path) or UNIX seconds (`start`, `end`) a request is about."""

    days: tuple[date, date] | None = None
    seconds: tuple[int, int] | None = None

    @classmethod
    def of(cls, path: Mapping[str, str], query: Mapping[str, str]) -> "Window":
        """Read the window from a request's parameters; ValueError when they are no dates or numbers."""
        days = seconds = None
        if "start_date" in path and "end_date" in path:
            days = (date.fromisoformat(path["start_date"]), date.fromisoformat(path["end_date"]))
        if query.get("start", "").isdigit() and query.get("end", "").isdigit():
            seconds = (int(query["start"]), int(query["end"]))
        return cls(days, seconds)

    def samples(self) -> list[int]:
        """UNIX seconds of the samples in the window: whole minutes, at most about 500 of them."""
        if self.seconds is None:
            return []
        start, end = self.seconds
        step = 60 * max(1, -(-(end - start) // (60 * _SAMPLES)))
        return list(range(-(-start // step) * step, end + 1, step))


def form_of(schema: Mapping[str, object]) -> str | None:
    """`date-time`, `date` or `month` when a string's schema, its description or its example says so.

    Two strings of the document are RFC 3339 timestamps by their description alone; their examples are placeholders.
    """
    example = schema.get("example")
    if schema.get("format") in {"date-time", "date"}:
        return str(schema["format"])
    if "RFC 3339" in str(schema.get("description")):
        return "date-time"
    if isinstance(example, str):
        if _DATE_TIME.match(example):
            return "date-time"
        for pattern, form in ((_DATE, "date"), (_MONTH, "month")):
            if pattern.fullmatch(example):
                return form
    return None


def moment(form: str, name: str, index: int | None, now: datetime, window: Window) -> str:
    """A date for the property `name` of the record at `index` of a list (None outside lists).

    Later records are older; what is updated or ends does so five minutes after it started.
    """
    position = index or 0
    if form == "month":
        return _month(now, 0 if index is None else position + 1)
    if form == "date" and window.days is not None:
        first, last = window.days
        return (first + timedelta(days=position % ((last - first).days + 1))).isoformat()
    at = now - timedelta(hours=6 * (position + 1))
    if any(part in name for part in _FUTURE):
        at = now + timedelta(days=90 + position)
    elif any(part in name for part in _LATER):
        at += timedelta(minutes=5)
    return at.date().isoformat() if form == "date" else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _month(now: datetime, back: int) -> str:
    months = now.year * 12 + now.month - 1 - back
    return f"{months // 12:04d}-{months % 12 + 1:02d}"
