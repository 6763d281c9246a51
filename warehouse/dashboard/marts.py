"""The marts of a DuckDB file or a PostgreSQL database, opened for reading only."""

from __future__ import annotations

import re
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg2

from warehouse.dashboard.errors import EXIT_ARGUMENT, EXIT_MODELS, EXIT_WAREHOUSE, DashboardError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Row = dict[str, Any]
MARTS = (
    "cost_anomalies",
    "cost_by_owner",
    "cost_by_project",
    "cost_by_tag",
    "feature_cost_daily",
    "feature_cost_monthly",
    "feature_utilization_daily",
    "focus_cost",
    "invoice_reconciliation",
    "month_end_forecast",
    "resource_cost_daily",
    "resource_inventory",
    "resource_utilization_30d",
    "transfer_allowance",
    "use_and_pay",
    "waste_findings",
)
_SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,55}")


class Marts:
    """The marts of one warehouse, and beside them the raw tables that they were made of."""

    def __init__(self, connection: Any, schema: str) -> None:
        self._connection = connection
        self.schema = f"{schema}_marts"
        self._columns = self._list_columns()

    def rows(self, statement: str) -> list[Row]:
        """Return the rows of a query; `{marts}` stands for the schema of the marts."""
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(statement.replace("{marts}", self.schema))
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def raw_table(self, schema: str, name: str, *columns: str) -> str | None:
        """Return a raw table as it is written in a query; None where it, or one of the columns, is not there."""
        found = self._columns.get((schema, name))
        if found is None or not found.issuperset(columns):
            return None
        return '"{}"."{}"'.format(schema.replace('"', '""'), name)

    def missing(self) -> list[str]:
        """Return the marts that are not there."""
        return [name for name in MARTS if (self.schema, name) not in self._columns]

    def _list_columns(self) -> dict[tuple[str, str], set[str]]:
        with closing(self._connection.cursor()) as cursor:
            cursor.execute("SELECT table_schema, table_name, column_name FROM information_schema.columns")
            columns: dict[tuple[str, str], set[str]] = {}
            for schema, name, column in cursor.fetchall():
                columns.setdefault((schema, name), set()).add(column)
        return columns


@contextmanager
def open_marts(schema: str, *, path: Path | None = None, url: str | None = None) -> Iterator[Marts]:
    """Open the marts over the raw tables in `schema`, of the DuckDB file `path` or of PostgreSQL at `url`.

    DashboardError says what is missing, and which command makes it; it also says what a query of the page could not
    find, because then the marts are of another version.
    """
    if not _SCHEMA_NAME.fullmatch(schema):
        raise DashboardError(
            f"The schema name {schema!r} cannot be used: take lower-case letters, digits and _.", EXIT_ARGUMENT
        )
    place = f"--duckdb {path}" if path else "--postgres URL"
    builds = f"source-digitalocean-quolum-models {place}" + ("" if schema == "digitalocean" else f" --schema {schema}")
    with closing(_connect_duckdb(path) if path else _connect_postgres(url or "")) as connection:
        try:
            marts = Marts(connection, schema)
            missing = marts.missing()
            if len(missing) == len(MARTS):
                raise DashboardError(
                    f"The warehouse has no models in the schema {marts.schema}: build them with `{builds}`.",
                    EXIT_MODELS,
                )
            if missing:
                raise DashboardError(
                    f"The warehouse lacks the model {missing[0]} in the schema {marts.schema}: build all models again "
                    f"with `{builds}`.",
                    EXIT_MODELS,
                )
            yield marts
        except (duckdb.CatalogException, duckdb.BinderException, psycopg2.errors.UndefinedColumn) as error:
            raise DashboardError(
                f"The models in {schema}_marts are of another version than this page: build them again with `{builds}`."
                f" The warehouse says: {_first_line(error)}",
                EXIT_MODELS,
            ) from None
        except (duckdb.Error, psycopg2.Error) as error:
            raise DashboardError(f"The warehouse cannot be read: {_first_line(error)}", EXIT_WAREHOUSE) from None


def _connect_duckdb(path: Path) -> Any:
    if not path.is_file():
        raise DashboardError(f"There is no warehouse at {path}: sync first, or name another file.", EXIT_WAREHOUSE)
    try:
        connection = duckdb.connect(str(path), read_only=True)
        connection.execute("SET TimeZone = 'UTC'")
    except duckdb.Error as error:
        reason = _first_line(error)
        if "lock" in reason.lower():
            sentence = f"The DuckDB file {path} is open in another process; close it first. DuckDB says: {reason}"
        else:
            sentence = f"{path} cannot be opened as a DuckDB file. DuckDB says: {reason}"
        raise DashboardError(sentence, EXIT_WAREHOUSE) from None
    return connection


def _connect_postgres(url: str) -> Any:
    if not url.startswith(("postgresql://", "postgres://")):
        # Never repeat the text: it may hold a password.
        raise DashboardError("The address of PostgreSQL begins with postgresql://.", EXIT_ARGUMENT)
    try:
        connection = psycopg2.connect(url, connect_timeout=15, options="-c TimeZone=UTC")
        connection.set_session(readonly=True)
    except psycopg2.Error as error:
        raise DashboardError(f"PostgreSQL cannot be opened: {_first_line(error)}", EXIT_WAREHOUSE) from None
    return connection


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", maxsplit=1)[0]
