"""What a connector wrote, line by line: no record is lost, changed or taken for something else."""

from __future__ import annotations

import json

import pytest

from warehouse.sync.errors import ConnectorError
from warehouse.sync.messages import parse_message


@pytest.mark.parametrize("line", [b"plain text\n", b'{"level": "info"}\n', b"[1, 2]\n", b"\xff\n"])
def test_text_that_is_no_message_becomes_a_log(line: bytes) -> None:
    assert parse_message(line)["type"] == "LOG"


RECORD = b'{"type":"RECORD","record":{"stream":"x","emitted_at":1,"data":%b}}\n'


@pytest.mark.parametrize(
    ("data", "read"),
    [
        (b'{"a":12345678901234567890.123456789012,"b":1e-30}', b'{"a":12345678901234567890.123456789012,"b":1e-30}'),
        (b'{"a":"\xc3\xbc"}', b'{"a":"\xc3\xbc"}'),
        (b'{"a":"\\ud800x","c":"\\ud83d\\ude00","d":"\\\\ud800"}', '{"a":"?x","c":"😀","d":"\\\\ud800"}'.encode()),
        (b'{"a":NaN,"b":[0.10000000000000000001,-Infinity]}', b'{"a":null,"b":[0.10000000000000000001,null]}'),
        (b'{"a":"\\ud800","n":12345678901234567890123}', b'{"a":"?","n":12345678901234567890123}'),
    ],
)
def test_a_record_keeps_every_digit_and_is_not_lost_for_odd_characters_or_numbers(data: bytes, read: bytes) -> None:
    record = parse_message(RECORD % data)["record"]
    assert record == {"stream": "x", "emitted_at": 1, "data": read}
    spaced = json.dumps({"type": "RECORD"})[:-1].encode() + (
        b', "record": {"emitted_at": 1, "stream": "x", "data": %b}}' % data
    )
    assert parse_message(spaced)["record"] == record


@pytest.mark.parametrize("depth", [300, 900, 5_000, 100_000])
def test_a_record_of_any_depth_is_read_or_told(depth: int) -> None:
    record = RECORD % (b'{"a":' + b"[" * depth + b"NaN" + b"]" * depth + b"}")
    try:
        data = parse_message(record)["record"]["data"]
    except ConnectorError as error:
        data, told = b"", str(error)
    assert data.count(b"[") == depth or "nested too deeply" in told or "not JSON" in told


@pytest.mark.parametrize("time", [b"-1", b"1e300", b"253402300800000", b"99999999999999999999"])
def test_a_record_whose_time_is_none_is_told(time: bytes) -> None:
    with pytest.raises(ConnectorError, match="record of x whose `emitted_at`"):
        parse_message(b'{"type":"RECORD","record":{"stream":"x","emitted_at":%b,"data":{}}}\n' % time)


def test_a_broken_message_stops_the_sync_but_one_cut_off_at_the_end_does_not() -> None:
    with pytest.raises(ConnectorError, match="not JSON"):
        parse_message(b'{"type":"RECORD","record":{"stream":"dro\n')
    assert parse_message(b'{"type":"RECORD","record":{"stream":"dro')["type"] == "LOG"


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"RECORD"}',
        b'{"type":"RECORD","record":null}',
        b'{"type":"RECORD","record":{"stream":"x","emitted_at":1}}',
        b'{"type":"RECORD","record":{"stream":"x","emitted_at":1,"data":[]}}',
        b'{"type":"RECORD","record":{"data":{},"emitted_at":1}}',
        b'{"type":"RECORD","record":{"stream":"x","data":{}}}',
        b'{"type":"STATE","state":[]}',
        b'{"type":"TRACE","trace":{}}',
        b'{"type":"TRACE","trace":{"type":"ERROR"}}',
        b'{"type":"TRACE","trace":{"type":"STREAM_STATUS","stream_status":{"status":"COMPLETE"}}}',
        b'{"type":"CATALOG","catalog":{}}',
        b'{"type":"CONNECTION_STATUS"}',
        b'{"type":"CONTROL","control":{"type":"CONNECTOR_CONFIG","connectorConfig":{"config":null}}}',
    ],
)
def test_a_message_without_its_body_is_named_by_its_type(line: bytes) -> None:
    with pytest.raises(ConnectorError, match="The connector wrote a "):
        parse_message(line + b"\n")
