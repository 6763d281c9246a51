"""A log line holds a sentence where there is one, and no body, header or secret, also with --debug."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from airbyte_cdk.logger import AirbyteLogFormatter
from airbyte_cdk.models import StreamDescriptor
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.logs import guard

TOKEN = "dop_v1_" + "b" * 64
BODY = '{"databases":[{"connection":{"password":"of-a-body"}}]}'


class Log:
    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(AirbyteLogFormatter("%(message)s"))
        self.logger = logging.getLogger("test of logs")

    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()

    def message(self) -> str:
        (line,) = self.lines()
        message: str = json.loads(line)["log"]["message"]
        return message


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log()
    root = logging.getLogger()
    root.addHandler(log.handler)
    log.logger.setLevel(logging.DEBUG)
    guard()
    guard()
    yield log
    root.removeHandler(log.handler)
    for handler in root.handlers:
        handler.filters.clear()


def test_the_filter_stands_there_once(log: Log) -> None:
    assert len(log.handler.filters) == 1


def test_a_secret_is_blanked_in_message_and_arguments(log: Log) -> None:
    log.logger.warning("sent %s to %s", TOKEN, {"uri": "postgres://u:word@db"})

    assert log.message() == "sent [removed] to {'uri': 'postgres://[removed]@db'}"


@pytest.mark.parametrize("stream", [None, "apps"])
def test_a_problem_with_a_sentence_is_that_sentence(log: Log, stream: str | None) -> None:
    descriptor = StreamDescriptor(name=stream) if stream else None
    try:
        raise AirbyteTracedException(message=f"Refused {TOKEN}.", internal_message=BODY, stream_descriptor=descriptor)
    except AirbyteTracedException as error:
        log.logger.error("Exception while syncing", exc_info=error)

    assert log.message() == "apps: Refused [removed]." if stream else "Refused [removed]."
    assert "Traceback" not in log.message()


def test_a_traceback_is_kept_without_its_secrets(log: Log) -> None:
    try:
        raise ValueError(f"cannot read {TOKEN}")
    except ValueError:
        log.logger.exception("Something new")

    assert log.message().startswith("Something new\nTraceback")
    assert log.message().endswith("ValueError: cannot read [removed]")


@pytest.mark.parametrize("platform", ["debug", "info"])
def test_no_body_and_no_header_is_attached_to_a_line(log: Log, platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", platform)
    attached = {
        "headers": {"Set-Cookie": "a"},
        "body": BODY,
        "request_body": "b",
        "status": 200,
        "url": f"https://a/?x={TOKEN}",
    }
    log.logger.debug("Receiving response", extra=attached)

    (line,) = log.lines()
    assert "200" in line
    assert "https://a/?x=[removed]" in line
    for word in ("Set-Cookie", "password", "request_body", TOKEN):
        assert word not in line
