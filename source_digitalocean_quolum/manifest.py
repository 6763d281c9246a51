"""Puts the manifest together: manifest.yaml holds the connection and the spec, streams/<product>.yaml the streams."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airbyte_cdk.utils.yaml_loader import safe_load_yaml

_HERE = Path(__file__).parent


def load() -> dict[str, Any]:
    """The whole manifest as one document, as the CDK wants it.

    The streams are found under `#/definitions/streams/<name>`, so that they can refer to each other across
    files. A stream that stands in two files is a ValueError.
    """
    manifest = _read(_HERE / "manifest.yaml")
    streams: dict[str, Any] = {}
    for path in sorted((_HERE / "streams").glob("*.yaml")):
        for name, stream in _read(path).items():
            if name in streams:
                raise ValueError(f"Stream {name} stands in {path.name} and in another file.")
            streams[name] = stream
    manifest["definitions"]["streams"] = streams
    manifest["streams"] = [{"$ref": f"#/definitions/streams/{name}"} for name in streams]
    return manifest


def products() -> dict[str, list[str]]:
    """The streams' names by product, in the order of the files; a file's first line begins with the product."""
    files = sorted((_HERE / "streams").glob("*.yaml"))
    titles = [path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ").rstrip(".") for path in files]
    return {title.partition(":")[0]: list(_read(path)) for title, path in zip(titles, files, strict=True)}


def parents(stream: Mapping[str, Any]) -> list[str]:
    """The streams whose records a stream of the resolved manifest is asked for."""
    router = stream["retriever"].get("partition_router") or {}
    router = router.get("underlying_partition_router") or router
    return [config["stream"]["$parameters"]["name"] for config in router.get("parent_stream_configs", ())]


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = safe_load_yaml(path.read_text(encoding="utf-8"))
    return content
