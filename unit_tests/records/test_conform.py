"""Values made to fit the schema: converted where that is exact, otherwise null and counted."""

import copy
from collections import Counter
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_digitalocean_quolum.records.conform import RecordConformer

DECLARED: dict[str, dict[str, Any]] = {
    "string": {"type": ["null", "string"]},
    "integer": {"type": ["null", "integer"]},
    "number": {"type": ["null", "number"]},
    "boolean": {"type": ["null", "boolean"]},
    "object": {"type": ["null", "object"], "properties": {"size": {"type": ["null", "integer"]}}},
    "array": {"type": ["null", "array"], "items": {"type": ["null", "integer"]}},
    "objects": {
        "type": ["null", "array"],
        "items": {"type": "object", "properties": {"size": {"type": "integer"}}},
    },
    "date-time": {"type": ["null", "string"], "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "any": {"type": ["null", "string", "integer"]},
    "uri": {"type": "string", "format": "uri"},
}
SCHEMA = {"type": "object", "properties": DECLARED}


def fit(kind: str, value: Any, *keys: str) -> tuple[Any, dict[str, int]]:
    errors: Counter[str] = Counter()
    conformer = RecordConformer(SCHEMA, errors, keys)
    record = {kind: value, "undeclared": value}
    original = copy.deepcopy(value)
    conformer.conform(record)
    assert record["undeclared"] is value or record["undeclared"] == original
    return record[kind], dict(errors)


FITS = [
    ("string", "a", "a"),
    ("string", "", ""),
    ("string", 5, "5"),
    ("string", 5.5, "5.5"),
    ("string", True, "true"),
    ("string", 2**70, str(2**70)),
    ("string", {"a": [1]}, '{"a":[1]}'),
    ("uri", "https://a", "https://a"),
    ("integer", 5, 5),
    ("integer", "5", 5),
    ("integer", "-5", -5),
    ("integer", " 5 ", 5),
    ("integer", "5.0", 5),
    ("integer", "1E3", 1000),
    ("integer", 5.0, 5),
    ("integer", "", None),
    ("integer", 2**63 - 1, 2**63 - 1),
    ("integer", -(2**63), -(2**63)),
    ("number", 5, 5),
    ("number", 5.5, 5.5),
    ("number", "5.50", 5.5),
    ("number", "", None),
    ("number", "+5.5", 5.5),
    ("number", "-.5", -0.5),
    ("boolean", False, False),
    ("boolean", "true", True),
    ("boolean", "False", False),
    ("boolean", 1, True),
    ("boolean", 0, False),
    ("boolean", "", None),
    ("object", {"size": "3", "more": "3"}, {"size": 3, "more": "3"}),
    ("array", [1, None], [1, None]),
    ("array", ["1", 2.0], [1, 2]),
    ("array", 4, [4]),
    ("array", "", []),
    ("objects", [{"size": "4"}], [{"size": 4}]),
    ("objects", [{"size": 4.0}, {"size": 1}], [{"size": 4}, {"size": 1}]),
    ("date-time", "2026-01-31T10:00:00Z", "2026-01-31T10:00:00Z"),
    ("date-time", "2026-01-31T10:00:00.123456+02:00", "2026-01-31T10:00:00.123456+02:00"),
    ("date-time", "", None),
    ("date-time", "2024-02-29T10:00:00Z", "2024-02-29T10:00:00Z"),
    ("date-time", "2026-01-31T10:00:00.123456789Z", "2026-01-31T10:00:00.123456Z"),
    ("date-time", "2026-01-31 10:00:00", "2026-01-31T10:00:00Z"),
    ("date-time", "2026-01-31t10:00:00z", "2026-01-31T10:00:00Z"),
    ("date-time", "2026-01-31T10:00:00", "2026-01-31T10:00:00Z"),
    ("date-time", "2026-01-31T10:00:00+0200", "2026-01-31T10:00:00+02:00"),
    ("date-time", "2026-01-31", "2026-01-31T00:00:00Z"),
    ("date-time", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ("date-time", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
    ("date-time", "1969-07-20T20:17:40Z", "1969-07-20T20:17:40Z"),
    ("date", "0001-01-01", "0001-01-01"),
    ("date", "2026-01-31 10:00:00", "2026-01-31"),
    ("date", "2026-01-31", "2026-01-31"),
    ("date", "2026-01-31T10:00:00Z", "2026-01-31"),
    ("date", "", None),
    ("any", 5, 5),
    ("any", "a", "a"),
]
ERRORS = [
    ("string", 1234567890123456789012345678901234567890.0),
    ("integer", "five"),
    ("integer", 5.5),
    ("integer", "5.5"),
    ("integer", True),
    ("integer", 2**63),
    ("integer", str(2**63)),
    ("integer", -(2**63) - 1),
    ("integer", "9" * 5000),
    ("integer", "1_000"),
    ("integer", "\uff11\uff12"),
    ("integer", "\u0663"),
    ("integer", "0x10"),
    ("integer", "5.0.0"),
    ("integer", "1e9999999"),
    ("number", "1_000"),
    ("number", "1_0.5"),
    ("number", "\u0661.\u0665"),
    ("number", "."),
    ("number", "1e"),
    ("number", "sNaN"),
    ("integer", 1e300),
    ("integer", [5]),
    ("integer", {"a": 5}),
    ("number", "five"),
    ("number", "NaN"),
    ("number", "Infinity"),
    ("number", "1e999999"),
    ("number", "1" * 65),
    ("number", True),
    ("number", [1]),
    ("boolean", "maybe"),
    ("boolean", 2),
    ("boolean", 1.0),
    ("boolean", "yes"),
    ("boolean", "\uff11"),
    ("boolean", [True]),
    ("object", "a"),
    ("object", [{"size": 1}]),
    ("date-time", "soon"),
    ("date-time", "2026-02-31T10:00:00Z"),
    ("date-time", "2026-01-31T25:00:00Z"),
    ("date-time", 5),
    ("date-time", "2026-W05-3"),
    ("date-time", "20260131T100000Z"),
    ("date-time", "٢٠٢٦-01-31T10:00:00Z"),
    ("date", "2026-W05-3"),
    ("date", "20260131"),
    ("date", "31.01.2026"),
    ("date", "2026-02-31"),
    ("date", 20260131),
]


@pytest.mark.parametrize(("kind", "value", "expected"), FITS)
def test_a_value_that_can_be_converted_exactly_is(kind: str, value: Any, expected: Any) -> None:
    fitted, errors = fit(kind, value)

    assert fitted == expected
    assert type(fitted) is type(expected)
    assert errors == {}


@pytest.mark.parametrize(("kind", "value"), ERRORS)
def test_a_value_that_cannot_be_is_null_and_counted(kind: str, value: Any) -> None:
    assert fit(kind, value) == (None, {kind: 1})


@pytest.mark.parametrize(
    ("kind", "value", "expected", "counted"),
    [
        ("array", ["a", 1, "b"], [None, 1, None], {"array[]": 2}),
        ("objects", [{"size": "x"}, {"size": 1}], [{"size": None}, {"size": 1}], {"objects[].size": 1}),
        ("object", {"size": []}, {"size": None}, {"object.size": 1}),
        ("array", [2**63], [None], {"array[]": 1}),
        ("objects", ["a", {"size": 1}], [None, {"size": 1}], {"objects[]": 1}),
        ("objects", {"size": "4"}, [{"size": 4}], {}),
    ],
)
def test_errors_inside_are_counted_by_their_path(kind: str, value: Any, expected: Any, counted: dict[str, int]) -> None:
    assert fit(kind, value) == (expected, counted)


@pytest.mark.parametrize(
    "digits",
    [
        "0.01",
        "-0.01",
        "1234.5678901",
        "-0.0000001",
        "90071992547409.93",
        "900719925474099.31",
        "-12345678901234567890.1234567",
        "9007199254740993",
        "0.30000000000000004",
        "1E-7",
    ],
)
def test_money_keeps_its_digits(digits: str) -> None:
    fitted, errors = fit("number", digits)
    written = orjson.dumps(fitted).decode()

    assert Decimal(written) == Decimal(digits)
    assert errors == {}
    assert float(orjson.loads(written)) == float(digits)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=7, min_value=-(10**24), max_value=10**24))
def test_money_keeps_its_digits_whatever_they_are(amount: Decimal) -> None:
    fitted, _ = fit("number", format(amount, "f"))

    assert Decimal(orjson.dumps(fitted).decode()) == amount


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float, orjson.Fragment),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "date-time": (str,),
    "date": (str,),
}


