"""Reads schemas/<stream>.json together with what it refers to in schemas/shared/."""

from functools import cache
from pathlib import Path
from typing import Any

import orjson

_SCHEMAS = Path(__file__).parents[1] / "schemas"


def read_schema(name: str) -> dict[str, Any]:
    """The schema of a file in schemas/, whole. Treat it as read-only: streams share what they refer to.

    The same as the CDK's JsonFileSchemaLoader makes of it (a unit test compares them), in a tenth of the time.
    """
    schema: dict[str, Any] = _resolve(orjson.loads((_SCHEMAS / name).read_bytes()))
    return schema


def _resolve(node: Any) -> Any:
    if isinstance(node, dict):
        if "$ref" in node:
            return _shared(node["$ref"])
        return {key: _resolve(inner) for key, inner in node.items()}
    if isinstance(node, list):
        return [_resolve(inner) for inner in node]
    return node


@cache
def _shared(reference: str) -> Any:
    """What `<file>#/<key>/<key>` stands for."""
    name, _, pointer = reference.partition("#")
    node = _file(name)
    for key in pointer.strip("/").split("/") if pointer else ():
        node = node[key]
    return _resolve(node)


@cache
def _file(name: str) -> Any:
    return orjson.loads((_SCHEMAS / "shared" / name).read_bytes())
