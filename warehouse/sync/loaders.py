"""What differs between DuckDB and PostgreSQL once they are open: loading JSON lines, types, views and comments."""

# ruff: noqa: S608 - identifiers come from PyAirbyte's normalizer (letters, digits, underscores) only

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Any, Protocol

import psycopg2
from sqlalchemy.exc import DBAPIError, OperationalError

from warehouse.sync.spool import RANK_COLUMN

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from warehouse.sync.tables import Table

# DuckDB's default.
_LINE = 1 << 24
# Qualified names of views, with the statement that made each and its comment.
Views = dict[str, tuple[str, str | None]]


class Loader(Protocol):
    """How one kind of database does what the others do differently.

    `json_type` is its type for JSON that can be compared and grouped. `alters_together` says whether one statement may
    change several columns, and `has_indexes` whether a table gets a unique index of its key.
    """

    json_type: str
    alters_together: bool
    has_indexes: bool

    def begin(self, connection: Connection) -> None:
        """Set what every transaction needs, so that times become UTC and memory stays bounded."""

    def load(self, connection: Connection, table: Table, rows: Path, into: str) -> None:
        """Create the temporary table `into` from the file: the table's columns and the rank of each row."""

    def column_types(self, connection: Connection, name: str) -> dict[str, str]:
        """Return the type of each column of a table, with its precision."""

    def working_views(self, connection: Connection) -> Views:
        """Return the views that a change of columns would break without a word."""

    def mend_views(self, connection: Connection, views: Views) -> list[str]:
        """Make views again that a change of columns broke; return a sentence for each that does not fit any more."""

    def comments(self, connection: Connection, schema: str, table: str) -> dict[str, str | None]:
        """Return the comment of each column, and under "" the table's own."""


class DuckDBLoader:
    """Loads with `read_json`.

    A table has no unique index: DuckDB 1.4 refuses a key that is deleted and inserted in one transaction once the file
    was opened anew, keeps an index in memory, and does not give back the blocks of one that is dropped. The key is in
    the table's comment.
    """

    json_type = "JSON"
    alters_together = False
    has_indexes = False

    def begin(self, connection: Connection) -> None:
        """Go to disk beyond 512 MB; DuckDB would take most of the machine's memory. (Its JSON reader counts in UTC.)"""
        for setting in ("memory_limit = '512MB'", "preserve_insertion_order = false"):
            connection.exec_driver_sql(f"SET {setting}")

    def load(self, connection: Connection, table: Table, rows: Path, into: str) -> None:
        """Read the file in one scan; the declared type decides, nothing is guessed."""
        path = str(rows).replace("'", "''")
        kinds = ", ".join(f"'{column}': '{_read_as(kind, 'VARCHAR')}'" for column, kind in table.types.items())
        connection.exec_driver_sql(
            f"CREATE TEMP TABLE {into} AS SELECT {_select(table)} FROM read_json('{path}',"
            f" format = 'newline_delimited', maximum_object_size = {_longest_line(rows)},"
            f" columns = {{{kinds}, '{RANK_COLUMN}': 'BIGINT'}})"
        )

    def column_types(self, connection: Connection, name: str) -> dict[str, str]:
        """Return what DESCRIBE says."""
        rows = connection.exec_driver_sql(f"SELECT column_name, column_type FROM (DESCRIBE {name})")
        return {str(column): str(kind) for column, kind in rows}

    def working_views(self, connection: Connection) -> Views:
        """Return all views that can be read: one remembers the columns of its tables, and ends when they change."""
        rows = connection.exec_driver_sql(
            "SELECT schema_name, view_name, sql, comment FROM duckdb_views()"
            " WHERE NOT internal AND NOT temporary AND database_name = current_database() ORDER BY view_oid"
        ).fetchall()
        views = {f'"{schema}"."{name}"': (str(sql), comment) for schema, name, sql, comment in rows}
        return {
            name: view for name, view in views.items() if _failure(connection, f"SELECT * FROM {name} LIMIT 0") is None
        }

    def mend_views(self, connection: Connection, views: Views) -> list[str]:
        """Make each view again that cannot be read any more, those that others are made of first."""
        broken = {name: "" for name in views if _failure(connection, f"SELECT * FROM {name} LIMIT 0") is not None}
        mended = True
        while mended:
            mended = False
            for name in list(broken):
                sql, comment = views[name]
                reason = _failure(connection, re.sub(r"^CREATE VIEW", "CREATE OR REPLACE VIEW", sql))
                if reason is None and _failure(connection, f"SELECT * FROM {name} LIMIT 0") is None:
                    mended = True
                    del broken[name]
                    if comment is not None:
                        connection.exec_driver_sql(f"COMMENT ON VIEW {name} IS {literal(comment)}")
                else:
                    broken[name] = reason or ""
        return [
            f"The view {name} does not fit the new columns of its tables, and cannot be read any more: make it again. "
            f"DuckDB says: {reason}".strip()
            for name, reason in broken.items()
        ]

    def comments(self, connection: Connection, schema: str, table: str) -> dict[str, str | None]:
        """Return what duckdb_tables() and duckdb_columns() list."""
        where = f"WHERE schema_name = '{schema}' AND table_name = '{table}' AND database_name = current_database()"
        rows = connection.exec_driver_sql(
            f"SELECT '', comment FROM duckdb_tables() {where}"
            f" UNION ALL SELECT column_name, comment FROM duckdb_columns() {where}"
        )
        return {str(name): comment for name, comment in rows}


