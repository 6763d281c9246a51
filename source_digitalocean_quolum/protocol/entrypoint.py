"""The CDK's entry point for the command line, which writes lines of records as they are."""

import errno
import logging
import os
import sys
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, BinaryIO, cast

from airbyte_cdk.connector import TConfig
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.logger import PRINT_BUFFER
from airbyte_cdk.models import AirbyteMessage, ConnectorSpecification
from airbyte_cdk.sources import Source
from airbyte_cdk.sources.connector_state_manager import HashableStreamDescriptor

from source_digitalocean_quolum.protocol.record_lines import RecordLines

_OUTPUT_ENDED = {
    errno.EPIPE: b"Nobody reads the output any more: the command ends.",
    errno.ENOSPC: b"The output cannot be written, its disk is full: the command ends.",
    errno.EIO: b"The output cannot be written: the command ends.",
}


class Entrypoint(AirbyteEntrypoint):
    """AirbyteEntrypoint that takes RecordLines among the messages of a read."""

    def read(
        self, source_spec: ConnectorSpecification, config: TConfig, catalog: Any, state: list[Any]
    ) -> Iterable[AirbyteMessage]:
        """See AirbyteEntrypoint.read; records are on stdout when it goes on to the next message."""
        for message in super().read(source_spec, config, catalog, state):
            if isinstance(message, RecordLines):
                _write(message.lines)
            else:
                yield message

    @staticmethod
    def handle_record_counts(
        message: AirbyteMessage, stream_message_count: defaultdict[HashableStreamDescriptor, float]
    ) -> AirbyteMessage:
        """See AirbyteEntrypoint: a state says how many records came before it."""
        if isinstance(message, RecordLines):
            stream_message_count[HashableStreamDescriptor(name=message.stream, namespace=None)] += message.count
            return message
        return AirbyteEntrypoint.handle_record_counts(message, stream_message_count)


def launch(source: Source, args: list[str]) -> None:
    """Run one command and print its messages, as airbyte_cdk.entrypoint.launch does; the source has its state already.

    When stdout cannot be written (its reader went away, its disk is full), the process ends at once with exit code 1:
    the worker threads would go on asking DigitalOcean for records that nobody takes.
    """
    # A line of the log that cannot be written must not become a traceback on stderr; the next message tells.
    logging.raiseExceptions = False
    try:
        entrypoint = Entrypoint(source)
        command = entrypoint.parse_args(args)
        # Read once more, that of a large account would be in memory twice.
        command.state = None
        with PRINT_BUFFER:
            for message in entrypoint.run(command):
                print(f"{message}\n", end="")
    except OSError as error:
        if error.errno not in _OUTPUT_ENDED:
            raise
        with suppress(OSError):
            os.write(2, _OUTPUT_ENDED[error.errno] + b"\n")
        os._exit(1)


def _write(lines: bytes) -> None:
    """Write whole lines to stdout, after everything that was printed before."""
    if sys.stdout is not PRINT_BUFFER or sys.__stdout__ is None:
        sys.stdout.write(lines.decode())
        return
    with PRINT_BUFFER.lock:
        PRINT_BUFFER.flush()
        out = cast("BinaryIO", sys.__stdout__.buffer)
        rest = lines
        # Unbuffered (PYTHONUNBUFFERED), stdout may take a part only.
        while (taken := out.write(rest)) < len(rest):
            rest = rest[taken:]
        out.flush()
