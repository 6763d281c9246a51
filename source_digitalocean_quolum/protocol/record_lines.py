"""Records as the lines that are written: many of one stream in one message."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import Type
from airbyte_cdk.sources.utils.record_helper import stream_data_to_airbyte_message

from source_digitalocean_quolum.cdk_ext.concurrent_read import RecordBatch
from source_digitalocean_quolum.records.page import Records, SerializedRecord

# Bytes of lines that are handed on together: large enough that a batch's cost is none of the record's.
_BATCH = 128 * 1024
# Records that become lines together: orjson's bytes keep the 4 KB that they were written into, however short they are.
_AT_ONCE = 10


@dataclass
class RecordLines(RecordBatch):
    """The RECORD messages of `count` records of one stream, as they are written: a line each."""

    lines: bytes = b""


class RecordLinesWriter:
    """Collects one stream's records as lines and hands them on by the hundred kilobytes.

    Measured on 60,000 Droplets of 2.2 KB: 34 of 56 us CPU a record gone, and a third of the memory's peak.
    """

    def __init__(self, stream: str, hand_on: Callable[[RecordLines], None]) -> None:
        self._stream, self._hand_on = stream, hand_on
        self._before = b'{"type":"RECORD","record":{"stream":' + orjson.dumps(stream) + b',"data":'
        self._lines: list[bytes] = []
        self._size = self._count = 0

    def write(self, records: Records) -> None:
        """Add records, in their order."""
        for first in range(0, len(records), _AT_ONCE):
            some = records[first : first + _AT_ONCE]
            if serialized := _serialize(some):
                self._add(serialized)
            else:
                for record in some:
                    self._write_alone(record)

    def flush(self) -> None:
        """Hand on what has been collected."""
        if self._lines:
            lines, count = b"".join(self._lines), self._count
            self._lines, self._size, self._count = [], 0, 0
            self._hand_on(RecordLines(Type.RECORD, stream=self._stream, count=count, lines=lines))

    def _add(self, serialized: list[bytes]) -> None:
        after = b',"emitted_at":%d}}\n' % (time.time_ns() // 1_000_000)
        lines = self._before + (after + self._before).join(serialized) + after
        self._lines.append(lines)
        self._size += len(lines)
        self._count += len(serialized)
        if self._size >= _BATCH:
            self.flush()

    def _write_alone(self, record: Mapping[str, Any]) -> None:
        if serialized := _serialize([record]):
            self._add(serialized)
            return
        self.flush()
        message = stream_data_to_airbyte_message(self._stream, record)
        line = AirbyteEntrypoint.airbyte_message_to_string(message).encode() + b"\n"
        self._hand_on(RecordLines(Type.RECORD, stream=self._stream, count=1, lines=line))


def _serialize(records: Records) -> list[bytes] | None:
    """Records as JSON; None where orjson refuses one (an integer beyond 64 bits), which the CDK can write."""
    try:
        return [
            record.written() if record.__class__ is SerializedRecord else orjson.dumps(record) for record in records
        ]
    except TypeError:
        return None
