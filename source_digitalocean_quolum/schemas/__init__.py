"""One JSON schema per stream, and the list of what is left out of them because it is secret."""

import json
from functools import cache
from pathlib import Path


@cache
def _removed_secrets() -> dict[str, list[str]]:
    text = (Path(__file__).parent / "removed_secrets.json").read_text(encoding="utf-8")
    secrets: dict[str, list[str]] = json.loads(text)
    return secrets


def secrets_of(stream: str) -> list[str]:
    """Paths of the fields that never leave the connector, e.g. `users[].password`."""
    return _removed_secrets().get(stream, [])
