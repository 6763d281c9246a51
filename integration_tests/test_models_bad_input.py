"""What the dbt models make of warehouses that are empty, poor, odd or not to be added up."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from integration_tests.models_team.dbt import needs_dbt
from integration_tests.models_team.facts import READ_AT, Tables
from integration_tests.models_team.landing import land
from integration_tests.models_team.tables import team
from integration_tests.models_team.warehouse import Warehouse
from warehouse.build_models import EXIT_CONFIGURATION, EXIT_FAILED, Built, ModelsError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [needs_dbt, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("artifacts")


def test_an_empty_warehouse_has_empty_marts(tmp_path: Path, artifacts: Path) -> None:
    warehouse = Warehouse(tmp_path / "none.duckdb", artifacts)
    warehouse.sql("CREATE SCHEMA digitalocean")
    assert warehouse.build().failures == []
    assert warehouse.sql("SELECT count(*) FROM digitalocean_marts.focus_cost") == [(0,)]


@pytest.fixture(scope="module")
def connections(tmp_path_factory: pytest.TempPathFactory, artifacts: Path) -> tuple[Warehouse, Built]:
    """Six teams in one build: whole, without its billing scope, a day old, of one stream, odd, and corrected."""
    warehouse = Warehouse(tmp_path_factory.mktemp("connections") / "teams.duckdb", artifacts)
    tables = team()
    land(tables, warehouse.path, "shop")
    poor = {name: rows for name, rows in tables.items() if "invoice" not in name and name != "billing_insights"}
    poor["account"] = [{"uuid": "u-2", "name": "Bob", "status": "active", "team": {"uuid": "t-2", "name": "Lab"}}]
    land(poor, warehouse.path, "lab")
    land(_one_day_of(tables), warehouse.path, "young")
    land({"droplets": tables["droplets"]}, warehouse.path, "lean")
    land(_odd(team()), warehouse.path, "odd")
    land(_corrected(team()), warehouse.path, "corrected")
    return warehouse, warehouse.build("shop", "lab", "young", "lean", "odd", "corrected")


def _odd(tables: Tables) -> Tables:
    """Every row twice, as append mode leaves them; a day of apps that cost 50 USD too much; an invoice that differs."""
    day = dt.date(2026, 11, 12)
    jump = next(row for row in tables["billing_insights"] if row["start_date"] == day and row["feature"] == "apps")
    jump["total_amount"] += Decimal(50)
    tables["invoices"][0]["amount"] += 1
    for rows in tables.values():
        rows += [{**row, "_airbyte_extracted_at": READ_AT - dt.timedelta(days=1)} for row in rows]
    tables["droplets"][len(tables["droplets"]) // 2]["name"] = "an older name"
    return tables


def _corrected(tables: Tables) -> Tables:
    """An invoice changed after the fact: a line is 7 USD cheaper, one is gone, and their old rows are still there."""
    lines = [row for row in tables["invoice_items"] if row["amount"] > 7]
    cheaper, gone = lines[0], lines[1]
    before = READ_AT - dt.timedelta(days=3)
    old = [{**row, "synced_at": before, "_airbyte_extracted_at": before} for row in (cheaper, gone)]
    cheaper |= {"amount": cheaper["amount"] - 7, "row_hash": "corrected"}
    tables["invoice_items"].remove(gone)
    tables["invoice_items"] += old
    for table in ("invoices", "invoice_summaries"):
        tables[table][0]["amount"] -= 7 + gone["amount"]
    return tables


def _one_day_of(tables: Tables) -> Tables:
    yesterday = READ_AT.date() - dt.timedelta(days=1)
    young = {
        name: rows for name, rows in tables.items() if name not in {"invoices", "invoice_items", "invoice_summaries"}
    }
    for name in [name for name in tables if name.endswith("_utilization")]:
        young[name] = [row for row in tables[name] if row["interval_start"].date() == yesterday]
    young["billing_insights"] = [row for row in tables["billing_insights"] if row["start_date"] == yesterday]
    return young


def test_only_the_odd_invoice_fails_with_a_sentence_for_each_test(connections: tuple[Warehouse, Built]) -> None:
    result = connections[1]
    assert result.exit_code == EXIT_FAILED
    assert [one.partition(":")[0] for one in sorted(result.failures)] == ["focus_is_the_invoices", "invoices_add_up"]
    assert all(" 1 rows say otherwise than: " in one for one in result.failures)
    assert any("items, overages, taxes and credits of every invoice are its amount" in one for one in result.failures)


def test_an_invoice_that_was_corrected_is_what_it_is_now(connections: tuple[Warehouse, Built]) -> None:
    rows = dict(
        connections[0].sql(
            "SELECT source_relation, items_amount FROM shop_marts.invoice_reconciliation"
            " WHERE invoice_id = '510' AND difference = 0"
        )
    )
    lines = sorted(row["amount"] for row in team()["invoice_items"] if row["amount"] > 7)
    assert rows["shop"] - rows["corrected"] - 7 in lines
    assert "odd" not in rows


def test_rows_that_append_mode_doubled_are_one(connections: tuple[Warehouse, Built]) -> None:
    warehouse, _ = connections
    names = "SELECT name FROM shop_marts.resource_inventory WHERE source_relation = 'odd' AND urn = 'do:droplet:1'"
    assert warehouse.sql(names) == [("web",)]
    for mart, amount in (("feature_cost_monthly", "amount"), ("resource_utilization_30d", "samples")):
        total = f"SELECT sum({amount}) FROM shop_marts.{mart} WHERE source_relation = "  # noqa: S608
        assert warehouse.sql(total + "'odd'") == warehouse.sql(total + "'shop'"), mart


def test_a_cost_jump_is_an_anomaly(connections: tuple[Warehouse, Built]) -> None:
    rows = connections[0].sql(
        "SELECT source_relation, usage_date, feature FROM shop_marts.cost_anomalies WHERE is_anomaly"
    )
    assert rows == [("odd", dt.date(2026, 11, 12), "apps")]


def test_a_team_that_lost_its_billing_scope_stands_beside_one_that_did_not(
    connections: tuple[Warehouse, Built],
) -> None:
    rows = connections[0].sql(
        "SELECT source_relation, any_value(team_name) FROM shop_marts.resource_inventory GROUP BY ALL ORDER BY 1"
    )
    assert rows == [
        ("corrected", "Shop"),
        ("lab", "Lab"),
        ("lean", None),
        ("odd", "Shop"),
        ("shop", "Shop"),
        ("young", "Shop"),
    ]
    billed = connections[0].sql('SELECT DISTINCT "x_SourceRelation" FROM shop_marts.focus_cost ORDER BY 1')
    assert billed == [("corrected",), ("odd",), ("shop",), ("young",)]


def test_a_warehouse_that_is_one_day_old_is_not_judged_by_it(connections: tuple[Warehouse, Built]) -> None:
    found = connections[0].sql("SELECT rule FROM shop_marts.waste_findings WHERE source_relation = 'young'")
    rules = {rule for (rule,) in found}
    assert "powered_off" in rules
    assert not {"idle_droplet", "oversized_droplet", "idle_app"} & rules


def test_a_stream_alone_is_enough(connections: tuple[Warehouse, Built]) -> None:
    found = connections[0].sql("SELECT rule FROM shop_marts.waste_findings WHERE source_relation = 'lean'")
    assert found == [("powered_off",)]


def test_another_currency_is_refused_in_a_sentence(tmp_path: Path, artifacts: Path) -> None:
    warehouse = Warehouse(tmp_path / "euro.duckdb", artifacts)
    land({"invoices": [{**row, "currency": "EUR"} for row in team()["invoices"]]}, warehouse.path, "digitalocean")
    with pytest.raises(ModelsError, match=r"digitalocean\.invoices holds amounts in EUR") as refused:
        warehouse.build()
    assert refused.value.exit_code == EXIT_CONFIGURATION
