"""What a stream's cursor is shown of the records: each value once."""

from typing import Any

from airbyte_cdk.sources.declarative.incremental.concurrent_partition_cursor import ConcurrentPerPartitionCursor
from airbyte_cdk.sources.streams.concurrent.cursor import ConcurrentCursor, Cursor
from airbyte_cdk.sources.types import Record

from source_digitalocean_quolum.records.page import RecordPage

# Cursors without a field look at nothing.
_WITH_FIELD = (ConcurrentCursor, ConcurrentPerPartitionCursor)
# Values that are remembered, because seeing one again changes nothing.
_VALUES = 1_000


class CursorValues:
    """Shows a cursor the records of one partition, after they were handed on.

    It keeps the highest value: a record with a value that it has seen changes nothing, and the CDK's takes 20 us for
    each, most of them to read a date twice and to write it.
    """

    def __init__(self, cursor: Cursor, stream: str) -> None:
        self._cursor, self._stream = cursor, stream
        self._field = cursor.cursor_field.cursor_field_key if isinstance(cursor, _WITH_FIELD) else None
        self._seen: set[Any] = set()
        self._waiting: list[Record] = []

    def note(self, page: RecordPage) -> None:
        """Remember those of a page whose value the cursor has not seen, until they are shown."""
        if self._field is None or page.stream_slice is None or not page.advances:
            return
        for record in page.records:
            value = record.get(self._field)
            if value not in self._seen:
                self._seen.add(value)
                self._waiting.append(Record(record, self._stream, page.stream_slice))
        if len(self._seen) > _VALUES:
            self._seen.clear()

    def show(self) -> None:
        """Let the cursor see what was noted: it has been handed on."""
        waiting, self._waiting = self._waiting, []
        for record in waiting:
            self._cursor.observe(record)
