"""What is secret in a record: fields by their path, and texts by their shape."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from source_digitalocean_quolum.records.body import CsvLines

_REMOVED_SECRETS = Path(__file__).parents[1] / "schemas" / "removed_secrets.json"

# API reference, "Token prefixes"; RFC 3986 3.2.1 for user information in a URI.
_SECRET_SHAPES = re.compile(r"do[opr]_v1_[0-9a-fA-F]{16,}|(?<=://)[^/\s\"'@:]*:[^/\s\"'@]+(?=@)")
REMOVED = "[removed]"
_ESCAPED = re.compile(rb"\\u00(?!26|3[ceCE])")


def may_hold_secrets(content: bytes) -> bool:
    """Whether a page could hold a token or a URI with a password: substring searches, not a regex.

    JSON may write any character as an escape, so a page with escaped ASCII could, too; but for `&`, `<` and `>`, which
    programs written in Go escape always: no token or scheme has them.
    """
    # A single byte is found at once; a longer text costs a tenth of parsing, and twice that when sought from the start.
    if (b"\\" in content and _ESCAPED.search(content)) or content.rfind(b"_v1_") >= 0:
        return True
    return b"@" in content and (b"://" in content or b":\\/" in content)


def scrub(value: Any) -> Any:
    """The value with everything shaped like a DigitalOcean token or a URI's password blanked out."""
    if isinstance(value, str):
        return _SECRET_SHAPES.sub(REMOVED, value) if _SECRET_SHAPES.search(value) else value
    if isinstance(value, dict):
        return {name: scrub(inner) for name, inner in value.items()}
    if isinstance(value, list | CsvLines):
        return [scrub(inner) for inner in value]
    return value


def secret_tree(paths: list[str]) -> dict[str, Any]:
    """Paths such as `users[].password` as nested dicts; a secret is an empty one."""
    tree: dict[str, Any] = {}
    for path in paths:
        branch = tree
        for name in path.replace("[]", "").split("."):
            branch = branch.setdefault(name, {})
    return tree


def drop(row: dict[str, Any], secrets: Mapping[str, Any]) -> None:
    """Remove the secret fields of a row, in place, however deep they are and through every list."""
    for name, inner in secrets.items():
        if not inner:
            row.pop(name, None)
            continue
        value = row.get(name)
        for member in value if isinstance(value, list) else (value,):
            if isinstance(member, dict):
                drop(member, inner)


def secrets_of(stream: str) -> list[str]:
    """Paths of the fields that never leave the connector, e.g. `users[].password`."""
    return _removed_secrets().get(stream, [])


@cache
def _removed_secrets() -> dict[str, list[str]]:
    secrets: dict[str, list[str]] = json.loads(_REMOVED_SECRETS.read_text(encoding="utf-8"))
    return secrets
