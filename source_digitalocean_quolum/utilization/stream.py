"""<feature>_utilization: picks the source, reads window by window, holds the cursor."""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from airbyte_cdk.models import AirbyteMessage, AirbyteStateMessage
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import MessageRepository
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor, CursorField
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import PartitionGenerator
from airbyte_cdk.sources.types import Record

from source_digitalocean_quolum.records.page import PagePartition, RecordPage
from source_digitalocean_quolum.utilization.api import Forbidden
from source_digitalocean_quolum.utilization.records import RecordBuilder, format_time
from source_digitalocean_quolum.utilization.run import Source, UtilizationRun
from source_digitalocean_quolum.utilization.table import Feature
from source_digitalocean_quolum.utilization.windows import Window, floor, windows

logger = logging.getLogger("airbyte")

CURSOR_FIELD = "interval_start"
PRIMARY_KEY = ["resource_urn", "metric", "labels_key", CURSOR_FIELD]
# How the cursor is written; the shape is that of an `incremental_sync` in the manifest.
CURSOR = {"cursor_field": CURSOR_FIELD, "datetime_format": "%Y-%m-%dT%H:%M:%SZ"}

_SCHEMA = Path(__file__).parent.parent / "schemas" / "utilization.json"
# Records handed on together.
_AT_ONCE = 200


class UtilizationCursor(Cursor):
    """The first interval that has not been read: everything before it is done, for every resource.

    It moves inside the one partition of the stream, window by window, so a killed run repeats at most the
    window it was in. The CDK's ConcurrentCursor cannot: it reads windows side by side.
    """

    def __init__(self, stream: str, start: int, states: ConnectorStateManager, messages: MessageRepository) -> None:
        self._stream, self._states, self._messages = stream, states, messages
        self.next = start
        self.cursor_field = CursorField(CURSOR_FIELD)

    @property
    def state(self) -> MutableMapping[str, Any]:
        """See Cursor."""
        return {CURSOR_FIELD: format_time(self.next)}

    def reached(self, end: int) -> AirbyteMessage:
        """All before `end` has been read: the state that says so, to be emitted behind those records."""
        self.next = end
        return self._message()

    def observe(self, record: Record) -> None:
        """A record alone moves nothing, and a state is no record."""

    def close_partition(self, partition: Partition) -> None:
        """The windows have reported themselves."""

    def ensure_at_least_one_state_emitted(self) -> None:
        """See Cursor."""
        self._messages.emit_message(self._message())

    def should_be_synced(self, record: Record) -> bool:
        """Every record that is made is wanted."""
        return True

    def _message(self) -> AirbyteMessage:
        self._states.update_state_for_stream(self._stream, None, self.state)
        return self._states.create_state_message(self._stream, None)


class UtilizationReader(PagePartition):
    """The one partition of a stream: all its windows, one after the other.

    Among its records it yields the states in between: the CDK queues what a partition yields in order, so a state
    is always behind what it covers. (A state emitted past the partition would overtake records still in a batch.)
    """

    def __init__(self, feature: Feature, run: UtilizationRun, cursor: UtilizationCursor) -> None:
        self._feature, self._run, self._cursor = feature, run, cursor

    def read_pages(self) -> Iterator[RecordPage | AirbyteMessage]:
        """The records of all closed intervals since the cursor."""
        end = self._run.begin()
        if self._cursor.next >= end:
            return
        if not self._run.inventory.of(self._feature):
            yield self._cursor.reached(end)
            return
        for source in self._candidates():
            try:
                if self._answers(source, end):
                    yield from self._windows(source, end)
                    return
            except Forbidden as problem:
                self._run.refused(source.name, str(problem))
        logger.warning(
            "Stream %s has no source to read from: it stays at %s. See the messages above, or `utilization.source`.",
            self._feature.stream,
            format_time(self._cursor.next),
        )

    def to_slice(self) -> Mapping[str, Any]:
        """Nothing tells the one partition from another."""
        return {}

    def stream_name(self) -> str:
        """See Partition."""
        return self._feature.stream

    def __hash__(self) -> int:
        return hash(self._feature.stream)

    def _candidates(self) -> list[Source]:
        sources = self._run.sources(self._feature)
        return [source for source in sources if not self._run.is_refused(source.name)]

    def _answers(self, source: Source, end: int) -> bool:
        """Whether to read from this source: where there is a choice, only if it knows the feature's resources.

        The newest interval is looked at, because a long backfill may begin before Insights kept anything.
        """
        others = [one for one in self._candidates() if one.name != source.name]
        if source.name != "insights" or not others:
            logger.info("%s reads from %s", self._feature.stream, source.name.capitalize())
            return True
        newest = Window(end - self._run.interval, end, self._run.interval)
        if any(True for _ in source.read(newest)):
            logger.info("%s reads from Insights, which knows its resources", self._feature.stream)
            return True
        logger.info("%s falls back to Monitoring: Insights has no series of it", self._feature.stream)
        return False

    def _windows(self, source: Source, end: int) -> Iterator[RecordPage | AirbyteMessage]:
        builder = RecordBuilder(self._feature.name, source.name, self._run.interval)
        longest = source.longest_window(self._run.interval)
        for window in windows(self._cursor.next, end, self._run.interval, longest):
            rows = builder.build(source.read(window))
            while some := list(islice(rows, _AT_ONCE)):
                yield RecordPage(some, None)
            yield self._cursor.reached(window.end)


class _OnePartition(PartitionGenerator):
    def __init__(self, partition: Partition) -> None:
        self._partition = partition

    def generate(self) -> Iterable[Partition]:
        yield self._partition


def utilization_stream(
    feature: Feature, run: UtilizationRun, start: int, states: ConnectorStateManager, messages: MessageRepository
) -> DefaultStream:
    """The stream of one feature, which goes on at `start` (UNIX seconds, the start of an interval)."""
    cursor = UtilizationCursor(feature.stream, start, states, messages)
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


def begins(
    stream: str, config: Mapping[str, Any], state: Iterable[AirbyteStateMessage], interval: int, now: float
) -> int:
    """Where a stream goes on: its cursor, else the start date, else the first day of the previous month.

    A cursor inside an interval (the interval's length was changed) means that interval again.
    """
    for message in state:
        if message.stream and message.stream.stream_descriptor.name == stream and message.stream.stream_state:
            cursor = vars(message.stream.stream_state).get(CURSOR_FIELD)
            try:
                return floor(_seconds(str(cursor)), interval)
            except ValueError:
                break
    if config.get("start_date"):
        return floor(_seconds(config["start_date"]), interval)
    this_month = datetime.fromtimestamp(now, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return floor((this_month - timedelta(days=1)).replace(day=1).timestamp(), interval)


def _seconds(written_: str) -> float:
    moment = datetime.fromisoformat(written_)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
