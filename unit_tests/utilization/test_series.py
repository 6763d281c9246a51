"""A series of an answer: its samples are those that its numbers say, however they are written."""

from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_digitalocean_quolum.utilization.api import Series
from source_digitalocean_quolum.utilization.samples import clean_samples


def series(values: bytes) -> Series:
    return Series(metric=msgspec.Raw(b'{"host_id":"1"}'), values=msgspec.Raw(values))


@given(st.lists(st.tuples(st.integers(0, 2**33), st.floats(allow_nan=False, allow_infinity=False).map(repr))))
def test_samples_are_digit_by_digit_what_python_makes_of_them(values: list[tuple[int, str]]) -> None:
    assert series(orjson.dumps(values)).samples() == clean_samples(values)


@pytest.mark.parametrize(
    ("values", "samples"),
    [
        (b'[[1,"1"],[2,"NaN"],[3,"+Inf"],[4,"-Inf"],[5,"2.5"]]', [(1.0, 1.0), (5.0, 2.5)]),
        (b'[[1,"1e999"],[2,"2"]]', [(2.0, 2.0)]),
        (b'[[1,1e999],[2,"2"]]', [(2.0, 2.0)]),
        (b'[[1,"1"],[2],[],"x",null,[3,null],[4,"many"],["5","5"]]', [(1.0, 1.0), (5.0, 5.0)]),
        (b'[[1,"1_000"],[2,"0x10"],[3,"\xef\xbc\x91"],[4,true],[5,"5"]]', [(5.0, 5.0)]),
        (b'[[1,"1.7e308"],[2,"-1.7e308"],[3,"3"]]', [(3.0, 3.0)]),
        (b'[[1,1%b],[2,"2"]]' % (b"0" * 400), [(2.0, 2.0)]),
        (b'[[2,"2"],[1,"1"],[2,"3"]]', [(1.0, 1.0), (2.0, 3.0)]),
        (b"[[1.5,7]]", [(1.5, 7.0)]),
        (b"[]", []),
    ],
)
def test_what_is_no_sample_is_left_out(values: bytes, samples: list[Any]) -> None:
    assert series(values).samples() == samples


def test_labels() -> None:
    assert series(b"[]").labels() == {"host_id": "1"}
