"""The dbt models, built and tested on DuckDB and PostgreSQL over a small team that was written by hand."""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest

from integration_tests.models_team.dbt import DBT, needs_dbt
from integration_tests.models_team.facts import READ_AT, SIZES, Tables
from integration_tests.models_team.landing import land
from integration_tests.models_team.tables import team
from unit_tests.warehouse.sync.target import postgres_url
from warehouse.build_models import EXIT_CONFIGURATION, EXIT_FAILED, Built, DuckDB, ModelsError, Postgres, build_models

__all__ = ["postgres_url"]

pytestmark = [needs_dbt, pytest.mark.slow]

MARTS = [
    "resource_inventory",
    "resource_cost_daily",
    "feature_cost_daily",
    "feature_cost_monthly",
    "feature_utilization_daily",
    "resource_utilization_30d",
    "use_and_pay",
    "waste_findings",
    "cost_by_project",
    "cost_by_tag",
    "cost_by_owner",
    "month_end_forecast",
    "cost_anomalies",
    "invoice_reconciliation",
    "transfer_allowance",
    "focus_cost",
]


class Warehouse:
    """A DuckDB file with raw tables, and the marts that were built of them."""

    def __init__(self, path: Path, artifacts: Path) -> None:
        self.path = path
        self.artifacts = artifacts
        self.said: list[str] = []

    def build(self, *schemas: str, **more: Any) -> Built:
        # dbt reads the package once for all builds that share a folder.
        asked = schemas or ("digitalocean",)
        return build_models(DuckDB(self.path), asked, artifacts=self.artifacts, dbt=DBT, say=self.said.append, **more)

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.path)) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.execute(statement).fetchall()


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("artifacts")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, artifacts: Path) -> Warehouse:
    warehouse = Warehouse(tmp_path_factory.mktemp("models") / "team.duckdb", artifacts)
    land(team(), warehouse.path, "digitalocean")
    result = warehouse.build()
    assert (result.exit_code, result.failures) == (0, [])
    return warehouse


# ---- what the marts say ----


def test_one_line_for_each_model_and_nothing_else(built: Warehouse) -> None:
    names = [line.split(" ")[1].rstrip(":") for line in built.said]
    assert set(MARTS) <= set(names)
    assert len(names) == len(set(names))


def test_every_waste_is_found_and_nothing_else(built: Warehouse) -> None:
    found = built.sql("SELECT rule, name FROM digitalocean_marts.waste_findings")
    expected = {rule: rule for rule, _ in found if rule not in {"unassigned_reserved_ip"}}
    assert dict(found) == {**expected, "unassigned_reserved_ip": "192.0.2.2"}
    assert len(found) == 16


def test_a_recommended_size_fits(built: Warehouse) -> None:
    ((evidence, saving),) = built.sql(
        "SELECT evidence, saving_monthly FROM digitalocean_marts.waste_findings WHERE rule = 'oversized_droplet'"
    )
    assert "c-2 would be at 20.0 % and 60.0 %" in evidence
    assert saving == SIZES["g-2vcpu-8gb"][4] - SIZES["c-2"][4]


def test_savings_are_reckoned_from_the_bill(built: Warehouse) -> None:
    savings = dict(built.sql("SELECT rule, saving_monthly FROM digitalocean_marts.waste_findings"))
    assert savings["powered_off"] == savings["idle_droplet"] == Decimal("24.00")
    assert savings["unattached_volume"] == Decimal("10.00")
    assert savings["idle_gpu_droplet"] == Decimal("2016.00")
    assert savings["snapshot_without_resource"] == Decimal("0.15"), "no bill tells it: by the list price"
    assert savings["unmeasured_droplet"] is None


def test_focus_is_the_invoice_to_the_cent(built: Warehouse) -> None:
    ((billed,),) = built.sql('SELECT sum("BilledCost") FROM digitalocean_marts.focus_cost WHERE "InvoiceId" = \'510\'')
    ((invoice, difference),) = built.sql(
        "SELECT invoice_amount, difference FROM digitalocean_marts.invoice_reconciliation WHERE invoice_id = '510'"
    )
    assert billed == invoice
    assert difference == 0


def test_a_month_without_its_lines_is_no_difference(built: Warehouse) -> None:
    ((complete, difference),) = built.sql(
        "SELECT is_complete, difference FROM digitalocean_marts.invoice_reconciliation WHERE invoice_id = '509'"
    )
    assert (complete, difference) == (False, None)


