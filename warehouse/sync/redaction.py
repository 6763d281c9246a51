"""Keeps the secrets of a configuration out of everything a local sync prints or reports."""

from __future__ import annotations

import re
from typing import Any

_SECRET_NAME = re.compile(r"token|secret|password|api_?key|credentials", re.IGNORECASE)
_DIGITALOCEAN_TOKEN = re.compile(r"\bdo[a-z]_v1_[0-9a-f]{16,}")
_URL_PASSWORD = re.compile(r"(\b[a-z][a-z0-9+]*://[^\s:/@]*):[^\s@/]+@")
_MASK = "****"
_SHORTEST_SECRET = 6


class Redactor:
    """Replaces every secret it has been shown, and everything shaped like one, with `****`.

    Strings under a name that says token, secret, password, API key or credentials count as secrets when
    they are at least six characters long: shorter ones would blank out ordinary words.
    """

    def __init__(self) -> None:
        self._secrets: list[str] = []

    def learn(self, configuration: object) -> None:
        """Remember the secrets of `configuration` (a connector configuration, or one secret string)."""
        found = set(self._secrets)
        _collect(configuration, found, secret=isinstance(configuration, str))
        # Longest first, so that a secret which contains another one disappears as a whole.
        self._secrets = sorted(found, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return `text` without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        return _URL_PASSWORD.sub(rf"\1:{_MASK}@", _DIGITALOCEAN_TOKEN.sub(_MASK, text))


def _collect(value: Any, found: set[str], *, secret: bool) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            _collect(item, found, secret=name != "auth_type" and (secret or bool(_SECRET_NAME.search(name))))
    elif isinstance(value, list):
        for item in value:
            _collect(item, found, secret=secret)
    elif secret and isinstance(value, str) and len(value) >= _SHORTEST_SECRET:
        found.add(value)
