"""The command line of `source-digitalocean-quolum-sync`: its options, its help, and what is wrong with them."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from warehouse.help_text import FittedHelp
from warehouse.sync.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOTES = """\
streams:
  recommended  what things cost and how much of them is used, and the lists that both belong to (the default)
  all          every stream the connector offers
  billing, utilization, compute, ...
               the streams of a product; --list-streams shows them
  droplets     one stream
Several are separated by commas: --streams recommended,actions

exit codes:
  0    every stream is complete; or --plan or --list-streams was printed
  1    a stream failed, or the connector did, or a model or its test; what was committed is kept
  2    the configuration or an argument is wrong, the check failed, or a rotated token could not be kept
  3    another sync uses the configuration file or the warehouse
  4    the warehouse cannot be opened, went away, or refused the rows of a stream
  130  interrupted; what is committed is kept

One schema holds one account: give each configuration file its own --schema.
The records of a stream wait in TMPDIR until they are committed.
"""

_SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_RESERVED_SCHEMAS = frozenset({"information_schema", "pg_catalog", "pg_toast", "temp", "system"})


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options; ConfigurationError says what is wrong with a value, argparse with an option."""
    options = _parser().parse_args(arguments)
    if options.json and not options.json.absolute().parent.is_dir():
        raise ConfigurationError(f"The folder of the report {options.json} does not exist: create it first.")
    if options.connector is not None:
        parse_command(options.connector)
    check_schema_name(options.schema)
    if options.postgres is not None:
        check_postgres_url(options.postgres)
    else:
        check_duckdb_path(options.duckdb, options.schema)
    return options


def describe_target(options: argparse.Namespace) -> str:
    """Return where the streams are to land, without the password of a URL."""
    if options.postgres is None:
        return f"DuckDB {options.duckdb}, schema {options.schema}"
    url = urlsplit(options.postgres)
    host = url.hostname or "on the local socket"
    return f"PostgreSQL {host}, database {url.path.lstrip('/')}, schema {options.schema}"


def parse_command(text: str) -> list[str]:
    """Split `--connector` as a shell would; ConfigurationError when it is empty or a quote is open."""
    try:
        command = shlex.split(text)
    except ValueError as error:
        raise ConfigurationError(f"--connector cannot be split into words: {error}.") from None
    if not command:
        raise ConfigurationError("--connector is empty: name the command that runs the connector.")
    return command


def check_schema_name(schema: str) -> None:
    """Refuse a schema name that would need quoting, or that the databases keep for themselves."""
    if not _SCHEMA_NAME.fullmatch(schema) or schema in _RESERVED_SCHEMAS:
        raise ConfigurationError(
            f"The schema name {schema!r} cannot be used: take lower-case letters, digits and underscores."
        )


def check_duckdb_path(path: Path, schema: str) -> None:
    """Refuse a path that is no file's, and one that DuckDB would mix up with the schema."""
    if str(path).startswith((":memory:", "md:", "motherduck:")):
        raise ConfigurationError(f"--duckdb {path}: name a file.")
    if path.name.split(".")[0].lower() == schema or path.stem.lower() == schema:
        raise ConfigurationError(
            f"The DuckDB file {path} and the schema {schema} have the same name, which makes every query "
            "ambiguous to DuckDB: choose another --duckdb or --schema."
        )
    if not path.parent.is_dir():
        raise ConfigurationError(f"The folder of the DuckDB file {path} does not exist: create it first.")


def check_postgres_url(url: str) -> None:
    """Refuse what is no URL of PostgreSQL; never repeat it, because it may hold a password."""
    try:
        parts = urlsplit(url)
        is_complete = parts.scheme in {"postgresql", "postgres"} and bool(parts.path.strip("/"))
        _ = parts.port
    except ValueError:
        raise ConfigurationError(
            "--postgres is not a URL: write postgresql://user@host:5432/database, the password in PGPASSWORD."
        ) from None
    if not is_complete:
        raise ConfigurationError("--postgres must be postgresql://user@host:5432/database.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="source-digitalocean-quolum-sync",
        usage="%(prog)s\n       --config FILE [options]",
        description="Sync DigitalOcean into DuckDB or PostgreSQL on one machine.",
        epilog=_NOTES,
        formatter_class=FittedHelp,
    )
    parser.add_argument(
        "--config", type=Path, required=True, metavar="FILE", help="configuration; rotated tokens go back into it"
    )
    target = parser.add_mutually_exclusive_group()
    target.add_argument(
        "--duckdb",
        type=Path,
        default=Path("warehouse.duckdb"),
        metavar="FILE",
        help="DuckDB file (default: %(default)s)",
    )
    target.add_argument(
        "--postgres", metavar="URL", help="postgresql://user@host:5432/database; password also from PGPASSWORD"
    )
    parser.add_argument("--schema", default="digitalocean", help="schema of the tables (default: %(default)s)")
    parser.add_argument(
        "--streams", metavar="A,B", default="recommended", help="which streams, see below (default: %(default)s)"
    )
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--list-streams", action="store_true", help="print the streams by product, and end")
    only.add_argument(
        "--plan", action="store_true", help="print what a sync would take in requests and minutes, and end"
    )
    parser.add_argument(
        "--models", action="store_true", help="build and test the dbt models after the sync (needs the extra `models`)"
    )
    parser.add_argument("--full-refresh", action="store_true", help="read from the beginning and replace the tables")
    parser.add_argument(
        "--connector", metavar="CMD", help="command that runs the connector (default: the one installed here)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the result as JSON")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    return parser