class PostgresLoader:
    """Loads with COPY into one JSON column, then `json_to_record`: exact decimals, one pass a line."""

    json_type = "JSONB"
    alters_together = True
    has_indexes = True

    def begin(self, connection: Connection) -> None:
        """Count times in UTC, also behind a pooler that hands out sessions by the transaction."""
        connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")

    def load(self, connection: Connection, table: Table, rows: Path, into: str) -> None:
        """Copy the lines, then take them apart in the server."""
        connection.exec_driver_sql("CREATE TEMP TABLE _airbyte_lines (line json) ON COMMIT DROP")
        driver: Any = connection.connection.dbapi_connection
        statement = "COPY _airbyte_lines FROM STDIN"
        with rows.open("rb") as file, driver.cursor() as cursor:
            try:
                cursor.copy_expert(statement, _CopyText(file))
            except psycopg2.Error as error:
                # The driver is spoken to directly here, and its errors are to be the same as everywhere.
                raise OperationalError(statement, None, error, connection_invalidated=bool(driver.closed)) from error
        kinds = ", ".join(f'"{column}" {_read_as(kind, "TEXT")}' for column, kind in table.types.items())
        connection.exec_driver_sql(
            f"CREATE TEMP TABLE {into} ON COMMIT DROP AS SELECT {_select(table)} FROM _airbyte_lines,"
            f" json_to_record(line) AS line_record({kinds}, {RANK_COLUMN} BIGINT)"
        )
        connection.exec_driver_sql("DROP TABLE _airbyte_lines")

    def column_types(self, connection: Connection, name: str) -> dict[str, str]:
        """Return what the catalog says; a cursor's description leaves the precision out."""
        rows = connection.exec_driver_sql(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
            f" WHERE attrelid = '{name}'::regclass AND attnum > 0 AND NOT attisdropped"
        )
        return {str(column): str(kind) for column, kind in rows}

    def working_views(self, connection: Connection) -> Views:
        """Return none: PostgreSQL refuses the change that would break one."""
        return {}

    def mend_views(self, connection: Connection, views: Views) -> list[str]:
        """Do nothing: see `working_views`."""
        return []

    def comments(self, connection: Connection, schema: str, table: str) -> dict[str, str | None]:
        """Return what the catalog says of the table and its columns."""
        rows = connection.exec_driver_sql(
            f"SELECT '', obj_description('{schema}.\"{table}\"'::regclass, 'pg_class')"
            " UNION ALL SELECT attname, col_description(attrelid, attnum) FROM pg_attribute"
            f" WHERE attrelid = '{schema}.\"{table}\"'::regclass AND attnum > 0 AND NOT attisdropped"
        )
        return {str(name): comment for name, comment in rows}


class _CopyText:
    """A file in COPY's text format, where a backslash is written twice."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size).replace(b"\\", b"\\\\")


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _failure(connection: Connection, statement: str) -> str | None:
    """Run a statement that may be refused before it begins; return the reason, None when it was done."""
    try:
        connection.exec_driver_sql(statement)
    except DBAPIError as error:
        return str(error.orig).strip().split("\n")[0]
    return None


def _longest_line(rows: Path) -> int:
    """Return the size DuckDB has to expect of a line; its buffers are twice as large, so no more than needed."""
    if rows.stat().st_size <= _LINE:
        return _LINE
    with rows.open("rb") as file:
        longest = max(len(line) for line in file)
    # DuckDB cuts a line in two that is exactly as long as it was told.
    return max(_LINE, longest + 1024)


def _is_text(kind: str) -> bool:
    # The spool holds numbers and JSON as text.
    return kind.startswith(("DECIMAL", "JSON"))


def _read_as(kind: str, text: str) -> str:
    if _is_text(kind):
        return text
    # A plain TIMESTAMP ignores the offset in the text.
    return "TIMESTAMPTZ" if kind == "TIMESTAMP" else kind


def _select(table: Table) -> str:
    columns = [f'{_converted(column, kind)} AS "{column}"' for column, kind in table.types.items()]
    return ", ".join([*columns, RANK_COLUMN])


def _converted(column: str, kind: str) -> str:
    if _is_text(kind):
        return f'CAST("{column}" AS {kind})'
    return f"\"{column}\" AT TIME ZONE 'UTC'" if kind == "TIMESTAMP" else f'"{column}"'
