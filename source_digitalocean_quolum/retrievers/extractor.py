"""Where in an answer the records are: lists, maps, lists of plain values, and lists inside the listed objects."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from airbyte_cdk.sources.types import StreamSlice

from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.http.facts import ValueSource
from source_digitalocean_quolum.http.slice_values import NOT_CONSTANT, evaluate_constant
from source_digitalocean_quolum.records.body import UnexpectedBody, take_list, total_of
from source_digitalocean_quolum.records.page import RecordData


class RecordContext(NamedTuple):
    """Where a record stood: the answer, the objects around it by the name of their list, and its own list."""

    body: Mapping[str, Any]
    outer: RecordData
    around: Mapping[str, RecordData] = MappingProxyType({})
    nested: str = ""


def select(body: Any, members: Iterable[Any], endpoint: Endpoint) -> Iterator[tuple[RecordData, RecordContext]]:
    """The records of an answer and where each stood; `members` are what is listed in it, parsed.

    A nested list that is absent, null or empty holds nothing. Raises UnexpectedBody where the answer is not as the
    endpoint's facts say, and for an object without its lists of whose members the answer counts some.
    """
    for outer in _objects(members, endpoint):
        if not endpoint.nested:
            yield outer, RecordContext(body, outer)
        elif not any(path.split(".")[0] in outer for path in endpoint.nested.values()):
            _explain_absence(body, endpoint)
        for name, path in endpoint.nested.items():
            yield from _inside(outer, path.split("."), RecordContext(body, outer, {}, name), endpoint)


def _explain_absence(body: Any, endpoint: Endpoint) -> None:
    """Of a list of objects the total counts these; of a single one it counts what is in it."""
    if isinstance(body, dict) and isinstance(body.get(endpoint.records), dict) and (total := total_of(body)):
        lists = ", ".join(endpoint.nested.values())
        raise UnexpectedBody(f"an object without {lists}, and a total of {total}")


def _objects(members: Iterable[Any], endpoint: Endpoint) -> Iterator[RecordData]:
    if endpoint.map:
        for owner in members:
            yield from ({endpoint.map: key, **_as_record(member, endpoint)} for key, member in owner.items())
    else:
        yield from (_as_record(member, endpoint) for member in members)


def _inside(
    outer: RecordData, path: list[str], place: RecordContext, endpoint: Endpoint
) -> Iterator[tuple[RecordData, RecordContext]]:
    name, *rest = path
    members = outer.get(name)
    if isinstance(members, dict) and rest:
        yield from _inside(members, rest, place, endpoint)
        return
    for member in take_list(outer, name):
        if member is None:
            continue
        record = _as_record(member, endpoint)
        if rest:
            yield from _inside(record, rest, place._replace(around={**place.around, name: record}), endpoint)
        else:
            yield record, place


def _as_record(member: Any, endpoint: Endpoint) -> RecordData:
    if isinstance(member, dict):
        return member
    if endpoint.values:
        return {endpoint.values: member}
    raise UnexpectedBody(f"`{endpoint.records}` with members that are no objects")


@dataclass(frozen=True)
class AddedFields:
    """Adds the fields that the API does not return (Endpoint.derived) to the records of a slice, and renames others."""

    # The same for all of them, and those that depend on where a record stood.
    constants: RecordData
    placed: Mapping[str, Callable[[RecordData, RecordContext], Any]]
    renamed: Mapping[str, str]

    @classmethod
    def for_slice(cls, endpoint: Endpoint, stream_slice: StreamSlice, *, incremental: bool = True) -> "AddedFields":
        """For the records of this slice of a stream that is read incrementally, or as a full refresh."""
        known = {**(stream_slice.extra_fields or {}), **stream_slice}
        derived = {name: source for name, source in endpoint.derived.items() if incremental or not source.incremental}
        values = {name: evaluate_constant(source, known) for name, source in derived.items()}
        placed = {name: _reader(derived[name]) for name, value in values.items() if value is NOT_CONSTANT}
        placed |= {name: _own_or(name, values[name]) for name, source in derived.items() if source.if_absent}
        return cls(
            {name: value for name, value in values.items() if name not in placed},
            placed,
            endpoint.renamed,
        )

    def derive(self, record: RecordData, place: RecordContext) -> None:
        """Add them to a record that stood at this place."""
        for old, new in self.renamed.items():
            if old in record:
                record[new] = record.pop(old)
        record.update(self.constants)
        for name, read in self.placed.items():
            record[name] = read(record, place)


def _reader(source: ValueSource) -> Callable[[RecordData, RecordContext], Any]:
    """A value that depends on where the record stood."""
    if source.nested is not None:
        return lambda _row, place: place.nested
    if source.body is not None:
        whole = source.body
        return lambda record, place: _walk(place.body, whole.format_map(record).split("."))
    path = (source.outer or "").split(".")

    def outer(_record: RecordData, place: RecordContext) -> Any:
        if path[0] in place.around:
            return _walk(place.around[path[0]], path[1:])
        return _walk(place.outer, path)

    return outer


def _own_or(name: str, value: Any) -> Callable[[RecordData, RecordContext], Any]:
    """What the record itself says, else this value."""
    return lambda record, _place: value if record.get(name) in (None, "") else record[name]


def _walk(value: Any, path: list[str]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
