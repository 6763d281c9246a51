"""The dbt models, built and tested on DuckDB and PostgreSQL over a small team that was written by hand."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from integration_tests.models_team.dbt import DBT, needs_dbt
from integration_tests.models_team.facts import ODD_TAGS, SIZES
from integration_tests.models_team.landing import land
from integration_tests.models_team.tables import team
from integration_tests.models_team.warehouse import Warehouse
from tools import focus_validator
from unit_tests.warehouse.sync.target import postgres_url
from warehouse.build_models import Postgres, build_models

__all__ = ["postgres_url"]

pytestmark = [needs_dbt, pytest.mark.slow, pytest.mark.timeout(900)]

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
    busy_at_times = {"spiky", "spiky-gpu", "quiet-at-weekends", "workers", "nightly-job", "nightly-batch"}
    assert not busy_at_times & {name for _, name in found}


@pytest.mark.parametrize(
    ("rule", "unknown"),
    [
        ("idle_app", "Its processor was not measured."),
        ("idle_load_balancer", "Its connections were not measured."),
    ],
)
def test_what_was_not_measured_is_said_and_lowers_the_confidence(built: Warehouse, rule: str, unknown: str) -> None:
    ((evidence, confidence),) = built.sql(
        f"SELECT evidence, confidence FROM digitalocean_marts.waste_findings WHERE rule = '{rule}'"  # noqa: S608
    )
    assert unknown in evidence
    assert confidence == "low"


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


@pytest.mark.skipif(
    not focus_validator.is_installed(),
    reason="focus-validator is not installed: python -m tools.focus_validator does it, where Python 3.12 is",
)
def test_the_validator_of_focus_finds_what_the_page_explains(built: Warehouse) -> None:
    verdict = focus_validator.validate(built.path, "digitalocean_marts")
    assert set(verdict.failed) - focus_validator.KNOWN_FAILURES == set()
    assert verdict.passed > 150


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
    assert resources == 10, "neither the one that is off, nor the node of a cluster"


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


def test_tags_keep_their_commas_quotes_and_capital_letters(built: Warehouse) -> None:
    tags = built.sql(
        "SELECT tag FROM digitalocean_marts.cost_by_tag WHERE billing_month = DATE '2026-10-01' ORDER BY tag"
    )
    assert {tag for (tag,) in tags} >= {*ODD_TAGS, "env:prod"}
    ((focus,),) = built.sql(
        """SELECT DISTINCT "Tags" FROM digitalocean_marts.focus_cost WHERE "ResourceId" = 'do:droplet:3'"""
    )
    assert json.loads(focus) == dict.fromkeys(ODD_TAGS, True)


def test_the_allowance_is_pooled(built: Warehouse) -> None:
    ((droplets, unknown, allowance),) = built.sql(
        "SELECT droplets, droplets_of_unknown_size, allowance_gib FROM digitalocean_marts.transfer_allowance"
        " WHERE billing_month = DATE '2026-10-01'"
    )
    assert (droplets, unknown) == (13, 1)
    assert allowance == 1000 * (4 + 2 + 2 + 4 + 4 + 4 + 2 + 15 + 4 + 15 + 4 + 4)


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
    if isinstance(value, str) and value.startswith("{"):
        return json.dumps(json.loads(value), sort_keys=True)
    text = str(value).replace(" ", "").removesuffix(":00")
    try:
        return Decimal(text).normalize()
    except ArithmeticError:
        return text


# ---- the next build ----


@pytest.fixture(scope="module")
def again(built: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> tuple[Warehouse, list[tuple[Any, ...]]]:
    """A second build: a Droplet was deleted, one renamed, a table lost, and utilization came late and was corrected.

    Beside it what the days of utilization were before.
    """
    folder = tmp_path_factory.mktemp("again")
    warehouse = Warehouse(Path(shutil.copy(built.path, folder / "team.duckdb")), built.artifacts)
    before = warehouse.sql(f"{_DAYS} ORDER BY ALL")
    warehouse.sql(
        "DELETE FROM digitalocean.droplets WHERE id = 1; DROP TABLE digitalocean.volumes;"
        " UPDATE digitalocean.droplets SET name = 'renamed' WHERE id = 5;"
        # A gap of a week that was closed, a day that was read too early, and a day more.
        " INSERT INTO digitalocean.droplet_utilization SELECT * REPLACE ('do:droplet:77' AS resource_urn)"
        " FROM digitalocean.droplet_utilization WHERE resource_urn = 'do:droplet:5' AND interval_start >= '2026-11-12';"
        " UPDATE digitalocean.droplet_utilization SET average = 99, maximum = 99, utilization_percent = 99"
        " WHERE resource_urn = 'do:droplet:2' AND metric = 'cpu_utilization' AND interval_start = '2026-11-18';"
        " INSERT INTO digitalocean.droplet_utilization"
        " SELECT * REPLACE (interval_start + INTERVAL 1 DAY AS interval_start,"
        " interval_end + INTERVAL 1 DAY AS interval_end)"
        " FROM digitalocean.droplet_utilization WHERE interval_start = '2026-11-19'"
    )
    assert warehouse.build().failures == []
    return warehouse, before


_DAYS = "SELECT * FROM digitalocean_staging.int_utilization_daily"


def test_what_was_deleted_since_keeps_its_tags_and_size(again: tuple[Warehouse, list[tuple[Any, ...]]]) -> None:
    ((listed, deleted, tags, size),) = again[0].sql(
        "SELECT is_listed, is_deleted, tags, size FROM digitalocean_marts.resource_inventory WHERE urn = 'do:droplet:1'"
    )
    assert (listed, deleted, size) == (False, True, "s-2vcpu-4gb")
    assert "env:prod" in tags


def test_of_what_was_on_a_list_that_is_gone_nobody_says_that_it_was_deleted(
    again: tuple[Warehouse, list[tuple[Any, ...]]],
) -> None:
    rows = again[0].sql(
        "SELECT DISTINCT is_listed, is_deleted FROM digitalocean_marts.resource_inventory"
        " WHERE resource_type = 'volume'"
    )
    assert rows == [(False, None)]


def test_what_was_renamed_is_one_and_keeps_its_cost(again: tuple[Warehouse, list[tuple[Any, ...]]]) -> None:
    rows = again[0].sql("SELECT name, is_listed FROM digitalocean_marts.resource_inventory WHERE urn = 'do:droplet:5'")
    assert rows == [("renamed", True)]
    ((days,),) = again[0].sql(
        "SELECT count(DISTINCT usage_date) FROM digitalocean_marts.resource_cost_daily WHERE urn = 'do:droplet:5'"
    )
    assert days == 28 + 19, "October up to the cap and November so far, though the bills have the old name"


def test_an_incremental_build_is_what_a_full_one_would_be(again: tuple[Warehouse, list[tuple[Any, ...]]]) -> None:
    warehouse, before = again
    incremental = warehouse.sql(f"{_DAYS} ORDER BY ALL")
    changed = [row for row in incremental if row not in before]
    assert {row[2] for row in changed} >= {"do:droplet:77", "do:droplet:2"}
    assert warehouse.build_anew("int_utilization_daily") == 0
    assert warehouse.sql(f"{_DAYS} ORDER BY ALL") == incremental
