"""`source-digitalocean-quolum-sync`: check, discover, and read into DuckDB or PostgreSQL, on one machine."""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from source_digitalocean_quolum.config_file import (
    ConfigFileError,
    has_rotating_token,
    lock_config,
    prove_writable,
    read_config,
    write_config,
)
from source_digitalocean_quolum.config_file import LockedError as ConfigLockedError
from warehouse.sync.connector import Connector, default_command, parse_command
from warehouse.sync.errors import (
    EXIT_COMPLETE,
    EXIT_CONFIGURATION,
    EXIT_INTERRUPTED,
    EXIT_LOCKED,
    EXIT_STREAM_FAILED,
    EXIT_WAREHOUSE,
    ConfigurationError,
    ConnectorError,
    SyncError,
)
from warehouse.sync.interruption import handled, held
from warehouse.sync.plan import configured_catalog, plan_streams
from warehouse.sync.progress import PlainProgress, open_progress
from warehouse.sync.redaction import Redactor
from warehouse.sync.report import stream_entry, table_text
from warehouse.sync.work_dir import work_dir

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.sync.engine import Engine
    from warehouse.sync.warehouse import Warehouse

_EXIT_CODES = """\
exit codes:
  0    every stream is complete
  1    a stream failed, or the connector did; what the others committed is kept
  2    the configuration or an argument is wrong, the check failed, or a rotated token could not be kept
  3    another sync uses the configuration file or the warehouse
  4    the warehouse cannot be opened, went away, or refused the rows of a stream
  130  interrupted; what is committed is kept

One schema holds one account: give each configuration file its own --schema.
The records of a stream wait in TMPDIR until they are committed.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sync; return its exit code (see --help)."""
    options = _parser().parse_args(arguments)
    redact = Redactor()
    if options.postgres:
        redact.learn({"password": _password(options.postgres)})
    # The warehouse, the report and the records on their way are for their owner's eyes.
    umask = os.umask(0o077)
    try:
        with handled():
            return _sync(options, redact)
    except SyncError as error:
        _complain(redact(str(error)))
        return error.exit_code
    except ConfigFileError as error:
        _complain(redact(str(error)))
        return EXIT_LOCKED if isinstance(error, ConfigLockedError) else EXIT_CONFIGURATION
    except ModuleNotFoundError as error:
        _complain(
            f"{error.name} is not installed: install digitalocean-quolum-warehouse again, which brings what a local "
            "sync needs. It needs Python 3.11 or 3.12."
        )
        return EXIT_CONFIGURATION
    except KeyboardInterrupt:
        _complain("Interrupted. What is committed is kept; the next sync goes on from there.")
        return EXIT_INTERRUPTED
    finally:
        os.umask(umask)


def _sync(options: argparse.Namespace, redact: Redactor) -> int:
    started = datetime.now(UTC)
    command = parse_command(options.connector) if options.connector is not None else default_command()
    if options.json and not options.json.absolute().parent.is_dir():
        raise ConfigurationError(f"The folder of the report {options.json} does not exist: create it first.")
    redact.learn(read_config(options.config))
    with ExitStack() as stack:
        locks = stack.enter_context(lock_config(options.config))
        # Another sync may have rotated the token between the first look and the lock.
        config = read_config(options.config)
        redact.learn(config)
        if has_rotating_token(config):
            prove_writable(options.config)
        folder = stack.enter_context(work_dir(options.config))
        warehouse = stack.enter_context(_open_warehouse(options, folder))
        progress = stack.enter_context(open_progress(redact, quiet=options.quiet))

        def keep_config(config: dict[str, Any]) -> None:
            redact.learn(config)
            with held():
                write_config(options.config, config)

        def show(message: dict[str, Any]) -> None:
            if message["type"] == "LOG":
                progress.say(message["log"].get("level", "INFO"), str(message["log"].get("message", "")))
            elif message["type"] == "TRACE" and message["trace"].get("type") == "ERROR":
                progress.say("ERROR", str(message["trace"]["error"].get("message", "")))

        connector = Connector(command, options.config, folder, keep_config, show, inherit=locks)
        engine = _prepare(options, connector, warehouse, folder, progress)
        catalog = configured_catalog([run.plan for run in engine.runs.values()])
        states = [dict(run.plan.state) for run in engine.runs.values() if run.plan.state is not None]
        try:
            with closing(connector.read(catalog, states)) as messages:
                engine.process(messages)
        finally:
            _write_report(options.json, engine, started, warehouse, redact)
    if not options.quiet:
        print(redact(table_text(engine.runs.values())))
    code = _exit_code(engine)
    if code == EXIT_COMPLETE and connector.failure:
        raise ConnectorError(f"{connector.failure} Every stream was complete before, and is kept.")
    return code