def test_two_resources_of_one_name_have_no_urn_in_daily_cost(built: Warehouse) -> None:
    rows = built.sql(
        "SELECT DISTINCT candidates, urn FROM digitalocean_marts.resource_cost_daily WHERE description LIKE 'twin%'"
    )
    assert rows == [(2, None)]
    assert built.sql(
        "SELECT DISTINCT candidates, urn FROM digitalocean_marts.resource_cost_daily WHERE description LIKE 'web (%'"
    ) == [(1, "do:droplet:1")]


def test_what_was_deleted_stays_in_the_inventory(built: Warehouse) -> None:
    ((listed, deleted, name, last),) = built.sql(
        "SELECT is_listed, is_deleted, name, last_seen_on FROM digitalocean_marts.resource_inventory"
        " WHERE urn = 'do:droplet:9'"
    )
    assert (listed, deleted, name, last) == (False, True, "gone", dt.date(2026, 11, 1))


def test_features_have_one_vocabulary(built: Warehouse) -> None:
    features = {feature for (feature,) in built.sql("SELECT feature FROM digitalocean_marts.feature_cost_monthly")}
    assert {"nat_gateways", "reserved_ips", "droplets", "support"} <= features
    assert "other" not in features


def test_use_stands_beside_cost(built: Warehouse) -> None:
    ((amount, used, unused),) = built.sql(
        "SELECT amount, used_percent, unused_amount FROM digitalocean_marts.use_and_pay"
        " WHERE urn = 'do:droplet:1' AND billing_month = DATE '2026-10-01'"
    )
    assert (amount, used, unused) == (24, 60, Decimal("9.60"))


def test_a_used_unit_costs_what_was_paid_for_what_was_measured(built: Warehouse) -> None:
    ((amount, measured, percent, quantity, unit_cost, resources),) = built.sql(
        "SELECT amount, measured_amount, measured_percent, used_quantity, cost_per_used_unit, resources_measured"
        " FROM digitalocean_marts.use_and_pay WHERE level = 'feature' AND feature = 'droplets'"
        " AND billing_month = DATE '2026-10-01'"
    )
    ((off_or_gone,),) = built.sql(
        "SELECT sum(amount) FROM digitalocean_marts.use_and_pay WHERE level = 'resource'"
        " AND urn IN ('do:droplet:4', 'do:droplet:9') AND billing_month = DATE '2026-10-01'"
    )
    assert measured == amount - off_or_gone
    assert float(percent) == pytest.approx(100 * float(measured / amount), abs=0.01)
    assert float(unit_cost) == pytest.approx(float(measured / quantity), abs=0.0001)
    assert resources == 7, "neither the one that is off, nor the node of a cluster"


def test_a_node_is_measured_as_a_droplet_and_paid_for_as_kubernetes(built: Warehouse) -> None:
    rows = built.sql(
        "SELECT level, urn, amount, measured_amount, used_percent, unused_amount FROM digitalocean_marts.use_and_pay"
        " WHERE feature = 'kubernetes' AND billing_month = DATE '2026-10-01' ORDER BY level, urn"
    )
    assert rows == [
        ("feature", None, 64, 24, 25, 18),
        ("resource", "do:droplet:10", 24, 24, 25, 18),
        ("resource", "do:kubernetes:k-1", 40, 0, None, None),
    ]


def test_the_forecast_knows_the_cap_and_its_own_error(built: Warehouse) -> None:
    rows = built.sql("SELECT is_open, forecast, actual, error_percent FROM digitalocean_marts.month_end_forecast")
    october = next(row for row in rows if not row[0])
    assert abs(october[3]) < 1, "every line runs since the first and is charged for 28 days"
    november = next(row for row in rows if row[0])
    ((whole,),) = built.sql(
        "SELECT sum(monthly_cost) FROM digitalocean_marts.resource_inventory WHERE is_listed"
        " AND urn IN (SELECT urn FROM digitalocean_staging.int_billed_lines WHERE NOT is_issued)"
    )
    assert abs(november[1] - (whole + 40 + 99)) < 10


def test_a_tag_that_is_shared_doubles_nothing(built: Warehouse) -> None:
    ((tagged, allocated, billed),) = built.sql(
        "SELECT (SELECT sum(amount) FROM digitalocean_marts.cost_by_tag), (SELECT sum(allocated_amount) FROM"
        " digitalocean_marts.cost_by_tag), (SELECT sum(amount) FROM digitalocean_staging.int_billed_lines)"
    )
    assert tagged > billed, "a Droplet with two tags stands under both"
    assert allocated == billed


