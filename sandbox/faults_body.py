"""Faults in the body of a good answer: records of another shape, pages that lie, bytes that are no JSON."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

Parameters = dict[str, Any]
Body = dict[str, Any]
_IDENTITY = ("id", "uuid", "urn", "ip", "slug", "name", "invoice_uuid")


def _next(body: Body, url: str) -> None:
    body.setdefault("links", {}).setdefault("pages", {})["next"] = url


def _wrong_host_next(body: Body, _key: str | None, _url: str, parameters: Parameters) -> None:
    url = body.get("links", {}).get("pages", {}).get("next")
    if url:
        _next(body, parameters.get("host", "https://api.elsewhere.example") + "/" + url.split("/", 3)[3])


def _self_link(body: Body, _key: str | None, url: str, _parameters: Parameters) -> None:
    _next(body, url)


def _no_next(body: Body, _key: str | None, _url: str, _parameters: Parameters) -> None:
    body.pop("links", None)


def _vanished_page(body: Body, key: str | None, _url: str, _parameters: Parameters) -> None:
    if key:
        body[key] = []


def _old_page(body: Body, key: str | None, url: str, parameters: Parameters) -> None:
    """Serve the records of an earlier page under this page's links, as a stale cache does."""
    pages = parameters.setdefault("_pages", {})
    page = parse_qs(urlsplit(url).query).get("page", ["1"])[0]
    pages[page] = list(body[key]) if key else []
    if key and page != "1" and "1" in pages:
        body[key] = pages["1"]


def _change_records(body: Body, key: str | None, change: Callable[[Body], Body]) -> None:
    found = body.get(key) if key else None
    if isinstance(found, list):
        body[str(key)] = [change(record) for record in found]
    elif isinstance(found, dict):
        body[str(key)] = change(found)
    else:
        body.update(change(body))


def _change_first(body: Body, key: str | None, change: Body) -> None:
    found = body.get(key) if key else None
    if isinstance(found, list) and found and isinstance(found[0], dict):
        found[0] = {**found[0], **change}


def _extra_fields(body: Body, key: str | None, _url: str, _parameters: Parameters) -> None:
    extra = {"field_of_tomorrow": "new", "object_of_tomorrow": {"level": 1, "list": [1, 2]}}
    _change_records(body, key, lambda record: {**record, **extra})


def _many_fields(body: Body, key: str | None, _url: str, parameters: Parameters) -> None:
    _change_first(body, key, {f"field_{number}": number for number in range(int(parameters.get("count", 10_000)))})


def _huge_record(body: Body, key: str | None, _url: str, parameters: Parameters) -> None:
    _change_first(body, key, {"note_of_tomorrow": "x" * int(parameters.get("bytes", 10_000_000))})


def _null_fields(body: Body, key: str | None, _url: str, parameters: Parameters) -> None:
    chosen = parameters.get("fields")

    def nulled(record: Body) -> Body:
        names = chosen or [name for name in record if name not in _IDENTITY]
        return {name: None if name in names else value for name, value in record.items()}

    _change_records(body, key, nulled)


def _odd_types(body: Body, key: str | None, _url: str, _parameters: Parameters) -> None:
    def odd(name: str, value: Any) -> Any:
        if name in _IDENTITY:
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return "" if name.endswith("_at") else value

    _change_records(body, key, lambda record: {name: odd(name, value) for name, value in record.items()})


def _changed_type(body: Body, key: str | None, _url: str, parameters: Parameters) -> None:
    """One field of every record becomes an object, which converts into nothing else."""
    field = parameters["field"]
    _change_records(body, key, lambda record: {**record, field: {"was": record.get(field)}})


# Faults that change the body of a good answer: body, records key, the request's URL, parameters.
CHANGES: dict[str, Callable[[Body, str | None, str, Parameters], None]] = {
    "wrong_host_next": _wrong_host_next,
    "self_link": _self_link,
    "no_next": _no_next,
    "vanished_page": _vanished_page,
    "old_page": _old_page,
    "extra_fields": _extra_fields,
    "many_fields": _many_fields,
    "huge_record": _huge_record,
    "null_fields": _null_fields,
    "odd_types": _odd_types,
    "changed_type": _changed_type,
}


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
    "truncated_json": _truncated_json,
    "deep": _deep,
    "long_integer": _long_integer,
    "invalid_utf8": _invalid_utf8,
}
