"""JSON that is none to the letter: what it says is read, what it cannot say is lost and counted."""

import json
import re
from collections import Counter
from math import isfinite
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"
# A float has at most 309 digits before its point, and Python refuses to read some thousands of them.
_MOST_DIGITS = 400
_NO_NUMBER = float("nan")


class RepairedBody(dict[str, Any]):
    """A JSON object of which something could not be kept: `lost` counts what, by its path (`volumes[].name`)."""

    lost: Counter[str]


def repair(content: bytes) -> Any:
    """JSON that orjson refuses and other programs write; a RepairedBody where something of it was lost.

    A byte that is no UTF-8 and half a surrogate pair become U+FFFD; NaN, Infinity and numbers of hundreds of digits
    become null. A byte order mark and unescaped control characters lose nothing. Raises ValueError or RecursionError
    for what is no JSON at all.
    """
    text = content.decode("utf-8-sig", "replace")
    value = json.loads(text, strict=False, parse_int=_integer, parse_float=_float, parse_constant=_float)
    is_utf8 = _REPLACEMENT not in text or text.encode() == content
    lost = Counter[str]()
    value = _without_unreadable(value, _SURROGATE if is_utf8 else re.compile(f"{_SURROGATE.pattern}|\ufffd"), lost)
    if not lost or not isinstance(value, dict):
        return value
    repaired = RepairedBody(value)
    repaired.lost = lost
    return repaired


def _integer(digits: str) -> float:
    return int(digits) if len(digits) <= _MOST_DIGITS else _NO_NUMBER


def _float(digits: str) -> float:
    number = float(digits)
    return number if isfinite(number) else _NO_NUMBER


def _without_unreadable(value: Any, unreadable: re.Pattern[str], lost: Counter[str]) -> Any:
    """The value, however deep, with what JSON cannot hold replaced and counted by path."""

    def replaced(member: Any, path: str) -> Any:
        if member is _NO_NUMBER:
            lost[path] += 1
            return None
        if isinstance(member, str) and unreadable.search(member):
            lost[path] += 1
            return unreadable.sub(_REPLACEMENT, member)
        return member

    root = [value]
    rest: list[tuple[Any, str]] = [(root, "")]
    while rest:
        inner, path = rest.pop()
        if isinstance(inner, dict):
            members = [(replaced(name, path or "the name of a field"), member) for name, member in inner.items()]
            inner.clear()
            inner.update((name, replaced(member, f"{path}.{name}".lstrip("."))) for name, member in members)
            rest += [(member, f"{path}.{name}".lstrip(".")) for name, member in inner.items() if _has_members(member)]
        else:
            where = path if inner is root else f"{path}[]"
            inner[:] = [replaced(member, where) for member in inner]
            rest += [(member, where) for member in inner if _has_members(member)]
    return root[0]


def _has_members(value: Any) -> bool:
    return isinstance(value, dict | list)
