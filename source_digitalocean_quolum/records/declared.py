"""What a schema declares, as a msgspec type: whether a value is that, and no more, is decided by msgspec, in C."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from threading import RLock
from typing import Annotated, Any, Union

import msgspec
import orjson

# RFC 3339 with its offset, and what a destination's BIGINT holds. Of times msgspec admits a little more than RFC 3339
# and the zero of every clock: see times.may_hold_odd_times.
TIME = Annotated[datetime, msgspec.Meta(tz=True)]
_INTEGER = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]

_SCALARS: dict[str, Any] = {
    "string": str | None,
    "integer": _INTEGER | None,
    "number": float | None,
    "boolean": bool | None,
    "date-time": TIME | None,
    "date": date | None,
}
# Of several types, and of none, those without members: an object in their place is looked into.
_ANY = {"string": str, "integer": int, "number": int | float, "boolean": bool}
# Declared objects by their schema's digest.
_made: dict[bytes, Any] = {}
# msgspec (0.22) completes a Struct when it is first used, and two threads that use it first end the process: one of
# them finds it half done. So it is used here once, before anyone else can know it; those inside it were before.
_making = RLock()


def kind_of(declared: Mapping[str, Any]) -> str:
    """The one type that a schema declares beside null, or its format where that is checked; else "any"."""
    types = declared.get("type", [])
    kinds = [types] if isinstance(types, str) else [kind for kind in types if kind != "null"]
    kind = kinds[0] if len(kinds) == 1 else "any"
    return str(declared["format"]) if kind == "string" and declared.get("format") in _SCALARS else kind


def type_of(declared: Mapping[str, Any]) -> Any:
    """The type of all values of this schema, null included, that nobody need look at (conform.py, undeclared.py).

    msgspec converts nothing here: "5" and 5.0 are no integers, 1 is no boolean. A field that is not declared is
    refused: where a schema names none of an object's fields, only the empty object fits. An object's type is a Struct,
    and all that declare the same share one: an app's specification stands in the schemas of apps and deployments seven
    times.
    """
    kind = kind_of(declared)
    if kind == "object":
        return object_of(declared) | None
    if kind == "array":
        return list[type_of(declared.get("items", {}))] | None  # type: ignore[misc]
    if kind == "any":
        types = declared.get("type") or list(_ANY)
        return Union[(*(_ANY[name] for name in types if name in _ANY), None)]
    return _SCALARS.get(kind, Any)


def object_of(declared: Mapping[str, Any]) -> Any:
    """The Struct of an object's schema, without null."""
    known_as = digest(declared)
    with _making:
        if known_as not in _made:
            fields = {name: type_of(inner) for name, inner in declared.get("properties", {}).items()}
            _made[known_as] = struct_of(fields)
        return _made[known_as]


def digest(schema: Any) -> bytes:
    """The same for equal schemas or parts of them (in the same order): 16 bytes, where orjson's take 4 KB at least."""
    return hashlib.blake2b(orjson.dumps(schema), digest_size=16).digest()


def struct_of(fields: Mapping[str, Any], *, exact: bool = True) -> Any:
    """A Struct with these fields, which need not be there; and, if `exact`, with no others. See `attribute`."""
    members = [(attribute(number), type_, None) for number, type_ in enumerate(fields.values())]
    # Names of fields need not be names in Python.
    renamed = {attribute(number): name for number, name in enumerate(fields)}
    with _making:
        struct = msgspec.defstruct("Declared", members, rename=renamed, gc=False, forbid_unknown_fields=exact)
        msgspec.convert({}, struct)
    return struct


def attribute(number: int) -> str:
    """The name under which a Struct of `struct_of` holds its field of this number."""
    return f"f{number}"


def is_of(value: Any, type_: Any) -> bool:
    """Whether a value that was parsed has the type."""
    try:
        msgspec.convert(value, type_)
    except msgspec.ValidationError:
        return False
    return True
