"""The CDK's concurrent read, whose queue carries many records as one message.

The CDK puts every record into a queue by itself, where the main thread makes a message of it, counts it, turns that
into a dict, the dict into bytes, the bytes into text and the text into bytes again; and 10,000 queued records are a
million objects for the garbage collector. Here the thread that read the records has made one message of them already.
Order, counts, statuses and states are the CDK's: a cursor sees a record after it was queued, and a state is queued
behind all that it covers.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Queue
from typing import Protocol

from airbyte_cdk.models import AirbyteMessage, AirbyteStreamStatus
from airbyte_cdk.sources.concurrent_source.concurrent_read_processor import ConcurrentReadProcessor
from airbyte_cdk.sources.concurrent_source.concurrent_source import ConcurrentSource
from airbyte_cdk.sources.concurrent_source.stream_thread_exception import StreamThreadException
from airbyte_cdk.sources.concurrent_source.thread_pool_manager import ThreadPoolManager
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor
from airbyte_cdk.sources.streams.concurrent.partition_enqueuer import PartitionEnqueuer
from airbyte_cdk.sources.streams.concurrent.partition_reader import PartitionLogger, PartitionReader
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.types import PartitionCompleteSentinel, QueueItem
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message as status_message

from source_digitalocean_quolum.cdk_ext.partition_states import keep_state

# Batches that wait for a slow destination, where the CDK lets 10,000 records wait.
_WAITING_BATCHES = 32
# Partitions that wait for a thread, where the CDK lets 10,000 wait (and keeps as many that are done): 20 MB of them.
_WAITING_PARTITIONS = 500


@dataclass
class RecordBatch(AirbyteMessage):
    """`count` RECORD messages of one stream in one; it is handed on only to those who know it."""

    stream: str = ""
    count: int = 0


class ReadPartition(Protocol):
    """Reads a partition whole: puts its RecordBatches and messages, and lets the cursor see each record after that."""

    def __call__(self, partition: Partition, cursor: Cursor, put: Callable[[QueueItem], None]) -> None:
        """Runs in a worker thread; what was read before an exception must be put before it is raised."""


class BatchSource(ConcurrentSource):
    """ConcurrentSource (airbyte_cdk 7.39) that reads partitions with a ReadPartition."""

    def __init__(self, source: ConcurrentSource, read_partition: ReadPartition) -> None:
        """One that takes the place of the CDK's own: the same queue and messages, and threads of its own."""
        # The source that declares streams gives these nowhere else.
        queue, generators = source._queue, source._initial_number_partitions_to_generate  # noqa: SLF001
        queue.maxsize = _WAITING_BATCHES
        # Threads that find partitions wait when there are many: they must not be missing among those that read.
        threads = source._threadpool._threadpool._max_workers + generators  # noqa: SLF001
        self._workers = ThreadPoolExecutor(threads, thread_name_prefix="workerpool")
        super().__init__(
            threadpool=ThreadPoolManager(
                self._workers,
                source._logger,  # noqa: SLF001
                max_concurrent_tasks=_WAITING_PARTITIONS,
            ),
            logger=source._logger,  # noqa: SLF001
            slice_logger=source._slice_logger,  # noqa: SLF001
            queue=queue,
            message_repository=source._message_repository,  # noqa: SLF001
            initial_number_partitions_to_generate=generators,
        )
        self._read_partition = read_partition

    def read(self, streams: list[AbstractStream]) -> Iterator[AirbyteMessage]:
        """ConcurrentSource.read with the two parts below in place of the CDK's."""
        self._logger.info("Starting syncing")
        processor = BatchProcessor(
            streams,
            PartitionEnqueuer(self._queue, self._threadpool),
            self._threadpool,
            self._logger,
            self._slice_logger,
            self._message_repository,
            BatchReader(
                self._queue,
                PartitionLogger(self._slice_logger, self._logger, self._message_repository),
                self._read_partition,
            ),
            max_concurrent_partition_generators=self._initial_number_partitions_to_generate,
        )
        try:
            yield from self._submit_initial_partition_generators(processor)
            yield from self._consume_from_queue(self._queue, processor)
            self._threadpool.check_for_errors_and_shutdown()
        finally:
            # However it ended, a thread that waits for work waits in vain.
            self._workers.shutdown(wait=False, cancel_futures=True)
        self._logger.info("Finished syncing")

    def _handle_item(
        self, queue_item: QueueItem, concurrent_stream_processor: ConcurrentReadProcessor
    ) -> Iterable[AirbyteMessage]:
        if isinstance(queue_item, RecordBatch) and isinstance(concurrent_stream_processor, BatchProcessor):
            return concurrent_stream_processor.on_batch(queue_item)
        return super()._handle_item(queue_item, concurrent_stream_processor)


class BatchProcessor(ConcurrentReadProcessor):
    """ConcurrentReadProcessor that knows RecordBatches; runs in the main thread."""

    def on_batch(self, batch: RecordBatch) -> Iterable[AirbyteMessage]:
        """ConcurrentReadProcessor.on_record for many records."""
        if self._record_counter[batch.stream] == 0:
            self._logger.info(f"Marking stream {batch.stream} as RUNNING")
            stream = self._stream_name_to_instance[batch.stream].as_airbyte_stream()
            yield status_message(stream, AirbyteStreamStatus.RUNNING)
        self._record_counter[batch.stream] += batch.count
        yield batch
        yield from self._message_repository.consume_queue()


class BatchReader(PartitionReader):
    """PartitionReader that reads with a ReadPartition; runs in the worker threads."""

    def __init__(self, queue: Queue[QueueItem], partition_logger: PartitionLogger, read: ReadPartition) -> None:
        super().__init__(queue, partition_logger)
        self._read = read

    def process_partition(self, partition: Partition, cursor: Cursor) -> None:
        """PartitionReader.process_partition for batches; of a partition that is read, its state is kept and no more."""
        try:
            if self._partition_logger:
                self._partition_logger.log(partition)
            self._read(partition, cursor, self._queue.put)
            cursor.close_partition(partition)
            keep_state(cursor, partition)
            self._queue.put(PartitionCompleteSentinel(partition, self._IS_SUCCESSFUL))
        except Exception as error:  # noqa: BLE001 (the main thread must learn of it, or it waits forever)
            self._queue.put(StreamThreadException(error, partition.stream_name()))
            self._queue.put(PartitionCompleteSentinel(partition, not self._IS_SUCCESSFUL))
