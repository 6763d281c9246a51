"""PyAirbyte with the real connector: its own processors land a sandbox's account in DuckDB and in PostgreSQL."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from integration_tests.asking import read_all
from integration_tests.connector import MAIN
from sandbox import Sandbox
from unit_tests.warehouse.sync.target import Target, postgres_url, target

__all__ = ["postgres_url", "target"]

STREAMS = ["account", "droplets", "volumes", "actions", "invoices", "invoice_items", "balance"]


@contextmanager
def program(folder: Path, target: Target) -> Iterator[Callable[[], int]]:
    """The developer's program in a process of its own: a function that runs one sync, and answers the records read."""
    launcher = folder / "source-digitalocean-quolum"
    launcher.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{MAIN}' \"$@\"\n", encoding="utf-8")
    launcher.chmod(0o755)
    arguments = [str(folder / "config.json"), str(launcher), str(folder), target.arguments[1], target.schema, *STREAMS]
    with (folder / "stderr").open("w+", encoding="utf-8") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "integration_tests.pyairbyte_sync", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=told,
            text=True,
            cwd=MAIN.parent,
            # Otherwise it looks for the connector in Airbyte's registry.
            env={**os.environ, "AIRBYTE_OFFLINE_MODE": "1"},
        )

        def sync() -> int:
            assert process.stdin
            assert process.stdout
            process.stdin.write("again\n")
            process.stdin.flush()
            for line in process.stdout:
                if line.startswith("read: "):
                    return int(line.split()[-1])
            raise AssertionError((folder / "stderr").read_text("utf-8")[-2000:])

        with process:
            yield sync
        assert process.returncode == 0, (folder / "stderr").read_text("utf-8")[-2000:]


# PostgreSQL by the way of this host's own sync is in test_sync_warehouses.py.
@pytest.mark.parametrize("target", ["duckdb", pytest.param("postgres", marks=pytest.mark.full)], indirect=True)
def test_pyairbyte_lands_streams_and_money_and_goes_on_the_next_day(tmp_path: Path, target: Target) -> None:
    with Sandbox(droplets=15, days=70, seed=11, rate_limit=600_000) as sandbox, program(tmp_path, target) as sync:
        config = sandbox.config(start_date="2026-01-01T00:00:00Z")
        (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
        first = sync()
        landed = {name: target.sql(f"SELECT count(*) FROM {{s}}.{name}")[0][0] for name in STREAMS}  # noqa: S608
        droplets = [
            *read_all(sandbox, "/v2/droplets", "droplets"),
            *read_all(sandbox, "/v2/droplets?type=gpus", "droplets"),
        ]
        invoices = [one["invoice_uuid"] for one in read_all(sandbox, "/v2/customers/my/invoices", "invoices")]
        billed = {uuid: read_all(sandbox, f"/v2/customers/my/invoices/{uuid}", "invoice_items") for uuid in invoices}
        sandbox.advance(days=1)
        second = sync()

    assert landed["droplets"] == len({one["id"] for one in droplets})
    assert landed["invoice_items"] == sum(map(len, billed.values())) > 0
    assert min(landed.values()) > 0
    for uuid, items in billed.items():
        sql = f"SELECT sum(cast(amount AS decimal(38, 9))) FROM {{s}}.invoice_items WHERE invoice_uuid = '{uuid}'"  # noqa: S608
        assert target.sql(sql)[0][0] == sum(Decimal(item["amount"]) for item in items)
    # The second run is incremental: of the actions only new ones come, and none is there twice.
    total, distinct = target.sql("SELECT count(*), count(DISTINCT id) FROM {s}.actions")[0]
    assert landed["actions"] < total == distinct
    assert second < first
