"""The configured catalog, which says how each stream is read: made of the discovered one, and read from a file."""

import difflib
import json
from collections.abc import Collection, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson
from airbyte_cdk.models import (
    AirbyteCatalog,
    AirbyteStream,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
    ConfiguredAirbyteStream,
    DestinationSyncMode,
    SyncMode,
)

from source_digitalocean_quolum.json_file import UnusableFile, decode

_DISCOVERED = (
    "it is a discovered catalog, which does not say how its streams are read; make a configured one: "
    "source-digitalocean-quolum discover --config config.json --configured > catalog.json"
)
_MODES = {
    "sync_mode": [mode.value for mode in SyncMode],
    "destination_sync_mode": [mode.value for mode in DestinationSyncMode],
}


class UnknownStream(Exception):
    """A name that is no stream and no set of streams; the text is a sentence."""


def configure(catalog: AirbyteCatalog, names: Collection[str]) -> dict[str, Any]:
    """The named streams, each in the mode that keeps most: incremental where it can be, else replaced as a whole."""
    streams = [_configured(stream) for stream in catalog.streams if stream.name in names]
    return dict(ConfiguredAirbyteCatalogSerializer.dump(ConfiguredAirbyteCatalog(streams=streams)))


def _configured(stream: AirbyteStream) -> ConfiguredAirbyteStream:
    if SyncMode.incremental in stream.supported_sync_modes:
        return ConfiguredAirbyteStream(
            stream=stream,
            sync_mode=SyncMode.incremental,
            destination_sync_mode=DestinationSyncMode.append_dedup,
            cursor_field=stream.default_cursor_field,
            primary_key=stream.source_defined_primary_key,
        )
    return ConfiguredAirbyteStream(
        stream=stream,
        sync_mode=SyncMode.full_refresh,
        destination_sync_mode=DestinationSyncMode.overwrite,
        primary_key=stream.source_defined_primary_key,
    )


def select(text: str | None, offered: Sequence[str]) -> set[str]:
    """The streams that `--streams` names: streams, products, `recommended` and `all`, separated by commas.

    Without a text it is all of them. UnknownStream names what is none of these.
    """
    written = files("source_digitalocean_quolum").joinpath("stream_sets.json").read_text(encoding="utf-8")
    known: dict[str, Any] = json.loads(written)
    sets: dict[str, Sequence[str]] = {"all": offered, "recommended": known["recommended"], **known["products"]}
    selected: set[str] = set()
    for name in filter(None, (part.strip() for part in ("all" if text is None else text).split(","))):
        if name in offered:
            selected.add(name)
        elif name in sets:
            selected.update(sets[name])
        else:
            near = difflib.get_close_matches(name, [*offered, *sets], n=3, cutoff=0.5)
            raise UnknownStream(f"There is no stream {name!r}; the nearest are {', '.join(near or sets)}.")
    if not selected:
        raise UnknownStream("--streams names no stream.")
    return selected


def read_configured(path: str) -> ConfiguredAirbyteCatalog:
    """The catalog without schemas: a stream reads by its own, and all of them are 8 MB of objects.

    Raises OSError, and UnusableFile for what is no configured catalog.
    """
    content = Path(path).read_bytes()
    try:
        catalog = decode(content, orjson.loads)
    except UnusableFile:
        # The output of `discover` with a log: a message on each line.
        if any(_is_discovered(_message(line)) for line in content.splitlines()):
            raise UnusableFile(_DISCOVERED) from None
        raise
    if _is_discovered(catalog):
        raise UnusableFile(_DISCOVERED)
    if not isinstance(catalog, Mapping) or not isinstance(catalog.get("streams"), list):
        raise UnusableFile("it must be a JSON object with a list of `streams`")
    for number, entry in enumerate(catalog["streams"], 1):
        _validate(number, entry)
        entry["stream"]["json_schema"] = {}
    return ConfiguredAirbyteCatalogSerializer.load(catalog)


def _message(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _is_discovered(content: Any) -> bool:
    """Whether it is what `discover` prints, with or without the message around it."""
    if not isinstance(content, Mapping):
        return False
    if content.get("type") == "CATALOG":
        return True
    streams = content.get("streams")
    return isinstance(streams, list) and any(
        isinstance(one, Mapping) and "name" in one and "stream" not in one for one in streams
    )


def _validate(number: int, entry: Any) -> None:
    stream = entry.get("stream") if isinstance(entry, Mapping) else None
    name = stream.get("name") if isinstance(stream, Mapping) else None
    if not isinstance(stream, Mapping) or not isinstance(name, str):
        raise UnusableFile(f"its stream number {number} must be an object with a `stream` that has a `name`")
    if not isinstance(stream.get("supported_sync_modes"), list):
        raise UnusableFile(f"the stream {name} has no list of `supported_sync_modes`")
    for field, modes in _MODES.items():
        if entry.get(field) not in modes:
            raise UnusableFile(f"the `{field}` of the stream {name} must be one of {', '.join(modes)}")
