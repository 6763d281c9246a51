"""What the last sync of each stream took, kept in the warehouse for `--plan`."""

# ruff: noqa: S608 - the schema's name is checked: letters, digits, underscores

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg2

from warehouse.sync.errors import LockedError, WarehouseError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from warehouse.sync.engine import StreamRun

TABLE = "_airbyte_syncs"
_COLUMNS = "stream_name VARCHAR, started_at TIMESTAMP, seconds DECIMAL(18, 3), row_count BIGINT, request_count BIGINT"
COMMENTS = {
    "": "The last complete sync of each stream, written by source-digitalocean-quolum-sync, which plans with it.",
    "stream_name": "The stream; the key of this table.",
    "started_at": "When the sync began, in UTC.",
    "seconds": "From the first message of the stream to its last commit.",
    "row_count": "Rows that were landed.",
    "request_count": "Requests to DigitalOcean; NULL where the connector did not say.",
}


@dataclass(frozen=True)
class LastSync:
    """The rows a stream brought the last time, and the requests that took, if the connector said so."""

    rows: int
    requests: int | None


def remember(connection: Connection, schema: str, runs: Iterable[StreamRun], started: datetime) -> None:
    """Write what the complete streams of a sync took, in place of what they took before."""
    connection.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS {schema}.{TABLE} ({_COLUMNS})")
    for run in runs:
        name = run.plan.name.replace("'", "''")
        connection.exec_driver_sql(f"DELETE FROM {schema}.{TABLE} WHERE stream_name = '{name}'")
        requests = "NULL" if run.requests is None else run.requests
        connection.exec_driver_sql(
            f"INSERT INTO {schema}.{TABLE} VALUES ('{name}', TIMESTAMP '{started:%Y-%m-%d %H:%M:%S}',"
            f" {run.seconds:.3f}, {run.rows}, {requests})"
        )


def last_syncs(options: argparse.Namespace) -> dict[str, LastSync]:
    """Return what the warehouse remembers of each stream; nothing where there is no warehouse yet."""
    statement = f"SELECT stream_name, row_count, request_count FROM {options.schema}.{TABLE}"
    try:
        if options.postgres is None:
            if not options.duckdb.exists():
                return {}
            connection: Any = duckdb.connect(str(options.duckdb), read_only=True)
        else:
            connection = psycopg2.connect(options.postgres, connect_timeout=15)
        with closing(connection), closing(connection.cursor()) as cursor:
            cursor.execute(f"SELECT 1 FROM information_schema.tables WHERE {_is_ours(options.schema)}")
            if not cursor.fetchall():
                return {}
            cursor.execute(statement)
            rows = cursor.fetchall()
    except (duckdb.Error, psycopg2.Error) as error:
        reason = str(error).strip().split("\n")[0]
        if "lock" in reason.lower():
            raise LockedError(
                f"The DuckDB file {options.duckdb} is open in another process; close it first. DuckDB says: {reason}"
            ) from None
        raise WarehouseError(f"The warehouse cannot be opened: {reason}") from None
    return {name: LastSync(int(count), requests) for name, count, requests in rows}


def _is_ours(schema: str) -> str:
    return f"table_schema = '{schema}' AND table_name = '{TABLE}'"
