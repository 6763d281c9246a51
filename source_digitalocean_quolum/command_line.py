"""The commands and their options: Airbyte's, and those for a person at a command line."""

import argparse
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

NAME = "source-digitalocean-quolum"

_DESCRIPTION = "Reads a DigitalOcean team's resources, use and cost, as messages of the Airbyte protocol."
_EPILOG = (
    "A first read: discover --config config.json --configured --streams recommended > catalog.json, then "
    "read --config config.json --catalog catalog.json."
)


class _Version(argparse.Action):
    """Asks for the version only when it is to be printed: nobody else needs the distribution to be installed."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        print(f"{NAME} {version(NAME)}")
        parser.exit()


def parser() -> argparse.ArgumentParser:
    """What the CDK's own parser takes (AirbyteEntrypoint.parse_args), and our options beside it."""
    found = argparse.ArgumentParser(prog=NAME, description=_DESCRIPTION, epilog=_EPILOG)
    found.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = found.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    _command(commands, "spec", "print what a configuration holds")
    check = _command(commands, "check", "try a configuration; the exit code is 0 whatever the answer: read its status")
    discover = _command(commands, "discover", "print the streams with their schemas")
    read = _command(commands, "read", "read the streams of a configured catalog")
    for command in (check, discover, read):
        command.add_argument("--config", required=True, metavar="FILE", help="the configuration, JSON")
    discover.add_argument(
        "--configured",
        action="store_true",
        help="print a configured catalog, plain JSON for read --catalog: incremental where a stream can be, "
        "else full refresh",
    )
    discover.add_argument(
        "--streams",
        metavar="NAMES",
        help="with --configured: streams, products (billing, utilization, ...), recommended or all (the default), "
        "separated by commas",
    )
    read.add_argument("--catalog", required=True, metavar="FILE", help="the configured catalog, JSON")
    read.add_argument("--state", metavar="FILE", help="the state to go on from, JSON; without it everything is read")
    for command in (check, discover, read):
        # Airbyte's builder passes them to connectors without code of their own.
        command.add_argument("--manifest-path", help=argparse.SUPPRESS)
        command.add_argument("--components-path", help=argparse.SUPPRESS)
    return found


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, what: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
    command.add_argument(
        "--debug", action="store_true", help="log each request: method, path, status and milliseconds, never a body"
    )
    return command


def parse(args: list[str]) -> argparse.Namespace:
    """The command and its options; SystemExit after the help, the version or what is wrong with them."""
    found = parser()
    command = found.parse_args(args)
    if command.command is None:
        found.error("which command?")
    if command.command == "discover" and command.streams is not None and not command.configured:
        found.error("--streams goes with --configured: without it, discover prints every stream")
    return command
