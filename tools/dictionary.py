"""Writes docs/dictionary.md, the data dictionary: every table and every column, from the schemas.

python -m tools.dictionary           writes it
python -m tools.dictionary --check   changes nothing; exits 1 if it is not up to date
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from airbyte_cdk.sources.utils.schema_helpers import ResourceSchemaLoader

from source_digitalocean_quolum.utilization.table import load
from tools import generated, streams_table
from tools.streams_table import Stream

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "dictionary.md"

INTRODUCTION = """\
# Data dictionary

Written by `make docs` from the schemas; change those, not this page. Every stream is a table of this name, every field
below a column. DigitalOcean may add fields: they are passed on, and stand here with the next version.
[The diagrams](relations.md) show which column leads to which table.

- **Type** is what DigitalOcean sends; [the data type map](digitalocean-quolum.md#data-type-map) has Airbyte's types,
  and [what lands](running.md#what-lands) those of DuckDB and PostgreSQL. An object or a list is one JSON column; its
  fields are named in brackets.
- **Key** columns are never empty. Any other column may be.
- Amounts are US dollars, times are UTC.
- What is removed because it is a secret is in
  [removed_secrets.json](../source_digitalocean_quolum/schemas/removed_secrets.json).
- Every table also has Airbyte's own columns, such as `_airbyte_extracted_at`: when the row was read.
"""


def page() -> str:
    """The text of docs/dictionary.md."""
    found = streams_table.streams()
    features = load().features
    parts = [INTRODUCTION]
    for product, members in streams_table.grouped(found):
        parts.append(f"## {product}\n")
        if all(stream.name in features for stream in members):
            parts.append(_shared(members))
        else:
            parts += [_table_of(stream, schema_of(stream.name)) for stream in members]
    return "\n".join(parts)


def schema_of(stream: str) -> dict[str, Any]:
    """A stream's schema with its references resolved; the utilization streams share one."""
    name = "utilization" if stream in load().features else stream
    return dict(ResourceSchemaLoader("source_digitalocean_quolum").get_schema(name))


def _shared(members: list[Stream]) -> str:
    names = ", ".join(f"`{stream.name}`" for stream in members)
    schema = schema_of(members[0].name)
    about = f"{schema['description']} {_facts(members[0])} [Utilization](utilization.md) explains them."
    return f"### The utilization tables\n\n{names}\n\n{about}\n\n{_columns(schema, members[0])}"


def _table_of(stream: Stream, schema: Mapping[str, Any]) -> str:
    return f"### `{stream.name}`\n\n{schema['description']} {_facts(stream)}\n\n{_columns(schema, stream)}"


def _facts(stream: Stream) -> str:
    return f"Key: {stream.primary_key}. Sync modes: {stream.sync_modes}. DigitalOcean's page: {stream.api}."


def _columns(schema: Mapping[str, Any], stream: Stream) -> str:
    keys = stream.primary_key.replace("`", "").split(", ")
    lines = ["| Column | Type | What it is |", "| --- | --- | --- |"]
    for name, declared in schema["properties"].items():
        kind = type_of(declared) + (", key" if name in keys else "")
        lines.append(
            f"| `{name}` | {kind} | {_cell(declared.get('description', ''))} {_inside(declared)}".rstrip() + " |"
        )
    return "\n".join(lines) + "\n"


def type_of(declared: Mapping[str, Any]) -> str:
    """A field's type in words of the data type map."""
    kinds = declared.get("type", [])
    (kind, *_) = [one for one in ([kinds] if isinstance(kinds, str) else kinds) if one != "null"] or ["any"]
    if kind == "string":
        return {"date-time": "date and time", "date": "date"}.get(declared.get("format", ""), "string")
    return {"array": "list"}.get(kind, str(kind))


def _inside(declared: Mapping[str, Any]) -> str:
    names = list(_fields(declared))
    return f"({', '.join(f'`{name}`' for name in names)})" if names else ""


def _fields(declared: Mapping[str, Any]) -> Iterator[str]:
    """The names of the fields in an object, or in the objects of a list."""
    yield from declared.get("properties") or (declared.get("items") or {}).get("properties") or ()


def _cell(text: str) -> str:
    # A bar would end the cell, and an angle bracket begin an element of HTML.
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or with --check say whether it would change; the exit code."""
    return generated.run("Write the data dictionary from the schemas.", lambda: {TARGET: page()}, arguments)


if __name__ == "__main__":
    sys.exit(main())
