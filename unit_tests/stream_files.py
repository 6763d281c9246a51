"""What belongs together in streams/, schemas/ and removed_secrets.json, checked before the first test.

Nearly every test builds the catalog of all streams: a stream without its schema would fail hundreds of them, and none
would name the file.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum import manifest

PACKAGE = Path(manifest.__file__).parent
_TITLE = re.compile(r"# [A-Z].*\.$", re.MULTILINE)
_NO_STREAM = {"removed_secrets", "utilization"}


def problems(package: Path = PACKAGE) -> list[str]:
    """One sentence for everything that is missing or left over, with its file; empty when all is there."""
    try:
        declared = manifest.declared_streams()
    except AirbyteTracedException as problem:
        return [str(problem.message)]
    return [*_titles(package), *_schemas(package, set(declared)), *_references(declared)]


def _titles(package: Path) -> Iterator[str]:
    for path in sorted((package / "streams").glob("*.yaml")):
        if not _TITLE.match(path.read_text(encoding="utf-8")):
            yield f"streams/{path.name}: its first line must name a product, `# Product: what of it.`"


def _schemas(package: Path, declared: set[str]) -> Iterator[str]:
    folder = package / "schemas"
    files = {path.stem for path in folder.glob("*.json")} - _NO_STREAM
    for name in sorted(declared - files):
        yield f"schemas/{name}.json is missing: stream {name} has no schema."
    for name in sorted(files - declared):
        yield f"schemas/{name}.json belongs to no stream of streams/*.yaml."
    for name in sorted(json.loads((folder / "removed_secrets.json").read_text(encoding="utf-8")).keys() - declared):
        yield f"schemas/removed_secrets.json names {name}, which is no stream."


def _references(declared: dict[str, Any]) -> Iterator[str]:
    definitions = {**manifest.load(())["definitions"], "streams": declared}
    for name, stream in declared.items():
        for reference in _referred(stream):
            if _at(definitions, reference) is None:
                yield f"Stream {name} refers to {reference}, which does not exist."


def _at(definitions: dict[str, Any], reference: str) -> Any:
    """What a reference leads to; a definition that stands on another has the parts of that one, too."""
    place: Any = definitions
    for part in reference.removeprefix("#/definitions/").split("/"):
        while isinstance(place, dict) and part not in place and "$ref" in place:
            place = _at(definitions, place["$ref"])
        place = place.get(part) if isinstance(place, dict) else None
    return place


def _referred(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from _referred(inner)
