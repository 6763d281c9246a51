"""Makes values fit the stream's schema: a destination fails a whole stream over one value of another type."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

import orjson

from source_digitalocean_quolum.records.declared import DATE, MOMENT, is_of, kind_of, object_of

_INT64 = 2**63
# A float holds every integer up to here; a longer number has lost digits before it came to us.
_EXACT_FLOAT = 2**53
# No amount or measure has more digits, before or after the point; an exponent could stand for millions.
_MOST_DIGITS = 64

# A fix returns the value as the schema wants it; ConversionError when that cannot be done without inventing one.
Fix = Callable[[Any], Any]
Conformer = Callable[[dict[str, Any]], bool]
_ObjectFix = Callable[[dict[str, Any]], None]


class ConversionError(Exception):
    """The value cannot be what the schema declares."""


def compile_conformer(schema: Mapping[str, Any], misfits: Counter[str]) -> Conformer | None:
    """A function that makes an object fit `schema`, in place, or None where nothing is declared.

    A value of another type is converted when that is exact ("5" to 5, 5.0 to 5, "12.30" to 12.30 for money)
    and otherwise set to null and counted in `misfits` by its path. A record is never lost for one odd field.
    Money keeps its decimal digits: a number that a float cannot hold is written out digit by digit.

    The function tells whether the object fitted as it was.
    """
    properties = schema.get("properties", {})
    if not properties:
        return None
    whole = object_of(schema)

    @cache
    def fixes() -> list[tuple[Any, _ObjectFix]]:
        # Most streams never need them: all fields that hold no others, and each of those that do.
        nested = [name for name, inner in properties.items() if kind_of(inner) in ("object", "array")]
        plain = {name: inner for name, inner in properties.items() if name not in nested}
        parts = [{"properties": part} for part in (plain, *({name: properties[name]} for name in nested))]
        return [(object_of(part), fix) for part in parts if (fix := _conformer(part, misfits, ""))]

    def conform(record: dict[str, Any]) -> bool:
        if is_of(record, whole):
            return True
        for fitting, fix in fixes():
            if not is_of(record, fitting):
                fix(record)
        return False

    return conform


def _conformer(schema: Mapping[str, Any], misfits: Counter[str], path: str) -> _ObjectFix | None:
    """compile_conformer for one object at any depth, which goes through all that is declared."""
    fields: list[tuple[str, frozenset[type], Fix, Fix | None, Callable[[Any], None] | None, str]] = []
    for name, declared in schema.get("properties", {}).items():
        where = f"{path}.{name}" if path else name
        kind = kind_of(declared)
        exact, fix = _RULES[kind]
        nested = _nested(declared, kind, misfits, where)
        checked = fix if kind in _ALWAYS_CHECKED else None
        fields.append((name, exact, fix, checked, nested, where))
    if not fields:
        return None

    def conform(record: dict[str, Any]) -> None:
        for name, exact, fix, checked, nested, where in fields:
            value = record.get(name)
            if value is None:
                continue
            if value.__class__ in exact:
                if nested is not None:
                    nested(value)
                    continue
                if checked is None:
                    continue
            try:
                fixed = record[name] = fix(value)
            except ConversionError:
                misfits[where] += 1
                record[name] = None
                continue
            if nested is not None:
                nested(fixed)

    return conform


def _nested(declared: Mapping[str, Any], kind: str, misfits: Counter[str], where: str) -> Callable[[Any], None] | None:
    if kind == "object":
        return _conformer(declared, misfits, where)
    if kind != "array":
        return None
    items = declared.get("items", {})
    if kind_of(items) == "object":
        conform = _conformer(items, misfits, f"{where}[]")
        return _each_object(conform, misfits, f"{where}[]")
    exact, fix = _RULES[kind_of(items)]
    return _each_value(frozenset() if kind_of(items) in _ALWAYS_CHECKED else exact, fix, misfits, f"{where}[]")


def _each_object(conform: _ObjectFix | None, misfits: Counter[str], where: str) -> Callable[[Any], None]:
    def each(values: list[Any]) -> None:
        for index, value in enumerate(values):
            if value.__class__ is dict:
                if conform:
                    conform(value)
            elif value is not None:
                misfits[where] += 1
                values[index] = None

    return each


def _each_value(exact: frozenset[type], fix: Fix, misfits: Counter[str], where: str) -> Callable[[Any], None]:
    def each(values: list[Any]) -> None:
        for index, value in enumerate(values):
            if value is None or value.__class__ in exact:
                continue
            try:
                values[index] = fix(value)
            except ConversionError:
                misfits[where] += 1
                values[index] = None

    return each


def _date_time(value: Any) -> str | None:
    if value == "" or is_of(value, MOMENT):
        return value or None
    try:
        return datetime.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise ConversionError from None


def _date(value: Any) -> str | None:
    if value == "" or is_of(value, DATE):
        return value or None
    try:
        return datetime.fromisoformat(value).date().isoformat()
    except (TypeError, ValueError):
        raise ConversionError from None


def _integer(value: Any) -> int | None:
    if value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ConversionError
    try:
        number = int(value)
        if isinstance(value, float) and number != value:
            raise ConversionError
    except (ValueError, OverflowError):
        raise ConversionError from None
    if not -_INT64 <= number < _INT64:
        raise ConversionError
    return number


def _number(value: Any) -> Any:
    """A JSON number with exactly the digits' value; see orjson.Fragment for what a float cannot hold."""
    if value == "":
        return None
    if not isinstance(value, str) or len(value) > _MOST_DIGITS:
        raise ConversionError
    try:
        exact = Decimal(value)
    except InvalidOperation:
        raise ConversionError from None
    if not exact.is_finite() or abs(exact.adjusted()) > _MOST_DIGITS:
        raise ConversionError
    nearest = float(exact)
    return nearest if Decimal(repr(nearest)) == exact else orjson.Fragment(format(exact, "f"))


def _boolean(value: Any) -> bool | None:
    if value == "":
        return None
    known = {"true": True, "false": False, "1": True, "0": False}.get(str(value).lower())
    if known is None:
        raise ConversionError
    return known


def _string(value: Any) -> str:
    if isinstance(value, float) and abs(value) > _EXACT_FLOAT:
        raise ConversionError
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        raise ConversionError from None


def _object(value: Any) -> dict[str, Any]:
    raise ConversionError(f"{type(value).__name__} for an object")


def _array(value: Any) -> list[Any]:
    return [] if value == "" else [value]


def _any(value: Any) -> Any:
    return value


_RULES: dict[str, tuple[frozenset[type], Fix]] = {
    "date-time": (frozenset({str}), _date_time),
    "date": (frozenset({str}), _date),
    "string": (frozenset({str}), _string),
    "integer": (frozenset({int}), _integer),
    "number": (frozenset({int, float}), _number),
    "boolean": (frozenset({bool}), _boolean),
    "object": (frozenset({dict}), _object),
    "array": (frozenset({list}), _array),
    "any": (frozenset(), _any),
}
# Of the right type and still perhaps wrong: a date that is none, an integer beyond a BIGINT.
_ALWAYS_CHECKED = frozenset({"date-time", "date", "integer"})
