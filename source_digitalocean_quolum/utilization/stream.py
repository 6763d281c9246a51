"""<feature>_utilization as a stream of Airbyte's: its cursor, its schema, its one partition."""

import json
import logging
from collections.abc import Iterable, Mapping, MutableMapping
from functools import cache
from pathlib import Path
from typing import Any

from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import MessageRepository
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor, CursorField
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import PartitionGenerator
from airbyte_cdk.sources.types import Record

from source_digitalocean_quolum.utilization.gaps import FIELD, OpenGaps
from source_digitalocean_quolum.utilization.position import CURSOR_FIELD, Position
from source_digitalocean_quolum.utilization.reader import UtilizationReader
from source_digitalocean_quolum.utilization.run import UtilizationRun
from source_digitalocean_quolum.utilization.table import Feature
from source_digitalocean_quolum.utilization.times import format_time

PRIMARY_KEY = ["resource_urn", "metric", "labels_key", CURSOR_FIELD]
# How the cursor is written; the shape is that of an `incremental_sync` in the manifest.
CURSOR = {"cursor_field": CURSOR_FIELD, "datetime_format": "%Y-%m-%dT%H:%M:%SZ"}

_SCHEMA = Path(__file__).parent.parent / "schemas" / "utilization.json"


class UtilizationCursor(Cursor):
    """The first interval that has not been asked for: all before it has been read, or is among the gaps.

    It moves inside the one partition of the stream, window by window, so a killed run repeats at most the
    window it was in. The CDK's ConcurrentCursor cannot: it reads windows side by side.
    """

    def __init__(
        self, stream: str, position: Position, states: ConnectorStateManager, messages: MessageRepository
    ) -> None:
        self._stream, self._states, self._messages = stream, states, messages
        self.next = position.start
        self.gaps = OpenGaps(position.gaps)
        self.cursor_field = CursorField(CURSOR_FIELD)

    @property
    def state(self) -> MutableMapping[str, Any]:
        """See Cursor."""
        gaps = self.gaps.to_state()
        return {CURSOR_FIELD: format_time(self.next), **({FIELD: gaps} if gaps else {})}

    def make_state(self) -> AirbyteMessage:
        """The state as it is now, to be emitted behind the records that it covers."""
        self._states.update_state_for_stream(self._stream, None, self.state)
        return self._states.create_state_message(self._stream, None)

    def observe(self, record: Record) -> None:
        """A record alone moves nothing, and a state is no record."""

    def close_partition(self, partition: Partition) -> None:
        """The windows have reported themselves."""

    def ensure_at_least_one_state_emitted(self) -> None:
        """See Cursor."""
        self._messages.emit_message(self.make_state())

    def should_be_synced(self, record: Record) -> bool:
        """Every record that is made is wanted."""
        return True


class _OnePartition(PartitionGenerator):
    def __init__(self, partition: Partition) -> None:
        self._partition = partition

    def generate(self) -> Iterable[Partition]:
        yield self._partition


def utilization_stream(
    feature: Feature,
    run: UtilizationRun,
    position: Position,
    states: ConnectorStateManager,
    messages: MessageRepository,
) -> DefaultStream:
    """The stream of one feature, which goes on at `position`."""
    cursor = UtilizationCursor(feature.stream, position, states, messages)
    return DefaultStream(
        partition_generator=_OnePartition(UtilizationReader(feature, run, cursor)),
        name=feature.stream,
        json_schema=schema,
        primary_key=PRIMARY_KEY,
        cursor_field=cursor.cursor_field,
        logger=logging.getLogger(f"airbyte.{feature.stream}"),
        cursor=cursor,
    )


@cache
def schema() -> Mapping[str, Any]:
    """The schema that all utilization streams share."""
    content: dict[str, Any] = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    return content
