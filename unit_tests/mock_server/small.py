"""The connector with a few of its streams: the CDK builds all of a manifest, however few are selected."""

import copy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest

from source_digitalocean_quolum import manifest

_STREAM = re.compile(r"#/definitions/streams/(\w+)")


@cache
def _whole() -> dict[str, Any]:
    return manifest.load()


@contextmanager
def only(*streams: str) -> Iterator[None]:
    """Sources made meanwhile have these streams (none of them named: all), and what these refer to."""
    whole = copy.deepcopy(_whole())
    definitions: dict[str, Any] = whole["definitions"]["streams"]
    selected = {name: definitions[name] for name in definitions if name in streams}
    if streams:
        needed, found = set[str](), {name for name in streams if name in definitions}
        while found:
            needed |= found
            found = {other for name in found for other in _STREAM.findall(str(definitions[name]))} - needed
        whole["definitions"]["streams"] = {name: definitions[name] for name in definitions if name in needed}
        whole["streams"] = [{"$ref": f"#/definitions/streams/{name}"} for name in selected]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest, "load", lambda _names=None: whole)
        if streams:
            patch.setattr(manifest, "declared_streams", lambda: selected)
        yield
