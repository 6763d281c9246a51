"""The CDK's entry point, for which a message may stand for many records."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from airbyte_cdk.connector import TConfig
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import AirbyteMessage, ConnectorSpecification
from airbyte_cdk.sources import Source
from airbyte_cdk.sources.connector_state_manager import HashableStreamDescriptor
from airbyte_cdk.utils import memory_monitor

from source_digitalocean_quolum.cdk_ext.concurrent_read import RecordBatch


class BatchEntrypoint(AirbyteEntrypoint):
    """AirbyteEntrypoint (airbyte_cdk 7.39) that counts the records of a RecordBatch one by one."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._memory_monitor = self._records = RecordMemoryMonitor()

    def read(
        self, source_spec: ConnectorSpecification, config: TConfig, catalog: Any, state: list[Any]
    ) -> Iterable[AirbyteMessage]:
        """See AirbyteEntrypoint.read; the memory is looked at after a message was handled, as there."""
        for message in super().read(source_spec, config, catalog, state):
            yield message
            if isinstance(message, RecordBatch):
                self._records.count(message.count - 1)

    @staticmethod
    def handle_record_counts(
        message: AirbyteMessage, stream_message_count: defaultdict[HashableStreamDescriptor, float]
    ) -> AirbyteMessage:
        """See AirbyteEntrypoint: a state says how many records came before it."""
        if isinstance(message, RecordBatch):
            stream_message_count[HashableStreamDescriptor(name=message.stream, namespace=None)] += message.count
            return message
        return AirbyteEntrypoint.handle_record_counts(message, stream_message_count)


class RecordMemoryMonitor(memory_monitor.MemoryMonitor):
    """The CDK's MemoryMonitor, which looks at the memory every 5,000 messages (100 when it is short): of records, here.

    A batch is one message of some sixty records, so that it looked once in about 640 MB of output.
    """

    def __init__(self) -> None:
        super().__init__()
        self._carried = 0

    def count(self, messages: int) -> None:
        """Count messages beside the one that `check_memory_usage` counts: it looks at once if a look is due."""
        interval = (
            memory_monitor._HIGH_PRESSURE_CHECK_INTERVAL if self._high_pressure_mode else self._check_interval  # noqa: SLF001
        )
        waiting = messages + self._carried
        counted = min(waiting, interval - 1 - self._message_count % interval)
        self._message_count += counted
        self._carried = (waiting - counted) % interval