def _prepare(
    options: argparse.Namespace,
    connector: Connector,
    warehouse: Warehouse,
    folder: Path,
    progress: PlainProgress,
) -> Engine:
    from warehouse.sync.engine import Engine  # noqa: PLC0415

    succeeded, message = connector.check()
    if not succeeded:
        raise ConfigurationError(f"The check failed: {message or 'the connector gave no reason'}")
    progress.tell(f"Check: {message or 'succeeded'}")
    wanted = None
    if options.streams is not None:
        wanted = [name.strip() for name in options.streams.split(",") if name.strip()]
    plans = plan_streams(connector.discover(), wanted, warehouse.states(), full_refresh=options.full_refresh)
    if not plans:
        raise ConfigurationError("No stream is selected: name some with --streams.")
    warehouse.register(configured_catalog(plans))
    progress.tell(f"{len(plans)} streams into {warehouse.description}")
    return Engine(warehouse, plans, folder, progress)


def _open_warehouse(options: argparse.Namespace, folder: Path) -> Warehouse:
    from warehouse.sync.loaders import open_duckdb, open_postgres  # noqa: PLC0415

    if options.postgres:
        return open_postgres(options.postgres, options.schema, folder)
    return open_duckdb(options.duckdb, options.schema, folder)


def _exit_code(engine: Engine) -> int:
    runs = engine.runs.values()
    if any(run.refused for run in runs):
        return EXIT_WAREHOUSE
    return EXIT_COMPLETE if all(run.status == "complete" for run in runs) else EXIT_STREAM_FAILED


def _write_report(path: Path | None, engine: Engine, started: datetime, warehouse: Warehouse, redact: Redactor) -> None:
    if path is None:
        return
    report = {
        "streams": [stream_entry(run) for run in engine.runs.values()],
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "destination": warehouse.description,
    }
    try:
        path.write_text(redact(json.dumps(report, indent=2)) + "\n", encoding="utf-8")
        if path.is_file():
            path.chmod(0o600)
    except OSError as error:
        raise ConfigurationError(f"The report {path} cannot be written: {error.strerror or error}.") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="source-digitalocean-quolum-sync",
        description="Sync DigitalOcean into DuckDB or PostgreSQL on one machine.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--config",
        type=Path,
        required=True,
        metavar="FILE",
        help="configuration; rotated tokens go back into it",
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
        "--postgres",
        metavar="URL",
        help="postgresql://user@host:5432/database; password also from PGPASSWORD",
    )
    parser.add_argument("--schema", default="digitalocean", help="schema of the tables (default: %(default)s)")
    parser.add_argument("--streams", metavar="A,B", help="only these streams (default: all that are discovered)")
    parser.add_argument("--full-refresh", action="store_true", help="read from the beginning and replace the tables")
    parser.add_argument(
        "--connector", metavar="CMD", help="command that runs the connector (default: the one installed here)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the result as JSON")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    return parser


def _password(url: str) -> str:
    # By hand: the URL may be one that no parser takes, and its password must not be shown for that.
    user_info = url.partition("://")[2].rpartition("@")[0]
    return user_info.partition(":")[2]


def _complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
