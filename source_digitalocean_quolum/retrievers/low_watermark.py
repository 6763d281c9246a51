"""Keeps a stream's cursor at its oldest unfinished record, so that the record is seen again until it ends."""

from collections.abc import Container, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from airbyte_cdk.sources.types import StreamSlice

from source_digitalocean_quolum.http.facts import Unfinished
from source_digitalocean_quolum.records.page import RecordPage, Records
from source_digitalocean_quolum.records.times import parse_time

_UNKNOWN = datetime.min.replace(tzinfo=UTC)


class LowWatermark:
    """Decides which records of one read advance the cursor.

    An action changes until it has completed or errored, and DigitalOcean does not say when it changed. The
    CDK's cursor (ConcurrentCursor.observe) keeps the highest value of the records associated with the slice
    being read, so every record but one is associated with a slice of no consequence. The one that counts
    comes last: the oldest unfinished record if there is any, else the newest. One whose value is not `usable` moves
    nothing.
    """

    def __init__(
        self, unfinished: Unfinished, cursor_field: str, stream_slice: StreamSlice, usable: Container[Any]
    ) -> None:
        self._unfinished = unfinished
        self._field = cursor_field
        self._slice = stream_slice
        self._usable = usable
        self._newest: Mapping[str, Any] | None = None
        self._oldest_unfinished: Mapping[str, Any] | None = None

    @property
    def holds(self) -> bool:
        """Whether any record so far is unfinished."""
        return self._oldest_unfinished is not None

    def pass_on(self, records: Records) -> RecordPage:
        """The records, but for one that may be the one that counts: in its place the one whose place it takes."""
        passed: list[Mapping[str, Any]] = []
        for record in records:
            if record.get(self._field) not in self._usable:
                passed.append(record)
            elif (released := self._keep(record)) is not None:
                passed.append(released)
        return without_cursor(passed, self._slice)

    def rest(self) -> Iterator[RecordPage]:
        """What was kept back; the last one is associated with the slice and moves the cursor."""
        if self._oldest_unfinished is not None:
            if self._newest is not None:
                yield without_cursor([self._newest], self._slice)
            yield RecordPage([self._oldest_unfinished], self._slice)
        elif self._newest is not None:
            yield RecordPage([self._newest], self._slice)

    def _keep(self, record: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The record that goes on in place of this one, if any does."""
        released: Mapping[str, Any] | None = record
        if record.get(self._unfinished.field) not in self._unfinished.until:
            if self._oldest_unfinished is None or self._time(record) < self._time(self._oldest_unfinished):
                released, self._oldest_unfinished = self._oldest_unfinished, record
        elif self._newest is None or self._time(record) > self._time(self._newest):
            released, self._newest = self._newest, record
        return released

    def _time(self, record: Mapping[str, Any]) -> datetime:
        return parse_time(record.get(self._field)) or _UNKNOWN


def without_cursor(records: Records, stream_slice: StreamSlice) -> RecordPage:
    """Records that move no cursor.

    Their slice is of the same partition: a cursor for each partition (ConcurrentPerPartitionCursor) looks itself up
    by it.
    """
    aside = StreamSlice(partition=stream_slice.partition, cursor_slice={"advances": "nothing"})
    return RecordPage(records, aside, advances=False)
