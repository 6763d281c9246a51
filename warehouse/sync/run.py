"""One sync from the lock on its configuration to its report; and what --plan and --list-streams print instead."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
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
from warehouse.sync.arguments import describe_target, parse_command
from warehouse.sync.connector import Connector, default_command
from warehouse.sync.errors import (
    EXIT_COMPLETE,
    EXIT_STREAM_FAILED,
    EXIT_WAREHOUSE,
    ConfigurationError,
    ConnectorError,
    LockedError,
)
from warehouse.sync.history import last_syncs
from warehouse.sync.interruption import held
from warehouse.sync.listing import plan_text, streams_text
from warehouse.sync.plan import StreamPlan, configured_catalog, plan_streams
from warehouse.sync.report import result_text, stream_entry
from warehouse.sync.selection import select
from warehouse.sync.work_dir import work_dir

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from warehouse.sync.engine import Engine
    from warehouse.sync.messages import Message
    from warehouse.sync.progress import PlainProgress
    from warehouse.sync.redaction import Redactor
    from warehouse.sync.warehouse import Warehouse


def sync(options: argparse.Namespace, redact: Redactor, progress: PlainProgress) -> int:
    """Check, discover and read; return the exit code."""
    started = datetime.now(UTC)
    with _connected(options, redact, progress) as (connector, folder):
        progress.phase("Opening the warehouse")
        with _open_warehouse(options, folder, progress) as warehouse:
            engine = _prepare(options, connector, warehouse, folder, progress)
            catalog = configured_catalog([run.plan for run in engine.runs.values()])
            states = [dict(run.plan.state) for run in engine.runs.values() if run.plan.state is not None]
            progress.phase("Starting the connector")
            try:
                with closing(connector.read(catalog, states)) as messages:
                    engine.process(messages)
                warehouse.remember(engine.runs.values(), started)
            finally:
                _write_report(options.json, engine, started, warehouse, redact)
    progress.close()
    if not options.quiet:
        print(redact(result_text(list(engine.runs.values()), (datetime.now(UTC) - started).total_seconds())))
    code = _exit_code(engine)
    if code == EXIT_COMPLETE and connector.failure:
        raise ConnectorError(f"{connector.failure} Every stream was complete before, and is kept.")
    return code


def plan(options: argparse.Namespace, redact: Redactor, progress: PlainProgress) -> int:
    """Print what a sync would take, as far as the last one tells; read no record."""
    known = last_syncs(options)
    with _connected(options, redact, progress) as (connector, _):
        progress.phase("Discovering the streams")
        discovered = connector.discover()
    progress.close()
    wanted = select(options.streams, [str(stream["name"]) for stream in discovered])
    plans = plan_streams(discovered, wanted, {}, full_refresh=options.full_refresh)
    print(redact(plan_text(plans, known, describe_target(options))))
    return EXIT_COMPLETE


def list_streams(options: argparse.Namespace, redact: Redactor, progress: PlainProgress) -> int:
    """Print the streams the connector offers, by product."""
    with _connected(options, redact, progress) as (connector, _):
        progress.phase("Discovering the streams")
        discovered = connector.discover()
    progress.close()
    print(redact(streams_text(discovered)))
    return EXIT_COMPLETE


@contextmanager
def _connected(
    options: argparse.Namespace, redact: Redactor, progress: PlainProgress
) -> Iterator[tuple[Connector, Path]]:
    """Hold the configuration file, and yield the connector that uses it and a temporary folder."""
    command = parse_command(options.connector) if options.connector is not None else default_command()
    with ExitStack() as stack:
        with _told():
            redact.learn(read_config(options.config))
            locks = stack.enter_context(lock_config(options.config))
            # Another sync may have rotated the token between the first look and the lock.
            config = read_config(options.config)
            redact.learn(config)
            if has_rotating_token(config):
                prove_writable(options.config)
        folder = stack.enter_context(work_dir(options.config))

        def keep_config(config: dict[str, Any]) -> None:
            redact.learn(config)
            with held(), _told():
                write_config(options.config, config)

        def show(message: Message) -> None:
            if message["type"] == "LOG":
                progress.say(message["log"].get("level", "INFO"), str(message["log"].get("message", "")))
            elif message["type"] == "TRACE" and message["trace"].get("type") == "ERROR":
                progress.say("ERROR", str(message["trace"]["error"].get("message", "")))

        yield Connector(command, options.config, folder, keep_config, show, inherit=locks), folder


@contextmanager
def _told() -> Iterator[None]:
    """Give what is wrong with the configuration file its exit code."""
    try:
        yield
    except ConfigLockedError as error:
        raise LockedError(str(error)) from None
    except ConfigFileError as error:
        raise ConfigurationError(str(error)) from None


def _prepare(
    options: argparse.Namespace,
    connector: Connector,
    warehouse: Warehouse,
    folder: Path,
    progress: PlainProgress,
) -> Engine:
    from warehouse.sync.engine import Engine  # noqa: PLC0415

    progress.phase("Checking the connection")
    succeeded, message = connector.check()
    if not succeeded:
        raise ConfigurationError(f"The check failed: {message or 'the connector gave no reason'}")
    progress.tell(f"Check: {message or 'succeeded'}")
    progress.phase("Discovering the streams")
    discovered = connector.discover()
    names = [str(stream["name"]) for stream in discovered]
    plans = plan_streams(
        discovered, select(options.streams, names), warehouse.states(), full_refresh=options.full_refresh
    )
    if not plans:
        raise ConfigurationError("No stream is selected: name some with --streams.")
    progress.tell(f"{len(plans)} of {len(names)} streams into {warehouse.description}")
    _tell_left_out(warehouse, plans, names, progress)
    warehouse.register(configured_catalog(plans))
    engine = Engine(warehouse, plans, folder, progress)
    progress.watch(engine.runs)
    return engine


def _tell_left_out(warehouse: Warehouse, plans: list[StreamPlan], names: list[str], progress: PlainProgress) -> None:
    selected = {plan.name for plan in plans}
    synced = warehouse.streams() - selected
    left_out = [name for name in names if name in synced]
    if left_out:
        shown = ", ".join(left_out[:5]) + (f" and {len(left_out) - 5} more" if len(left_out) > 5 else "")
        progress.tell(f"Not selected this time, and left as the last sync had them: {shown}")


def _open_warehouse(options: argparse.Namespace, folder: Path, progress: PlainProgress) -> Warehouse:
    from warehouse.sync.opening import open_duckdb, open_postgres  # noqa: PLC0415

    def warn(text: str) -> None:
        progress.say("WARN", text)

    if options.postgres:
        return open_postgres(options.postgres, options.schema, folder, warn)
    return open_duckdb(options.duckdb, options.schema, folder, warn)


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
