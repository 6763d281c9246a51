"""A utilization stream as Airbyte sees it: its state, its key, its one partition."""

import json
from typing import Any

from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.sources.types import Record

from source_digitalocean_quolum.utilization.gaps import Gap
from source_digitalocean_quolum.utilization.position import Position
from source_digitalocean_quolum.utilization.stream import UtilizationCursor, schema, utilization_stream
from source_digitalocean_quolum.utilization.table import load
from unit_tests.utilization.syncs import STREAM

START = 1_773_133_200
GAP = Gap("insights", "fra1", "size", START - 3600, START, START)


def make(*gaps: Gap) -> tuple[UtilizationCursor, InMemoryMessageRepository]:
    messages = InMemoryMessageRepository()
    return UtilizationCursor(STREAM, Position(START, gaps), ConnectorStateManager([]), messages), messages


def test_a_state_says_where_to_go_on_and_what_is_missing() -> None:
    cursor, _ = make()
    assert cursor.state == {"interval_start": "2026-03-10T09:00:00Z"}
    cursor, _ = make(GAP)
    assert cursor.state["gaps"] == [
        {
            "source": "insights",
            "regions": ["fra1"],
            "metrics": ["size"],
            "from": "2026-03-10T08:00:00Z",
            "to": "2026-03-10T09:00:00Z",
            "since": "2026-03-10T09:00:00Z",
        }
    ]


def test_a_state_is_announced_as_it_is_then() -> None:
    cursor, messages = make()
    cursor.next += 3600
    cursor.ensure_at_least_one_state_emitted()
    (message,) = messages.consume_queue()
    assert message.state
    assert message.state.stream
    assert message.state.stream.stream_descriptor.name == STREAM
    assert vars(message.state.stream.stream_state) == {"interval_start": "2026-03-10T10:00:00Z"}
    again = cursor.make_state().state
    assert again
    assert again.stream
    assert vars(again.stream.stream_state) == {"interval_start": "2026-03-10T10:00:00Z"}


def test_every_record_is_wanted_and_none_moves_the_cursor() -> None:
    cursor, messages = make()
    record = Record(data={"interval_start": "2026-03-10T12:00:00Z"}, stream_name=STREAM)
    cursor.observe(record)
    assert cursor.should_be_synced(record)
    assert cursor.state == {"interval_start": "2026-03-10T09:00:00Z"}
    assert not list(messages.consume_queue())


def test_a_stream_has_the_shared_schema_key_and_cursor_and_one_partition() -> None:
    feature = load().features[STREAM]
    run: Any = None
    stream = utilization_stream(feature, run, Position(START), ConnectorStateManager([]), InMemoryMessageRepository())
    described = stream.as_airbyte_stream()
    assert described.name == STREAM
    assert described.source_defined_primary_key == [
        [one] for one in ("resource_urn", "metric", "labels_key", "interval_start")
    ]
    assert described.default_cursor_field == ["interval_start"]
    assert described.json_schema == json.loads(json.dumps(schema()))
    (partition,) = stream.generate_partitions()
    assert partition.stream_name() == STREAM
    assert partition.to_slice() == {}
    assert hash(partition) == hash(partition)
