"""Every query of the docs runs as it stands: on empty tables with the columns and types that a sync or dbt makes.

Whether the figures are right is asked where there are rows: test_metrics_docs.py, and in integration_tests
test_cost_warehouses.py and test_models.py.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tools import dictionary, streams_table

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "warehouse" / "README.md"])
QUERIES = [
    pytest.param(sql, id=f"{page.name}-{number}")
    for page in PAGES
    for number, sql in enumerate(re.findall(r"```sql\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL), 1)
]
LANDED = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DECIMAL(38, 12)",
    "boolean": "BOOLEAN",
    "date and time": "TIMESTAMP",
    "date": "DATE",
    "object": "JSON",
    "list": "JSON",
}
# dbt tells the columns of a mart and not their types: here they follow from the names.
MARTS = {
    r"is_.*": "BOOLEAN",
    r".*_(date|month)": "DATE",
    r"(.*_)?(amount|cost|monthly|spent|forecast|actual|overages|taxes|credits|difference)": "DECIMAL(38, 9)",
    r"(.*_)?(percent|days|gib|average|p95|peak|resources|measured|unit_cost)": "DECIMAL(38, 9)",
}


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Any]:
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    database.execute("CREATE SCHEMA digitalocean")
    database.execute("CREATE SCHEMA digitalocean_marts")
    for stream in streams_table.streams():
        schema = dictionary.schema_of(stream)
        columns = {name: LANDED[dictionary.type_of(declared)] for name, declared in schema["properties"].items()}
        _create(database, f"digitalocean.{stream}", columns)
    history = {"stream_name": "VARCHAR", "started_at": "TIMESTAMP", "row_count": "BIGINT", "request_count": "BIGINT"}
    _create(database, "digitalocean._airbyte_syncs", history)
    marts = ROOT / "warehouse" / "models" / "models" / "marts" / "_marts.yml"
    for model in yaml.safe_load(marts.read_text(encoding="utf-8"))["models"]:
        _create(
            database,
            f"digitalocean_marts.{model['name']}",
            {column["name"].strip('"'): _type(column["name"]) for column in model["columns"]},
        )
    yield database
    database.close()


def _create(database: Any, table: str, columns: dict[str, str]) -> None:
    declared = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    database.execute(f"CREATE TABLE {table} ({declared})")


def _type(column: str) -> str:
    return next((kind for pattern, kind in MARTS.items() if re.fullmatch(pattern, column)), "VARCHAR")


def test_the_pages_have_queries() -> None:
    assert len(QUERIES) > 20


@pytest.mark.parametrize("sql", QUERIES)
def test_a_query_runs_as_it_stands(warehouse: Any, sql: str) -> None:
    assert warehouse.execute(sql).fetchall() is not None
