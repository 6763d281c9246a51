"""Fields of records that are secret, by their path."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_REMOVED_SECRETS = Path(__file__).parents[1] / "schemas" / "removed_secrets.json"


def secret_tree(paths: list[str]) -> dict[str, Any]:
    """Paths such as `users[].password` as nested dicts; a secret is an empty one."""
    tree: dict[str, Any] = {}
    for path in paths:
        branch = tree
        for name in path.replace("[]", "").split("."):
            branch = branch.setdefault(name, {})
    return tree


def drop(record: dict[str, Any], secrets: Mapping[str, Any]) -> None:
    """Remove the secret fields of a record, in place, however deep they are and through every list."""
    for name, inner in secrets.items():
        if not inner:
            record.pop(name, None)
            continue
        value = record.get(name)
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
