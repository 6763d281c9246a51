"""Keeps a stream's cursor at its oldest unfinished record, so that the record is seen again until it ends."""

from collections.abc import Iterator
from typing import Any

from airbyte_cdk.sources.types import Record, StreamSlice

from source_digitalocean_quolum.components.endpoint import Unfinished


class HoldBack:
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
        self._newest: dict[str, Any] | None = None
        self._oldest_unfinished: dict[str, Any] | None = None

    @property
    def holds(self) -> bool:
        """Whether any record so far is unfinished."""
        return self._oldest_unfinished is not None

    def pass_on(self, row: dict[str, Any], stream: str) -> Iterator[Record]:
        """The record, unless it may be the one that counts: then the one it takes the place of."""
        released = row
        if row.get(self._unfinished.field) not in self._unfinished.until:
            if self._oldest_unfinished is None or self._value(row) < self._value(self._oldest_unfinished):
                released, self._oldest_unfinished = self._oldest_unfinished or {}, row
        elif self._newest is None or self._value(row) > self._value(self._newest):
            released, self._newest = self._newest or {}, row
        if released:
            yield self._record(released, stream, self._aside)

    def rest(self, stream: str) -> Iterator[Record]:
        """What was kept back; the last one is associated with the slice and moves the cursor."""
        if self._oldest_unfinished is not None:
            if self._newest is not None:
                yield self._record(self._newest, stream, self._aside)
            yield self._record(self._oldest_unfinished, stream, self._slice)
        elif self._newest is not None:
            yield self._record(self._newest, stream, self._slice)

    def _value(self, row: dict[str, Any]) -> str:
        return str(row.get(self._field) or "")

    @staticmethod
    def _record(row: dict[str, Any], stream: str, stream_slice: StreamSlice) -> Record:
        return Record(data=row, stream_name=stream, associated_slice=stream_slice)
