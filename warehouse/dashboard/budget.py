"""Keeps the file small enough to be mailed: rows are embedded until their bytes are used up, the dearest first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def to_json(value: Any) -> str:
    """Return compact JSON that may stand inside a `<script>`: nothing in it can end the element or be markup."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    # Half of a surrogate pair is no character that a file could hold.
    return text.encode("utf-8", "replace").decode("utf-8")


def within(budget: int, rows: Iterable[list[Any]]) -> list[list[Any]]:
    """Return the first rows whose JSON fits into `budget` bytes."""
    kept, used = [], 0
    for row in rows:
        used += len(to_json(row).encode()) + 1
        if used > budget:
            break
        kept.append(row)
    return kept
