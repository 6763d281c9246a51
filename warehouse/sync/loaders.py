"""What differs between DuckDB and PostgreSQL: opening, locking out another sync, and loading JSON lines."""

# ruff: noqa: S608 - identifiers come from PyAirbyte's normalizer (letters, digits, underscores) only

from __future__ import annotations

import os
import re
import socket
import warnings
import zlib
from typing import IO, TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import psycopg2
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError

from warehouse.sync.errors import ConfigurationError, LockedError, WarehouseError
from warehouse.sync.spool import RANK_COLUMN
from warehouse.sync.warehouse import Table, Warehouse, prepare_pyairbyte

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection

_SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_RESERVED_SCHEMAS = frozenset({"information_schema", "pg_catalog", "pg_toast", "temp", "system"})
_LOCK_CLASS = 0x0D0  # the first half of the advisory lock's number; the second is the schema's checksum


class Loader(Protocol):
    """How one kind of database starts a transaction and reads a file of JSON lines."""

    def begin(self, connection: Connection) -> None:
        """Set what every transaction needs: the time zone, so that offsets become UTC."""

    def load(self, connection: Connection, table: Table, rows: Path, into: str) -> None:
        """Create the temporary table `into` from the file: the table's columns and the rank of each row."""


def check_schema_name(schema: str) -> None:
    """Refuse a schema name that would need quoting, or that the databases keep for themselves."""
    if not _SCHEMA_NAME.fullmatch(schema) or schema in _RESERVED_SCHEMAS:
        raise ConfigurationError(
            f"The schema name {schema!r} cannot be used: take lower-case letters, digits and underscores."
        )


class DuckDBLoader:
    """Loads with `read_json`."""

    def begin(self, connection: Connection) -> None:
        """Count times in UTC, and go to disk beyond 512 MB; DuckDB would take most of the machine's memory."""
        for setting in ("TimeZone = 'UTC'", "memory_limit = '512MB'", "preserve_insertion_order = false"):
            connection.exec_driver_sql(f"SET {setting}")

    def load(self, connection: Connection, table: Table, rows: Path, into: str) -> None:
        """Read the file in one scan; the declared type decides, nothing is guessed."""
        path = str(rows).replace("'", "''")
        kinds = ", ".join(f"'{column}': '{_read_as(kind)}'" for column, kind in table.types.items())
        connection.exec_driver_sql(
            f"CREATE TEMP TABLE {into} AS SELECT {_select(table)} FROM read_json('{path}',"
            f" format = 'newline_delimited', columns = {{{kinds}, '{RANK_COLUMN}': 'BIGINT'}})"
        )


class PostgresLoader:
    """Loads with COPY into one JSON column, then `json_to_record`: exact decimals, one pass a line."""

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
        kinds = ", ".join(f'"{column}" {_read_as(kind)}' for column, kind in table.types.items())
        connection.exec_driver_sql(
            f"CREATE TEMP TABLE {into} ON COMMIT DROP AS SELECT {_select(table)} FROM _airbyte_lines,"
            f" json_to_record(line) AS line_record({kinds}, {RANK_COLUMN} BIGINT)"
        )
        connection.exec_driver_sql("DROP TABLE _airbyte_lines")


class _CopyText:
    """A file in COPY's text format, where a backslash is written twice."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size).replace(b"\\", b"\\\\")


def _read_as(kind: str) -> str:
    # A plain TIMESTAMP ignores the offset in the text.
    return "TIMESTAMPTZ" if kind == "TIMESTAMP" else kind


def _select(table: Table) -> str:
    columns = [
        f'"{column}" AT TIME ZONE \'UTC\' AS "{column}"' if kind == "TIMESTAMP" else f'"{column}"'
        for column, kind in table.types.items()
    ]
    return ", ".join([*columns, RANK_COLUMN])


def open_duckdb(path: Path, schema: str, work_dir: Path) -> Warehouse:
    """Open or create the DuckDB file; its own lock keeps others out until the warehouse is closed."""
    check_schema_name(schema)
    if str(path).startswith((":memory:", "md:", "motherduck:")):
        raise ConfigurationError(f"--duckdb {path}: name a file.")
    if path.name.split(".")[0].lower() == schema or path.stem.lower() == schema:
        raise ConfigurationError(
            f"The DuckDB file {path} and the schema {schema} have the same name, which makes every query "
            "ambiguous to DuckDB: choose another --duckdb or --schema."
        )
    if not path.parent.is_dir():
        raise ConfigurationError(f"The folder of the DuckDB file {path} does not exist: create it first.")
    prepare_pyairbyte(work_dir)
    from airbyte.caches import DuckDBCache  # noqa: PLC0415

    try:
        cache = DuckDBCache(db_path=path.absolute(), schema_name=schema, cache_dir=work_dir / "cache")
    except SQLAlchemyError as error:
        reason = _first_line(error)
        if "lock" in reason.lower():
            raise LockedError(
                f"The DuckDB file {path} is open in another process; close it first. DuckDB says: {reason}"
            ) from None
        raise WarehouseError(f"The DuckDB file {path} cannot be opened. DuckDB says: {reason}") from None
    return Warehouse(cache, DuckDBLoader(), f"DuckDB {path}, schema {schema}")


def open_postgres(url: str, schema: str, work_dir: Path) -> Warehouse:
    """Connect to PostgreSQL and keep other syncs out of the schema until the warehouse is closed.

    The URL is libpq's (`postgresql://user:password@host:port/database?sslmode=require`); a password that is
    not in it comes from PGPASSWORD or ~/.pgpass, as for psql.
    """
    check_schema_name(schema)
    address = _postgres_url(url)
    prepare_pyairbyte(work_dir)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from warehouse.sync.postgres_cache import PostgresUrlCache  # noqa: PLC0415

    where = f"PostgreSQL {address.host or 'on the local socket'}, database {address.database}, schema {schema}"
    try:
        cache = PostgresUrlCache.at(address, schema, work_dir / "cache", f"{socket.gethostname()}:{os.getpid()}")
        lock = cache.get_sql_engine().connect()
        _lock_schema(lock, schema, where)
    except SQLAlchemyError as error:
        raise WarehouseError(f"{where} cannot be used: {_first_line(error)}") from None
    return Warehouse(cache, PostgresLoader(), where, lock)


def _postgres_url(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        # Never repeat the text: it may hold a password.
        raise ConfigurationError(
            "--postgres is not a URL: write postgresql://user@host:5432/database, the password in PGPASSWORD."
        ) from None
    if urlsplit(url).scheme not in {"postgresql", "postgres"} or not address.database:
        raise ConfigurationError("--postgres must be postgresql://user@host:5432/database.")
    return address.set(drivername="postgresql+psycopg2")


def _lock_schema(connection: Connection, schema: str, where: str) -> None:
    # Held by a transaction rather than a session, so that it also works behind a transaction pooler.
    number = zlib.crc32(schema.encode()) - (1 << 31)
    connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
    if connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({_LOCK_CLASS}, {number})").scalar_one():
        return
    holder = connection.exec_driver_sql(
        "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory'"
        f" AND granted AND classid = {_LOCK_CLASS} AND objid::bigint = {number % (1 << 32)} LIMIT 1"
    ).scalar_one_or_none()
    connection.close()
    raise LockedError(f"{where}, is in use by another sync ({holder or 'unnamed'}): wait until it has ended.")


def _first_line(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).strip().split("\n")[0]
