"""The records of one stream on their way to the warehouse, on disk: memory does not grow with the stream."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from warehouse.sync.decimals import Loss, to_column

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
_OWN_COLUMNS = b'{"%b":"%%b","%b":"%%b","%b":"{}","%b":%%d' % tuple(
    name.encode() for name in (RAW_ID_COLUMN, EXTRACTED_AT_COLUMN, META_COLUMN, RANK_COLUMN)
)
_ABSENT, _NOTHING = msgspec.Raw(b""), (b"", b"null")


class NotANumberError(ValueError):
    """A record holds something else in a column of numbers; the text is the column's name."""


@dataclass
class Spool:
    """JSON lines in `path`, one per record, keyed by column name.

    `columns` maps each declared property to its column, `types` each column to its SQL type. Values are passed on as
    they were written, never parsed: those of a DECIMAL column as text, and those of a JSON column as text that holds
    the JSON, because DuckDB reads a number in JSON as a double. `losses` counts what columns cannot hold. Properties
    nobody declared are left out, as a destination does. NUL characters are dropped, because PostgreSQL has no text that
    holds one.
    """

    path: Path
    columns: Mapping[str, str]
    types: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0
    covered_rows: int = 0
    losses: Counter[tuple[str, Loss]] = field(default_factory=Counter, init=False)
    _covered_bytes: int = field(default=0, init=False)
    _waiting: bytearray = field(default_factory=bytearray, init=False)

    def __post_init__(self) -> None:
        self._file = self.path.open("wb", buffering=0)
        # Of two properties with the same column the later one is taken.
        properties = {column: name for name, column in self.columns.items()}
        attributes = {column: f"p{number}" for number, column in enumerate(properties)}
        by_property = {attributes[column]: name for column, name in properties.items()}
        by_column = {attribute: column for column, attribute in attributes.items()}
        self._decode = msgspec.json.Decoder(_struct(by_property)).decode
        self._renamed = None if by_property == by_column else _struct(by_column)
        kinds = {column: self.types.get(column, "").partition("(")[0] for column in properties}
        self._numbers = [(attributes[column], column) for column, kind in kinds.items() if kind == "DECIMAL"]
        self._documents = [attributes[column] for column, kind in kinds.items() if kind in {"JSON", "JSONB"}]

    def add(self, data: bytes, emitted_at: float) -> None:
        """Append one record, a JSON object; `emitted_at` is in milliseconds since the epoch, as the protocol has it.

        Raises NotANumberError, and OSError when the disk is full; the file then ends in part of a line, and only
        `clear` or `close` may follow.
        """
        row: Any = self._decode(_NUL.sub(rb"\1", data) if b"\\u0000" in data else data)
        for attribute, column in self._numbers:
            if (value := bytes(getattr(row, attribute))) not in _NOTHING:
                setattr(row, attribute, self._number(column, value))
        for attribute in self._documents:
            if (value := bytes(getattr(row, attribute))) not in _NOTHING:
                setattr(row, attribute, value.decode())
        if self._renamed is not None:
            row = self._renamed(*msgspec.structs.astuple(row))
        self.rows += 1
        extracted_at = datetime.fromtimestamp(emitted_at / 1000, tz=UTC).isoformat()
        written = msgspec.json.encode(row)
        self._waiting += _OWN_COLUMNS % (str(uuid.uuid4()).encode(), extracted_at.encode(), self.rows)
        self._waiting += b"}\n" if written == b"{}" else b",%b\n" % written[1:]
        if len(self._waiting) >= _WRITE_BYTES:
            self._write()

    def _number(self, column: str, value: bytes) -> str | None:
        try:
            number, loss = to_column(value)
        except ValueError:
            raise NotANumberError(column) from None
        if loss is not None:
            self.losses[column, loss] += 1
        return number

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


def _struct(names: Mapping[str, str]) -> type[msgspec.Struct]:
    """Return a type whose fields stay the JSON they are; `names` has for each attribute what JSON calls it."""
    return msgspec.defstruct("Row", [(name, msgspec.Raw, _ABSENT) for name in names], rename=names, omit_defaults=True)
