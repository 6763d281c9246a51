"""`source-digitalocean-quolum-sync`: check, discover, and read into DuckDB or PostgreSQL, on one machine."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING
from urllib.parse import unquote

from warehouse.sync.arguments import describe_target, parse_arguments
from warehouse.sync.errors import EXIT_COMPLETE, EXIT_CONFIGURATION, EXIT_INTERRUPTED, EXIT_STREAM_FAILED, SyncError
from warehouse.sync.interruption import handled
from warehouse.sync.progress import open_progress
from warehouse.sync.redaction import Redactor

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sync; return its exit code (see --help)."""
    redact = Redactor()
    # The warehouse, the report and the records on their way are for their owner's eyes.
    umask = os.umask(0o077)
    try:
        options = parse_arguments(arguments)
        for password in (_password(options.postgres or ""), os.environ.get("PGPASSWORD", "")):
            redact.learn({"password": password})
        with handled(), open_progress(redact, quiet=options.quiet) as progress:
            progress.phase(_task(options))
            # The connector's package takes a second or two: something is to be seen before.
            from warehouse.sync.run import list_streams, plan, sync  # noqa: PLC0415

            if options.list_streams:
                return list_streams(options, redact, progress)
            if options.plan:
                return plan(options, redact, progress)
            if not options.models:
                return sync(options, redact, progress)
            from warehouse.sync.modelling import build, check_dbt  # noqa: PLC0415

            check_dbt()
            code = sync(options, redact, progress)
            # Also over what a sync with a failed stream has kept.
            built = build(options, redact) if code in (EXIT_COMPLETE, EXIT_STREAM_FAILED) else code
            return code or built
    except SyncError as error:
        _complain(redact(str(error)))
        return error.exit_code
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


def _task(options: argparse.Namespace) -> str:
    if options.list_streams:
        return "Streams of the connector"
    return f"{'Plan of a sync' if options.plan else 'Sync'} into {describe_target(options)}"


def _password(url: str) -> str:
    # By hand: the URL may be one that no parser takes, and its password must not be shown for that.
    user_info = url.partition("://")[2].rpartition("@")[0]
    return unquote(user_info.partition(":")[2])


def _complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
