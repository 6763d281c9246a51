"""Opens a DuckDB file or a PostgreSQL schema as the warehouse of one sync."""

from __future__ import annotations

import os
import socket
import warnings
from typing import TYPE_CHECKING

import duckdb
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from warehouse.sync.errors import ConfigurationError, LockedError, WarehouseError
from warehouse.sync.loaders import DuckDBLoader, PostgresLoader, literal
from warehouse.sync.schema_lock import SchemaLock
from warehouse.sync.warehouse import Warehouse, prepare_pyairbyte

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# DuckDB's default is 262144: a column of a few rows takes a block, and an account has two thousand columns.
_BLOCK_SIZE = 16384


def open_duckdb(path: Path, schema: str, work_dir: Path, warn: Callable[[str], None]) -> Warehouse:
    """Open or create the DuckDB file; its own lock keeps others out until the warehouse is closed."""
    prepare_pyairbyte(work_dir)
    from airbyte.caches import DuckDBCache  # noqa: PLC0415

    try:
        if not path.exists():
            _create_duckdb(path)
        cache = DuckDBCache(db_path=path.absolute(), schema_name=schema, cache_dir=work_dir / "cache")
    except (SQLAlchemyError, duckdb.Error) as error:
        reason = _first_line(error)
        if "lock" in reason.lower():
            raise LockedError(
                f"The DuckDB file {path} is open in another process; close it first. DuckDB says: {reason}"
            ) from None
        raise WarehouseError(f"The DuckDB file {path} cannot be opened. DuckDB says: {reason}") from None
    return Warehouse(cache, DuckDBLoader(), f"DuckDB {path}, schema {schema}", warn)


def _create_duckdb(path: Path) -> None:
    """Create a file of small blocks: only a new one can be given their size."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH {literal(str(path.absolute()))} AS created (BLOCK_SIZE {_BLOCK_SIZE})")
        connection.execute("DETACH created")


def open_postgres(url: str, schema: str, work_dir: Path, warn: Callable[[str], None]) -> Warehouse:
    """Connect to PostgreSQL and keep other syncs out of the schema until the warehouse is closed.

    The URL is libpq's (`postgresql://user:password@host:port/database?sslmode=require`); a password that is
    not in it comes from PGPASSWORD or ~/.pgpass, as for psql.
    """
    address = _address(url)
    prepare_pyairbyte(work_dir)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from warehouse.sync.postgres_cache import PostgresUrlCache  # noqa: PLC0415

    where = f"PostgreSQL {address.host or 'on the local socket'}, database {address.database}, schema {schema}"
    try:
        cache = PostgresUrlCache.at(address, schema, work_dir / "cache", f"{socket.gethostname()}:{os.getpid()}")
        lock = SchemaLock(cache.get_sql_engine(), schema, where)
        lock.take()
    except SQLAlchemyError as error:
        raise WarehouseError(f"{where} cannot be used: {_first_line(error)}") from None
    return Warehouse(cache, PostgresLoader(), where, warn, lock)


def _address(url: str) -> URL:
    try:
        return make_url(url).set(drivername="postgresql+psycopg2")
    except (ArgumentError, ValueError):
        # Never repeat the text: it may hold a password.
        raise ConfigurationError(
            "--postgres is not a URL: write postgresql://user@host:5432/database, the password in PGPASSWORD."
        ) from None


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().split("\n")[0]
