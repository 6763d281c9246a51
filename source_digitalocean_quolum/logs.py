"""What reaches the log: sentences instead of tracebacks where there is one, and nothing shaped like a secret."""

import logging

from airbyte_cdk.sources.streams.http.exceptions import BaseBackoffException
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.records.secrets import scrub


def guard() -> None:
    """Put the filter on the process's log handlers; calling it again changes nothing."""
    for handler in logging.getLogger().handlers:
        if _fit not in handler.filters:
            handler.addFilter(_fit)


def _fit(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, AirbyteTracedException) and error.message:
        # A problem with a sentence for the operator: the code's traceback would only hide it.
        stream = f"{descriptor.name}: " if (descriptor := error._stream_descriptor) else ""  # noqa: SLF001
        record.msg, record.args, record.exc_info, record.exc_text = f"{stream}{error.message}", None, None, None
    elif isinstance(error, BaseBackoffException):
        record.msg, record.args, record.exc_info, record.exc_text = f"{record.getMessage()} {error}", None, None, None
    # The CDK logs the body of an answer it does not know what to do with.
    record.msg, record.args = scrub(record.getMessage()), None
    return True