def test_the_allowance_is_pooled(built: Warehouse) -> None:
    ((droplets, unknown, allowance),) = built.sql(
        "SELECT droplets, droplets_of_unknown_size, allowance_gib FROM digitalocean_marts.transfer_allowance"
        " WHERE billing_month = DATE '2026-10-01'"
    )
    assert (droplets, unknown) == (10, 1)
    assert allowance == 1000 * (4 + 2 + 2 + 4 + 4 + 4 + 2 + 15 + 4)


# ---- the same elsewhere ----


def test_postgresql_builds_the_same_rows(built: Warehouse, postgres_url: str) -> None:
    land(team(), postgres_url, "digitalocean")
    result = build_models(Postgres(postgres_url), say=lambda _: None, dbt=DBT, artifacts=built.artifacts)
    assert (result.exit_code, result.failures) == (0, [])
    for mart in MARTS:
        columns = built.sql(
            "SELECT column_name FROM information_schema.columns"  # noqa: S608
            f" WHERE table_schema = 'digitalocean_marts' AND table_name = '{mart}' ORDER BY column_name"
        )
        texts = ", ".join(f'CAST("{name}" AS varchar)' for (name,) in columns)
        statement = f"SELECT {texts} FROM digitalocean_marts.{mart}"  # noqa: S608
        here = Counter(_plain(row) for row in built.sql(statement))
        connection = psycopg2.connect(postgres_url)
        try:
            cursor = connection.cursor()
            cursor.execute("SET TimeZone = 'UTC'")
            cursor.execute(statement)
            there = Counter(_plain(row) for row in cursor.fetchall())
        finally:
            connection.close()
        assert here == there, mart


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a row says, whatever zeros, spaces and letters an engine writes beside it."""
    return tuple(_cell(value) for value in row)


def _cell(value: Any) -> Any:
    if value is None:
        return None
    text = str(value).replace(" ", "").removesuffix(":00")
    try:
        return Decimal(text).normalize()
    except ArithmeticError:
        return text


# ---- bad input ----


def test_a_second_build_changes_nothing_and_keeps_what_went(built: Warehouse, tmp_path: Path, artifacts: Path) -> None:
    warehouse = Warehouse(Path(shutil.copy(built.path, tmp_path / "team.duckdb")), artifacts)
    before = warehouse.sql("SELECT * FROM digitalocean_staging.int_utilization_daily ORDER BY ALL")
    warehouse.sql("DELETE FROM digitalocean.droplets WHERE id = 1")
    assert warehouse.build().failures == []
    assert warehouse.sql("SELECT * FROM digitalocean_staging.int_utilization_daily ORDER BY ALL") == before
    ((listed, deleted, tags, size),) = warehouse.sql(
        "SELECT is_listed, is_deleted, tags, size FROM digitalocean_marts.resource_inventory WHERE urn = 'do:droplet:1'"
    )
    assert (listed, deleted, size) == (False, True, "s-2vcpu-4gb")
    assert "env:prod" in tags


def test_an_empty_warehouse_has_empty_marts(tmp_path: Path, artifacts: Path) -> None:
    warehouse = Warehouse(tmp_path / "none.duckdb", artifacts)
    warehouse.sql("CREATE SCHEMA digitalocean")
    assert warehouse.build().failures == []
    assert warehouse.sql("SELECT count(*) FROM digitalocean_marts.focus_cost") == [(0,)]


@pytest.fixture(scope="module")
def connections(tmp_path_factory: pytest.TempPathFactory, artifacts: Path) -> tuple[Warehouse, Built]:
    """Five teams in one build: a whole one, one that lost its billing scope, one a day old, one stream, an odd one."""
    warehouse = Warehouse(tmp_path_factory.mktemp("connections") / "teams.duckdb", artifacts)
    tables = team()
    land(tables, warehouse.path, "shop")
    poor = {name: rows for name, rows in tables.items() if "invoice" not in name and name != "billing_insights"}
    poor["account"] = [{"uuid": "u-2", "name": "Bob", "status": "active", "team": {"uuid": "t-2", "name": "Lab"}}]
    land(poor, warehouse.path, "lab")
    land(_one_day_of(tables), warehouse.path, "young")
    land({"droplets": tables["droplets"]}, warehouse.path, "lean")
    land(_odd(team()), warehouse.path, "odd")
    return warehouse, warehouse.build("shop", "lab", "young", "lean", "odd")


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
    assert rows == [("lab", "Lab"), ("lean", None), ("odd", "Shop"), ("shop", "Shop"), ("young", "Shop")]
    billed = connections[0].sql('SELECT DISTINCT "x_SourceRelation" FROM shop_marts.focus_cost ORDER BY 1')
    assert billed == [("odd",), ("shop",), ("young",)]


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
