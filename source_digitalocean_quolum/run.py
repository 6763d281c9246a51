"""The command line: what the process does before and after a command, whichever it is."""

import logging
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from typing import NoReturn

from source_digitalocean_quolum import command_line
from source_digitalocean_quolum.cdk_ext.lean_import import import_cdk
from source_digitalocean_quolum.garbage import collect_later
from source_digitalocean_quolum.protocol.output import Output, OutputEnded, guard_output

# A command that ends by a signal says so as a shell does: 128 and the signal's number.
_BY_SIGNAL = 128
# Seconds in which a thread without work has ended.
_THREADS_END = 1.0


def run(args: list[str] | None = None) -> None:
    """Run one command of the Airbyte protocol; `args` default to those of the process."""
    _end_on_sigterm()
    if sys.stdout is None:
        # The CDK's log would be written to it at the end.
        _end("Nobody reads the output: stdout is closed.", 1)
    # A line of the log that cannot be written must not become a traceback on stderr; the next message tells.
    logging.raiseExceptions = False
    before = set(threading.enumerate())
    with guard_output() as output:
        code = _run(sys.argv[1:] if args is None else args, output)
    if code and _are_busy(set(threading.enumerate()) - before):
        # They would be waited for, and wait themselves for someone to take what they read.
        os._exit(code)
    if code:
        sys.exit(code)


def _run(args: list[str], output: Output) -> int:
    """The command's exit code."""
    try:
        if not args:
            command_line.parser().print_help()
            return 2
        command = command_line.parse(args)
        if command.command == "spec":
            from source_digitalocean_quolum import specification  # noqa: PLC0415

            return specification.write_spec(output)
        collect_later()
        import_cdk()
        # Importing it takes most of the time of a short command: help, version and spec do without.
        from source_digitalocean_quolum import commands  # noqa: PLC0415

        return commands.run_command(command, output)
    except OutputEnded as ended:
        _end(f"{ended}: the command ends.", 1)
    except KeyboardInterrupt:
        _end("Interrupted: the command ends.", _BY_SIGNAL + signal.SIGINT)


def _are_busy(threads: set[threading.Thread]) -> bool:
    """Whether one of the threads goes on working."""
    until = time.monotonic() + _THREADS_END
    for thread in threads:
        if not thread.daemon:
            thread.join(max(0.0, until - time.monotonic()))
    return any(thread.is_alive() and not thread.daemon for thread in threads)


def _end(words: str, code: int) -> NoReturn:
    """End at once: the worker threads would go on asking DigitalOcean for records that nobody takes."""
    with suppress(OSError):
        os.write(2, f"{words}\n".encode())
    os._exit(code)


def _end_on_sigterm() -> None:
    """Let `docker stop` end the process at once.

    The first process of a container gets only the signals that it has asked for: it would be waited for, and killed.
    """
    if os.getpid() == 1:
        signal.signal(signal.SIGTERM, lambda number, _: os._exit(_BY_SIGNAL + number))
