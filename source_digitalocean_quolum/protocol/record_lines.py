"""From a stream's records to finished lines: the CDK's concurrent read, with many records in one message."""

import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Queue
from typing import Any

import orjson
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import AirbyteMessage, AirbyteStreamStatus, Type
from airbyte_cdk.sources.concurrent_source.concurrent_read_processor import ConcurrentReadProcessor
from airbyte_cdk.sources.concurrent_source.concurrent_source import ConcurrentSource
from airbyte_cdk.sources.concurrent_source.stream_thread_exception import StreamThreadException
from airbyte_cdk.sources.concurrent_source.thread_pool_manager import ThreadPoolManager
from airbyte_cdk.sources.declarative.incremental.concurrent_partition_cursor import ConcurrentPerPartitionCursor
from airbyte_cdk.sources.declarative.stream_slicers.declarative_partition_generator import DeclarativePartition
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.streams.concurrent.cursor import ConcurrentCursor, Cursor
from airbyte_cdk.sources.streams.concurrent.partition_enqueuer import PartitionEnqueuer
from airbyte_cdk.sources.streams.concurrent.partition_reader import PartitionLogger, PartitionReader
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.types import PartitionCompleteSentinel, QueueItem
from airbyte_cdk.sources.types import Record, StreamSlice
from airbyte_cdk.sources.utils.record_helper import stream_data_to_airbyte_message
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message as status_message

from source_digitalocean_quolum.cdk_ext.partition_states import keep_state
from source_digitalocean_quolum.records.page import PagePartition, RecordPage, Rows, SerializedRecord
from source_digitalocean_quolum.retrievers.list_retriever import DigitalOceanRetriever

# Cursor values of one slice that are remembered, because seeing one again changes nothing.
_VALUES = 1_000
_WITH_FIELD = (ConcurrentCursor, ConcurrentPerPartitionCursor)
# Lines handed on together, in bytes: large enough that a batch's cost is none of the record's.
_BATCH = 128 * 1024
# Rows that become lines together: orjson's bytes keep the 4 KB that they were written into, however short they are.
_AT_ONCE = 10
# Batches that wait for a slow destination: 4 MB, where the CDK's 10,000 records would be hundreds.
_WAITING_BATCHES = 32
# Partitions that wait for a thread, where the CDK lets 10,000 wait (and keeps as many that are done): 20 MB of them.
_WAITING_PARTITIONS = 500


@dataclass
class RecordLines(AirbyteMessage):
    """The RECORD messages of `count` records of one stream, as they are written: a line each.

    It stands for its records among the messages of a read, and only where the caller knows it (entrypoint.py).
    """

    stream: str = ""
    count: int = 0
    lines: bytes = b""


class LineSource(ConcurrentSource):
    """The CDK's concurrent source (airbyte_cdk 7.39), of which a record costs no message, queue item or object.

    The CDK puts every record into a queue, where another thread makes a message of it, counts it, turns that
    into a dict, the dict into bytes, the bytes into text and the text into bytes again; and 10,000 queued
    records are a million objects for the garbage collector. Here the thread that read a record makes its line,
    and lines go through the queue by the hundred kilobytes. Order, counts, statuses and states are the CDK's:
    a cursor sees a record after it was queued, and a state is queued after all that it covers.

    Measured on 60,000 Droplets of 2.2 KB: 34 of 56 us CPU a record gone, and a third of the memory's peak.
    """

    @classmethod
    def like(cls, source: ConcurrentSource) -> "LineSource":
        """One that takes the place of the CDK's: the same queue and messages, and threads of its own."""
        # The source that declares streams gives these nowhere else.
        queue, generators = source._queue, source._initial_number_partitions_to_generate  # noqa: SLF001
        queue.maxsize = _WAITING_BATCHES
        # Threads that find partitions wait when there are many: they must not be missing among those that read.
        threads = source._threadpool._threadpool._max_workers + generators  # noqa: SLF001
        return cls(
            threadpool=ThreadPoolManager(
                ThreadPoolExecutor(threads, thread_name_prefix="workerpool"),
                source._logger,  # noqa: SLF001
                _WAITING_PARTITIONS,
            ),
            logger=source._logger,  # noqa: SLF001
            slice_logger=source._slice_logger,  # noqa: SLF001
            queue=queue,
            message_repository=source._message_repository,  # noqa: SLF001
            initial_number_partitions_to_generate=generators,
        )

    def read(self, streams: list[AbstractStream]) -> Iterator[AirbyteMessage]:
        """ConcurrentSource.read with the two parts below in place of the CDK's."""
        self._logger.info("Starting syncing")
        processor = LineProcessor(
            streams,
            PartitionEnqueuer(self._queue, self._threadpool),
            self._threadpool,
            self._logger,
            self._slice_logger,
            self._message_repository,
            LineReader(self._queue, PartitionLogger(self._slice_logger, self._logger, self._message_repository)),
            max_concurrent_partition_generators=self._initial_number_partitions_to_generate,
        )
        yield from self._submit_initial_partition_generators(processor)
        yield from self._consume_from_queue(self._queue, processor)
        self._threadpool.check_for_errors_and_shutdown()
        self._logger.info("Finished syncing")

    def _handle_item(
        self, queue_item: QueueItem, concurrent_stream_processor: ConcurrentReadProcessor
    ) -> Iterable[AirbyteMessage]:
        if isinstance(queue_item, RecordLines) and isinstance(concurrent_stream_processor, LineProcessor):
            return concurrent_stream_processor.on_lines(queue_item)
        return super()._handle_item(queue_item, concurrent_stream_processor)


