"""Records as they go from a reader to the lines of the output: a page of rows at a time."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record, StreamSlice

Row = dict[str, Any]
# Rows for whoever only looks at them: those of verbatim.py are no dicts.
Rows = list[Row] | list[Mapping[str, Any]]


@dataclass(frozen=True)
class RecordPage:
    """Rows of one stream that share a slice.

    No cursor looks at those without a slice, or need look at those that do not advance it.
    """

    rows: Rows
    stream_slice: StreamSlice | None
    advances: bool = True

    def records(self, stream: str) -> Iterator[Record]:
        """The same as the CDK has them."""
        return (Record(data=row, stream_name=stream, associated_slice=self.stream_slice) for row in self.rows)


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
                yield from page.records(self.stream_name())
            else:
                yield page
