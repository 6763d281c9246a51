"""Reads a partition page by page and puts its records into the queue as lines; runs in the worker threads."""

from collections.abc import Callable, Iterator

from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.concurrent_source.concurrent_source import ConcurrentSource
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.types import QueueItem

from source_digitalocean_quolum.cdk_ext.concurrent_read import BatchSource
from source_digitalocean_quolum.cdk_ext.declarative_partition import partition_parts
from source_digitalocean_quolum.protocol.cursor_values import CursorValues
from source_digitalocean_quolum.protocol.record_lines import RecordLines, RecordLinesWriter
from source_digitalocean_quolum.records.page import PagePartition, RecordPage
from source_digitalocean_quolum.retrievers.list_retriever import DigitalOceanRetriever


def read_lines(source: ConcurrentSource) -> BatchSource:
    """The source that reads the same streams and yields RecordLines in place of single records."""
    return BatchSource(source, read_partition)


def read_partition(partition: Partition, cursor: Cursor, put: Callable[[QueueItem], None]) -> None:
    """Read a partition to its end (a ReadPartition); what was read before an exception is put before it is raised."""
    stream = partition.stream_name()
    values = CursorValues(cursor, stream)

    def hand_on(lines: RecordLines) -> None:
        put(lines)
        values.show()

    writer = RecordLinesWriter(stream, hand_on)
    try:
        for page in _pages(partition):
            if isinstance(page, RecordPage):
                writer.write(page.records)
                values.note(page)
            else:
                # A state in the middle of a partition (utilization) covers what was read before it.
                writer.flush()
                put(page)
    finally:
        writer.flush()
        values.show()


def _pages(partition: Partition) -> Iterator[RecordPage | AirbyteMessage]:
    """What a partition reads: that of a list asks its retriever, as DeclarativePartition.read does for records."""
    if isinstance(partition, PagePartition):
        return partition.read_pages()
    parts = partition_parts(partition)
    if parts and isinstance(parts.retriever, DigitalOceanRetriever):
        return parts.retriever.read_pages(parts.schema, parts.stream_slice)
    raise TypeError(f"{partition.stream_name()} is read by a {type(partition).__name__} that knows no pages")
