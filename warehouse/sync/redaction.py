"""Keeps secrets out of everything a local sync prints or reports."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote, quote_plus

from warehouse.sync.secret_shapes import MASK, is_secret_name, without_shapes

_SHORTEST_SECRET = 6
_SAYS_HOW_OR_WHEN = ("_type", "_date")


class Redactor:
    """Replaces every secret it has been shown, and everything shaped like one, with `****`.

    Strings under a name that says token, secret, password, key or credentials count as secrets when they are at least
    six characters long: shorter ones would blank out ordinary words.
    """

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def learn(self, configuration: object) -> None:
        """Remember the secrets of `configuration` (a connector configuration, or one secret string)."""
        _collect(configuration, self._secrets, secret=isinstance(configuration, str))
        # Longest first, so that a secret which contains another one disappears as a whole.
        forms = sorted({form for secret in self._secrets for form in _forms(secret)}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, forms))) if forms else None

    def __call__(self, text: str) -> str:
        """Return `text` without the secrets."""
        return without_shapes(self._pattern.sub(MASK, text) if self._pattern else text)


def _collect(value: Any, found: set[str], *, secret: bool) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            is_secret = not name.endswith(_SAYS_HOW_OR_WHEN) and (secret or is_secret_name(name))
            _collect(item, found, secret=is_secret)
    elif isinstance(value, list):
        for item in value:
            _collect(item, found, secret=secret)
    elif secret and isinstance(value, str) and len(value) >= _SHORTEST_SECRET:
        found.add(value)


def _forms(secret: str) -> set[str]:
    """Return a secret as texts, JSON and URLs hold it."""
    escaped = {json.dumps(secret, ensure_ascii=ascii_)[1:-1] for ascii_ in (True, False)}
    encoded = secret.encode("utf-8", "replace")
    return {secret, quote(encoded, safe=""), quote_plus(encoded), *escaped}
