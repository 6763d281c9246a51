"""Records in the bytes they came in: what fits its schema exactly is not taken apart and put together again."""

import re
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import orjson

from source_digitalocean_quolum.records.declared import TIME, attribute, is_of, kind_of, struct_of, type_of
from source_digitalocean_quolum.records.page import SerializedRecord

_BRACE = b"}"
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class PassthroughReader:
    """Makes SerializedRecords of one stream's records: those that fit exactly, as they came.

    A record fits exactly if all its fields are declared and all its values are of their types. That is found out by
    decoding its bytes into a type made for the schema (declared.py), which costs less than parsing them into a dict;
    what has been decoded is dropped, but for the `fields` that the read looks at. Every other record is parsed, judged
    and written: one that holds a field which the connector is to add (`added`), too.
    """

    def __init__(self, schema: Mapping[str, Any], fields: Sequence[str], added: Sequence[str]) -> None:
        declared = {name: inner for name, inner in schema["properties"].items() if name not in added}
        types = {name: type_of(inner) for name, inner in declared.items()}
        self._added = [name for name in fields if name in added]
        self._read = [name for name in fields if name not in added]
        # What a read looks at stays the text that it is.
        self._times = [name for name in self._read if kind_of(declared.get(name, {})) == "date-time"]
        types |= dict.fromkeys(self._times, str | None)
        types |= {name: Any for name in self._read if name not in types}
        self._decode = msgspec.json.Decoder(struct_of(types)).decode
        self._known_of = _compile_known({name: attribute(list(types).index(name)) for name in self._read})

    def serialize(
        self,
        records: Sequence[msgspec.Raw],
        added: Mapping[str, Any],
        parse_and_fit: Callable[[bytes], Mapping[str, Any]],
        is_odd: Callable[[bytes], bool] | None,
    ) -> list[Mapping[str, Any]]:
        """A page's records, each with the `added` fields (the same for all of them).

        Those that do not fit, and those of which `is_odd` says that they must be looked at, are what `parse_and_fit`
        makes of them.
        """
        behind = b"," + orjson.dumps(added)[1:] if added else _BRACE
        constant = {name: added[name] for name in self._added if name in added}
        decode, known_of, times = self._decode, self._known_of, self._times
        found: list[Mapping[str, Any]] = []
        for record in records:
            try:
                known = None if is_odd and is_odd(bytes(record)) else known_of(decode(record))
            except (msgspec.DecodeError, RecursionError):
                known = None
            if known is None or (times and not all(is_of(known[name], TIME) for name in times)):
                found.append(parse_and_fit(bytes(record)))
            else:
                found.append(SerializedRecord(record, known | constant if constant else known, behind))
        return found


def _compile_known(attributes: Mapping[str, str]) -> Callable[[Any], dict[str, Any] | None]:
    """A function that takes these fields from a decoded record; None where one of them is not there or null.

    A record without a key may be empty.
    """
    names = list(attributes)
    values_of = attrgetter(*attributes.values())
    if len(names) == 1:
        # As for most streams: a dict of one is made in a fourth of the time.
        (name,) = names

        def known_one(record: Any) -> dict[str, Any] | None:
            value = values_of(record)
            return None if value is None else {name: value}

        return known_one

    def known_all(record: Any) -> dict[str, Any] | None:
        values = values_of(record)
        return None if None in values else dict(zip(names, values, strict=True))

    return known_all


def passes_through(content: bytes) -> bool:
    """Whether a page's records may be written as they came.

    Not those of a page in several lines, nor where a surrogate is escaped: half of a pair is no character, and no
    destination could read it.
    """
    return not (b"\n" in content or b"\r" in content or (b"\\" in content and _SURROGATE.search(content)))
