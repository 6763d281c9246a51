"""The records of one stream on their way to the warehouse, on disk: memory does not grow with the stream."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# The order of arrival inside one batch: the later of two records with the same key wins.
RANK_COLUMN = "_airbyte_rank"
RAW_ID_COLUMN = "_airbyte_raw_id"
EXTRACTED_AT_COLUMN = "_airbyte_extracted_at"
META_COLUMN = "_airbyte_meta"

_WRITE_BYTES = 1 << 18
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


@dataclass
class Spool:
    """JSON lines in `path`, one per record, keyed by column name; absent and null values are left out.

    `columns` maps each declared property to its column. Properties nobody declared are left out, as a
    destination does. NUL characters are dropped, because PostgreSQL has no text that holds one.
    """

    path: Path
    columns: Mapping[str, str]
    rows: int = 0
    covered_rows: int = 0
    _covered_bytes: int = field(default=0, init=False)
    _waiting: bytearray = field(default_factory=bytearray, init=False)

    def __post_init__(self) -> None:
        self._file = self.path.open("wb", buffering=0)

    def add(self, data: Mapping[str, Any], emitted_at: int) -> None:
        """Append one record; `emitted_at` is in milliseconds since the epoch, as the protocol has it.

        Raises OSError when the disk is full; the file then ends in part of a line, and only `clear` or `close` may
        follow.
        """
        self.rows += 1
        row: dict[str, Any] = {
            column: value for name, column in self.columns.items() if (value := data.get(name)) is not None
        }
        row[RAW_ID_COLUMN] = str(uuid.uuid4())
        row[EXTRACTED_AT_COLUMN] = datetime.fromtimestamp(emitted_at / 1000, tz=UTC)
        row[META_COLUMN] = {}
        row[RANK_COLUMN] = self.rows
        try:
            line = orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
        except TypeError:
            # An integer of more than 64 bits, or 255 levels of nesting: slower, and not lost.
            line = json.dumps(row, default=datetime.isoformat).encode() + b"\n"
        self._waiting += _NUL.sub(rb"\1", line) if b"\\u0000" in line else line
        if len(self._waiting) >= _WRITE_BYTES:
            self._write()

    def _write(self) -> None:
        waiting, self._waiting = memoryview(self._waiting), bytearray()
        while waiting:
            waiting = waiting[self._file.write(waiting) :]

    def mark_covered(self) -> None:
        """Remember that a state message covers every record so far."""
        self.covered_rows, self._covered_bytes = self.rows, self._file.tell() + len(self._waiting)

    def drop_uncovered(self) -> None:
        """Forget the records after the last state message."""
        self._write()
        self._file.seek(self._covered_bytes)
        self._file.truncate()
        self.rows = self.covered_rows

    def flush(self) -> Path:
        """Return the path, with every record in it; raises OSError as `add` does."""
        self._write()
        return self.path

    def clear(self) -> None:
        """Start again with no record."""
        self._waiting.clear()
        self._file.seek(0)
        self._file.truncate()
        self.rows = self.covered_rows = self._covered_bytes = 0

    def close(self) -> None:
        """Remove the file."""
        self._file.close()
        self.path.unlink(missing_ok=True)
