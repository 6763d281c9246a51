"""Before and after: cursor values compared, and lists that begin with the newest read no further than needed."""

from datetime import UTC, datetime
from typing import Any

from source_digitalocean_quolum.records.page import Rows


class NewestFirst:
    """Whether a list that begins with the newest has been read back to the cursor.

    DigitalOcean documents the order of hardly any list, so it is verified: one record out of order, in any
    page, and the whole list is read.
    """

    def __init__(self, cursor_field: str, since: str) -> None:
        self._field, self._since = cursor_field, since
        self._last: datetime | None = None
        self._ordered = True

    def is_past(self, rows: Rows) -> bool:
        """Note one page; true when its last record, and so all that follow, lie before the cursor."""
        for row in rows:
            value = _moment(row.get(self._field))
            if value is None or (self._last is not None and value > self._last):
                self._ordered = False
            if not self._ordered:
                return False
            self._last = value
        return self._last is not None and is_older(self._last.isoformat(), self._since)


def is_older(value: Any, than: str) -> bool:
    """Whether a cursor value lies before another one.

    False where the value does not read as a moment: such a record is never dropped. Values that are no
    moments by nature (an invoice period, 2026-10) compare as text.
    """
    other = _moment(than)
    if other is None:
        return isinstance(value, str) and value < than
    moment = _moment(value)
    return moment is not None and moment < other


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
