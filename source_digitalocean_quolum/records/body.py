"""The corridor of a record: decode an answer once, take the records, drop secrets, make values fit the schema."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

import msgspec
import orjson

# What paging.py reads of an answer beside its list.
_PLACE = ("links", "meta", "total", "total_pages", "total_items", "next_page_token")
# The first byte of a JSON object.
OBJECT = ord("{")
# The key under which the lines of a CSV file stand, as the records of a JSON answer stand under theirs.
CSV_LINES = "lines"


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
    if records_key and (body := _unread(content, records_key)) is not None:
        return body
    return parse(content)


def parse(content: bytes) -> Any:
    """JSON, whole. Raises UnexpectedBody."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        if content.lstrip()[:1] == b"<":
            raise UnexpectedBody("a web page instead of JSON (a proxy or a maintenance page)") from None
        try:
            # One byte that is no UTF-8 costs one character, not the page.
            return orjson.loads(content.decode("utf-8", "replace"))
        except orjson.JSONDecodeError:
            raise UnexpectedBody(f"{len(content)} bytes that are no complete JSON ({error})") from None


def _unread(content: bytes, records: str) -> dict[str, Any] | None:
    """An answer with its records unread; None where they are no list of objects, or something is wrong with it."""
    try:
        # msgspec passes over texts without looking at their bytes.
        if not content.isascii():
            content.decode()
        envelope = _envelope(records).decode(content)
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError):
        return None
    if not all(memoryview(record)[0] == OBJECT for record in envelope.records):
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


def take(body: Any, records: str, *, values: bool = False) -> Sequence[dict[str, Any]]:
    """The records under the key `records` (a list of objects, or one object); the whole body if it is empty.

    With `values`, members need not be objects. Raises UnexpectedBody when they are not there. A null list is
    an empty one, as servers written in Go send it.
    """
    if not isinstance(body, dict):
        raise UnexpectedBody(f"a JSON {_kind(body)} instead of an object")
    if not records:
        if _is_error(body):
            raise UnexpectedBody(f"an error object ({body.get('id')}: {body.get('message')})")
        return [body]
    if records not in body:
        if _is_error(body):
            raise UnexpectedBody(f"an error object ({body.get('id')}: {body.get('message')})")
        raise UnexpectedBody(f"JSON without `{records}`")
    found = body[records]
    if found is None:
        return []
    if isinstance(found, dict):
        return [found]
    if isinstance(found, CsvLines):
        return found
    if not isinstance(found, list):
        raise UnexpectedBody(f"`{records}` is a JSON {_kind(found)} instead of a list")
    if values or is_unread(found) or all(row.__class__ is dict for row in found):
        return found
    for row in found:
        if row is not None and not isinstance(row, dict):
            raise UnexpectedBody(f"`{records}` holds a JSON {_kind(row)} where an object belongs")
    # Some lists are documented to hold nulls (a Droplet's kernels): nothing is no record.
    return [row for row in found if row is not None]


def is_unread(records: Sequence[Any]) -> bool:
    """Whether decode left these records unread."""
    return bool(records) and records[0].__class__ is msgspec.Raw


def _is_error(body: Mapping[str, Any]) -> bool:
    """DigitalOcean's error object: {id, message, request_id}."""
    return "message" in body and "id" in body and set(body) <= {"id", "message", "request_id"}


def _kind(value: Any) -> str:
    return {list: "list", dict: "object", str: "string", bool: "boolean", type(None): "null"}.get(type(value), "number")
