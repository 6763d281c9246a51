"""Compares the streams' schemas with DigitalOcean's OpenAPI document: what is documented, declared, left out.

`python tools/schema_coverage.py [--spec PATH]` prints a line per stream and exits with 1 when a documented
property is neither declared nor listed as secret, or when a secret one is declared.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from source_digitalocean_quolum import manifest
from source_digitalocean_quolum.http.endpoint import Endpoint

REPOSITORY = Path(__file__).parents[1]
PACKAGE = REPOSITORY / "source_digitalocean_quolum"
SPECIFICATION = REPOSITORY.parent / "shared" / "reference" / "digitalocean-openapi.json"
# Of an answer that is the record itself, these members are about the answer.
ENVELOPE = {"links", "meta"}

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Coverage:
    """Property paths of one stream, such as `node_pools[].nodes[].id`."""

    stream: str
    documented: frozenset[str]
    declared: frozenset[str]
    secret: frozenset[str]
    added: frozenset[str]

    @property
    def removed(self) -> frozenset[str]:
        """Documented properties that are secret themselves or inside a secret object."""
        return frozenset(path for path in self.documented if _within(path, self.secret))

    @property
    def missing(self) -> frozenset[str]:
        """Documented properties that are neither declared nor removed."""
        return self.documented - self.declared - self.removed

    @property
    def leaked(self) -> frozenset[str]:
        """Declared properties that are on the list of secrets."""
        return frozenset(path for path in self.declared if _within(path, self.secret))

    @property
    def extra(self) -> frozenset[str]:
        """Declared properties that neither the document knows nor the connector adds."""
        return self.declared - self.documented - self.added

    @property
    def complete(self) -> bool:
        """Whether the schema is what it should be."""
        return not self.missing and not self.leaked

    def report(self) -> str:
        """One line of counts and one line for every path that needs a look."""
        present = len(self.documented & self.declared)
        counts = [
            f"{len(self.documented)} documented",
            f"{present} present",
            f"{len(self.missing)} missing",
            f"{len(self.removed)} removed as secret",
            f"{len(self.extra)} extra",
            f"{len(self.added)} added",
        ]
        lines = [f"{self.stream}: {', '.join(counts)}"]
        for label, paths in (("missing", self.missing), ("secret but declared", self.leaked), ("extra", self.extra)):
            lines += [f"    {label}: {path}" for path in sorted(paths) if not _inside_any(path, paths)]
        return "\n".join(lines)


def _within(path: str, parents: frozenset[str]) -> bool:
    return path in parents or _inside_any(path, parents)


def _inside_any(path: str, parents: frozenset[str]) -> bool:
    return any(path.startswith((f"{parent}.", f"{parent}[]")) for parent in parents)


class OpenApi:
    """The record schemas of an OpenAPI document."""

    def __init__(self, path: Path) -> None:
        self._document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))

    def record(self, endpoint: Endpoint) -> Schema | None:
        """The schema of one record of an endpoint; None where the document has no such path, or only an example."""
        operation = self._operation(f"v2/{endpoint.path}")
        if operation is None:
            return None
        answer = self._resolved(operation["responses"]["200"])
        if endpoint.csv:
            return None
        schema: Schema = answer["content"]["application/json"]["schema"]
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

    def properties(self, schema: Schema, prefix: str = "", trail: tuple[str, ...] = ()) -> Iterator[str]:
        """Paths of all properties at any depth, in every branch; a schema inside itself is not entered twice."""
        for layer, met in self._layers(schema, trail):
            for name, described in layer.get("properties", {}).items():
                yield f"{prefix}{name}"
                yield from self.properties(described, f"{prefix}{name}.", met)
            if "items" in layer:
                yield from self.properties(layer["items"], f"{prefix.removesuffix('.')}[].", met)

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

    def _operation(self, path: str) -> Schema | None:
        asked = path.split("/")
        for template, item in self._document["paths"].items():
            segments = template.strip("/").split("/")
            if len(segments) == len(asked) and all(map(_fits, segments, asked)):
                return dict(item.get("get") or item["post"])
        return None

    def _resolved(self, node: Schema) -> Schema:
        return self._at(node["$ref"]) if "$ref" in node else node

    def _at(self, reference: str) -> Schema:
        return _pointed(self._document, reference.removeprefix("#"))


def _fits(segment: str, asked: str) -> bool:
    """A parameter of the document stands for a part of ours that has a placeholder, a literal for itself."""
    return "{" in asked if segment.startswith("{") else segment == asked


def _pointed(document: Any, pointer: str) -> dict[str, Any]:
    for key in filter(None, pointer.split("/")):
        document = document[key.replace("~1", "/").replace("~0", "~")]
    return dict(document)


def resolved(node: Any, shared: Path) -> Any:
    """A schema with every `{"$ref": "<file in shared>#<pointer>"}` replaced by what it points at."""
    if isinstance(node, list):
        return [resolved(each, shared) for each in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        file, _, pointer = node["$ref"].partition("#")
        document = json.loads((shared / file).read_text(encoding="utf-8"))
        return resolved(_pointed(document, pointer), shared)
    return {key: resolved(value, shared) for key, value in node.items()}


def coverage(stream: str, endpoint: Endpoint, schemas: Path, document: OpenApi) -> Coverage | None:
    """Compare one stream's schema with the document; None where the document lacks the endpoint."""
    record = document.record(endpoint)
    if record is None:
        return None
    secrets: dict[str, list[str]] = json.loads((schemas / "removed_secrets.json").read_text(encoding="utf-8"))
    added = {*endpoint.derived, endpoint.map, endpoint.values, endpoint.key.field if endpoint.key else ""} - {""}
    schema = resolved(json.loads((schemas / f"{stream}.json").read_text(encoding="utf-8")), schemas / "shared")
    documented = frozenset(document.properties(record))
    if not endpoint.records:
        documented = frozenset(path for path in documented if path.split(".")[0].split("[")[0] not in ENVELOPE)
    declared = frozenset(document.properties(schema))
    return Coverage(stream, documented, declared, frozenset(secrets.get(stream, [])), frozenset(added) - documented)


