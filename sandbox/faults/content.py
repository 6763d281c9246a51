"""Faults in the bytes of a good answer: what no JSON writer would write."""

import re
from collections.abc import Callable

import orjson

from sandbox.faults.places import RAW, Parameters


def _raw(content: bytes, _key: str | None, parameters: Parameters) -> bytes:
    """Put raw JSON text where `records.py` has left its mark: `1e15`, `Infinity`, `NaN`, half a surrogate pair."""
    return content.replace(orjson.dumps(RAW), str(parameters["raw"]).encode())


def _into_first(content: bytes, key: str | None, field: bytes) -> bytes:
    """Write a field that no JSON writer would into the first record."""
    opening = re.escape(orjson.dumps(key)) + rb":\[?\{" if key else rb"\{"
    return re.sub(opening, lambda found: found.group() + field + b",", content, count=1)


def _truncated_json(content: bytes, _key: str | None, _parameters: Parameters) -> bytes:
    return content[: len(content) * 2 // 3]


def _deep(content: bytes, key: str | None, parameters: Parameters) -> bytes:
    levels = int(parameters.get("levels", 100_000))
    return _into_first(content, key, b'"depth_of_tomorrow":' + b'{"a":' * levels + b"1" + b"}" * levels)


def _long_integer(content: bytes, key: str | None, parameters: Parameters) -> bytes:
    digits = b"9" * int(parameters.get("digits", 40))
    return _into_first(content, key, b'"%s":%s' % (parameters.get("field", "number_of_tomorrow").encode(), digits))


def _invalid_utf8(content: bytes, key: str | None, _parameters: Parameters) -> bytes:
    return _into_first(content, key, b'"text_of_tomorrow":"caf\xe9 \xff\xfe"')


# Faults that change the bytes of a good answer: content, records key, parameters.
BYTES: dict[str, Callable[[bytes, str | None, Parameters], bytes]] = {
    "raw": _raw,
    "truncated_json": _truncated_json,
    "deep": _deep,
    "long_integer": _long_integer,
    "invalid_utf8": _invalid_utf8,
}
