"""The corridor of a record: decode an answer once, take the records, drop secrets, make values fit the schema."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from itertools import islice
from math import isfinite
from operator import itemgetter
from typing import Any

import msgspec
import orjson

from source_digitalocean_quolum.records.repair import repair

# What paging.py reads of an answer beside its list.
_PLACE = ("links", "meta", "total", "total_pages", "total_items", "next_page_token")
# The first byte of a JSON object.
OBJECT = ord("{")
_first_byte = itemgetter(0)
# The key under which the lines of a CSV file stand, as the records of a JSON answer stand under theirs.
CSV_LINES = "lines"


# Of an answer, as objects a hundred bytes each. Only a long answer can hold so many.
_MOST_VALUES, _LONG = 1_000_000, 2_000_000


class UnexpectedBody(Exception):
    """An answer that is not what the API promises. Its text says, in words, what it was instead."""


def decode_body(content: bytes, content_type: str, records_key: str = "") -> Any:
    """An answer's JSON (or CSV).

    Where the answer holds a list of objects under `records_key`, they stay in their bytes (msgspec.Raw) and of the rest
    only what tells the page's place is there: a page that waits for its turn is then itself and not ten times that as
    objects.

    Raises UnexpectedBody for an empty body, HTML and truncated JSON: an answer that cannot be read is an error, never
    an empty page.
    """
    if not content.strip():
        raise UnexpectedBody("an empty body")
    if content_type.lower().startswith("text/csv"):
        return {CSV_LINES: CsvLines(content)}
    if len(content) > _LONG and content.count(b",") > _MOST_VALUES:
        raise UnexpectedBody(f"more than {_MOST_VALUES:,} values")
    if records_key and (body := _unread(content, records_key)) is not None:
        return body
    return parse(content)


def parse(content: bytes) -> Any:
    """JSON, whole; a RepairedBody where a character or a number in it is none. Raises UnexpectedBody."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        if content.lstrip()[:1] == b"<":
            raise UnexpectedBody("a web page instead of JSON (a proxy or a maintenance page)") from None
        try:
            return repair(content)
        except (ValueError, RecursionError):
            raise UnexpectedBody(f"{len(content)} bytes that are no complete JSON ({error})") from None


def parse_record(content: bytes) -> Any:
    """`parse` for one record, whose numbers keep all their digits: those that a float cannot hold, as Fragment."""
    try:
        return _record_decoder.decode(content)
    except (msgspec.DecodeError, RecursionError, OverflowError):
        return parse(content)


def _exact(digits: str) -> float | orjson.Fragment:
    number = float(digits)
    if not isfinite(number):
        raise OverflowError(f"{len(digits)} characters of a number beyond any float")
    is_exact = len(digits) <= _SURE_DIGITS or Decimal(repr(number)) == Decimal(digits)
    return number if is_exact else orjson.Fragment(digits)


# Of a number in as many characters a float keeps every digit.
_SURE_DIGITS = 15
_record_decoder = msgspec.json.Decoder(float_hook=_exact)


def _unread(content: bytes, records: str) -> dict[str, Any] | None:
    """An answer with its records unread; None where they are no list of objects, or something is wrong with it."""
    try:
        # msgspec passes over texts without looking at their bytes.
        if not content.isascii():
            content.decode()
        envelope = _envelope(records).decode(content)
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError):
        return None
    views: Iterator[memoryview] = map(memoryview, envelope.records)
    if not {OBJECT}.issuperset(map(_first_byte, views)):
        return None
    return {records: envelope.records, **{name: getattr(envelope, name) for name in _PLACE}}


@cache
def _envelope(records: str) -> msgspec.json.Decoder[Any]:
    fields: list[Any] = [("records", list[msgspec.Raw]), *((name, Any, None) for name in _PLACE)]
    return msgspec.json.Decoder(msgspec.defstruct("Envelope", fields, rename={"records": records}))


