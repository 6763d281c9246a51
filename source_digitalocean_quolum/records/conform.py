"""Makes values fit the stream's schema: a destination fails a whole stream over one value of another type."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any

import orjson

from source_digitalocean_quolum.records.declared import is_of, kind_of, object_of, struct_of, type_of
from source_digitalocean_quolum.records.times import format_time, is_plain, read_time

_INT64 = 2**63
# A float holds every integer up to here; a longer number has lost digits before it came to us.
_EXACT_FLOAT = 2**53
# No amount or measure has more digits, before or after the point; an exponent could stand for millions.
_MOST_DIGITS = 64
# Python's own int() and Decimal() also take "1_000" and the digits of every script.
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}

# A fix returns the value as the schema wants it; ConversionError when that cannot be done without inventing one.
Fix = Callable[[Any], Any]
_Fixer = Callable[[dict[str, Any]], None]


class ConversionError(Exception):
    """The value cannot be what the schema declares."""


class RecordConformer:
    """Makes the records of one stream fit its schema, in place.

    A value of another type is converted when that is exact ("5" to 5, 5.0 to 5, "12.30" to 12.30 for money) and
    otherwise set to null and counted in `errors` by its path. A record is never lost for one odd field. Money keeps its
    decimal digits: a number that a float cannot hold is written out digit by digit. Times become RFC 3339 with their
    zone; an empty text says that nothing is known and becomes null. In the fields `keys`, which identify a record, a
    text stays one.
    """

    def __init__(self, schema: Mapping[str, Any], errors: Counter[str], keys: Collection[str] = ()) -> None:
        self._properties: Mapping[str, Any] = schema.get("properties", {})
        self._errors, self._keys = errors, keys
        nested = [name for name, inner in self._properties.items() if kind_of(inner) in ("object", "array")]
        plain = [name for name in self._properties if name not in nested]
        # A record is gone through by parts: all fields that hold no others, and each of those that do.
        self._parts = {"": plain, **{name: [name] for name in nested}}
        self._exact = object_of(schema) if self._properties else None

    def fits(self, record: dict[str, Any]) -> bool:
        """Whether a record holds nothing but what is declared, and all of that is of its type (conform_times apart)."""
        return self._exact is not None and is_of(record, self._exact)

    def conform(self, record: dict[str, Any]) -> None:
        """Make all values fit."""
        if not is_of(record, self._plain) and (fix := self._fixes[""]):
            fix(record)
        for name, type_ in self._nested.items():
            if name in record and not is_of(record[name], type_) and (fix := self._fixes[name]):
                fix(record)
        self.conform_times(record)

    def conform_times(self, record: dict[str, Any]) -> None:
        """Make times fit, of which types admit more than warehouses read."""
        if self._times:
            self._times(record)

    # Most streams never need what follows.
    @cached_property
    def _plain(self) -> Any:
        return struct_of({name: type_of(self._properties[name]) for name in self._parts[""]}, exact=False)

    @cached_property
    def _nested(self) -> dict[str, Any]:
        return {name: type_of(self._properties[name]) for name in self._parts if name}

    @cached_property
    def _fixes(self) -> dict[str, _Fixer | None]:
        declared = {part: {name: self._properties[name] for name in names} for part, names in self._parts.items()}
        return {
            part: _compile_fixer({"properties": fields}, self._errors, "", self._keys)
            for part, fields in declared.items()
        }

    @cached_property
    def _times(self) -> _Fixer | None:
        return _compile_fixer(_only_times({"properties": self._properties}), self._errors, "", self._keys)


def _only_times(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a schema that are times, and those that hold some."""
    fields: dict[str, Any] = {}
    for name, declared in schema.get("properties", {}).items():
        kind = kind_of(declared)
        items = declared.get("items", {})
        if kind in ("date-time", "date") or (kind == "array" and kind_of(items) in ("date-time", "date")):
            fields[name] = declared
        elif kind == "object" and (inner := _only_times(declared)):
            fields[name] = {**declared, **inner}
        elif kind == "array" and (inner := _only_times(items)):
            fields[name] = {**declared, "items": {**items, **inner}}
    return {"properties": fields} if fields else {}


