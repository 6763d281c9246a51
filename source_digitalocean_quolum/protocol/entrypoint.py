"""The CDK's entry point for the command line, which writes lines of records as they are."""

import errno
import logging
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, BinaryIO, cast

from airbyte_cdk.connector import TConfig
from airbyte_cdk.logger import PRINT_BUFFER
from airbyte_cdk.models import AirbyteMessage, ConnectorSpecification
from airbyte_cdk.sources import Source

from source_digitalocean_quolum.cdk_ext.entrypoint import BatchEntrypoint
from source_digitalocean_quolum.protocol.record_lines import RecordLines

_OUTPUT_ENDED = {
    errno.EPIPE: b"Nobody reads the output any more: the command ends.",
    errno.ENOSPC: b"The output cannot be written, its disk is full: the command ends.",
    errno.EIO: b"The output cannot be written: the command ends.",
}


class Entrypoint(BatchEntrypoint):
    """BatchEntrypoint that writes the RecordLines among the messages of a read."""

    def read(
        self, source_spec: ConnectorSpecification, config: TConfig, catalog: Any, state: list[Any]
    ) -> Iterable[AirbyteMessage]:
        """See AirbyteEntrypoint.read; records are on stdout when it goes on to the next message."""
        for message in super().read(source_spec, config, catalog, state):
            if isinstance(message, RecordLines):
                _write(message.lines)
            else:
                yield message


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