class CsvLines(Sequence[dict[str, str]]):
    """A CSV file's lines by the names in its first one, read anew each time that they are gone through.

    A file is one answer however long it is: an invoice of 10,000 lines is 2 MB as text and 20 as objects. Raises
    UnexpectedBody where a line has more or fewer values than there are names: then it is no whole file.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        lines = self._lines()
        self._names = next(lines, [])
        self._count = 0
        for line in lines:
            if len(line) != len(self._names):
                raise UnexpectedBody(f"{len(content)} bytes of CSV with lines that are not whole")
            self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[dict[str, str]]:
        return (dict(zip(self._names, line, strict=True)) for line in islice(self._lines(), 1, None))

    def __getitem__(self, at: Any) -> Any:
        # The first one alone is asked for, to see the columns.
        return next(iter(self)) if at == 0 and self._count else list(self)[at]

    def _lines(self) -> Iterator[list[str]]:
        text = io.TextIOWrapper(io.BytesIO(self._content), "utf-8-sig", "replace", newline="")
        return filter(None, csv.reader(text))


def take(
    body: Any, records: str, *, values: bool = False, optional: bool = False, before: int = 0
) -> Sequence[dict[str, Any]]:
    """The records under the key `records` (a list of objects, or one object); the whole body if it is empty.

    Absent, null and empty are the same nothing: programs in Go write a list without members in any of these ways. But
    an absent list must be explained, or it may have got another name: by a total of 0, by a total that the pages before
    hold (`before` is the number of their records), or by being `optional`, a part that is left out where there is none.
    With `values`, members need not be objects.

    Raises UnexpectedBody when the records are not there.
    """
    if not isinstance(body, dict):
        raise UnexpectedBody(f"a JSON {_kind(body)} instead of an object")
    if (not records or records not in body) and _is_error(body):
        raise UnexpectedBody(f"an error object ({body.get('id')}: {body.get('message')})")
    if not records:
        return [body]
    if records not in body:
        total = total_of(body)
        if optional or (total is not None and total <= before):
            return []
        counts = f", and a total of {total}" if total else ""
        raise UnexpectedBody(f"JSON without `{records}`{counts}")
    return _as_records(body[records], records, values=values)


def _as_records(found: Any, records: str, *, values: bool) -> Sequence[dict[str, Any]]:
    if found is None:
        return []
    if isinstance(found, dict):
        return [found]
    if isinstance(found, CsvLines):
        return found
    if not isinstance(found, list):
        raise UnexpectedBody(f"`{records}` is a JSON {_kind(found)} instead of a list")
    if values or is_unread(found) or all(member.__class__ is dict for member in found):
        return found
    for member in found:
        if member is not None and not isinstance(member, dict):
            raise UnexpectedBody(f"`{records}` holds a JSON {_kind(member)} where an object belongs")
    # Some lists are documented to hold nulls (a Droplet's kernels): nothing is no member.
    return [member for member in found if member is not None]


def take_list(body: Mapping[str, Any], name: str) -> list[Any]:
    """The members of a list inside an object; absent, null and empty are the same nothing. Raises UnexpectedBody."""
    members = body.get(name)
    if members is None:
        return []
    if not isinstance(members, list):
        raise UnexpectedBody(f"`{name}` that is a JSON {_kind(members)} instead of a list")
    return members


def total_of(body: Mapping[str, Any]) -> int | None:
    """How many records an answer counts in the whole list, wherever it says so; None where it does not."""
    meta = body.get("meta")
    totals = (meta.get("total") if isinstance(meta, Mapping) else None, body.get("total"), body.get("total_items"))
    for total in totals:
        if isinstance(total, int) and not isinstance(total, bool):
            return total
        if isinstance(total, str) and total.isascii() and total.isdigit():
            return int(total)
    return None


def is_unread(records: Sequence[Any]) -> bool:
    """Whether decode left these records unread."""
    return bool(records) and records[0].__class__ is msgspec.Raw


def _is_error(body: Mapping[str, Any]) -> bool:
    """DigitalOcean's error object: {id, message, request_id}."""
    return "message" in body and "id" in body and set(body) <= {"id", "message", "request_id"}


def _kind(value: Any) -> str:
    return {list: "list", dict: "object", str: "string", bool: "boolean", type(None): "null"}.get(type(value), "number")