class LineProcessor(ConcurrentReadProcessor):
    """ConcurrentReadProcessor that knows RecordLines; runs in the main thread."""

    def on_lines(self, lines: RecordLines) -> Iterable[AirbyteMessage]:
        """ConcurrentReadProcessor.on_record for many records."""
        if self._record_counter[lines.stream] == 0:
            self._logger.info(f"Marking stream {lines.stream} as RUNNING")
            stream = self._stream_name_to_instance[lines.stream].as_airbyte_stream()
            yield status_message(stream, AirbyteStreamStatus.RUNNING)
        self._record_counter[lines.stream] += lines.count
        yield lines
        yield from self._message_repository.consume_queue()


class LineReader(PartitionReader):
    """PartitionReader that makes lines of the records; runs in the worker threads."""

    def process_partition(self, partition: Partition, cursor: Cursor) -> None:
        """PartitionReader.process_partition; what was read before an exception is handed on before it is."""
        batch = _Batch(partition.stream_name(), self._queue, cursor)
        try:
            if self._partition_logger:
                self._partition_logger.log(partition)
            try:
                for page in _pages(partition):
                    if isinstance(page, RecordPage):
                        batch.add(page)
                    else:
                        # A state in the middle of a partition (utilization) covers what was read before it.
                        batch.hand_on()
                        self._queue.put(page)
            finally:
                batch.hand_on()
            cursor.close_partition(partition)
            keep_state(cursor, partition)
            self._queue.put(PartitionCompleteSentinel(partition, self._IS_SUCCESSFUL))
        except Exception as error:  # noqa: BLE001 (the main thread must learn of it, or it waits forever)
            self._queue.put(StreamThreadException(error, partition.stream_name()))
            self._queue.put(PartitionCompleteSentinel(partition, not self._IS_SUCCESSFUL))


def _pages(partition: Partition) -> Iterator[RecordPage | AirbyteMessage]:
    """What a partition reads: that of a list asks its retriever, as DeclarativePartition.read does for records."""
    if isinstance(partition, PagePartition):
        return partition.read_pages()
    if isinstance(partition, DeclarativePartition) and isinstance(partition._retriever, DigitalOceanRetriever):  # noqa: SLF001
        schema = partition._schema_loader.get_json_schema()  # noqa: SLF001
        return partition._retriever.read_pages(schema, partition._stream_slice)  # noqa: SLF001
    raise TypeError(f"{partition.stream_name()} is read by a {type(partition).__name__} that knows no pages")


class _Batch:
    """Lines of one partition on their way into the queue."""

    def __init__(self, stream: str, queue: Queue[QueueItem], cursor: Cursor) -> None:
        self._stream, self._queue, self._cursor = stream, queue, cursor
        self._before = b'{"type":"RECORD","record":{"stream":' + orjson.dumps(stream) + b',"data":'
        self._lines: list[bytes] = []
        self._size = self._count = 0
        # Cursors without a field look at nothing.
        self._field = cursor.cursor_field.cursor_field_key if isinstance(cursor, _WITH_FIELD) else None
        self._values: set[Any] = set()
        self._to_observe: list[Record] = []

    def add(self, page: RecordPage) -> None:
        looked_at = page.stream_slice is not None and page.advances
        for first in range(0, len(page.rows), _AT_ONCE):
            rows = page.rows[first : first + _AT_ONCE]
            if looked_at:
                self._note(rows, page.stream_slice)
            if written := _written(rows):
                self._add(written)
                continue
            for row in rows:
                self._add_alone(row)

    def _note(self, rows: Rows, stream_slice: StreamSlice | None) -> None:
        """Note those of a slice's rows whose value the cursor has not seen: it keeps the highest.

        The CDK's takes 20 us for each, most of them to read a date twice and to write it.
        """
        if self._field is None:
            return
        for row in rows:
            value = row.get(self._field)
            if value not in self._values:
                self._values.add(value)
                self._to_observe.append(Record(row, self._stream, stream_slice))
        if len(self._values) > _VALUES:
            self._values.clear()

    def _add(self, written: list[bytes]) -> None:
        after = b',"emitted_at":%d}}\n' % (time.time_ns() // 1_000_000)
        lines = self._before + (after + self._before).join(written) + after
        self._lines.append(lines)
        self._size += len(lines)
        self._count += len(written)
        if self._size >= _BATCH:
            self.hand_on()

    def _add_alone(self, row: Mapping[str, Any]) -> None:
        if written := _written([row]):
            self._add(written)
            return
        self.hand_on()
        message = stream_data_to_airbyte_message(self._stream, row)
        self._put(AirbyteEntrypoint.airbyte_message_to_string(message).encode() + b"\n", 1)

    def hand_on(self) -> None:
        if self._lines:
            lines, count = b"".join(self._lines), self._count
            self._lines, self._size, self._count = [], 0, 0
            self._put(lines, count)

    def _put(self, lines: bytes, count: int) -> None:
        self._queue.put(RecordLines(Type.RECORD, stream=self._stream, count=count, lines=lines))
        to_observe, self._to_observe = self._to_observe, []
        for record in to_observe:
            self._cursor.observe(record)


def _written(rows: Rows) -> list[bytes] | None:
    """Rows as JSON; None where orjson refuses one (an integer beyond 64 bits), which the CDK can write."""
    try:
        return [row.written() if row.__class__ is SerializedRecord else orjson.dumps(row) for row in rows]
    except TypeError:
        return None
