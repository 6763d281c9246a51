"""`--models`: the dbt package (build_models.py) built and tested over what a sync has just landed."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from warehouse.build_models import DuckDB, ModelsError, Postgres, build_models, find_dbt
from warehouse.sync.errors import EXIT_COMPLETE, EXIT_STREAM_FAILED, EXIT_WAREHOUSE, ConfigurationError, WarehouseError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from warehouse.sync.redaction import Redactor


def check_dbt() -> None:
    """Say before a sync of an hour that its models could not be built after it. Raises ConfigurationError."""
    with _told():
        find_dbt()


def build(options: argparse.Namespace, redact: Redactor) -> int:
    """Build the models of the schema that was synced; the exit code. A line a model goes to stdout."""

    def say(text: str) -> None:
        if not options.quiet:
            print(redact(text), flush=True)

    target = Postgres(options.postgres) if options.postgres else DuckDB(options.duckdb)
    with _told():
        # A sync leaves one row for each key.
        once = {"raw_tables_have_duplicates": False}
        built = build_models(target, [options.schema], say=say, full_refresh=options.full_refresh, variables=once)
    for sentence in (*(f"Warning: {one}" for one in built.warnings), *built.failures):
        print(redact(sentence), file=sys.stderr)
    say(f"{built.models} models built, {built.tests} tests run, {len(built.failures)} failures.")
    return EXIT_STREAM_FAILED if built.exit_code else EXIT_COMPLETE


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ModelsError as error:
        kind = WarehouseError if error.exit_code == EXIT_WAREHOUSE else ConfigurationError
        raise kind(f"The models were not built. {error}") from None
