"""The run's own secrets, whatever shape they have."""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from source_digitalocean_quolum.redaction.names import is_secret_name
from source_digitalocean_quolum.redaction.scanner import compile_scanner
from source_digitalocean_quolum.redaction.table import REMOVED, SHAPES

# A shorter one could be a word of Airbyte's protocol or a name of ours ("state", "id", "apps"), and would be blanked in
# every message. DigitalOcean's own have 64 characters, and NIST SP 800-63B lets no one choose fewer than eight.
SHORTEST_OWN_SECRET = 8


_has_shape = compile_scanner(*(shape.hint for shape in SHAPES))


class OwnSecrets:
    """The secrets of this process's own configurations: blanked in every text, whatever shape they have.

    They are kept until the process ends, rotated ones, too. Safe for use by several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        self._is_in: Callable[[bytes | str], bool] | None = None

    def learn(self, *values: Any) -> None:
        """A secret itself, or every text under a name that means one in a configuration or a token's answer.

        Those shorter than SHORTEST_OWN_SECRET are passed over.
        """
        secrets = [secret for value in values for secret in _secrets_in(value, is_secret=isinstance(value, str))]
        with self._lock:
            known = self._known | {secret for secret in secrets if len(secret) >= SHORTEST_OWN_SECRET}
            if known == self._known:
                return
            forms = sorted({form for secret in known for form in _forms(secret)}, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, forms)))
            # What has a shape is found by it.
            unshaped = [form for form in forms if not _has_shape(form.encode("utf-8", "replace"))]
            self._is_in = compile_scanner(*map(_literal, unshaped)) if unshaped else None
            self._known = known

    def redact(self, text: str) -> str:
        """The text without them."""
        return self._pattern.sub(REMOVED, text) if self._pattern else text

    def stand_in(self, content: bytes) -> bool:
        """Whether JSON or CSV holds one that no shape would find."""
        return self._is_in is not None and self._is_in(content)


own_secrets = OwnSecrets()


def _secrets_in(value: Any, *, is_secret: bool = False) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            # Beside a secret key it is what names the pair, and a record of `spaces_keys` has it for its own.
            identifies = name == "access_key" and "secret_key" in value
            yield from _secrets_in(inner, is_secret=not identifies and is_secret_name(str(name)))
    elif isinstance(value, list):
        for inner in value:
            yield from _secrets_in(inner, is_secret=is_secret)
    elif isinstance(value, str) and is_secret:
        yield value


def _forms(secret: str) -> set[str]:
    """A secret as texts, JSON and URLs hold it."""
    escaped = {json.dumps(secret, ensure_ascii=ascii_)[1:-1] for ascii_ in (True, False)}
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        *escaped,
        *(form.replace("/", "\\/") for form in escaped),
    }


def _literal(text: str) -> str:
    return "".join(char if char.isascii() and char.isalnum() else f"\\x{{{ord(char):x}}}" for char in text)
