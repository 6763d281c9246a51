"""Records in the bytes they came in say what the same records say when they are parsed, judged and written again."""

import json
import tracemalloc
from collections import Counter
from typing import Any

import orjson
import pytest
from airbyte_cdk.sources.types import StreamSlice
from hypothesis import example, given
from hypothesis import strategies as st

from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.protocol.guard import guard_records
from source_digitalocean_quolum.records.answer import Answer
from source_digitalocean_quolum.records.page import RecordPage, SerializedRecord
from source_digitalocean_quolum.retrievers.extractor import AddedFields
from source_digitalocean_quolum.retrievers.record_reader import RecordReader

TOKEN = "dop_v1_" + "b" * 64
SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "at": {"type": ["null", "string"], "format": "date-time"},
        "day": {"type": ["null", "string"], "format": "date"},
        "size": {"type": ["null", "integer"]},
        "price": {"type": ["null", "number"]},
        "on": {"type": ["null", "boolean"]},
        "tags": {"type": ["null", "array"], "items": {"type": "string"}},
        "image": {"type": ["null", "object"], "properties": {"size": {"type": ["null", "integer"]}}},
        "disks": {"type": "array", "items": {"type": "object", "properties": {"at": {"type": "string"}}}},
        "labels": {"type": ["null", "object"]},
        "any": {"type": ["null", "string", "integer", "object"]},
        "gpu": {"type": "boolean"},
        "x": {"type": ["null", "string"]},
    },
}
WHOLE = {
    "id": "a",
    "at": "2026-01-31T10:00:00.5+02:00",
    "day": "2026-01-31",
    "size": 5,
    "price": 5,
    "on": True,
    "tags": ["ü", None],
    "image": {"size": None},
    "disks": [{"at": "x"}, None, {}],
    "labels": {},
    "any": 5,
    "x": None,
}
UNDECLARED = {
    "image": {"more": 1},
    "labels": {"of": {"any": [1, None]}},
    "any": {"deep": []},
    "undeclared": [1.5, {"x": "y"}],
}


def page(content: bytes, records_key: str = "things") -> Answer:
    return Answer.from_content(200, "/v2/things", {"Content-Type": "application/json"}, content, records_key)


def reader(errors: Counter[str], *fields: str, **facts: Any) -> tuple[RecordReader, AddedFields]:
    derived = {"gpu": {"slice": "type", "equals": "gpus"}}
    endpoint = Endpoint.from_manifest({"path": "things", "records": "things", "derived": derived, **facts})
    added = AddedFields.for_slice(endpoint, StreamSlice(partition={"type": "gpus"}, cursor_slice={}))
    return RecordReader("things", endpoint, SCHEMA, fields or ["id"], errors), added


def lines(content: bytes, *fields: str) -> tuple[list[bytes], dict[str, int]]:
    """A page's records as they go out, and what did not fit; `fields` are those that the read looks at."""
    errors = Counter[str]()
    rows, added = reader(errors, *fields)
    found = rows.read(page(content), added)
    written = [row.written() if isinstance(row, SerializedRecord) else orjson.dumps(row) for row in found]
    return [guard_records(_BEFORE + row + _BEHIND)[len(_BEFORE) : -len(_BEHIND)] for row in written], dict(errors)


_BEFORE, _BEHIND = b'{"type":"RECORD","record":{"stream":"things","data":', b',"emitted_at":1}}'


def listed(*rows: Any) -> bytes:
    return orjson.dumps({"things": rows, "links": {}, "meta": {"total": len(rows)}})


texts = ["", "5", "true", "2026-01-31", "2026-01-31T10:00:00Z", "2026-02-31T10:00:00Z", TOKEN, "a@://b:c@d"]
numbers = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
odd = st.recursive(
    st.none() | st.booleans() | numbers | st.sampled_from(texts) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["size", "at"]), inner, max_size=2),
    max_leaves=5,
)
any_row = st.fixed_dictionaries({}, optional={name: odd | st.just(value) for name, value in WHOLE.items()})
nearly_whole = odd.map(lambda value: {**WHOLE, "undeclared": value}) | st.sampled_from(
    [{**WHOLE, name: value} for name, value in UNDECLARED.items()]
)


