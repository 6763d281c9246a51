"""The guard on the way out: secrets go from every kind of message, everything else stays as it was, byte by byte."""

import json
from typing import Any

import orjson
import pytest

from source_digitalocean_quolum.protocol.guard import guard_line, guard_records, guard_text
from source_digitalocean_quolum.redaction import own_secrets
from unit_tests.mock_server.commands import TOKEN

OWN = "own-secret-without-shape-1"
URI = "postgres://doadmin:hunter2-hunter2@db.example:25060/defaultdb"
SECRETS = {"own": OWN, "token": TOKEN, "password": "hunter2-hunter2"}


@pytest.fixture(autouse=True)
def learned() -> None:
    own_secrets.learn({"credentials": {"client_secret": OWN, "client_id": "c", "refresh_token": "state"}})


def record(data: str) -> bytes:
    return (
        b'{"type":"RECORD","record":{"stream":"droplets","data":' + data.encode() + b',"emitted_at":1774000000000}}\n'
    )


PLANTED = [
    {"description": f"see {OWN}"},
    {"description": TOKEN},
    {"urls": [{"uri": URI}]},
    {f"note {TOKEN}": 1},
    {"a": {f"{OWN}": {"b": [URI, OWN]}}},
]


@pytest.mark.parametrize("data", PLANTED, ids=str)
def test_a_record_loses_its_secrets_and_nothing_else(data: dict[str, Any]) -> None:
    clean = record('{"id":1,"amount":0.10000000000000000000001,"count":123456789012345678901234567890,"name":"Zoë"}')
    dirty = record(json.dumps({"id": 2, **data, "plain": "stays"}))

    lines = guard_records(clean + dirty + clean)

    first, changed, last, end = lines.split(b"\n")
    assert (first + b"\n", last + b"\n", end) == (clean, clean, b"")
    assert not any(secret.encode() in changed for secret in SECRETS.values())
    assert json.loads(changed)["record"]["stream"] == "droplets"
    assert json.loads(changed)["record"]["data"]["plain"] == "stays"
    assert changed.endswith(b',"emitted_at":1774000000000}}')


def test_a_number_keeps_its_digits_beside_a_secret() -> None:
    line = record(f'{{"amount":0.10000000000000000000001,"count":123456789012345678901234567890,"uri":"{URI}"}}')

    assert guard_records(line) == line.replace(b"hunter2-hunter2", b"[removed]").replace(b"doadmin:", b"")


HARMLESS = [
    '{"name":"disk-1","tags":["token-service","sk-prod-web-01"],"url":"https://grafana.example:3000?user=ops@example.com"}',
    '{"digest":"docker://repo:tag@sha256:0123456789abcdef","half":"\\ud83d","escaped":"\\u0041"}',
    '{"state":"c","c":"state"}',
]


@pytest.mark.parametrize("data", HARMLESS)
def test_a_harmless_record_goes_out_as_it_is(data: str) -> None:
    assert guard_records(record(data)) == record(data)


def message(kind: str, text: str) -> dict[str, Any]:
    stream = {"stream_descriptor": {"name": "droplets"}, "stream_state": {"cursor": text, text: {"a": [text]}}}
    error = {"message": text, "failure_type": "system_error", "stream_descriptor": {"name": "droplets"}}
    return {
        "LOG": {"type": "LOG", "log": {"level": "WARN", "message": text}},
        "TRACE": {"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": 1.0, "error": error}},
        "STATE": {"type": "STATE", "state": {"type": "STREAM", "stream": stream, "sourceStats": {"recordCount": 2.0}}},
        "CONNECTION_STATUS": {"type": "CONNECTION_STATUS", "connectionStatus": {"status": "FAILED", "message": text}},
        "DEBUG": {"type": "DEBUG", "message": text, "data": {"url": text}},
    }[kind]


