"""Faults in the records of a good answer: values, fields and times of another shape."""

from collections.abc import Callable
from typing import Any

from sandbox.faults.places import RAW, Body, Parameters, change, remove

_IDENTITY = ("id", "uuid", "urn", "ip", "slug", "name", "invoice_uuid")
# An RFC 3339 text in UTC with whole seconds, in the ways in which a server may write it instead.
TIMES: dict[str, Callable[[str], str]] = {
    "zero": lambda _: "0001-01-01T00:00:00Z",
    "ancient": lambda _: "1901-12-13T20:45:52Z",
    "future": lambda _: "2099-01-01T00:00:00Z",
    "far_future": lambda _: "2999-12-31T23:59:59Z",
    "nanoseconds": lambda text: text.replace("Z", ".123456789Z"),
    "space": lambda text: text.replace("T", " ").replace("Z", "+00:00"),
    "no_zone": lambda text: text.removesuffix("Z"),
    "space_without_zone": lambda text: text.replace("T", " ").removesuffix("Z"),
    "date": lambda text: text[:10],
    "small_z": lambda text: text.replace("T", "t").replace("Z", "z"),
    "empty": lambda _: "",
}


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


def _replace(body: Body, _key: str | None, _url: str, parameters: Parameters) -> None:
    """Another `value` at the places `at`."""
    change(body, parameters["at"], lambda _: parameters.get("value"))


def _remove(body: Body, _key: str | None, _url: str, parameters: Parameters) -> None:
    """The keys at the places `at` are absent."""
    remove(body, parameters["at"])


def _raw(body: Body, _key: str | None, _url: str, parameters: Parameters) -> None:
    """Text that is no JSON, or that no JSON writer writes, at the places `at`: see `content.py`."""
    change(body, parameters["at"], lambda _: RAW)


def _times(body: Body, _key: str | None, _url: str, parameters: Parameters) -> None:
    """The times at the places `at`, in another `form` (TIMES)."""
    rewritten = TIMES[parameters["form"]]
    change(body, parameters["at"], lambda value: rewritten(value) if isinstance(value, str) and value else value)


# Body, records key, the request's URL, parameters.
CHANGES: dict[str, Callable[[Body, str | None, str, Parameters], None]] = {
    "extra_fields": _extra_fields,
    "many_fields": _many_fields,
    "huge_record": _huge_record,
    "null_fields": _null_fields,
    "odd_types": _odd_types,
    "changed_type": _changed_type,
    "replace": _replace,
    "remove": _remove,
    "raw": _raw,
    "times": _times,
}
