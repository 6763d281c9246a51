"""The command line: builds the source from config, catalog and state, and launches it."""

import argparse
import ctypes
import gc
import logging
import sys
from collections.abc import Callable, Mapping
from typing import TypeVar

import orjson
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.exception_handler import init_uncaught_exception_handler
from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteMessageSerializer,
    FailureType,
    Status,
    Type,
)
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.config import parse, tidy
from source_digitalocean_quolum.logs import guard
from source_digitalocean_quolum.protocol.entrypoint import launch
from source_digitalocean_quolum.source import SourceDigitaloceanQuolum

T = TypeVar("T")

_MOST_LEVELS = 5_000

# New objects that may wait for the garbage collector.
_YOUNG = 10_000
# glibc's malloc.h. Blocks of _LARGE bytes and more go back to the system when they are freed.
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_LARGE = 128 * 1024

logger = logging.getLogger("airbyte")


def run(args: list[str] | None = None) -> None:
    """Run one command of the Airbyte protocol; `args` default to those of the process."""
    args = sys.argv[1:] if args is None else args
    init_uncaught_exception_handler(logger)
    guard()
    _calm_garbage_collector()
    command = AirbyteEntrypoint.parse_args(args)
    try:
        source = _build(command)
    except AirbyteTracedException as problem:
        sys.exit(_report(problem, command.command))
    source.emit_lines()
    _keep_memory_together()
    # orjson reads 1,024 levels and writes 254: the CDK writes deeper ones with Python's own JSON, which counts these.
    sys.setrecursionlimit(_MOST_LEVELS)
    launch(source, args)


def _build(command: argparse.Namespace) -> SourceDigitaloceanQuolum:
    """The source of this command, or an AirbyteTracedException that says which file or field is wrong."""
    config = _input("configuration", command, "config", SourceDigitaloceanQuolum.read_config)
    catalog = _input("catalog", command, "catalog", SourceDigitaloceanQuolum.read_catalog)
    state = _input("state", command, "state", SourceDigitaloceanQuolum.read_state)
    if isinstance(config, Mapping):
        parse(tidy(config))
    complete = command.command == "discover"
    return SourceDigitaloceanQuolum(catalog=catalog, config=config, state=state, complete=complete)


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
    except Exception as error:
        problem = f"it does not read as a {what} ({type(error).__name__})"
        logger.debug("Reading %s", path, exc_info=True)
    raise AirbyteTracedException(
        message=f"The {what} {path} cannot be used: {problem}.", failure_type=FailureType.config_error
    ) from None


def _report(problem: AirbyteTracedException, command: str) -> int:
    """Say what is wrong as the protocol wants it: check answers with a status, the others with a trace."""
    if command == "check":
        status = AirbyteConnectionStatus(status=Status.FAILED, message=problem.message)
        _print(AirbyteMessage(type=Type.CONNECTION_STATUS, connectionStatus=status))
        return 0
    _print(problem.as_airbyte_message())
    return 1


def _print(message: AirbyteMessage) -> None:
    sys.stdout.write(f"{orjson.dumps(AirbyteMessageSerializer.dump(message)).decode()}\n")
    sys.stdout.flush()


def _calm_garbage_collector() -> None:
    """While a source is built, manifest and schemas are scanned again and again by the default thresholds.

    Measured on a read of all streams, up to its first record: 1.55 s became 1.44.
    """
    gc.set_threshold(50_000, 20, 100)


def _keep_memory_together() -> None:
    """For what comes now, a read of hours maybe: garbage is collected soon, and memory that is free is used again.

    The CDK's requests leave reference cycles, of which 50,000 objects are 5 MB. The C library (glibc) gives each thread
    a heap of its own, where a page is read in one, parsed in another and freed in a third; and it keeps in them pages
    that were freed, with the small things between that were not.
    """
    # What has been built stays: nobody needs to look at it again.
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 100)
    # Other C libraries have no such function, and no such heaps.
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