KINDS = ["LOG", "TRACE", "STATE", "CONNECTION_STATUS", "DEBUG"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("planted", [OWN, TOKEN, URI])
def test_every_kind_of_message_loses_its_secrets(kind: str, planted: str) -> None:
    line = guard_line(orjson.dumps(message(kind, f"odd: {planted}.")))

    assert not any(secret.encode() in line for secret in SECRETS.values())
    assert json.loads(line)["type"] == kind
    assert b"odd: " in line


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_without_secrets_keeps_every_word(kind: str) -> None:
    """Short secrets, too, do not eat the protocol: client id `c`, refresh token `state`."""
    plain = message(kind, "connection c is in state COMPLETE: Zoë")

    assert json.loads(guard_line(orjson.dumps(plain))) == plain


def test_a_control_message_goes_out_whole_and_its_tokens_are_secret_from_then_on() -> None:
    renewed = "renewed-token-without-shape-2"
    credentials = {"access_token": renewed, "refresh_token": TOKEN}
    control = {"type": "CONTROL", "control": {"connectorConfig": {"config": {"credentials": credentials}}}}
    line = orjson.dumps(control)

    assert guard_line(line) == line
    assert renewed.encode() not in guard_line(orjson.dumps(message("LOG", renewed)))


@pytest.mark.parametrize("line", [b'{"type":"SPEC","spec":{"pattern":"^dop_v1_"}}', b'{"type":"CATALOG","catalog":{}}'])
def test_what_is_our_own_goes_out_as_it_is(line: bytes) -> None:
    assert guard_line(line) == line


def test_a_line_that_is_no_message_is_a_text() -> None:
    assert guard_line(f"a library printed {TOKEN}".encode()) == b"a library printed [removed]"
    assert guard_text(b"[1, 2] \xff") == b"[1, 2] \xff"


BODY = '{"databases":[{"connection":{"password":"AVNS_x","host":"internal.example"}}]}'
STACK = f"""Traceback (most recent call last):
  File "/app/source_digitalocean_quolum/http/client.py", line 7, in read
    raise ValueError(body)
    ^^^^^^^^^^^^^^^^^^^^^^
ValueError: {BODY}
Set-Cookie: session=1

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/source_digitalocean_quolum/run.py", line 9, in run
requests.exceptions.HTTPError: 500 Server Error
 {BODY}
"""


def error_trace(kind: str) -> dict[str, Any]:
    error = {"message": "Odd.", "internal_message": BODY, "stack_trace": STACK, "failure_type": kind}
    line = guard_line(orjson.dumps({"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": 1.0, "error": error}}))
    found: dict[str, Any] = json.loads(line)["trace"]["error"]
    return found


def test_of_a_defect_the_lines_of_code_stay_and_no_body_and_no_header() -> None:
    error = error_trace("system_error")

    assert "internal_message" not in error
    assert error["stack_trace"].splitlines() == [
        "Traceback (most recent call last):",
        '  File "/app/source_digitalocean_quolum/http/client.py", line 7, in read',
        "    raise ValueError(body)",
        "ValueError",
        "",
        "During handling of the above exception, another exception occurred:",
        "",
        "Traceback (most recent call last):",
        '  File "/app/source_digitalocean_quolum/run.py", line 9, in run',
        "requests.exceptions.HTTPError",
    ]


@pytest.mark.parametrize("kind", ["config_error", "transient_error"])
def test_what_is_no_defect_has_no_stack_trace(kind: str) -> None:
    assert error_trace(kind) == {"message": "Odd.", "failure_type": kind}


def test_a_traceback_in_the_log_says_no_more_than_that_of_a_trace() -> None:
    line = guard_line(orjson.dumps(message("LOG", f"Odd.\n{STACK}")))

    assert b"internal.example" not in line
    assert json.loads(line)["log"]["message"].startswith("Odd.\nTraceback (most recent call last):\n  File ")


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("Something went wrong in the connector. See the logs for more details.", "This is a defect of the connector"),
        (
            "An unexpected error occurred in stream apps: KeyError",
            "Stream apps ended on a defect of the connector (KeyE",
        ),
        ("Source memory usage exceeded critical threshold (96% of container limit).", "96% of the container's memory"),
    ],
)
def test_an_error_trace_has_no_words_of_the_cdk(said: str, instead: str) -> None:
    line = guard_line(orjson.dumps(message("TRACE", said)))

    assert json.loads(line)["trace"]["error"]["message"].startswith(instead)


def test_names_that_are_secrets_stay_apart() -> None:
    tokens = [f"dop_v1_{letter * 64}" for letter in "abc"]
    line = guard_records(record(json.dumps({"id": 1, "by_token": {token: at for at, token in enumerate(tokens)}})))

    by_token = json.loads(line)["record"]["data"]["by_token"]
    assert list(by_token.values()) == [0, 1, 2]
    assert not any(token in str(by_token) for token in tokens)
