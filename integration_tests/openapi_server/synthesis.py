"""A value for a schema: every documented property, the document's examples, distinct identifiers."""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from integration_tests.openapi_server.moments import Window, form_of, moment
from integration_tests.openapi_server.specification import Schema, Specification

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_IPV4 = re.compile(r"(\d+\.\d+\.\d+\.)\d+")
_HOSTNAME = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}", re.IGNORECASE)
_IDENTIFIERS = {"id", "uuid", "urn", "slug", "name", "ip"}
_OF_FORMAT = {
    "email": "sammy@example.com",
    "uri": "https://example.com",
    "url": "https://example.com",
    "hostname": "example.com",
    "ipv4": "203.0.113.1",
    "ipv6": "2001:db8::1",
    "cidr": "10.0.0.0/16",
    "byte": "ZXhhbXBsZQ==",
    "int64": "1",
    "uint64": "1",
}
_PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


@dataclass(frozen=True)
class Request:
    """What an answer depends on: its operation's path, the parameters and the records a list holds."""

    scope: str
    echoes: Mapping[str, str]
    window: Window
    records: int


@dataclass(frozen=True)
class _Place:
    """Where in an answer a value stands."""

    pointer: str = ""
    name: str = ""
    index: int | None = None
    lists: int = 0
    in_record: bool = False
    trail: tuple[str, ...] = ()

    def member(self, name: str) -> "_Place":
        return replace(self, pointer=f"{self.pointer}/{name}", name=name, in_record=self.pointer.endswith("]"))

    def item(self, index: int) -> "_Place":
        return replace(self, pointer=f"{self.pointer}[{index}]", index=index, lists=self.lists + 1)

    @property
    def is_identifier(self) -> bool:
        """Whether the value tells one record of a list from another."""
        return self.in_record and (self.name in _IDENTIFIERS or self.name.endswith(("_id", "_uuid")))


class Synthesiser:
    """Answers of the specification, the same ones for the same request and the same present (`now`)."""

    def __init__(self, specification: Specification, now: datetime) -> None:
        self._specification = specification
        self._now = now

    def body(self, schema: Schema, request: Request) -> Any:
        """A body that is valid for the schema: lists at its top have `request.records` members."""
        return self._value(schema, _Place(), request)

    def _value(self, schema: Schema, place: _Place, request: Request) -> Any:
        shape = self._specification.shape(schema)
        described = shape.schema
        cyclic = any(reference in place.trail for reference in shape.references)
        place = replace(place, trail=(*place.trail, *shape.references))
        # Every second record shows what the document allows to be null; the first one is always whole.
        if described.get("nullable") and place.lists and (place.index or 0) % 2 and not place.is_identifier:
            return None
        match _type_of(described):
            case "object":
                return {} if cyclic else self._object(described, place, request)
            case "array":
                return [] if cyclic else self._array(described, place, request)
            case "string":
                return self._string(described, place, request)
            case "integer" | "number" as kind:
                return _number(described, kind, place, request)
            case "boolean":
                return _example(described, "boolean", default=True)
            case _:
                return described.get("example", {})

    def _object(self, schema: Schema, place: _Place, request: Request) -> dict[str, Any]:
        properties = schema.get("properties", {})
        if properties:
            return {name: self._value(each, place.member(name), request) for name, each in properties.items()}
        values: dict[str, Any] = _example(schema, "object", default={})
        return {name: request.echoes.get(name, value) for name, value in values.items()}

    def _array(self, schema: Schema, place: _Place, request: Request) -> list[Any]:
        example = _example(schema, "array", default=[])
        if _is_series(example):
            return [[second, str(position % 10)] for position, second in enumerate(request.window.samples())]
        items = schema.get("items", {})
        if _type_of(self._specification.shape(items).schema) != "object":
            return list(example) or [self._value(items, place.item(0), request)]
        count = request.records if place.pointer.count("/") == 1 else 1 + (place.lists == 1)
        return [self._value(items, place.item(index), request) for index in range(count)]

    def _string(self, schema: Schema, place: _Place, request: Request) -> str:
        if place.name in request.echoes:
            return request.echoes[place.name]
        example = _example(schema, "string", default=schema.get("default"))
        if choices := [each for each in schema.get("enum", ()) if isinstance(each, str)]:
            if place.is_identifier:
                return choices[(place.index or 0) % len(choices)]
            return example if example in choices else choices[0]
        if form := form_of(schema):
            return moment(form, place.name, place.index, self._now, request.window)
        if schema.get("format") == "uuid" and not (example and _UUID.search(example)):
            return self._uuid(place, request)
        if place.is_identifier:
            return self._distinct(example or place.name, place, request)
        return example if example is not None else _OF_FORMAT.get(schema.get("format", ""), place.name or "text")

    def _distinct(self, example: str, place: _Place, request: Request) -> str:
        index = place.index or 0
        if _UUID.search(example):
            return _UUID.sub(self._uuid(place, request), example)
        if address := _IPV4.fullmatch(example):
            return f"{address[1]}{10 + index}"
        if ":" in example and place.name == "ip":
            return f"2001:db8::{index + 1:x}"
        if number := re.search(r"\d+$", example):
            return f"{example[: number.start()]}{_identity(int(number[0]), place, request)}"
        if _HOSTNAME.fullmatch(example):
            host, _, rest = example.partition(".")
            return f"{host}-{index + 1}.{rest}"
        return f"{example}-{index + 1}"

    @staticmethod
    def _uuid(place: _Place, request: Request) -> str:
        return str(uuid5(NAMESPACE_URL, f"{request.scope}#{place.pointer}"))


def _type_of(schema: Schema) -> str:
    if kind := schema.get("type"):
        return str(kind)
    return (
        "object" if "properties" in schema else "array" if "items" in schema else "string" if "enum" in schema else ""
    )


def _example(schema: Schema, kind: str, *, default: Any) -> Any:
    """The schema's example, where it is of the schema's type."""
    example = schema.get("example")
    fits = isinstance(example, _PYTHON_TYPES[kind]) and (kind == "boolean" or not isinstance(example, bool))
    return example if fits else default


def _number(schema: Schema, kind: str, place: _Place, request: Request) -> int | float:
    value: int | float = _example(schema, kind, default=schema.get("default"))
    if not isinstance(value, int | float):
        value = 1
    if place.is_identifier and kind == "integer":
        value = _identity(int(value), place, request)
    lowest: float = schema.get("minimum", value)
    highest: float = schema.get("maximum", value)
    bounded = min(max(value, lowest), highest)
    return int(bounded) if kind == "integer" else bounded


def _identity(example: int, place: _Place, request: Request) -> int:
    """A number of its own for each record of each request, below 2**31."""
    seed = f"{request.scope}#{place.pointer.rpartition('[')[0]}#{example}"
    return zlib.crc32(seed.encode()) % 10**8 * 10 + (place.index or 0)


def _is_series(example: list[Any]) -> bool:
    """Whether an example shows samples: pairs of UNIX seconds and a value as text."""
    return bool(example) and all(
        isinstance(each, list) and len(each) == 2 and isinstance(each[0], int) and isinstance(each[1], str)
        for each in example
    )
