"""DigitalOcean's OpenAPI document: its GET operations, and its schemas with references resolved."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.openapi import WHOLE_SPECIFICATION

Schema = Mapping[str, Any]

# The answers are made of its examples, which the digest in this repository leaves out.
SPECIFICATION = WHOLE_SPECIFICATION

# A POST that asks instead of changing something.
READING_POSTS = ("/v2/apps/metrics/bandwidth_daily",)


@dataclass(frozen=True)
class Operation:
    """A request of the document that only reads: its path template, its query parameters' schemas, its answer."""

    path: str
    method: str
    query: Mapping[str, Schema]
    media_type: str
    schema: Schema
    example: Any = None


@dataclass(frozen=True)
class Shape:
    """A schema without references and combinations, and the references met on the way to it."""

    schema: Schema
    references: tuple[str, ...]


class Specification:
    """An OpenAPI 3.0 document."""

    def __init__(self, path: Path = SPECIFICATION) -> None:
        self.document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        self.operations = [
            self._operation(path, "get" if "get" in item else "post")
            for path, item in self.document["paths"].items()
            if "get" in item or path in READING_POSTS
        ]
        self._by_length: dict[int, list[tuple[list[str], Operation]]] = {}
        for operation in self.operations:
            segments = operation.path.strip("/").split("/")
            self._by_length.setdefault(len(segments), []).append((segments, operation))

    def find(self, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation that answers a request path, with the values of the path's parameters.

        Where several templates fit, the one with most literal segments does, as OpenAPI demands.
        """
        asked = path.strip("/").split("/")
        best: tuple[int, Operation, dict[str, str]] | None = None
        for segments, operation in self._by_length.get(len(asked), []):
            parameters: dict[str, str] = {}
            for segment, value in zip(segments, asked, strict=True):
                if segment.startswith("{"):
                    parameters[segment[1:-1]] = value
                elif segment != value:
                    break
            else:
                literals = len(segments) - len(parameters)
                if best is None or literals > best[0]:
                    best = (literals, operation, parameters)
        return None if best is None else best[1:]

    def resolve(self, schema: Schema) -> tuple[Schema, tuple[str, ...]]:
        """Follow `$ref` until there is none; the references come back in the order they were followed."""
        references: tuple[str, ...] = ()
        while "$ref" in schema:
            references = (*references, schema["$ref"])
            schema = self._at(schema["$ref"])
        return schema, references

    def shape(self, schema: Schema) -> Shape:
        """Resolve a schema, merge its `allOf` and take the first of its `oneOf` or `anyOf`.

        A property that several branches describe becomes an `allOf` of its descriptions.
        """
        resolved, references = self.resolve(schema)
        own = {key: value for key, value in resolved.items() if key not in {"allOf", "oneOf", "anyOf"}}
        branches = [
            *resolved.get("allOf", ()),
            *resolved.get("oneOf", ())[:1],
            *resolved.get("anyOf", ())[:1],
        ]
        if not branches:
            return Shape(own, references)
        properties: dict[str, Any] = dict(own.pop("properties", {}))
        for branch in branches:
            part = self.shape(branch)
            references += part.references
            for key, value in part.schema.items():
                if key == "properties":
                    for name, described in value.items():
                        known = properties.get(name)
                        properties[name] = described if known is None else {"allOf": [known, described]}
                else:
                    own.setdefault(key, value)
        return Shape({**own, "properties": properties} if properties else own, references)

    def _operation(self, path: str, method: str) -> Operation:
        item = self.document["paths"][path]
        get = item[method]
        parameters = [self.resolve(each)[0] for each in (*item.get("parameters", ()), *get.get("parameters", ()))]
        answer, _ = self.resolve(get["responses"]["200"])
        media_type, content = next(iter(answer["content"].items()))
        return Operation(
            path=path,
            method=method.upper(),
            query={each["name"]: each.get("schema", {}) for each in parameters if each["in"] == "query"},
            media_type=media_type,
            schema=content.get("schema", {}),
            example=content.get("example"),
        )

    def _at(self, reference: str) -> Schema:
        found: Any = self.document
        for key in reference.removeprefix("#/").split("/"):
            found = found[key.replace("~1", "/").replace("~0", "~")]
        return dict(found)
