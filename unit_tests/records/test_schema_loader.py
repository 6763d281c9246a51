"""What a read declares is what the catalog declares, without its words."""

from collections.abc import Mapping
from typing import Any

import pytest
from airbyte_cdk.sources.declarative.schema import JsonFileSchemaLoader

from source_digitalocean_quolum import manifest
from source_digitalocean_quolum.discovery import described
from source_digitalocean_quolum.records.schema_files import read_schema
from source_digitalocean_quolum.records.schema_loader import LeanSchemaLoader, lean


def paths(schema: Any, at: str = "") -> dict[str, Any]:
    """Every field by its path, with what it may hold."""
    found = {}
    for name, inner in (schema.get("properties") or {}).items():
        found[f"{at}.{name}"] = (inner.get("type"), inner.get("format"))
        found |= paths(inner, f"{at}.{name}")
    if isinstance(items := schema.get("items"), Mapping):
        found[f"{at}[]"] = (items.get("type"), items.get("format"))
        found |= paths(items, f"{at}[]")
    return found


@pytest.mark.parametrize("stream", sorted(manifest.declared_streams()))
def test_a_read_knows_every_field_of_the_catalog(stream: str) -> None:
    parameters = manifest.declared_streams()[stream]["$parameters"]
    file = f"./source_digitalocean_quolum/schemas/{stream}.json"
    declared = {"name": stream, "$parameters": parameters, "schema_loader": {"file_path": file}, "primary_key": []}
    read = LeanSchemaLoader(config={}, parameters=parameters, file_path=file).get_json_schema()

    whole = paths(described(declared).json_schema)
    assert whole
    assert paths(read) == whole


@pytest.mark.parametrize("stream", sorted(manifest.declared_streams()))
def test_the_catalog_shows_the_schema_that_the_cdk_reads(stream: str) -> None:
    file = f"./source_digitalocean_quolum/schemas/{stream}.json"
    loader = JsonFileSchemaLoader(config={}, parameters={}, file_path=file)

    assert read_schema(f"{stream}.json") == loader.get_json_schema()


def test_words_go_and_fields_named_like_them_stay() -> None:
    field = {"type": ["null", "string"], "description": "What it is for."}
    other = {"type": ["null", "string"], "description": "Something else.", "examples": ["a"]}
    read = lean({"description": "A tag.", "properties": {"description": field, "title": other}})

    assert read == {"properties": {"description": {"type": ["null", "string"]}, "title": {"type": ["null", "string"]}}}
    assert read["properties"]["description"] is read["properties"]["title"], "equal parts are one object"
