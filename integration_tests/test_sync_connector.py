"""The whole way: Connect's tokens, the connector, the host, and the tables of a real DuckDB file."""

import json
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import requests

from sandbox import Sandbox
from unit_tests.warehouse import HOST
from warehouse.sync.cli import main

STREAMS = "account,droplets,volumes,projects,project_resources,actions,invoices,invoice_items,billing_insights,balance"


def arguments(folder: Path) -> list[str]:
    return [
        *("--config", str(folder / "config.json"), "--duckdb", str(folder / "warehouse_file.duckdb"), "--quiet"),
        *("--schema", "digitalocean", "--json", str(folder / "report.json"), "--streams", STREAMS),
    ]


def report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return found


def sync(folder: Path) -> tuple[int, dict[str, Any]]:
    """One run of the host's command; its exit code and its report."""
    command = [str(HOST), *arguments(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=200)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, report(folder)


def query(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(folder / "warehouse_file.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_from_connect_to_tables_and_again_a_day_later(tmp_path: Path) -> None:
    with Sandbox(droplets=15, days=40, seed=9, rate_limit=600_000) as sandbox:
        config = sandbox.config(auth="oauth2.0")
        config["credentials"]["token_expiry_date"] = "2020-01-01T00:00:00Z"
        (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")

        code, first = sync(tmp_path)
        kept = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))["credentials"]
        refreshes = len([r for r in sandbox.requests("/v1/oauth/token") if r["status"] == 200]) - 1
        actions = query(tmp_path, "select count(*) from digitalocean.actions")[0][0]

        sandbox.delete("droplets", [query(tmp_path, "select min(id) from digitalocean.droplets")[0][0]])
        sandbox.advance(days=1)
        # In this process, which has imported PyAirbyte for other tests: a start takes seconds.
        again = main(arguments(tmp_path))
        second = report(tmp_path)

    assert (code, again) == (0, 0)
    assert {stream["status"] for stream in first["streams"] + second["streams"]} == {"complete"}
    assert refreshes == 1
    assert kept["refresh_token"] != config["credentials"]["refresh_token"]
    rows = {stream["name"]: stream["rows"] for stream in first["streams"]}
    assert all(rows[name] > 0 for name in STREAMS.split(","))
    # What was deleted is gone, what is new is there, and nothing is there twice.
    droplets = query(tmp_path, "select count(*), count(distinct id) from digitalocean.droplets")
    assert droplets == [(rows["droplets"] - 1, rows["droplets"] - 1)]
    ((total, distinct),) = query(tmp_path, "select count(*), count(distinct id) from digitalocean.actions")
    assert total == distinct
    assert total > actions
    assert next(s["requests"] for s in second["streams"] if s["name"] == "actions") == 1


def test_what_an_invoice_costs_is_what_its_items_cost(tmp_path: Path) -> None:
    with Sandbox(droplets=15, days=90, seed=9, rate_limit=600_000) as sandbox:
        config = sandbox.config(start_date="2026-01-01T00:00:00Z")
        (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
        code = main(arguments(tmp_path))
        summaries = {
            invoice["invoice_uuid"]: invoice["amount"]
            for invoice in _api(sandbox, "/v2/customers/my/invoices?per_page=200")["invoices"]
        }
        adjustments = {
            uuid: [
                _api(sandbox, f"/v2/customers/my/invoices/{uuid}/summary")[part]["amount"]
                for part in ("taxes", "overages", "credits_and_adjustments")
            ]
            for uuid in summaries
        }

    assert code == 0
    assert summaries
    for uuid, amount in summaries.items():
        parts = " + ".join(f"({part})::decimal(38, 9)" for part in adjustments[uuid])
        sql = f"select sum(amount) + {parts} = ({amount})::decimal(38, 9) from digitalocean.invoice_items"  # noqa: S608
        assert query(tmp_path, f"{sql} where invoice_uuid = '{uuid}'") == [(True,)]


def _api(sandbox: Sandbox, path: str) -> Any:
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    return requests.get(sandbox.api_base_url + path, headers=headers, timeout=30).json()
