"""Every way in which servers write a time is read as the same time, and written in one way that warehouses read."""

import json
from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.droplet import droplet
from source_digitalocean_quolum.records.declared import is_of, type_of
from source_digitalocean_quolum.records.times import format_time, is_plain, may_hold_odd_times, parse_time, read_time

TEN = datetime(2026, 1, 31, 10, tzinfo=UTC)
READ = {
    "2026-01-31T10:00:00Z": TEN,
    "2026-01-31t10:00:00z": TEN,
    "2026-01-31 10:00:00": TEN,
    "2026-01-31T10:00:00": TEN,
    "2026-01-31 10:00:00Z": TEN,
    "2026-01-31T10:00Z": TEN,
    "2026-01-31 10:00:00 +0000": TEN,
    "2026-01-31 10:00:00.5 +0000 UTC": TEN.replace(microsecond=500_000),
    "2026-01-31 10:00:00 UTC": TEN,
    "2026-01-31T12:00:00+02:00": TEN,
    "2026-01-31T12:00:00+0200": TEN,
    "2026-01-31T12:00:00+02": TEN,
    "2026-01-31T05:00:00-05:00": TEN,
    "2026-01-31T10:00:00-00:00": TEN,
    "2026-01-31T10:00:00.123456789Z": TEN.replace(microsecond=123_456),
    "2026-01-31T10:00:00,5Z": TEN.replace(microsecond=500_000),
    "2026-01-31": datetime(2026, 1, 31, tzinfo=UTC),
    "2024-02-29T00:00:00Z": datetime(2024, 2, 29, tzinfo=UTC),
    "2016-12-31T23:59:60Z": datetime(2017, 1, 1, tzinfo=UTC),
    "2999-01-01T00:00:00Z": datetime(2999, 1, 1, tzinfo=UTC),
}
NONE = [
    *("", " ", "soon", "2026", "2026-01", "2026-W05-3", "2026-031", "20260131", "20260131T100000Z", "2026-1-31"),
    *("2026-02-31T10:00:00Z", "2026-02-29", "2026-01-31T24:00:00Z", "2026-01-31T10:60:00Z", "2026-01-31T10:00:61Z"),
    *("2026-01-31T10", "2026-01-31_10:00:00Z", " 2026-01-31T10:00:00Z", "2026-01-31T10:00:00Z ", "2026-01-31Z"),
    *("2026-01-31T10:00:00.Z", "2026-01-31T10:00:00+25:00", "+2026-01-31T10:00:00Z", "٢٠٢٦-01-31", "0000-01-01"),
    *("2026-01-31T10:00:00Z\n", "9999-12-31T23:59:60Z", "12026-01-31T10:00:00Z", "1769853600"),
]


@pytest.mark.parametrize("text", READ)
def test_a_time_is_read_as_servers_write_it(text: str) -> None:
    assert read_time(text) == parse_time(text) == READ[text]
    assert parse_time(format_time(READ[text])) == READ[text]


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_time_is_none(text: str) -> None:
    assert parse_time(text) is None
    with pytest.raises(ValueError, match=r"[a-z]"):
        read_time(text)


@pytest.mark.parametrize("value", [None, 5, 1.5, True, ["2026-01-31"], {}, datetime(2026, 1, 31, tzinfo=UTC)])
def test_an_unknown_time_is_none(value: object) -> None:
    assert parse_time(value) is None


moments = st.datetimes(
    min_value=datetime(1971, 1, 1),  # noqa: DTZ001
    max_value=datetime(2098, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))) | st.just(UTC),
)


@given(moments)
def test_a_time_comes_back_as_it_was_written(moment: datetime) -> None:
    text = format_time(moment)

    assert parse_time(text) == moment
    assert is_plain(text)
    # 16:19:00.196000-05:00 looks like a year of the past, too.
    assert moment.tzinfo is not UTC or not may_hold_odd_times(json.dumps({"at": text}).encode())
    assert format_time(read_time(text)) == text


@given(
    moments,
    st.sampled_from("Tt "),
    st.sampled_from(["", "0", "00", "123", "1234567"]),
    st.sampled_from(["Z", "z", "", " UTC"]),
)
def test_ways_to_write_a_time_say_the_same(moment: datetime, between: str, decimals: str, zone: str) -> None:
    text = moment.strftime(f"%Y-%m-%d{between}%H:%M:%S") + (f".{decimals}" if decimals else "") + zone

    expected = moment.replace(tzinfo=UTC, microsecond=int(decimals[:6].ljust(6, "0")) if decimals else 0)
    assert parse_time(text) == expected


ODD = [
    *("2026-01-28t10:00:00z", "2026-01-28T10:00:00z", "2026-01-28 10:00:00Z", "2026-01-28T10:00:00", "2026-01-28"),
    *("2026-01-28T10:00:00.1234567Z", "2026-01-28T10:00:00+0000", "2026-01-28T10:00Z", "2026-01-28T10:00:60Z"),
    "2026-01-28T10:00:00Z\n",
]


@pytest.mark.parametrize(
    ("text", "kind"),
    [*((text, "date-time") for text in ODD)],
)
def test_what_a_reader_may_stumble_over_is_not_passed_through(text: str, kind: str) -> None:
    """It is of no type that a schema has, or the search of the page finds it."""
    content = json.dumps({"at": text}).encode()

    assert may_hold_odd_times(content) or not is_of(text, type_of({"type": "string", "format": kind}))
    assert may_hold_odd_times(content) == may_hold_odd_times(
        json.dumps({"at": text, "ü": "ü"}, ensure_ascii=False).encode()
    )


def test_a_page_as_digitalocean_writes_it_has_no_odd_times() -> None:
    assert not may_hold_odd_times(orjson.dumps({"droplets": [droplet(number) for number in range(200)]}))
