"""What reaches the log: sentences instead of tracebacks where there is one, no body, no header and no secret."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airbyte_cdk.logger import PRINT_BUFFER
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.redaction import redact_text

# What libraries attach to a line for programs that log JSON; the CDK's formatter prints all of it with --debug.
_OF_MESSAGES = frozenset({"headers", "body", "request_body", "content", "text", "request", "response", "http"})
_OF_RECORDS = frozenset(vars(logging.makeLogRecord({})))
_TRACEBACKS = logging.Formatter()


def guard() -> None:
    """Put the filter on the process's log handlers; calling it again changes nothing."""
    for handler in logging.getLogger().handlers:
        if _sanitize not in handler.filters:
            handler.addFilter(_sanitize)


@contextmanager
def write_to(output: Any) -> Iterator[None]:
    """Let the CDK's log, which waits in a buffer of its own, go to this output line by line."""
    handlers = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream is PRINT_BUFFER
    ]
    for handler in handlers:
        # Not by setStream, which would flush the CDK's buffer to the real stdout: its disk may be full.
        handler.stream = output
    try:
        yield
    finally:
        for handler in handlers:
            handler.setStream(PRINT_BUFFER)


def _sanitize(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, AirbyteTracedException) and error.message:
        # A problem with a sentence for the operator: the code's traceback would only hide it.
        record.msg, record.args, record.exc_info, record.exc_text = _sentence(error), None, None, None
    elif record.exc_info:
        # A formatter takes this text in place of the traceback that it would make.
        record.exc_text = redact_text(record.exc_text or _TRACEBACKS.formatException(record.exc_info))
    record.msg, record.args = redact_text(record.getMessage()), None
    attached: dict[str, Any] = vars(record)
    for name in attached.keys() - _OF_RECORDS:
        if name in _OF_MESSAGES:
            del attached[name]
        else:
            attached[name] = redact_text(str(attached[name]))
    return True


def _sentence(error: AirbyteTracedException) -> str:
    trace = error.as_airbyte_message().trace
    described = trace.error.stream_descriptor if trace and trace.error else None
    return f"{described.name}: {error.message}" if described else str(error.message)
