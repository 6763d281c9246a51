"""Schemas as a read needs them: what is declared, without the words for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from airbyte_cdk.sources.declarative.schema import JsonFileSchemaLoader

_FOR_PEOPLE = ("description", "title", "examples")


@dataclass
class LeanSchemaLoader(JsonFileSchemaLoader):
    """The CDK's JsonFileSchemaLoader, whose schemas are shared down to the last field by all streams of a run.

    The CDK keeps the schema of every stream it has read. Without descriptions most fields are one of a dozen
    (a string or null), and an app's specification is the same in apps and deployments. The catalog has them whole
    (discovery.py). Measured with 133 streams: a peak of 169 MB became 150.
    """

    def get_json_schema(self) -> Mapping[str, Any]:
        """See JsonFileSchemaLoader."""
        schema: dict[str, Any] = lean(super().get_json_schema())
        return schema


def lean(schema: Any) -> Any:
    """The schema without words, equal parts of it (and of those before it) being one object. Treat it as read-only."""
    if isinstance(schema, Mapping):
        parts: Any = {}
        for name, inner in schema.items():
            # A field may be called so, too: then it declares something.
            if name not in _FOR_PEOPLE or isinstance(inner, Mapping):
                parts[name] = lean(inner)
    elif isinstance(schema, list):
        parts = [lean(inner) for inner in schema]
    else:
        return schema
    return _known().setdefault(orjson.dumps(parts), parts)


@cache
def _known() -> dict[bytes, Any]:
    return {}
