"""Before and after: cursor values compared, and lists that begin with the newest read no further than needed."""

import re
from datetime import UTC, datetime
from typing import Any

from source_digitalocean_quolum.records.page import Records
from source_digitalocean_quolum.records.times import parse_time

# An invoice's period is no moment: such values compare as text.
_PERIOD = re.compile(r"\d{4}-\d{2}", re.ASCII)
_FIRST_PERIOD = "1970-01"


class NewestFirst:
    """Whether a list that begins with the newest has been read back to the cursor.

    DigitalOcean documents the order of hardly any list, so it is verified: one record out of order, in any
    page, and the whole list is read.
    """

    def __init__(self, cursor_field: str, since: str) -> None:
        self._field, self._since = cursor_field, parse_time(since)
        self._last: datetime | None = None
        self._ordered = self._since is not None

    def is_past(self, records: Records) -> bool:
        """Note one page; true when its last record, and so all that follow, lie before the cursor."""
        for record in records:
            value = parse_time(record.get(self._field))
            if value is None or (self._last is not None and value > self._last):
                self._ordered = False
            if not self._ordered:
                return False
            self._last = value
        return self._last is not None and self._since is not None and self._last < self._since


def is_older(value: Any, than: str) -> bool:
    """Whether a cursor value lies before another one.

    False where nothing is known of the value (null, empty, Go's zero time, no time at all): such a record is never
    dropped.
    """
    other = parse_time(than)
    if other is not None:
        moment = parse_time(value)
        return moment is not None and moment < other
    return isinstance(value, str) and bool(_PERIOD.fullmatch(value)) and _FIRST_PERIOD <= value < than


class UsableCursorValues:
    """Which cursor values may move a cursor: those that read as a time not after the start of the sync.

    A cursor that a date of 2099 has moved would hide everything that comes after.
    """

    def __init__(self, latest: float) -> None:
        """`latest` is when the sync began, in UNIX seconds by DigitalOcean's clock."""
        self._latest = datetime.fromtimestamp(latest, UTC)
        self._known: dict[Any, bool] = {}

    def __contains__(self, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        known = self._known.get(value)
        if known is None:
            if len(self._known) > 1000:
                self._known.clear()
            known = self._known[value] = self._is_usable(value)
        return known

    def _is_usable(self, value: str) -> bool:
        if _PERIOD.fullmatch(value):
            return _FIRST_PERIOD <= value <= self._latest.strftime("%Y-%m")
        moment = parse_time(value)
        return moment is not None and moment <= self._latest
