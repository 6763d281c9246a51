"""The cost streams in real warehouses: every invoice adds up to the cent, and the SQL of the page on cost runs."""

import json
import re
import shlex
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from integration_tests.connector import MAIN
from sandbox import Sandbox
from unit_tests.warehouse.sync.target import Target, postgres_url
from warehouse.sync.cli import main

__all__ = ["postgres_url"]

PAGE = Path(__file__).parents[1] / "docs" / "cost.md"
STREAMS = (
    "balance,billing_history,invoices,invoice_items,invoice_summaries,invoice_csv_lines,invoice_preview,"
    "invoice_preview_items,billing_insights,droplets"
)


def statements() -> list[str]:
    found = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [sql.replace("digitalocean.", "{s}.").strip() for sql in found]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(droplets=8, days=125, seed=9, rate_limit=600_000) as running:
        yield running


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def landed(
    request: pytest.FixtureRequest, sandbox: Sandbox, postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Target:
    """A warehouse after two syncs, with a corrected invoice between them."""
    folder = tmp_path_factory.mktemp("cost")
    target = Target(request.param, folder, postgres_url)
    config = sandbox.config(start_date="2020-01-01T00:00:00Z")
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    connector = shlex.join([sys.executable, str(MAIN)])
    command = ["--config", str(folder / "config.json"), "--connector", connector, *target.arguments]
    assert main([*command, "--streams", STREAMS, "--quiet"]) == 0
    oldest = listed(sandbox)["invoices"][-1]["invoice_period"]
    sandbox.bill(oldest, 725, position=0)
    sandbox.bill(oldest, -1001, product="Adjustment", description="Goodwill")
    assert main([*command, "--streams", STREAMS, "--quiet"]) == 0
    return target


def listed(sandbox: Sandbox) -> Any:
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    url = f"{sandbox.api_base_url}/v2/customers/my/invoices?per_page=200"
    return requests.get(url, headers=headers, timeout=10).json()


def test_every_invoice_is_the_sum_of_its_parts_also_after_a_correction(landed: Target, sandbox: Sandbox) -> None:
    rows = landed.sql(statements()[0])

    amounts = {one["invoice_period"]: Decimal(one["amount"]) for one in listed(sandbox)["invoices"]}
    assert {row[0]: row[1] for row in rows} == amounts
    assert len(rows) >= 4
    assert [row[-1] for row in rows] == [0] * len(rows)
    assert any(row[5] < 0 for row in rows), "no invoice with a credit"
    assert all(row[4] > 0 for row in rows)


def test_the_csv_lines_alone_are_the_whole_invoice(landed: Target) -> None:
    difference = landed.sql(
        "SELECT i.amount - sum(l.amount) FROM {s}.invoices i JOIN {s}.invoice_csv_lines l "
        "ON i.invoice_uuid = l.invoice_uuid GROUP BY i.invoice_uuid, i.amount"
    )
    assert difference == [(0,)] * len(difference)
    assert len(difference) >= 4


def test_the_open_month_is_what_the_balance_says(landed: Target) -> None:
    (row,) = landed.sql(statements()[4])
    assert row[1] > 0
    assert row[3] == 0


def test_cost_by_feature_adds_up_to_all_items(landed: Target) -> None:
    rows = landed.sql(statements()[1])
    (total,) = landed.sql(
        "SELECT (SELECT sum(amount) FROM {s}.invoice_items) + (SELECT sum(amount) FROM {s}.invoice_preview_items)"
    )
    assert sum(row[2] for row in rows) == total[0]
    features = {row[1] for row in rows}
    assert {"droplets", "databases", "kubernetes", "apps", "volumes", "snapshots", "spaces", "registry"} <= features


def test_daily_cost_of_a_month_is_near_its_items_and_in_the_same_features(landed: Target) -> None:
    rows = landed.sql(statements()[2])
    assert len({row[0] for row in rows}) > 90
    items = {row[1] for row in landed.sql(statements()[1]) if row[1] not in ("bandwidth", "other")}
    assert items <= {row[1] for row in rows}


def test_a_billed_droplet_is_found_by_its_urn(landed: Target) -> None:
    rows = landed.sql(statements()[3])
    assert rows
    named = [row for row in rows if row[1] is not None]
    assert len(named) > len(rows) / 2
    assert all(str(row[0]).startswith("do:droplet:") for row in rows)


def test_a_second_sync_adds_no_row_twice(landed: Target) -> None:
    for table, key in {
        "invoice_items": "invoice_uuid, row_hash",
        "billing_insights": "usage_team_urn, start_date, row_hash",
        "billing_history": "row_hash",
    }.items():
        twice = landed.sql(f"SELECT {key} FROM {{s}}.{table} GROUP BY {key} HAVING count(*) > 1")  # noqa: S608
        assert twice == [], table
    assert landed.sql("SELECT count(*) FROM {s}.billing_history WHERE type = 'Refund'") == [(1,)]
