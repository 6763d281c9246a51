"""The last word of a read of which streams failed: of the kind of its causes, in one sentence."""

import pytest
import requests
from airbyte_cdk.models import AirbyteErrorTraceMessage, FailureType

from unit_tests.mock_server.commands import Output, read
from unit_tests.mock_server.server import PAGE, Answer, DigitalOcean, error

TRANSIENT, CONFIG, SYSTEM = FailureType.transient_error, FailureType.config_error, FailureType.system_error


def last_word(output: Output) -> AirbyteErrorTraceMessage:
    """The one error trace that is of no stream."""
    (error,) = [
        one.trace.error for one in output.errors if one.trace and one.trace.error and not of_stream(one.trace.error)
    ]
    return error


def of_stream(error: AirbyteErrorTraceMessage) -> str | None:
    return error.stream_descriptor.name if error.stream_descriptor else None


UNREACHED, UNAUTHORIZED, ODD = requests.ConnectionError("refused"), error(401, "unauthorized"), error(405)


@pytest.mark.parametrize(
    ("volumes", "tags", "kind"),
    [
        (UNREACHED, None, TRANSIENT),
        (UNREACHED, UNREACHED, TRANSIENT),
        (UNREACHED, UNAUTHORIZED, CONFIG),
        (UNREACHED, ODD, SYSTEM),
        (ODD, None, SYSTEM),
        (UNAUTHORIZED, ODD, CONFIG),
    ],
)
def test_its_kind_is_that_of_its_causes(
    api: DigitalOcean, volumes: Answer, tags: Answer | None, kind: FailureType
) -> None:
    api.on("/v2/volumes", PAGE, volumes)
    if tags:
        api.on("/v2/tags", PAGE, tags)
    else:
        api.lists("/v2/tags", "tags", [])

    output = read("volumes", "tags", expect_failure=True)

    final = last_word(output)
    failed = "tags, volumes" if tags else "volumes"
    assert final.failure_type == kind
    assert final.message == f"These streams are incomplete: {failed}. The message of each of them says why."
    assert {of_stream(one.trace.error) for one in output.errors if one.trace and one.trace.error} - {None} == set(
        failed.split(", ")
    )


def test_a_stream_that_does_not_exist_is_one_of_them(api: DigitalOcean) -> None:
    api.on("/v2/volumes", PAGE, UNREACHED)

    output = read("volumes", "dropletz", expect_failure=True)

    final = last_word(output)
    assert final.failure_type == CONFIG
    assert final.message is not None
    assert "dropletz, volumes." in final.message
