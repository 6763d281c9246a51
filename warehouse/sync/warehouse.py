"""The warehouse: PyAirbyte's DuckDB and PostgreSQL caches, written one transaction at a time.

PyAirbyte's own `read` keeps nothing of a sync whose connector fails. So a cache gives what is public of it
(connection, schema, table and column names, SQL types, the tables `_airbyte_state` and `_airbyte_streams`),
and the rows and the state that covers them are written here, in ONE transaction: after a crash at any moment,
the tables hold exactly what the state says. States live in `_airbyte_state`, beside the rows, in the form
PyAirbyte reads, so `airbyte.DuckDBCache` opens the result like one of its own.

Types are PyAirbyte's, but for two: integer BIGINT, number DECIMAL(38, 12) instead of 9 decimals, date-time TIMESTAMP
in UTC, object and array JSON (in PostgreSQL JSONB instead of json, which has no equality).
"""

# ruff: noqa: S608 - identifiers come from PyAirbyte's normalizer (letters, digits, underscores) only

from __future__ import annotations

import gc
import logging
import os
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self

import orjson
import sqlalchemy
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from warehouse.sync import history
from warehouse.sync.decimals import SQL_TYPE as DECIMAL_TYPE
from warehouse.sync.documentation import (
    OF_PYAIRBYTE,
    comments_of,
    create_index,
    drop_old_indexes,
    write_comments,
)
from warehouse.sync.errors import StreamRefusedError, WarehouseError
from warehouse.sync.interruption import held
from warehouse.sync.spool import EXTRACTED_AT_COLUMN, META_COLUMN, RANK_COLUMN, RAW_ID_COLUMN
from warehouse.sync.tables import Shaping, Table, listed, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from warehouse.sync.engine import StreamRun
    from warehouse.sync.loaders import Loader
    from warehouse.sync.schema_lock import SchemaLock

Write = Literal["replace", "merge", "append"]

SOURCE_NAME = "source-digitalocean-quolum"
_BATCH = "_airbyte_batch"
# PostgreSQL's error codes.
_DISK_FULL, _DEPENDENT_OBJECTS, _NOT_ALLOWED = "53100", "2BP01", "42501"


def prepare_pyairbyte(work_dir: Path) -> None:
    """Import PyAirbyte without network, telemetry or files outside `work_dir`.

    It decides all of that from the environment while it is imported; its dependencies' notices about the
    Python version are of no use to an operator.
    """
    os.environ.update(
        AIRBYTE_OFFLINE_MODE="1",
        DO_NOT_TRACK="1",
        AIRBYTE_CACHE_ROOT=str(work_dir / "cache"),
        AIRBYTE_LOGGING_ROOT=str(work_dir / "logs"),
    )
    with warnings.catch_warnings(), _without_collections():
        warnings.simplefilter("ignore")
        import airbyte.caches  # noqa: F401, PLC0415


@contextmanager
def _without_collections() -> Iterator[None]:
    """Load modules without looking for garbage: they stay, and looking at them again and again is a quarter of it."""
    were_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if were_on:
            gc.enable()


