"""Writes raw tables into a warehouse, with the types that a sync lands."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg2

from integration_tests.models_team.facts import READ_AT, Tables

if TYPE_CHECKING:
    import datetime as dt

SCHEMAS = Path(__file__).resolve().parents[2] / "source_digitalocean_quolum" / "schemas"
_NULL = "\\N"


def land(tables: Tables, place: Path | str, schema: str, *, read_at: dt.datetime = READ_AT) -> None:
    """Write tables into a DuckDB file (a path) or PostgreSQL (a URL), with the types that a sync lands."""
    is_duckdb = isinstance(place, Path)
    connection: Any = duckdb.connect(str(place)) if is_duckdb else psycopg2.connect(str(place))
    load = _load_duckdb if is_duckdb else _load_postgres
    try:
        cursor = connection.cursor()
        cursor.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        for stream, rows in tables.items():
            types = _types(stream)
            names = list(dict.fromkeys(name for row in rows for name in row if not name.startswith("_")))
            declared = ", ".join(f'"{name}" {types.get(name, "VARCHAR")}' for name in names)
            cursor.execute(
                f'CREATE TABLE "{schema}".{stream} '
                f"({declared}, _airbyte_raw_id VARCHAR, _airbyte_extracted_at TIMESTAMP)"
            )
            text = io.StringIO()
            writer = csv.writer(text)
            for number, row in enumerate(rows):
                extracted = row.get("_airbyte_extracted_at", read_at)
                values = [row.get(name) for name in names]
                writer.writerow([_text(value) for value in (*values, f"{stream}-{number}", extracted)])
            load(cursor, f'"{schema}".{stream}', text.getvalue())
        connection.commit()
    finally:
        connection.close()


def _text(value: Any) -> str:
    if value is None:
        return _NULL
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


# A file at once: row by row, landing would take as long as a build of the models.
def _load_duckdb(cursor: Any, table: str, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        cursor.execute(f"COPY {table} FROM '{file.name}' (FORMAT csv, HEADER false, NULLSTR '{_NULL}')")


def _load_postgres(cursor: Any, table: str, text: str) -> None:
    cursor.copy_expert(f"COPY {table} FROM STDIN (FORMAT csv, NULL '{_NULL}')", io.StringIO(text))


def _types(stream: str) -> dict[str, str]:
    name = "utilization" if stream.endswith("_utilization") else stream
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    return {column: _type(definition) for column, definition in schema["properties"].items()}


def _type(definition: dict[str, Any]) -> str:
    if "$ref" in definition:
        file, _, pointer = definition["$ref"].partition("#")
        found = json.loads((SCHEMAS / "shared" / file).read_text(encoding="utf-8"))
        for step in pointer.strip("/").split("/") if pointer else []:
            found = found[step]
        return _type(found)
    kinds = set(definition["type"]) if isinstance(definition["type"], list) else {definition["type"]}
    if kinds & {"object", "array"}:
        return "JSON"
    if "string" in kinds:
        return {"date-time": "TIMESTAMP", "date": "DATE"}.get(definition.get("format", ""), "VARCHAR")
    return {"integer": "BIGINT", "number": "DECIMAL(38, 9)", "boolean": "BOOLEAN"}[(kinds - {"null"}).pop()]