@given(st.lists(any_row | nearly_whole))
@example([{}, WHOLE, {"id": "b", "at": None}])
@example([{**WHOLE, "gpu": False}])
@example([{**WHOLE, "at": "soon"}, {**WHOLE, "at": "2026-02-31T10:00:00Z"}])
@example([{**WHOLE, "any": "\ud7ff\u2028\x85"}])
@example([{**WHOLE, "token": "a", "secret_name": "b", "labels": {"password": "c", "kept": 1}}])
def test_they_say_the_same_as_rows_that_were_parsed(found: list[dict[str, Any]]) -> None:
    content = listed(*found)
    as_they_came, errors = lines(content, "id", "at")
    # A page of several lines does not go out as it came.
    parsed, counted = lines(content + b"\n", "id", "at")

    assert [json.loads(line) for line in as_they_came] == [json.loads(line) for line in parsed]
    assert [_types(json.loads(line)) for line in as_they_came] == [_types(json.loads(line)) for line in parsed]
    assert errors == counted
    assert b"\n" not in b"".join(as_they_came)


def _types(value: Any) -> Any:
    """1, 1.0 and True are equal in Python, and three kinds of value in a warehouse."""
    if isinstance(value, dict):
        return {name: _types(inner) for name, inner in value.items()}
    return [_types(inner) for inner in value] if isinstance(value, list) else type(value)


@given(st.lists(any_row | nearly_whole))
@example([{**WHOLE, "price": "12345678901234567890.12"}])
def test_the_messages_of_the_cdk_say_the_same(found: list[dict[str, Any]]) -> None:
    written, _ = lines(listed(*found), "id", "at")
    rows, added = reader(Counter(), "id", "at")
    records = RecordPage(rows.read(page(listed(*found)), added), None).to_cdk_records("things")

    assert [_digits(orjson.dumps(record.data)) for record in records] == [_digits(line) for line in written]


def _digits(line: bytes) -> Any:
    """A line's values, of which a number with a point is the text it is written in."""
    return json.loads(line, parse_float=str)


def test_a_record_that_fits_exactly_is_not_touched() -> None:
    record = b'{"id": "a", "at":"2026-01-31T10:00:00+02:00", "price":12345678901234567890.10, "x" :"\\/","on":null}'

    assert lines(b'{"things":[%s]}' % record) == ([record[:-1] + b',"gpu":true}'], {})


@pytest.mark.parametrize("name", UNDECLARED)
def test_a_record_with_an_undeclared_field_keeps_it_and_all_digits(name: str) -> None:
    record = {**WHOLE, name: UNDECLARED[name]}
    content = listed(record).replace(b'"price":5', b'"price":12345678901234567890.10')

    ((line,), errors) = lines(content)

    assert line == orjson.dumps({**record, "gpu": True}).replace(b'"price":5', b'"price":12345678901234567890.10')
    assert errors == {}


