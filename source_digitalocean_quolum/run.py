"""The command line: builds the source from config, catalog and state, and launches it."""

import argparse
import gc
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    ConfiguredAirbyteCatalog,
    FailureType,
    Status,
    Type,
)
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum import command_line
from source_digitalocean_quolum.cdk_ext.log_words import translate_logs
from source_digitalocean_quolum.config import parse
from source_digitalocean_quolum.configured_catalog import UnknownStream, configure, select
from source_digitalocean_quolum.json_file import UnusableFile, decode
from source_digitalocean_quolum.logs import guard
from source_digitalocean_quolum.protocol.entrypoint import Entrypoint
from source_digitalocean_quolum.protocol.output import Output, OutputEnded, guard_output
from source_digitalocean_quolum.redaction import own_secrets
from source_digitalocean_quolum.source import SourceDigitaloceanQuolum

T = TypeVar("T")

_MOST_LEVELS = 5_000

# New objects that may wait for the garbage collector.
_YOUNG = 10_000

logger = logging.getLogger("airbyte")

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
    translate_logs()
    guard()
    if not args:
        command_line.parser().print_help()
        return 2
    command = command_line.parse(args)
    _calm_garbage_collector()
    if command.command == "discover" and command.configured:
        return _print_configured(command, output)
    try:
        source, catalog = _build(command)
        _collect_soon()
        # orjson reads 1,024 levels and writes 254: the CDK writes deeper ones with Python's JSON, which counts these.
        sys.setrecursionlimit(_MOST_LEVELS)
        Entrypoint(source, debug=command.debug).run_command(command.command, source.config, catalog, output)
    except OutputEnded as ended:
        _end(f"{ended}: the command ends.", 1)
    except KeyboardInterrupt:
        _end("Interrupted: the command ends.", _BY_SIGNAL + signal.SIGINT)
    except Exception as error:  # noqa: BLE001 (whatever it is, it is said as the protocol wants it)
        return _report(error, command.command, output)
    return 0


def _print_configured(command: argparse.Namespace, output: Output) -> int:
    """Print a configured catalog and nothing else on stdout: a person writes it to a file. The exit code."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is output:
            handler.stream = sys.stderr
    try:
        source, _ = _build(command)
        catalog = source.discover(logger, source.config)
        selected = select(command.streams, [stream.name for stream in catalog.streams])
        output.write(f"{json.dumps(configure(catalog, selected), indent=2)}\n")
    except OutputEnded as ended:
        _end(f"{ended}: the command ends.", 1)
    except UnknownStream as unknown:
        sys.stderr.write(f"{unknown}\n")
        return 1
    except AirbyteTracedException as problem:
        sys.stderr.write(f"{problem.message}\n")
        return 1
    return 0


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


def _build(command: argparse.Namespace) -> tuple[SourceDigitaloceanQuolum, ConfiguredAirbyteCatalog | None]:
    """The source of this command and its catalog; an AirbyteTracedException says which file or field is wrong."""
    config: Any = _input("configuration", command, "config", _read_json)
    own_secrets.learn(config)
    catalog = _input("catalog", command, "catalog", SourceDigitaloceanQuolum.read_catalog)
    state = _input("state", command, "state", SourceDigitaloceanQuolum.read_state)
    if command.command != "spec":
        parse(config)
    complete = command.command == "discover"
    source = SourceDigitaloceanQuolum(catalog=catalog, config=config, state=state, complete=complete)
    source.emit_lines()
    return source, catalog


def _read_json(path: str) -> Any:
    return decode(Path(path).read_bytes())


def _input(what: str, command: argparse.Namespace, option: str, read: Callable[[str], T]) -> T | None:
    path: str | None = getattr(command, option, None)
    if not path:
        return None
    try:
        return read(path)
    except FileNotFoundError:
        problem = "there is no such file"
    except OSError as error:
        problem = error.strerror or type(error).__name__
    except UnusableFile as error:
        problem = str(error)
    except Exception as error:
        problem = f"it does not read as a {what} ({type(error).__name__})"
        logger.debug("Reading %s", path, exc_info=True)
    raise AirbyteTracedException(
        message=f"The {what} {path} cannot be used: {problem}.", failure_type=FailureType.config_error
    ) from None


def _report(error: Exception, command: str, output: Output) -> int:
    """Say what is wrong as the protocol wants it: check answers with a status, the others with a trace."""
    problem = _as_traced_exception(error)
    if command == "check":
        if problem.failure_type is FailureType.system_error:
            logger.error("%s", problem.message, exc_info=error)
        status = AirbyteConnectionStatus(status=Status.FAILED, message=problem.message)
        message = AirbyteMessage(type=Type.CONNECTION_STATUS, connectionStatus=status)
    else:
        message = problem.as_airbyte_message()
    output.write(f"{AirbyteEntrypoint.airbyte_message_to_string(message)}\n")
    return 0 if command == "check" else 1


def _as_traced_exception(error: Exception) -> AirbyteTracedException:
    if isinstance(error, AirbyteTracedException) and error.message:
        return error
    if isinstance(error, MemoryError):
        words = "There is not enough memory for this command: give the container or this machine more."
    else:
        words = (
            f"This is a defect of the connector ({type(error).__name__}): please report it with the stack trace "
            "of this message or of the log."
        )
    return AirbyteTracedException.from_exception(error, message=words)


def _calm_garbage_collector() -> None:
    """While a source is built, manifest and schemas are scanned again and again by the default thresholds.

    Measured on a read of all streams, up to its first record: 1.55 s became 1.44.
    """
    gc.set_threshold(50_000, 20, 100)


def _collect_soon() -> None:
    """For what comes now, a read of hours maybe, collect garbage soon.

    The CDK leaves reference cycles, of which 50,000 objects are 5 MB. (That freed memory is used again by all threads
    is a matter of the C library's environment: see the Dockerfile.)
    """
    # What has been built stays: nobody needs to look at it again.
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 100)
