"""What a landed table says of itself: a comment on it and on each column, and an index of its key."""

# ruff: noqa: S608 - identifiers come from PyAirbyte's normalizer (letters, digits, underscores) only

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from warehouse.sync.loaders import literal
from warehouse.sync.spool import EXTRACTED_AT_COLUMN, META_COLUMN, RAW_ID_COLUMN
from warehouse.sync.tables import listed, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection

    from warehouse.sync.loaders import Loader
    from warehouse.sync.tables import Table

_LONGEST_NAME = 63
_EVERY_TABLE = {
    RAW_ID_COLUMN: "A random id of this row, new whenever the row is written.",
    EXTRACTED_AT_COLUMN: "When the connector emitted the record, in UTC.",
    META_COLUMN: "Reserved by Airbyte for notes on the row; always an empty object.",
}
# PyAirbyte's own tables.
OF_PYAIRBYTE = {
    "_airbyte_state": {
        "": "PyAirbyte's table: how far each stream was read. Written together with the rows that a state covers.",
        "source_name": "The connector.",
        "stream_name": "The stream.",
        "table_name": "The stream's table; the key of this one.",
        "state_json": "The last state message of the stream, as JSON.",
        "last_updated": "When the state was written.",
    },
    "_airbyte_destination_state": {
        "": "PyAirbyte's table: states of syncs into its destinations; this host writes nothing into it.",
        "destination_name": "The destination.",
        "source_name": "The connector.",
        "stream_name": "The stream.",
        "state_json": "The last state message of the stream, as JSON.",
        "last_updated": "When the state was written.",
    },
    "_airbyte_streams": {
        "": "PyAirbyte's table: the streams that were synced, so that PyAirbyte finds their tables.",
        "stream_name": "The stream.",
        "source_name": "The connector.",
        "table_name": "The stream's table; the key of this one.",
        "catalog_metadata": "The stream's JSON schema.",
    },
}


def comments_of(table: Table) -> dict[str, str]:
    """Return the comment of each column, and under "" the table's own, which names the key."""
    key = f"Key: {', '.join(table.key)}." if table.key else "No key."
    return {"": f"{table.description} {key}".strip(), **table.descriptions, **_EVERY_TABLE}


def write_comments(
    connection: Connection, loader: Loader, schema: str, table: str, comments: Mapping[str, str]
) -> None:
    """Write those comments that are not there yet as they are to be."""
    found = loader.comments(connection, schema, table)
    name = f"{schema}.{quoted(table)}"
    for column, text in comments.items():
        if column in found and found[column] != text:
            of = f"COLUMN {name}.{quoted(column)}" if column else f"TABLE {name}"
            # A percent sign in a text is no parameter.
            connection.exec_driver_sql(f"COMMENT ON {of} IS {literal(text)}", execution_options={"no_parameters": True})


def create_index(connection: Connection, schema: str, table: Table) -> None:
    """Create the unique index of a table's key in PostgreSQL, where it has one that is not there yet."""
    if table.key:
        into = f"{schema}.{quoted(table.name)}"
        connection.exec_driver_sql(
            f"CREATE UNIQUE INDEX IF NOT EXISTS {quoted(_index_name(table))} ON {into} ({listed(table.key)})"
        )


def drop_old_indexes(connection: Connection, schema: str, table: Table) -> None:
    """Drop the indexes that this host made of a key which the table had before: they would refuse rows."""
    rows = connection.exec_driver_sql(
        f"SELECT indexname FROM pg_indexes WHERE schemaname = '{schema}' AND tablename = '{table.name}'"
    ).fetchall()
    for (name,) in rows:
        if name.startswith(_index_prefix(table)) and name != _index_name(table):
            connection.exec_driver_sql(f"DROP INDEX {schema}.{quoted(name)}")


def _index_prefix(table: Table) -> str:
    return f"{table.name[: _LONGEST_NAME - 13]}_key_"


def _index_name(table: Table) -> str:
    # It changes with the key.
    checksum = zlib.crc32("\n".join(table.key).encode())
    return f"{_index_prefix(table)}{checksum:08x}"
