"""Types made for schemas: what they admit, and that threads which use them first at the same time come to no harm."""

import subprocess
import sys
from typing import Any

import pytest

from source_digitalocean_quolum.records.declared import is_of, kind_of, type_of

# Types inside types, each used for the first time by several threads that take turns as often as they can.
_STORM = """
import sys, threading
from source_digitalocean_quolum.records import declared
sys.setswitchinterval(1e-6)

def storm(turn):
    def objects(name, members, of):
        return {"type": "object", "properties": {f"{name}{turn}_{n}": of for n in range(members)}}
    inner = objects("middle", 20, objects("inner", 20, {"type": ["null", "integer"]}))
    start = threading.Barrier(6)
    def use(number, schema):
        start.wait()
        type_ = declared.type_of(schema)
        assert declared.is_of({f"outer{number}{turn}_0": {f"middle{turn}_1": {f"inner{turn}_1": 1}}}, type_)
    threads = [threading.Thread(target=use, args=(n, objects(f"outer{n}", 5, inner))) for n in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

for turn in range(40):
    storm(turn)
print("unharmed")
"""


def test_types_that_threads_use_first_at_the_same_time_are_whole() -> None:
    done = subprocess.run(  # noqa: S603 (our own code; what it guards against ends the process)
        [sys.executable, "-c", _STORM], capture_output=True, text=True, timeout=120, check=False
    )

    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "unharmed", "")


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ({"type": ["null", "string"], "format": "date-time"}, "date-time"),
        ({"type": "string", "format": "uri"}, "string"),
        ({"type": ["string", "integer"]}, "any"),
        ({}, "any"),
        ({"type": ["null", "integer"], "format": "date"}, "integer"),
    ],
)
def test_the_kind_of_a_schema(declared: dict[str, Any], kind: str) -> None:
    assert kind_of(declared) == kind


@pytest.mark.parametrize(
    ("declared", "fitting", "others"),
    [
        ({"type": "integer"}, [0, -(2**63), 2**63 - 1, None], [2**63, 5.0, "5", True]),
        ({"type": "number"}, [0, 1.5, 2**70, None], ["1.5", True]),
        ({"type": "boolean"}, [True, False, None], [1, 0, "true"]),
        ({"type": "string"}, ["", None], [5, True, ["a"]]),
        (
            {"type": "string", "format": "date-time"},
            ["2026-01-31T10:00:00Z", "2026-01-31T10:00:00.123456-05:00", None],
            ["2026-01-31T10:00:00", "2026-02-31T10:00:00Z", "2026-01-31", "", "2026-01-31T24:00:00Z", 1_790_000_000],
        ),
        (
            {"type": "string", "format": "date"},
            ["2026-01-31", None],
            ["2026-02-31", "20260131", "2026-01-31T10:00:00Z"],
        ),
        ({"type": "array", "items": {"type": "integer"}}, [[], [1, None], None], [["1"], [1.0], {}, "a"]),
        ({"type": "object"}, [{}, None], [[], "a", {"a": [1]}]),
        ({"type": "object", "properties": {"a b": {"type": "integer"}}}, [{"a b": 1}, {}], [{"a b": "1"}, {"c": 1}]),
        ({"type": ["string", "object", "null"]}, ["a", None], [5, {}, []]),
        ({"type": ["boolean", "string"]}, [True, "a", None], [5, {}]),
        ({}, ["a", 5, 1.5, True, None], [{}, []]),
    ],
)
def test_what_a_schema_admits(declared: dict[str, Any], fitting: list[Any], others: list[Any]) -> None:
    assert [value for value in fitting if not is_of(value, type_of(declared))] == []
    assert [value for value in others if is_of(value, type_of(declared))] == []
