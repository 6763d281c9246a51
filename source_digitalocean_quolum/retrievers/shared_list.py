"""Children that one list holds for all parents: the list is read once, and each parent is given its own of it."""

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airbyte_cdk.sources.types import StreamSlice

from source_digitalocean_quolum.records.page import RecordData, Records, SerializedRecord
from source_digitalocean_quolum.retrievers.extractor import AddedFields, RecordContext
from source_digitalocean_quolum.retrievers.list_retriever import DigitalOceanRetriever
from source_digitalocean_quolum.retrievers.record_reader import RecordReader


@dataclass
class SharedListRetriever(DigitalOceanRetriever):
    """DigitalOceanRetriever for endpoints with `of_parent`: a request for all parents instead of one for each.

    A member of the list belongs to a parent if one of its `of_parent` fields holds, or shares, a value of the parent's
    field. It may belong to many. The list is in memory for as long as the stream is read.
    """

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        super().__post_init__(parameters)
        self._lock = threading.Lock()
        self._members: list[RecordData] | None = None
        self._places: dict[tuple[str, object], list[int]] = {}

    def _read(self, stream_slice: StreamSlice, reader: RecordReader, since: str | None) -> Iterator[Records]:
        members = self._list(reader, since)
        known = {**(stream_slice.extra_fields or {}), **stream_slice}
        added = AddedFields.for_slice(self._endpoint, stream_slice)
        places = {
            place
            for field, parents_field in self._endpoint.of_parent.items()
            for value in _values(known.get(parents_field))
            for place in self._places.get((field, value), ())
        }
        records = [dict(members[place]) for place in sorted(places)]
        for record in records:
            added.derive(record, RecordContext({}, record))
            reader.fit(record)
        yield records

    def _list(self, reader: RecordReader, since: str | None) -> list[RecordData]:
        """The whole list, read for the first parent that is asked about."""
        with self._lock:
            if self._members is None:
                self._members = list(self._read_once(reader, since))
                found: defaultdict[tuple[str, object], list[int]] = defaultdict(list)
                for place, member in enumerate(self._members):
                    for field in self._endpoint.of_parent:
                        for value in _values(member.get(field)):
                            found[field, value].append(place)
                self._places = dict(found)
            return self._members

    def _read_once(self, reader: RecordReader, since: str | None) -> Iterator[RecordData]:
        """The members, each once: until a parent's fields are added, their own are all that tells them apart."""
        own = [name for name in self._key if name not in self._endpoint.derived]
        seen = set()
        for records in super()._read(StreamSlice(partition={}, cursor_slice={}), reader, since):
            for record in records:
                key = tuple([record.get(name) for name in own])
                if None in key or key not in seen:
                    seen.add(key)
                    yield record.whole() if isinstance(record, SerializedRecord) else dict(record)


def _values(value: Any) -> Iterable[object]:
    """A field's values as what can be looked up: those of a list, or the one."""
    if isinstance(value, list):
        return [one for one in value if isinstance(one, str | int)]
    return [value] if isinstance(value, str | int) else []