@pytest.mark.parametrize(
    ("digits", "written"),
    [
        ("5.00", "5.0"),
        ("0.1", "0.1"),
        ("1e3", "1000.0"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("0.3000000000000000400001", "0.3000000000000000400001"),
        ("-12345678901234567890.10", "-12345678901234567890.10"),
        ("1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890"),
    ],
)
def test_a_number_keeps_its_value_in_a_record_that_is_written_anew(digits: str, written: str) -> None:
    content = b'{"things":[{"id":"a","undeclared":%s,"price":%s}]}' % (digits.encode(), digits.encode())
    rows, added = reader(Counter())
    (record,) = RecordPage(rows.read(page(content), added), None).to_cdk_records("things")

    text = json.dumps(record.data, default=lambda fragment: json.loads(orjson.dumps(fragment), parse_float=str))
    found = json.loads(text, parse_float=str)
    assert (str(found["price"]), str(found["undeclared"])) == (written, written)


def test_one_row_that_does_not_fit_is_mended_and_the_others_are_not_touched() -> None:
    at = '"at":"2026-01-31T10:00:00Z"'
    first, second, third = f'"id":"a",{at},"price":1.00', f'"id":"b",{at},"price":"1.00"', f'"id":"c",{at},"size":2.0'
    content = f'{{"things":[{{{first}}},{{{second},"size":"many"}},{{{third}}}]}}'

    assert lines(content.encode()) == (
        [
            f'{{{first},"gpu":true}}'.encode(),
            f'{{"id":"b",{at},"price":1.0,"size":null,"gpu":true}}'.encode(),
            f'{{"id":"c",{at},"size":2,"gpu":true}}'.encode(),
        ],
        {"size": 1},
    )


def test_a_field_that_the_connector_adds_stands_there_once() -> None:
    assert lines(listed({"id": "a", "gpu": "perhaps"})) == ([b'{"id":"a","gpu":true}'], {})


@pytest.mark.parametrize(
    ("content", "written"),
    [
        (b'{"things": [\n {"id": "a",\n\t"size": 1}\r\n]}', b'{"id":"a","size":1,"gpu":true}'),
        (b'{"things":[{"id":"a",\r"size":1}]}', b'{"id":"a","size":1,"gpu":true}'),
        (b'{"things":[{"id":"a","x":"\\ud83d\\ude00"}]}', '{"id":"a","x":"\U0001f600","gpu":true}'.encode()),
        (b'{"things":[null,{"id":"a"}]}', b'{"id":"a","gpu":true}'),
        (b'{"things":{"id":"a"}}', b'{"id":"a","gpu":true}'),
        (b'{"things":[{ }]}', b'{"gpu":true}'),
    ],
)
def test_what_cannot_go_out_as_it_came_is_parsed(content: bytes, written: bytes) -> None:
    assert lines(content) == ([written], {})


def test_on_a_page_with_a_token_only_the_text_that_holds_it_is_changed() -> None:
    at = b'"at":"2026-01-31T10:00:00Z","price":5.00'
    first, third = b'{"id":"a",%s,"x":"https://a.b"' % at, b'{"id":"c",%s,"x":"R\\u0026D, me@c.d"' % at
    content = b'{"things":[%s},{"id":"b",%s,"x":"%s"},%s}]}' % (first, at, TOKEN.encode(), third)

    assert lines(content)[0] == [
        first + b',"gpu":true}',
        b'{"id":"b",%s,"x":"[removed]","gpu":true}' % at,
        third + b',"gpu":true}',
    ]


@pytest.mark.parametrize(
    "text",
    [
        "\\u0064op_v1_" + "b" * 64,
        "dop\\u005fv1_" + "b" * 64,
        "x:\\/\\/a:pass@b",
        "x:\\u002f/a:pass@b",
        "x://a\\u003apass@b",
        "x://a:p\\u0026ss@b",
        "x://a:pass\\u0040b",
    ],
)
def test_a_secret_is_found_however_it_is_escaped(text: str) -> None:
    ((line,), _) = lines(b'{"things":[{"id":"a","at":"2026-01-31T10:00:00Z","x":"%s"}]}' % text.encode())

    assert "[removed]" in json.loads(line)["x"]
    assert [secret for secret in ("pass", "p&ss", "bbbb") if secret in json.loads(line)["x"]] == []


LOST = {
    b'"price":NaN': ("price", None),
    b'"price":-Infinity': ("price", None),
    b'"price":1e999': ("price", None),
    b'"size":%s' % (b"9" * 5000): ("size", None),
    b'"x":"half \\ud83d"': ("x", "half \ufffd"),
    b'"x":"\\udc00 half"': ("x", "\ufffd half"),
    b'"x":"caf\xe9"': ("x", "caf\ufffd"),
    b'"disks":[{"at":"\\ud83d"}]': ("disks[].at", [{"at": "\ufffd"}]),
    b'"undeclared":{"a":[NaN,1]}': ("undeclared.a[]", {"a": [None, 1]}),
}


@pytest.mark.parametrize("odd", LOST)
@pytest.mark.parametrize("facts", [{}, {"derived": {"gpu": {"outer": "on"}}}])
def test_a_character_or_number_that_is_none_costs_itself_and_is_counted(odd: bytes, facts: dict[str, Any]) -> None:
    errors = Counter[str]()
    rows, added = reader(errors, **facts)
    found = rows.read(page(b'{"things":[{"id":"a"},{"id":"b",%s},{"id":"c"}],"meta":{"total":3}}' % odd), added)

    (path, value), name = LOST[odd], odd.split(b'"')[1].decode()
    records = [record.data for record in RecordPage(found, None).to_cdk_records("things")]
    assert [record["id"] for record in records] == ["a", "b", "c"]
    assert records[1][name] == value
    assert errors == {path: 1}


def test_a_row_knows_the_fields_that_a_read_looks_at_and_cannot_be_taken_for_the_whole() -> None:
    rows, added = reader(Counter(), "id", "at")
    (row,) = rows.read(page(listed(WHOLE)), added)

    assert dict(row) == {"id": "a", "at": WHOLE["at"]}
    assert row.get("size", "unknown") == "unknown"
    with pytest.raises(TypeError):
        orjson.dumps(row)


@pytest.mark.parametrize(
    "facts",
    [
        {"map": "id", "records": "things"},
        {"nested": "things", "records": "outer"},
        {"derived": {"gpu": {"outer": "on"}}},
        {"derived": {"id": {"slice": "type"}}},
    ],
)
def test_rows_that_depend_on_their_place_or_have_nothing_to_look_at_are_parsed(facts: dict[str, Any]) -> None:
    rows, added = reader(Counter(), **facts)
    thing = {"id": "a", "on": True}
    body = {"things": {"a": thing} if "map" in facts else [thing], "outer": [{"things": [thing]}]}

    # With spaces, which would be there still.
    (row,) = rows.read(page(json.dumps(body).encode(), facts.get("records", "things")), added)

    assert isinstance(row, SerializedRecord)
    assert row.written() == orjson.dumps(row.whole())
    assert row.whole().items() >= {"id": "gpus" if "id" in facts.get("derived", {}) else "a", "on": True}.items()


@pytest.mark.parametrize("size", [5, "5"])
@pytest.mark.parametrize("facts", [{}, {"derived": {"gpu": {"outer": "on"}}}, {"nested": "inner"}])
def test_a_page_takes_the_memory_of_its_bytes_and_not_of_its_objects(facts: dict[str, Any], size: int | str) -> None:
    """Also where every row has to be mended."""
    deep = [{"at": str(n), "labels": {}} for n in range(50)]
    things = [{**WHOLE, "id": str(n), "disks": deep, "size": size} for n in range(200)]
    content = listed(*({"inner": [thing]} for thing in things)) if "nested" in facts else listed(*things)
    rows, added = reader(Counter(), **facts)
    assert len(rows.read(page(content), added)) == len(things)

    tracemalloc.start()
    try:
        records = RecordPage(rows.read(page(content), added), None).to_cdk_records("things")
        count = sum(1 for _ in records)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert count == len(things)
    assert most < 3 * len(content)


def test_a_record_that_is_too_deep_for_orjson_to_write_is_passed_on_as_it_is() -> None:
    rows, added = reader(Counter(), derived={"gpu": {"outer": "on"}})
    deep = b'{"things":[{"id":"a","any":%s1%s},{"id":"b"}]}' % (b"[" * 400, b"]" * 400)

    first, second = RecordPage(rows.read(page(deep), added), None).to_cdk_records("things")

    assert (first.data["id"], second.data["id"]) == ("a", "b")
    assert json.loads(json.dumps(first.data["any"])) == json.loads(b"[" * 400 + b"1" + b"]" * 400)
