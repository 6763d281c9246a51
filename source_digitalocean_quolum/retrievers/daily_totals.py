"""Sums of days, of an endpoint that tells one sum for the time asked for: only days that can have one are asked."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from airbyte_cdk.sources.types import StreamSlice

from source_digitalocean_quolum.records.page import Records, SerializedRecord
from source_digitalocean_quolum.retrievers.list_retriever import DigitalOceanRetriever
from source_digitalocean_quolum.retrievers.record_reader import RecordReader

_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_SECOND, _DAY, _WEEK = timedelta(seconds=1), timedelta(days=1), timedelta(days=7)

# Tokens by what identifies a record beside the day; None where an answer cannot be added up.
_Sums = Counter[tuple[Any, ...]] | None


@dataclass(frozen=True)
class _Window:
    """Whole days, from the first second of one to the last second of another."""

    start: datetime
    stop: datetime

    @classmethod
    def of_slice(cls, stream_slice: StreamSlice) -> "_Window":
        begin, end = (
            datetime.strptime(stream_slice.cursor_slice[name], _FORMAT).replace(tzinfo=UTC)
            for name in ("start_time", "end_time")
        )
        return cls(begin, end)

    @property
    def is_a_day(self) -> bool:
        return self.start + _DAY > self.stop

    def parts(self) -> Iterator["_Window"]:
        """The newest day and the weeks before it, or the days where it is no longer than a week: the newest first."""
        length = _DAY if self.start + _WEEK > self.stop else _WEEK
        stop = self.stop
        while stop > self.start:
            start = max(stop + _SECOND - (_DAY if stop == self.stop else length), self.start)
            yield _Window(start, stop)
            stop = start - _SECOND

    def within(self, stream_slice: StreamSlice) -> StreamSlice:
        """The slice that asks for it."""
        moments = {"start_time": self.start.strftime(_FORMAT), "end_time": self.stop.strftime(_FORMAT)}
        return StreamSlice(
            partition=stream_slice.partition, cursor_slice=moments, extra_fields=stream_slice.extra_fields
        )


@dataclass
class DailyTotalsRetriever(DigitalOceanRetriever):
    """DigitalOceanRetriever for windows of many days, whose records are one day's each.

    A window that adds up to nothing is not looked into. Elsewhere its days are asked, the newest first, until what they
    tell adds up to what the whole told: nothing is left for the others then. After a day without any record the week
    before it is asked as a whole, too, before its days are. What does not add up exactly is asked to the last day.
    """

    def _read(self, stream_slice: StreamSlice, reader: RecordReader, since: str | None) -> Iterator[Records]:
        def ask(window: _Window) -> list[Records]:
            return list(super(DailyTotalsRetriever, self)._read(window.within(stream_slice), reader, since))

        yield from self._days(_Window.of_slice(stream_slice), ask)

    def _days(self, window: _Window, ask: Any, *, summed: bool = True) -> Iterator[Records]:
        """The records of each day of a window; it is not asked as a whole where it is likely to have one every day."""
        if window.is_a_day:
            yield from ask(window)
            return
        whole = self._sums(ask(window)) if summed else None
        if whole is not None and not any(whole.values()):
            return
        seen: _Sums = Counter()
        busy = False
        for part in window.parts():
            found = list(self._days(part, ask, summed=not busy))
            yield from found
            seen = _add(seen, self._sums(found))
            if whole is not None and seen == whole:
                return
            oldest = part.start.strftime(_FORMAT)
            busy = any(record.get(self._observed) == oldest for records in found for record in records)

    def _sums(self, pages: list[Records]) -> _Sums:
        """What these records add up to, by their keys without the day."""
        sums: Counter[tuple[Any, ...]] = Counter()
        names = [name for name in self._key if name != self._observed]
        for record in (record for records in pages for record in records):
            fields: Mapping[str, Any] = record.whole() if isinstance(record, SerializedRecord) else record
            value = fields.get(self._endpoint.sums or "")
            if not isinstance(value, int):
                return None
            sums[tuple(fields.get(name) for name in names)] += value
        return sums


def _add(one: _Sums, other: _Sums) -> _Sums:
    if one is None or other is None:
        return None
    one.update(other)
    return one
