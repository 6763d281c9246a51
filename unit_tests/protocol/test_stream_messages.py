"""No failure of a stream is said twice, and no status out of turn."""

import pytest
from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteStateMessage,
    AirbyteStream,
    AirbyteStreamStatus,
    FailureType,
    StreamDescriptor,
    SyncMode,
    Type,
)
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.protocol.stream_messages import StreamMessages

STARTED, RUNNING = AirbyteStreamStatus.STARTED, AirbyteStreamStatus.RUNNING
COMPLETE, INCOMPLETE = AirbyteStreamStatus.COMPLETE, AirbyteStreamStatus.INCOMPLETE


def status(name: str, of: AirbyteStreamStatus) -> AirbyteMessage:
    return as_airbyte_message(AirbyteStream(name, {}, [SyncMode.full_refresh]), of)


def failure(name: str, words: str) -> AirbyteMessage:
    problem = AirbyteTracedException(message=words, failure_type=FailureType.transient_error)
    return problem.as_airbyte_message(stream_descriptor=StreamDescriptor(name=name))


def said(*messages: AirbyteMessage) -> list[bool]:
    read = StreamMessages()
    return [read.passes(message) for message in messages]


def test_one_cause_is_said_once() -> None:
    failures = ["apps 503", "apps 503", "apps 404", "tags 503", "apps 404"]

    assert said(*(failure(*one.split()) for one in failures)) == [True, False, True, True, False]


@pytest.mark.parametrize("end", [COMPLETE, INCOMPLETE])
def test_a_stream_is_running_between_its_start_and_its_end(end: AirbyteStreamStatus) -> None:
    order = [RUNNING, STARTED, RUNNING, RUNNING, end, RUNNING]

    assert said(*(status("apps", one) for one in order)) == [False, True, True, True, True, False]


def test_streams_are_told_apart() -> None:
    assert said(status("apps", STARTED), status("tags", RUNNING), status("apps", RUNNING)) == [True, False, True]


def test_whatever_else_there_is_passes() -> None:
    assert said(AirbyteMessage(Type.STATE, state=AirbyteStateMessage()), AirbyteMessage(Type.LOG)) == [True, True]
