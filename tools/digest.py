"""Writes what the tests need of DigitalOcean's specification, of pydo and of the gathered facts: tools/digests/*.json.

python -m tools.digest           writes anew those whose source is at hand, and prints what has changed
python -m tools.digest --check   changes nothing; exits 1 where one would change
python -m tools.digest --document openapi.json   takes DigitalOcean's OpenAPI document from there

A digest holds paths, parameters, scopes, property names, types and formats, and no texts. One line a path or schema, so
that a version's difference can be read. Sources: DigitalOcean's OpenAPI document (Apache License 2.0) and the gathered
facts, both in ../shared/reference unless said otherwise; pydo as it is installed (pip install pydo).
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.openapi import FACTS, SPECIFICATION, WHOLE_SPECIFICATION, OpenApi, pointed
from tools.pydo_reference import DIGEST as PYDO
from tools.pydo_reference import PydoReference

STREAMS = WHOLE_SPECIFICATION.parent / "streams.json"
INSIGHTS = WHOLE_SPECIFICATION.parent / "insights-metrics.txt"

_KEPT = {
    *("$ref", "type", "format", "enum", "required", "nullable", "properties", "items", "additionalProperties"),
    *("allOf", "oneOf", "anyOf", "not", "discriminator"),
}
_READING_POSTS = {"/v2/apps/metrics/bandwidth_daily"}
_FACTS = ("name", "path", "scopes", "default_enabled")

Digest = dict[str, Any]


def specification(source: Path = WHOLE_SPECIFICATION) -> Digest | None:
    """The requests that read, and the schemas of their answers; None without the document."""
    if not source.is_file():
        return None
    document = OpenApi(source).document
    paths = {}
    for path, item in document["paths"].items():
        method = "get" if "get" in item else "post" if path in _READING_POSTS else None
        if method:
            paths[path] = {method: _operation(item[method])}
    components: dict[str, dict[str, Any]] = {}
    waiting = list(_references(paths))
    while waiting:
        reference = waiting.pop()
        _, _, kind, name = reference.split("/")[:4]
        if name not in components.setdefault(kind, {}):
            found = pointed(document, f"/components/{kind}/{name}")
            components[kind][name] = {"schemas": _schema, "responses": _response, "parameters": _parameter}[kind](found)
            waiting += _references(components[kind][name])
    return {"openapi": document["openapi"], "paths": paths, "components": components}


def pydo() -> Digest | None:
    """What pydo knows beyond the digest of the specification; None where it is not installed."""
    installed = PydoReference.from_installed()
    if installed is None:
        return None
    more = installed.beyond(OpenApi(SPECIFICATION))
    return {"pydo": more.version, "paths": dict(sorted(more.paths.items()))}


def facts() -> Digest | None:
    """What was gathered: streams with paths and scopes, and the names of series that Insights was seen to have."""
    if not (STREAMS.is_file() and INSIGHTS.is_file()):
        return None
    streams = {one["name"]: {key: one[key] for key in _FACTS[1:]} for one in json.loads(STREAMS.read_text("utf-8"))}
    lines = INSIGHTS.read_text(encoding="utf-8").splitlines()
    return {"streams": streams, "insights": [line for line in lines if line and not line.startswith("#")]}


def _operation(operation: Mapping[str, Any]) -> Digest:
    kept = {key: operation[key] for key in ("operationId", "tags", "security") if key in operation}
    parameters = [_parameter(one) for one in operation.get("parameters", [])]
    responses = {status: _response(one) for status, one in operation["responses"].items()}
    return {**kept, "parameters": parameters, "responses": responses}


def _parameter(parameter: Mapping[str, Any]) -> Digest:
    if "$ref" in parameter:
        return {"$ref": parameter["$ref"]}
    kept = {key: parameter[key] for key in ("name", "in", "required") if key in parameter}
    return {**kept, "schema": _schema(parameter.get("schema", {}))}


def _response(response: Mapping[str, Any]) -> Digest:
    if "$ref" in response:
        return {"$ref": response["$ref"]}
    content = response.get("content", {})
    return {"content": {media: {"schema": _schema(one["schema"])} for media, one in content.items() if "schema" in one}}


def _schema(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    kept: Digest = {}
    for key, value in schema.items():
        if key == "properties":
            kept[key] = {name: _schema(one) for name, one in value.items()}
        elif key in ("allOf", "oneOf", "anyOf"):
            kept[key] = [_schema(one) for one in value]
        elif key == "required":
            kept |= {key: value} if isinstance(value, list) else {}
        elif key in _KEPT:
            kept[key] = _schema(value)
    return kept


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from _references(inner)


def render(digest: Digest) -> str:
    """The text of a digest: each member of each part on a line of its own."""
    parts = {key: _members(value, key == "components") for key, value in digest.items()}
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {text}" for key, text in parts.items()) + "\n}\n"


def _members(value: Any, deeper: bool = False) -> str:
    """One line a member; `deeper`, one a member of each member."""
    if isinstance(value, list):
        return "[\n" + ",\n".join(_compact(one) for one in value) + "\n]"
    if not isinstance(value, dict):
        return _compact(value)
    texts = {name: _members(one) if deeper else _compact(one) for name, one in value.items()}
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {text}" for name, text in texts.items()) + "\n}"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """What is new, gone or other, a line for each member of each part."""
    for part in sorted(before.keys() | after.keys()):
        old, new = before.get(part), after.get(part)
        if isinstance(old, list) and isinstance(new, list):
            old, new = dict.fromkeys(old, True), dict.fromkeys(new, True)
        if not isinstance(old, dict) or not isinstance(new, dict):
            if old != new and part != "taken":
                yield f"  {part}: {old} -> {new}"
            continue
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) == new.get(name):
                continue
            yield f"  {part} {name}: {'new' if name not in old else 'gone' if name not in new else 'changed'}"
            yield from (f"    {line}" for line in _inside(old.get(name), new.get(name)))


def _inside(old: Any, new: Any) -> Iterable[str]:
    """The names that differ between two members of a part."""
    before, after = set(_names(old)), set(_names(new))
    return [*(f"+ {name}" for name in sorted(after - before)), *(f"- {name}" for name in sorted(before - after))]


def _names(node: Any, prefix: str = "") -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield f"{prefix}{key}"
            yield from _names(value, f"{prefix}{key}.")


def main(arguments: list[str] | None = None) -> int:
    """Write the digests, or with --check say which would change; the exit code."""
    parser = argparse.ArgumentParser(prog="digest", description="Write the digests of what DigitalOcean documents.")
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if a digest is not up to date")
    parser.add_argument(
        "--document",
        type=Path,
        metavar="FILE",
        default=WHOLE_SPECIFICATION,
        help="DigitalOcean's OpenAPI document as one JSON file",
    )
    options = parser.parse_args(arguments)
    check: bool = options.check
    stale = 0
    # pydo is compared with the digest of the specification, which comes first.
    sources = {SPECIFICATION: lambda: specification(options.document), PYDO: pydo, FACTS: facts}
    for path, read in sources.items():
        digest = read()
        if digest is None:
            print(f"{path.name}: its source is not at hand")
            continue
        known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        if {key: value for key, value in known.items() if key != "taken"} == digest:
            print(f"{path.name}: as it was, taken on {known['taken']}")
            continue
        stale += 1
        print(f"{path.name}: {'not up to date' if check else 'written'}")
        print("\n".join(changes(known, digest)) if known else "  new")
        if not check:
            path.write_text(render({"taken": f"{datetime.now(UTC):%Y-%m-%d}", **digest}), encoding="utf-8")
    return int(check and stale > 0)


if __name__ == "__main__":
    sys.exit(main())
