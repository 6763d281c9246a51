"""Keeps a stream's cursor at its oldest unfinished record, so that the record is seen again until it ends."""

from collections.abc import Iterator, Mapping
from typing import Any

from airbyte_cdk.sources.types import StreamSlice

from source_digitalocean_quolum.http.facts import Unfinished
from source_digitalocean_quolum.records.page import RecordPage, Rows


class LowWatermark:
    """Decides which records of one read advance the cursor.

    An action changes until it has completed or errored, and DigitalOcean does not say when it changed. The
    CDK's cursor (ConcurrentCursor.observe) keeps the highest value of the records associated with the slice
    being read, so every record but one is associated with a slice of no consequence. The one that counts
    comes last: the oldest unfinished record if there is any, else the newest.
    """

    def __init__(self, unfinished: Unfinished, cursor_field: str, stream_slice: StreamSlice) -> None:
        self._unfinished = unfinished
        self._field = cursor_field
        self._slice = stream_slice
        # The same partition: a cursor for each partition (ConcurrentPerPartitionCursor) looks itself up by it.
        self._aside = StreamSlice(partition=stream_slice.partition, cursor_slice={"advances": "nothing"})
        self._newest: Mapping[str, Any] | None = None
        self._oldest_unfinished: Mapping[str, Any] | None = None

    @property
    def holds(self) -> bool:
        """Whether any record so far is unfinished."""
        return self._oldest_unfinished is not None

    def pass_on(self, rows: Rows) -> RecordPage:
        """The rows, but for one that may be the one that counts: in its place the one whose place it takes."""
        return self._no_matter([released for row in rows if (released := self._released(row))])

    def _no_matter(self, rows: Rows) -> RecordPage:
        return RecordPage(rows, self._aside, advances=False)

    def _released(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        released = row
        if row.get(self._unfinished.field) not in self._unfinished.until:
            if self._oldest_unfinished is None or self._value(row) < self._value(self._oldest_unfinished):
                released, self._oldest_unfinished = self._oldest_unfinished or {}, row
        elif self._newest is None or self._value(row) > self._value(self._newest):
            released, self._newest = self._newest or {}, row
        return released

    def rest(self) -> Iterator[RecordPage]:
        """What was kept back; the last one is associated with the slice and moves the cursor."""
        if self._oldest_unfinished is not None:
            if self._newest is not None:
                yield self._no_matter([self._newest])
            yield RecordPage([self._oldest_unfinished], self._slice)
        elif self._newest is not None:
            yield RecordPage([self._newest], self._slice)

    def _value(self, row: Mapping[str, Any]) -> str:
        return str(row.get(self._field) or "")