@given(kind=st.sampled_from(sorted(PYTHON_TYPES)), value=json_values)
def test_whatever_arrives_a_record_fits_its_schema_afterwards(kind: str, value: Any) -> None:
    fitted, errors = fit(kind, value)

    assert fitted is None or type(fitted) in PYTHON_TYPES[kind]
    assert all(count > 0 for count in errors.values())


@pytest.mark.parametrize(
    ("kind", "value", "expected", "counted"),
    [
        ("string", "", "", {}),
        ("string", 5, "5", {}),
        ("date-time", "", "", {}),
        ("date-time", "soon", "soon", {}),
        ("date-time", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", {}),
        ("date-time", "2026-01-31 10:00:00", "2026-01-31T10:00:00Z", {}),
        ("date-time", 5, None, {"date-time": 1}),
        ("date", "", "", {}),
        ("date", "2026-13", "2026-13", {}),
    ],
)
def test_a_text_that_identifies_a_record_stays_one(
    kind: str, value: Any, expected: Any, counted: dict[str, int]
) -> None:
    assert fit(kind, value, kind) == (expected, counted)


def test_a_schema_without_properties_changes_nothing() -> None:
    record = {"a": "b"}
    RecordConformer({"type": "object"}, Counter()).conform(record)

    assert record == {"a": "b"}


def test_fields_that_did_not_arrive_are_not_invented() -> None:
    record = {"string": None}
    RecordConformer(SCHEMA, errors := Counter[str]()).conform(record)

    assert record == {"string": None}
    assert not errors
