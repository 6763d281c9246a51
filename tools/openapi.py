"""What an endpoint's records hold, by DigitalOcean's OpenAPI document or by the digest of it in this repository."""

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from source_digitalocean_quolum.http.endpoint import Endpoint

REPOSITORY = Path(__file__).parents[1]
DIGESTS = Path(__file__).parent / "digests"
# What the tests use; written by tools/digest.py.
SPECIFICATION = DIGESTS / "specification.json"
FACTS = DIGESTS / "facts.json"
# The whole document, where it is at hand: tests that need its examples or texts skip without it.
WHOLE_SPECIFICATION = REPOSITORY.parent / "shared" / "reference" / "digitalocean-openapi.json"

Schema = Mapping[str, Any]


class OpenApi:
    """The record schemas of an OpenAPI 3.0 document."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def document(self) -> dict[str, Any]:
        """The document as it stands in the file."""
        document: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        return document

    def answer(self, path: str) -> Schema | None:
        """The schema of the whole answer (status 200, JSON) of `v2/...`; None where there is no such path."""
        operation = self.operation(path)
        if operation is None:
            return None
        content = self._resolved(operation["responses"]["200"]).get("content", {})
        schema: Schema | None = content.get("application/json", {}).get("schema")
        return schema

    def record(self, endpoint: Endpoint) -> Schema | None:
        """The schema of one record of an endpoint; None where the document has no such path, or only an example."""
        schema = None if endpoint.csv else self.answer(f"v2/{endpoint.path}")
        if schema is None:
            return None
        if endpoint.values:
            # Plain values have no properties; the one field they become is the connector's.
            return {}
        if endpoint.records:
            schema = self._listed(schema, endpoint.records)
        if endpoint.map:
            return self._of_map(schema)
        if not endpoint.nested:
            return schema
        inside = []
        for path in endpoint.nested.values():
            member = schema
            for key in path.split("."):
                member = self._listed(member, key)
            inside.append(member)
        return {"anyOf": inside}

    def properties(self, schema: Schema, prefix: str = "", trail: tuple[str, ...] = ()) -> Iterator[str]:
        """Paths of all properties at any depth, in every branch; a schema inside itself is not entered twice."""
        for layer, met in self._layers(schema, trail):
            for name, described in layer.get("properties", {}).items():
                yield f"{prefix}{name}"
                yield from self.properties(described, f"{prefix}{name}.", met)
            if "items" in layer:
                yield from self.properties(layer["items"], f"{prefix.removesuffix('.')}[].", met)

    def _listed(self, schema: Schema, key: str) -> Schema:
        """The schema of a member, or of its items where it is a list."""
        schema = self._member(schema, "properties", key)
        if any("items" in layer for layer, _ in self._layers(schema)):
            schema = self._member(schema, "items")
        return schema

    def _of_map(self, schema: Schema) -> Schema:
        """The schema of a map's values, whether its keys are named or free."""
        layers = [layer for layer, _ in self._layers(schema)]
        values = [
            layer["additionalProperties"] for layer in layers if isinstance(layer.get("additionalProperties"), dict)
        ]
        return {"anyOf": [*values, *(value for layer in layers for value in layer.get("properties", {}).values())]}

    def _layers(self, schema: Schema, trail: tuple[str, ...] = ()) -> Iterator[tuple[Schema, tuple[str, ...]]]:
        while "$ref" in schema:
            if schema["$ref"] in trail:
                return
            trail = (*trail, schema["$ref"])
            schema = self._at(schema["$ref"])
        yield schema, trail
        for combination in ("allOf", "oneOf", "anyOf"):
            for branch in schema.get(combination, ()):
                yield from self._layers(branch, trail)

    def _member(self, schema: Schema, keyword: str, name: str | None = None) -> Schema:
        found = [layer[keyword] for layer, _ in self._layers(schema) if keyword in layer]
        found = found if name is None else [each[name] for each in found if name in each]
        if not found:
            raise KeyError(f"The document has no {name or keyword} there.")
        return {"allOf": found}

    def operation(self, path: str) -> Schema | None:
        """The request of `v2/...` that reads; None where there is no such path."""
        for template, item in self.document["paths"].items():
            if fits(template, path):
                return dict(item.get("get") or item["post"])
        return None

    def _resolved(self, node: Schema) -> Schema:
        return self._at(node["$ref"]) if "$ref" in node else node

    def _at(self, reference: str) -> Schema:
        return pointed(self.document, reference.removeprefix("#"))


def fits(template: str, path: str) -> bool:
    """Whether a path of ours is that of a template: a parameter stands for a part that has a placeholder."""
    segments, asked = template.strip("/").split("/"), path.strip("/").split("/")
    if len(segments) != len(asked):
        return False
    return all("{" in ours if one.startswith("{") else one == ours for one, ours in zip(segments, asked, strict=True))


def pointed(document: Any, pointer: str) -> dict[str, Any]:
    """What a JSON pointer leads to."""
    for key in filter(None, pointer.split("/")):
        document = document[key.replace("~1", "/").replace("~0", "~")]
    return dict(document)
