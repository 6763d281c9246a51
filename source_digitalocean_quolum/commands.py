"""The commands that read something: builds the source from config, catalog and state, and runs it."""

import argparse
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

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

from source_digitalocean_quolum.cdk_ext.log_words import translate_logs
from source_digitalocean_quolum.config import parse
from source_digitalocean_quolum.configured_catalog import UnknownStream, configure, select
from source_digitalocean_quolum.garbage import collect_soon
from source_digitalocean_quolum.json_file import UnusableFile, decode
from source_digitalocean_quolum.logs import guard, write_to
from source_digitalocean_quolum.manifest import WrongDefinition
from source_digitalocean_quolum.protocol.entrypoint import Entrypoint
from source_digitalocean_quolum.protocol.output import Output, OutputEnded
from source_digitalocean_quolum.redaction import own_secrets
from source_digitalocean_quolum.source import SourceDigitaloceanQuolum

T = TypeVar("T")

_MOST_LEVELS = 5_000

logger = logging.getLogger("airbyte")


def run_command(command: argparse.Namespace, output: Output) -> int:
    """Run `check`, `discover` or `read` and write its messages; the exit code. Raises OutputEnded."""
    translate_logs()
    guard()
    configured = command.command == "discover" and command.configured
    with write_to(sys.stderr if configured else output):
        if configured:
            return _print_configured(command, output)
        try:
            source, catalog = _build(command)
            collect_soon()
            # orjson reads 1,024 levels and writes 254: the CDK writes deeper ones as Python does, which counts them.
            sys.setrecursionlimit(_MOST_LEVELS)
            Entrypoint(source, debug=command.debug).run_command(command.command, source.config, catalog, output)
        except (OutputEnded, KeyboardInterrupt):
            raise
        except Exception as error:  # noqa: BLE001 (whatever it is, it is said as the protocol wants it)
            return report(error, command.command, output)
    return 0


def _print_configured(command: argparse.Namespace, output: Output) -> int:
    """Print a configured catalog and nothing else on stdout: a person writes it to a file. The exit code."""
    try:
        source, _ = _build(command)
        catalog = source.discover(logger, source.config)
        selected = select(command.streams, [stream.name for stream in catalog.streams])
        output.write(f"{json.dumps(configure(catalog, selected), indent=2)}\n")
    except UnknownStream as unknown:
        sys.stderr.write(f"{unknown}\n")
        return 1
    except AirbyteTracedException as problem:
        sys.stderr.write(f"{problem.message}\n")
        return 1
    return 0


def _build(command: argparse.Namespace) -> tuple[SourceDigitaloceanQuolum, ConfiguredAirbyteCatalog | None]:
    """The source of this command and its catalog; an AirbyteTracedException says which file or field is wrong."""
    config: Any = _input("configuration", command, "config", _read_json)
    own_secrets.learn(config)
    catalog = _input("catalog", command, "catalog", SourceDigitaloceanQuolum.read_catalog)
    state = _input("state", command, "state", SourceDigitaloceanQuolum.read_state)
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


def report(error: Exception, command: str, output: Output) -> int:
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
    if isinstance(error, WrongDefinition):
        words = str(error)
    elif isinstance(error, MemoryError):
        words = "There is not enough memory for this command: give the container or this machine more."
    else:
        words = (
            f"This is a defect of the connector ({type(error).__name__}): please report it with the stack trace "
            "of this message or of the log."
        )
    return AirbyteTracedException.from_exception(error, message=words)
