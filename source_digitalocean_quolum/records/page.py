"""Records as they go from a reader to the lines of the output: a page of records at a time."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import orjson
from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record, StreamSlice

from source_digitalocean_quolum.redaction import may_hold_secrets, redact_value

RecordData = dict[str, Any]
# Records for whoever only looks at them: most are no dicts.
Records = list[RecordData] | list[Mapping[str, Any]]


class SerializedRecord(Mapping[str, Any]):
    """A record as JSON, of which only the fields that a read looks at are known: keys, cursor, state.

    It is no dict, so that nothing can take those fields for the record. A page of 200 Droplets is 0.4 MB as bytes and
    4 as objects, and so many pages are in memory as threads read, and parents' pages for as long as their children
    are asked for.
    """

    __slots__ = ("_added", "_known", "_raw")

    def __init__(self, raw: msgspec.Raw | bytes, known: Mapping[str, Any], added: bytes) -> None:
        """A JSON object, and what stands in the place of its last brace."""
        self._raw, self._known, self._added = raw, known, added

    @classmethod
    def from_record(cls, record: RecordData, fields: Sequence[str]) -> "SerializedRecord":
        """A record of plain JSON values and the `fields` that the read looks at."""
        # orjson's own bytes keep the 4 KB they were written into.
        return cls(bytes(memoryview(orjson.dumps(record))), {name: record.get(name) for name in fields}, b"}")

    def written(self) -> bytes:
        """The record as JSON on one line."""
        return b"".join((memoryview(self._raw)[:-1], self._added))

    def whole(self) -> RecordData:
        """The record, parsed anew."""
        record: RecordData = orjson.loads(self.written())
        return record

    def get(self, name: str, default: Any = None) -> Any:
        """See Mapping, whose own takes four times as long."""
        return self._known.get(name, default)

    def __getitem__(self, name: str) -> Any:
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


@dataclass(frozen=True)
class RecordPage:
    """Records of one stream that share a slice.

    No cursor looks at those without a slice, or need look at those that do not advance it.
    """

    records: Records
    stream_slice: StreamSlice | None
    advances: bool = True

    def to_cdk_records(self, stream: str) -> Iterator[Record]:
        """The same as the CDK has them, made one after the other, without texts that have the shape of a secret.

        They pass no guard on the way out: whoever asks for them is a program in this process.
        """
        for record in self.records:
            if isinstance(record, SerializedRecord):
                data = redact_value(record.whole()) if may_hold_secrets(record.written()) else record.whole()
            else:
                data = redact_value(dict(record))
            yield Record(data=data, stream_name=stream, associated_slice=self.stream_slice)


class PagePartition(Partition):
    """A partition that is read by pages, with states in between."""

    @abstractmethod
    def read_pages(self) -> Iterator[RecordPage | AirbyteMessage]:
        """Pages, and a state behind those that it covers."""

    # The base class knows records only; the CDK queues whatever a partition yields.
    def read(self) -> Iterable[Record | AirbyteMessage]:  # type: ignore[override]
        """See Partition."""
        for page in self.read_pages():
            if isinstance(page, RecordPage):
                yield from page.to_cdk_records(self.stream_name())
            else:
                yield page
