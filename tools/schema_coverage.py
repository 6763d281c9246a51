"""Compares the streams' schemas with what DigitalOcean documents and what its own client knows.

python -m tools.schema_coverage prints a line per stream and exits with 1 when a known property is neither declared nor
listed as secret, or when a secret one is declared. It compares with DigitalOcean's OpenAPI document (its digest in this
repository, where the document is not at hand) and with pydo (the installed one, else its digest).
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
from tools.openapi import REPOSITORY, SPECIFICATION, WHOLE_SPECIFICATION, OpenApi, pointed
from tools.pydo_reference import PydoReference

PACKAGE = REPOSITORY / "source_digitalocean_quolum"
# Of an answer that is the record itself, these members are about the answer.
ENVELOPE = {"links", "meta"}
# The specification's own slips: DigitalOcean's answers and clients have the other name.
MISSPELT = {"tags": {"resources.imgages": "resources.images"}}


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
        """Declared properties that neither source knows nor the connector adds: those of other clients."""
        return self.declared - self.documented - self.added

    @property
    def complete(self) -> bool:
        """Whether the schema is what it should be."""
        return not self.missing and not self.leaked

    def report(self) -> str:
        """One line of counts and one line for every path that needs a look."""
        counts = [
            f"{len(self.documented)} documented",
            f"{len(self.documented & self.declared)} present",
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


def resolved(node: Any, shared: Path) -> Any:
    """A schema with every `{"$ref": "<file in shared>#<pointer>"}` replaced by what it points at."""
    if isinstance(node, list):
        return [resolved(each, shared) for each in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        file, _, pointer = node["$ref"].partition("#")
        document = json.loads((shared / file).read_text(encoding="utf-8"))
        return resolved(pointed(document, pointer), shared)
    return {key: resolved(value, shared) for key, value in node.items()}


@dataclass(frozen=True)
class Sources:
    """What the schemas are compared with."""

    specification: OpenApi
    pydo: PydoReference

    def documented(self, stream: str, endpoint: Endpoint) -> frozenset[str] | None:
        """The properties of one record, by the names the connector gives them; None where no source has the path."""
        if endpoint.service != "api":
            return None
        record = self.specification.record(endpoint)
        known = set(self.specification.properties(record)) if record is not None else set()
        known |= self.pydo.record(endpoint).keys()
        if record is None and not known:
            return None
        renamed = {**endpoint.renamed, **MISSPELT.get(stream, {})}
        return frozenset(_renamed(known if endpoint.records else set(_without_envelope(known)), renamed))


def _without_envelope(paths: set[str]) -> Iterator[str]:
    return (path for path in paths if path.split(".")[0].split("[")[0] not in ENVELOPE)


def _renamed(paths: set[str], names: Mapping[str, str]) -> Iterator[str]:
    for path in paths:
        old = next((name for name in names if path == name or path.startswith(f"{name}.")), "")
        yield names[old] + path.removeprefix(old) if old else path


def coverage(stream: str, endpoint: Endpoint, schemas: Path, sources: Sources) -> Coverage | None:
    """Compare one stream's schema with the sources; None where they lack the endpoint."""
    documented = sources.documented(stream, endpoint)
    if documented is None:
        return None
    secrets: dict[str, list[str]] = json.loads((schemas / "removed_secrets.json").read_text(encoding="utf-8"))
    added = {*endpoint.derived, endpoint.map, endpoint.values, endpoint.key.field if endpoint.key else ""} - {""}
    schema = resolved(json.loads((schemas / f"{stream}.json").read_text(encoding="utf-8")), schemas / "shared")
    declared = frozenset(sources.specification.properties(schema))
    return Coverage(stream, documented, declared, frozenset(secrets.get(stream, [])), frozenset(added) - documented)


def main(arguments: list[str] | None = None) -> int:
    """Print the report; 1 when a schema is incomplete, 2 when there is nothing to compare with."""
    parser = argparse.ArgumentParser(prog="schema_coverage", description=__doc__.splitlines()[0] if __doc__ else None)
    newest = WHOLE_SPECIFICATION if WHOLE_SPECIFICATION.is_file() else SPECIFICATION
    parser.add_argument("--spec", type=Path, default=newest, help="DigitalOcean's OpenAPI document, as JSON")
    parser.add_argument("--schemas", type=Path, default=PACKAGE / "schemas", help="folder of the schemas")
    options = parser.parse_args(arguments)
    if not options.spec.is_file():
        print(f"There is no OpenAPI document at {options.spec}; name one with --spec.", file=sys.stderr)
        return 2

    installed = PydoReference.from_installed()
    sources = Sources(OpenApi(options.spec), installed or PydoReference.from_digest())
    parameters = [stream["$parameters"] for stream in manifest.declared_streams().values()]
    apis = {facts["name"]: Endpoint.from_manifest(facts["api"]) for facts in parameters}
    streams = {path.stem for path in options.schemas.glob("*.json") if not path.stem.startswith("removed_secrets")}
    results = {name: coverage(name, apis[name], options.schemas, sources) for name in sorted(streams & apis.keys())}
    compared = [each for each in results.values() if each is not None]
    for each in compared:
        print(each.report())
    for label, names in (
        ("in neither source", [name for name, each in results.items() if each is None]),
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
        f"{sum(len(each.extra) for each in compared)} extra, {sum(len(each.added) for each in compared)} added; "
        f"compared with {options.spec.name} and pydo {sources.pydo.version}{'' if installed else ' (its digest)'}"
    )
    return 0 if all(each.complete for each in compared) and not apis.keys() - streams else 1


if __name__ == "__main__":
    sys.exit(main())