class Warehouse:
    """One schema of one database; opened by `opening.open_duckdb` and `opening.open_postgres`."""

    def __init__(
        self,
        cache: Any,
        loader: Loader,
        description: str,
        warn: Callable[[str], None],
        lock: SchemaLock | None = None,
    ) -> None:
        self._cache = cache
        self._processor = cache.processor
        self._loader = loader
        self._warn = warn
        self._lock = lock
        self._schema: str = cache.schema_name
        self.description = description

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close; a server that went away has closed its side, and what it had committed is kept."""
        # The pool tells of a connection it cannot reset in a traceback of its own.
        logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
        if self._lock is not None:
            self._lock.close()
        self._cache.close()

    def states(self) -> dict[str, dict[str, Any]]:
        """Return the last committed state message of each stream, by stream name."""
        with self._reached():
            self._cache.get_state_provider(SOURCE_NAME)  # creates PyAirbyte's tables where there are none
            rows = self._cache.run_sql_query(
                f"SELECT stream_name, state_json FROM {self._schema}._airbyte_state WHERE source_name = '{SOURCE_NAME}'"
            )
        return {row["stream_name"]: orjson.loads(row["state_json"]) for row in rows}

    def streams(self) -> set[str]:
        """Return the streams that were ever synced into this schema."""
        return set(self._cache.processor.catalog_provider.stream_names)

    def remember(self, runs: Iterable[StreamRun], started: datetime) -> None:
        """Keep what the complete streams of a sync took; a failure is told and costs nothing."""
        complete = [run for run in runs if run.status == "complete"]
        try:
            with held(), self._processor.get_sql_connection() as connection:
                history.remember(connection, self._schema, complete, started)
                write_comments(connection, self._loader, self._schema, history.TABLE, history.COMMENTS)
        except SQLAlchemyError as error:
            self._warn(f"What this sync took could not be kept for the next --plan: {_reason(error)}")

    def register(self, configured_catalog: Mapping[str, Any]) -> None:
        """Describe the streams in `_airbyte_streams`, so that PyAirbyte finds their tables."""
        from airbyte_protocol.models import ConfiguredAirbyteCatalog  # noqa: PLC0415

        catalog = ConfiguredAirbyteCatalog.model_validate(configured_catalog)
        with self._reached(), held():
            self._cache.register_source(SOURCE_NAME, catalog, {stream.stream.name for stream in catalog.streams})
            with self._processor.get_sql_connection() as connection:
                for name, comments in OF_PYAIRBYTE.items():
                    write_comments(connection, self._loader, self._schema, name, comments)

    def table(self, stream: str, json_schema: Mapping[str, Any], key: Sequence[str]) -> Table:
        """Return the table of a stream from its JSON schema and its primary key (property names)."""
        normalize = self._processor.normalizer.normalize
        properties: Mapping[str, Any] = json_schema.get("properties") or {}
        columns = {name: str(normalize(name)) for name in properties}
        types = {columns[name]: self._sql_type(definition) for name, definition in properties.items()}
        types |= {RAW_ID_COLUMN: "VARCHAR", EXTRACTED_AT_COLUMN: "TIMESTAMP", META_COLUMN: self._loader.json_type}
        descriptions = {
            columns[name]: str(definition["description"])
            for name, definition in properties.items()
            if definition.get("description")
        }
        return Table(
            stream,
            str(self._processor.get_sql_table_name(stream)),
            columns,
            types,
            [str(normalize(part)) for part in key],
            str(json_schema.get("description") or ""),
            descriptions,
        )

    def _sql_type(self, definition: Mapping[str, Any]) -> str:
        kind = str(self._processor.type_converter.to_sql_type(definition))
        if kind.startswith("DECIMAL"):
            return DECIMAL_TYPE
        return self._loader.json_type if kind == "JSON" else kind

    def land(self, table: Table, rows: Path, write: Write, state: Mapping[str, Any] | None) -> int:
        """Write the spooled `rows` and `state` in one transaction; return how many rows were landed.

        Rows with the same key become one, the latest. `replace` leaves only these rows; without a state it
        also forgets an older one. Raises StreamRefusedError when the warehouse does not take these rows,
        WarehouseError when it cannot be reached any more.
        """
        with self._transaction(table) as connection:
            self._loader.begin(connection)
            self._loader.load(connection, table, rows, _BATCH)
            count = self._deduplicate(connection, table)
            if self._loader.has_indexes:
                drop_old_indexes(connection, self._schema, table)
            shaping = Shaping(connection, self._loader, self._schema, table)
            warnings = shaping.prepare(_BATCH, replace=write == "replace")
            self._move(connection, table, write)
            self._write_state(connection, table.stream, state, forget=write == "replace")
            connection.exec_driver_sql(f"DROP TABLE {_BATCH}")
        for text in warnings:
            self._warn(text)
        return count

    def document(self, table: Table) -> None:
        """Write a complete table's comments and the index of its key.

        What the database refuses here is told and costs no row. Raises WarehouseError when it cannot be reached any
        more.
        """
        try:
            with self._transaction(table) as connection:
                write_comments(connection, self._loader, self._schema, table.name, comments_of(table))
            if self._loader.has_indexes:
                with self._transaction(table) as connection:
                    create_index(connection, self._schema, table)
        except StreamRefusedError as error:
            self._warn(
                f"{table.stream} is complete, but its table has no comments or no unique index of its key: "
                f"{_reason(error.__cause__, lines=2)}"
            )

    def save_state(self, table: Table, state: Mapping[str, Any]) -> None:
        """Write a state that covers rows already landed; raises what `land` raises."""
        with self._transaction(table) as connection:
            self._write_state(connection, table.stream, state, forget=False)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, RuntimeError) as error:
            raise WarehouseError(f"The warehouse {self.description} cannot be used: {_reason(error)}") from error

    @contextmanager
    def _transaction(self, table: Table) -> Iterator[Connection]:
        try:
            with held(), self._processor.get_sql_connection() as connection:
                yield connection
                if self._lock is not None:
                    self._lock.keep()
        except SQLAlchemyError as error:
            self._raise(table, error)

    def _raise(self, table: Table, error: SQLAlchemyError) -> NoReturn:
        reason = str(error.orig if isinstance(error, DBAPIError) else error).strip().split("\n")
        if not self._is_reachable(error):
            raise WarehouseError(f"The warehouse {self.description} went away: {reason[0]}") from error
        raise StreamRefusedError(
            f"The warehouse refused the rows of {table.stream}: {' '.join(reason[:2])}. {_remedy(error, table)}".strip()
        ) from error

    def _is_reachable(self, error: SQLAlchemyError) -> bool:
        """A connection that was cut took the lock on the schema with it, even where the server takes new ones."""
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            return False
        try:
            self._cache.run_sql_query("SELECT 1")
        except (SQLAlchemyError, RuntimeError):
            return False
        return True

    def _deduplicate(self, connection: Connection, table: Table) -> int:
        if table.key:
            ranked = (
                f"SELECT {RANK_COLUMN}, row_number() OVER (PARTITION BY {listed(table.key)}"
                f" ORDER BY {RANK_COLUMN} DESC) AS nth FROM {_BATCH}"
            )
            earlier = f"SELECT {RANK_COLUMN} FROM ({ranked}) AS ranked WHERE nth > 1"
            connection.exec_driver_sql(f"DELETE FROM {_BATCH} WHERE {RANK_COLUMN} IN ({earlier})")
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {_BATCH}").scalar_one())

    def _move(self, connection: Connection, table: Table, write: Write) -> None:
        final, columns = self._qualified(table), listed(table.types)
        if write == "replace":
            # Rows, not the table: a view on it, and its grants, stay.
            connection.exec_driver_sql(f"DELETE FROM {final}")
        elif write == "merge":
            matches = " AND ".join(
                f"old.{quoted(column)} {self._equals(connection, column)} new.{quoted(column)}" for column in table.key
            )
            connection.exec_driver_sql(f"DELETE FROM {final} AS old USING {_BATCH} AS new WHERE {matches}")
        connection.exec_driver_sql(f"INSERT INTO {final} ({columns}) SELECT {columns} FROM {_BATCH}")

    def _equals(self, connection: Connection, column: str) -> str:
        # NULL equals NULL in a key, but the operator that says so rules out a hash join: only where needed.
        nulls = f"SELECT EXISTS (SELECT 1 FROM {_BATCH} WHERE {quoted(column)} IS NULL)"
        return "IS NOT DISTINCT FROM" if connection.exec_driver_sql(nulls).scalar_one() else "="

    def _write_state(
        self, connection: Connection, stream: str, state: Mapping[str, Any] | None, *, forget: bool
    ) -> None:
        states = f"{self._schema}._airbyte_state"
        if state is not None:
            statement = (
                f"INSERT INTO {states} (source_name, stream_name, table_name, state_json, last_updated)"
                " VALUES (:source, :stream, :stream, :state, CURRENT_TIMESTAMP)"
                " ON CONFLICT (table_name) DO UPDATE SET source_name = excluded.source_name,"
                " stream_name = excluded.stream_name, state_json = excluded.state_json,"
                " last_updated = excluded.last_updated"
            )
            values = {"source": SOURCE_NAME, "stream": stream, "state": orjson.dumps(state).decode()}
            connection.execute(sqlalchemy.text(statement), values)
        elif forget:
            statement = f"DELETE FROM {states} WHERE table_name = :stream"
            connection.execute(sqlalchemy.text(statement), {"stream": stream})

    def _qualified(self, table: Table) -> str:
        return f"{self._schema}.{quoted(table.name)}"


def _reason(error: BaseException | None, lines: int = 1) -> str:
    return " ".join(str(getattr(error, "orig", None) or error).strip().split("\n")[:lines])


def _remedy(error: SQLAlchemyError, table: Table) -> str:
    """What an operator can do about rows that were refused."""
    text, code = str(error), getattr(getattr(error, "orig", None), "pgcode", None)
    if code == _DISK_FULL or "No space left" in text or "could not extend file" in text:
        return "Make room on the disk of the warehouse; what is committed is kept."
    if code == _DEPENDENT_OBJECTS:
        return (
            f"Drop these views, run again with --full-refresh --streams {table.stream}, then make them again: a column "
            "has another type now."
        )
    if code == _NOT_ALLOWED:
        return "Give the user of the warehouse that right."
    return f"If the type of a column has changed, rebuild the table with --full-refresh --streams {table.stream}."