def _compile_fixer(
    schema: Mapping[str, Any], errors: Counter[str], path: str, keys: Collection[str] = ()
) -> _Fixer | None:
    """A function that makes an object of this schema fit, in place, going through all that is declared."""
    fields: list[tuple[str, frozenset[type], Fix, Fix | None, Callable[[Any], None] | None, str]] = []
    for name, declared in schema.get("properties", {}).items():
        where = f"{path}.{name}" if path else name
        kind = kind_of(declared)
        exact, fix = _RULES[kind]
        if name in keys and kind in _TEXTS:
            fix = _keep_text(fix)
        nested = _nested(declared, kind, errors, where)
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
                errors[where] += 1
                record[name] = None
                continue
            if nested is not None:
                nested(fixed)

    return conform


def _nested(declared: Mapping[str, Any], kind: str, errors: Counter[str], where: str) -> Callable[[Any], None] | None:
    if kind == "object":
        return _compile_fixer(declared, errors, where)
    if kind != "array":
        return None
    items = declared.get("items", {})
    if kind_of(items) == "object":
        conform = _compile_fixer(items, errors, f"{where}[]")
        return _each_object(conform, errors, f"{where}[]")
    exact, fix = _RULES[kind_of(items)]
    return _each_value(frozenset() if kind_of(items) in _ALWAYS_CHECKED else exact, fix, errors, f"{where}[]")


def _each_object(conform: _Fixer | None, errors: Counter[str], where: str) -> Callable[[Any], None]:
    def each(values: list[Any]) -> None:
        for index, value in enumerate(values):
            if value.__class__ is dict:
                if conform:
                    conform(value)
            elif value is not None:
                errors[where] += 1
                values[index] = None

    return each


def _each_value(exact: frozenset[type], fix: Fix, errors: Counter[str], where: str) -> Callable[[Any], None]:
    def each(values: list[Any]) -> None:
        for index, value in enumerate(values):
            if value is None or value.__class__ in exact:
                continue
            try:
                values[index] = fix(value)
            except ConversionError:
                errors[where] += 1
                values[index] = None

    return each


def _keep_text(fix: Fix) -> Fix:
    """The fix of a field that identifies its record: a text that nobody understands still tells it from others."""

    def fixed(value: Any) -> Any:
        try:
            known = fix(value)
        except ConversionError:
            if not isinstance(value, str):
                raise
            return value
        return value if known is None else known

    return fixed


def _date_time(value: Any) -> str | None:
    if not isinstance(value, str):
        raise ConversionError
    if not value:
        return None
    try:
        moment = read_time(value)
    except ValueError:
        raise ConversionError from None
    return value if is_plain(value) else format_time(moment)


def _date(value: Any) -> str | None:
    time = _date_time(value)
    return time[:10] if time else None


def _integer(value: Any) -> int | None:
    if value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ConversionError
    exact = _decimal(value) if isinstance(value, str) else value
    try:
        number = int(exact)
    except (ValueError, OverflowError):
        raise ConversionError from None
    if number != exact or not -_INT64 <= number < _INT64:
        raise ConversionError
    return number


def _number(value: Any) -> Any:
    """A JSON number with exactly the digits' value; see orjson.Fragment for what a float cannot hold."""
    if value == "":
        return None
    if value.__class__ is int:
        return value if -_INT64 <= value < 2 * _INT64 else orjson.Fragment(str(value))
    if not isinstance(value, str):
        raise ConversionError
    exact = _decimal(value)
    nearest = float(exact)
    return nearest if Decimal(repr(nearest)) == exact else orjson.Fragment(format(exact, "f"))


def _decimal(text: str) -> Decimal:
    digits = text.strip(" \t\r\n")
    if len(digits) > _MOST_DIGITS or not _NUMBER.fullmatch(digits):
        raise ConversionError
    exact = Decimal(digits)
    if abs(exact.adjusted()) > _MOST_DIGITS:
        raise ConversionError
    return exact


def _boolean(value: Any) -> bool | None:
    if value == "":
        return None
    known = _BOOLEANS.get(str(value).lower()) if isinstance(value, int | str) else None
    if known is None:
        raise ConversionError
    return known


def _string(value: Any) -> str:
    if isinstance(value, float) and abs(value) > _EXACT_FLOAT:
        raise ConversionError
    if value.__class__ is int:
        return str(value)
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
    "number": (frozenset({float, orjson.Fragment}), _number),
    "boolean": (frozenset({bool}), _boolean),
    "object": (frozenset({dict}), _object),
    "array": (frozenset({list}), _array),
    "any": (frozenset(), _any),
}
# Of the right type and still perhaps wrong: a date that is none, an integer beyond a BIGINT.
_ALWAYS_CHECKED = frozenset({"date-time", "date", "integer"})
_TEXTS = frozenset({"string", "date-time", "date"})