def main(arguments: list[str] | None = None) -> int:
    """Print the report; 1 when a schema is incomplete, 2 when there is nothing to compare with."""
    parser = argparse.ArgumentParser(prog="schema_coverage", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--spec", type=Path, default=SPECIFICATION, help="DigitalOcean's OpenAPI document, as JSON")
    parser.add_argument("--schemas", type=Path, default=PACKAGE / "schemas", help="folder of the schemas")
    options = parser.parse_args(arguments)
    if not options.spec.is_file():
        print(f"There is no OpenAPI document at {options.spec}; name one with --spec.", file=sys.stderr)
        return 2

    document = OpenApi(options.spec)
    parameters = [stream["$parameters"] for stream in manifest.load()["definitions"]["streams"].values()]
    apis = {facts["name"]: Endpoint.from_manifest(facts["api"]) for facts in parameters}
    streams = {path.stem for path in options.schemas.glob("*.json") if not path.stem.startswith("removed_secrets")}
    results = {name: coverage(name, apis[name], options.schemas, document) for name in sorted(streams & apis.keys())}
    compared = [each for each in results.values() if each is not None]
    for each in compared:
        print(each.report())
    for label, names in (
        ("not in the OpenAPI document", [name for name, each in results.items() if each is None]),
        ("no endpoint in the manifest", sorted(streams - apis.keys())),
        ("no schema", sorted(apis.keys() - streams)),
    ):
        if names:
            print(f"{label}: {', '.join(names)}")
    print(
        f"total: {len(compared)} streams, {sum(len(each.documented) for each in compared)} documented, "
        f"{sum(len(each.documented & each.declared) for each in compared)} present, "
        f"{sum(len(each.missing) for each in compared)} missing, "
        f"{sum(len(each.removed) for each in compared)} removed as secret, "
        f"{sum(len(each.extra) for each in compared)} extra, {sum(len(each.added) for each in compared)} added"
    )
    return 0 if all(each.complete for each in compared) and not apis.keys() - streams else 1


if __name__ == "__main__":
    sys.exit(main())
