"""Puts the manifest together: manifest.yaml holds the connection and the spec, streams/<product>.yaml the streams."""

from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from source_digitalocean_quolum import stream_definition

_HERE = Path(__file__).parent
_STREAMS = "#/definitions/streams/"
# In C, where PyYAML was built with it: the files are our own.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class WrongDefinition(Exception):
    """A file of the connector's own is not understood; the text is a sentence for whoever maintains it."""


def load(names: Collection[str] | None = None) -> dict[str, Any]:
    """The manifest as one document, as the CDK wants it; with the streams of these names only, if given.

    The streams are found under `#/definitions/streams/<name>`, so that they can refer to each other across
    files; one that is named brings those it refers to. All are verified, also those that are left out.
    """
    manifest, declared = _read(_HERE / "manifest.yaml"), declared_streams()
    streams = {name: deepcopy(declared[name]) for name in (declared if names is None else _with_references(names))}
    manifest["definitions"]["streams"] = streams
    manifest["streams"] = [{"$ref": _STREAMS + name} for name in streams if names is None or name in names]
    return manifest


@cache
def declared_streams() -> dict[str, Any]:
    """Every stream as it is written in streams/*.yaml, by name. Treat it as read-only.

    Raises WrongDefinition for one that is not understood to its last word: file, stream, what is wrong.
    """
    streams: dict[str, Any] = {}
    for path in _files():
        for name, stream in _read(path).items():
            try:
                if name in streams:
                    raise ValueError("it stands in another file, too")
                stream_definition.verify(name, stream)
            except ValueError as problem:
                raise WrongDefinition(
                    f"The connector defines a stream wrongly: streams/{path.name}, {name}: {problem}."
                ) from None
            streams[name] = stream
    return streams


def specification() -> dict[str, Any]:
    """The manifest's `spec`: what a configuration holds."""
    declared: dict[str, Any] = _read(_HERE / "manifest.yaml")["spec"]
    return declared


def _with_references(names: Collection[str]) -> list[str]:
    """These streams, and those they refer to, in the order of the files. Unknown names are left out."""
    found: set[str] = set()
    waiting = [name for name in names if name in declared_streams()]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(declared_streams()[name])
    return [name for name in declared_streams() if name in found] if found else []


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for inner in node.values():
            yield from _references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _references(inner)
    elif isinstance(node, str) and node.startswith(_STREAMS):
        yield node.removeprefix(_STREAMS).partition("/")[0]


def products() -> dict[str, list[str]]:
    """The streams' names by product, in the order of the files; a file's first line begins with the product."""
    files = _files()
    titles = [path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ").rstrip(".") for path in files]
    return {title.partition(":")[0]: list(_read(path)) for title, path in zip(titles, files, strict=True)}


def parents(stream: Mapping[str, Any]) -> list[str]:
    """The streams whose records a stream of the resolved manifest is asked for."""
    router = stream["retriever"].get("partition_router") or {}
    router = router.get("underlying_partition_router") or router
    return [config["stream"]["$parameters"]["name"] for config in router.get("parent_stream_configs", ())]


def _files() -> list[Path]:
    return sorted((_HERE / "streams").glob("*.yaml"))


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506
    return content
