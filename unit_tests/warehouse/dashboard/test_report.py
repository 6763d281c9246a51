"""What the page says is what SQL says of the marts, to the cent; sums stay whole whatever is not listed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from unit_tests.warehouse.dashboard.marts import BAD_NAME, make_marts, put, small_team
from unit_tests.warehouse.sync.target import postgres_url
from warehouse.dashboard import cost, cost_lines
from warehouse.dashboard.figures import cents
from warehouse.dashboard.marts import open_marts
from warehouse.dashboard.report import read_report

__all__ = ["postgres_url"]

if TYPE_CHECKING:
    from pathlib import Path

RAW = """
CREATE SCHEMA digitalocean;
CREATE TABLE digitalocean.droplets (id BIGINT, _airbyte_extracted_at TIMESTAMP);
CREATE TABLE digitalocean.volumes (id VARCHAR, _airbyte_extracted_at TIMESTAMP);
CREATE TABLE digitalocean.balance (
    month_to_date_balance DECIMAL(38, 9), account_balance DECIMAL(38, 9), month_to_date_usage DECIMAL(38, 9),
    generated_at TIMESTAMP, _airbyte_extracted_at TIMESTAMP
);
CREATE TABLE digitalocean.billing_history (
    row_hash VARCHAR(40), date TIMESTAMP, type VARCHAR(40), description VARCHAR(99), amount DECIMAL(38, 9),
    _airbyte_extracted_at TIMESTAMP
);
CREATE TABLE digitalocean._airbyte_state (stream_name VARCHAR(99), state_json VARCHAR(999));
"""
STATE = """{"stream": {"stream_state": {"gaps": [{"source": "monitoring", "resources": ["do:droplet:1"],
"metrics": ["cpu_utilization"], "from": "2026-11-18T00:00:00Z", "to": "2026-11-19T00:00:00Z"}]}}}"""


def fill(connection: Any) -> None:
    """The small team, and beside its marts what a sync has landed of it."""
    make_marts(connection, small_team())
    for statement in filter(str.strip, RAW.split(";")):
        connection.cursor().execute(statement)
    put(connection, "digitalocean.droplets", [{"id": 1, "_airbyte_extracted_at": "2026-11-20 06:30:00"}])
    put(
        connection,
        "digitalocean.balance",
        [{"month_to_date_balance": Decimal("1020.555"), "generated_at": "2026-11-20 06:00:00"}],
    )
    put(
        connection,
        "digitalocean.billing_history",
        [{"row_hash": "1", "date": "2026-11-02", "type": "Payment", "amount": Decimal("-1300.00")}],
    )
    put(
        connection,
        "digitalocean._airbyte_state",
        [{"stream_name": "droplet_utilization", "state_json": STATE}],
    )


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dashboard") / "team.duckdb"
    with duckdb.connect(str(path)) as connection:
        fill(connection)
    return path


@pytest.fixture(scope="module")
def report(warehouse: Path) -> dict[str, Any]:
    return read(warehouse)


def read(path: Path) -> dict[str, Any]:
    with open_marts("digitalocean", path=path) as marts:
        return read_report(marts)


def sql(path: Path, statement: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("SET schema = 'digitalocean_marts'")
        return connection.execute(statement).fetchall()


@pytest.mark.parametrize(
    ("amount", "expected"), [("0.005", 1), ("-0.005", -1), ("1234567890123.454", 123456789012345), (None, None)]
)
def test_money_is_whole_cents_rounded_as_sql_rounds(amount: str | None, expected: int | None) -> None:
    assert cents(None if amount is None else Decimal(amount)) == expected


def test_the_overview_is_the_months_of_the_marts(report: dict[str, Any], warehouse: Path) -> None:
    overview = report["overview"]
    sums = dict(sql(warehouse, "SELECT billing_month, round(100 * sum(amount)) FROM feature_cost_monthly GROUP BY 1"))
    assert overview["month_to_date"] == sums[dt.date(2026, 11, 1)] == 102100
    assert overview["last_month"] == sums[dt.date(2026, 10, 1)]
    assert (overview["forecast"], overview["last_month_invoiced"], overview["savings"]) == (150101, 130000, 120000)
    # Of October the days from the 12th were read.
    (change,) = overview["changes"]
    assert (change["now"], change["earlier"]) == (cents(20 * Decimal("44.195")), cents(9 * Decimal("44.195")))
    assert [one["name"] for one in overview["largest"]] == [BAD_NAME]


def test_an_open_month_without_its_preview_is_told_by_the_daily_costs(tmp_path: Path) -> None:
    marts = small_team()
    marts["feature_cost_monthly"] = [row for row in marts["feature_cost_monthly"] if row["is_issued"]]
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        make_marts(connection, marts)
    overview = read(tmp_path / "w.duckdb")["overview"]
    assert overview["month_to_date"] == 88390
    assert overview["month_to_date_from"] == "the daily costs"


def test_without_an_open_month_the_newest_invoice_is_no_month_to_date(tmp_path: Path) -> None:
    marts = {"feature_cost_monthly": [row for row in small_team()["feature_cost_monthly"] if row["is_issued"]]}
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        make_marts(connection, marts)
    overview = read(tmp_path / "w.duckdb")["overview"]
    assert (overview["month_is_issued"], overview["month_to_date"]) == (True, 123401)


def test_every_line_is_the_sum_of_what_it_opens_to(report: dict[str, Any]) -> None:
    for month, total in (("2026-11-01", 102100), ("2026-10-01", 123401)):
        for dimension, months in report["cost"]["dimensions"].items():
            found = months[month]
            assert found["sum"] == total == sum(line["shared"] for line in found["lines"]), dimension
            for line in found["lines"]:
                listed = sum(amount for _, _, amount in line["resources"])
                assert listed + line["more_amount"] == line["amount"], (dimension, line)
    tags = {line["value"]: line for line in report["cost"]["dimensions"]["tag"]["2026-11-01"]["lines"]}
    assert tags["a"]["amount"] == tags["b"]["amount"] == 2055
    assert tags["a"]["shared"] + tags["b"]["shared"] == 2055


def test_what_is_not_listed_stays_in_the_sums(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "MOST_LINES", 1)
    monkeypatch.setattr(cost_lines, "MOST_RESOURCES", 1)
    regions = read(warehouse)["cost"]["dimensions"]["region"]["2026-11-01"]
    (line,) = regions["lines"]
    assert (regions["others"], line["shared"] + regions["others_shared"]) == (2, 102100)
    projects = read(warehouse)["cost"]["dimensions"]["project"]["2026-11-01"]
    assert projects["lines"][0]["more"] == 1
    assert projects["lines"][0]["resources"][0][2] + projects["lines"][0]["more_amount"] == 102055


def test_a_line_whose_resources_come_to_more_is_left_closed(tmp_path: Path) -> None:
    marts = small_team()
    # The project of a line names an owner, whom the marts do not tell of a resource.
    for row in marts["cost_by_owner"]:
        if row["amount"] == Decimal("1000.00"):
            row["owner"] = "bob"
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        make_marts(connection, marts)
    lines = read(tmp_path / "w.duckdb")["cost"]["dimensions"]["owner"]["2026-11-01"]["lines"]
    assert {line["value"] for line in lines if "resources" not in line} == {"bob", None}
    assert sum(line["amount"] for line in lines) == 102100


def test_the_waterfall_ends_at_the_invoice(report: dict[str, Any]) -> None:
    (invoice,) = report["invoices"]["invoices"]
    assert sum(amount for _, amount in invoice["steps"]) == invoice["invoice_amount"] == 130000
    assert [name for name, _ in invoice["steps"]] == ["droplets", "volumes", "taxes", "credits"]
    assert report["invoices"]["ledger"] == [["2026-11-02", "Payment", None, -130000]]
    assert report["invoices"]["balance"][0]["owed"] == 102056


def test_thirty_days_of_a_resource_are_its_daily_costs(report: dict[str, Any]) -> None:
    rows = {row[0]: row for row in report["resources"]["rows"]}
    assert rows["web"][11:13] == [2580, "86x30"]
    assert rows[BAD_NAME][11] == cents(30 * Decimal("43.335"))
    assert rows["gone"][9:13] == ["deleted", None, 66, "0x3 33x2 0x25"]
    assert rows["twin"][9:13] == ["listed", 500, None, None], "what is not known is not nothing"
    assert report["resources"]["left_out"] == []


def test_health_names_the_scope_the_gap_and_what_nobody_answers_for(report: dict[str, Any]) -> None:
    health = report["health"]
    assert report["about"]["moment"] == "2026-11-20T06:30:00Z"
    assert ["digitalocean", "volumes", "empty", "block_storage:read"] in health["streams"]
    assert ["digitalocean", "invoices", "missing", "billing:read"] in health["streams"]
    assert not [row for row in health["streams"] if row[1] == "droplets"]
    (gap,) = health["gaps"]
    assert gap[1:4] == ["droplet_utilization", "monitoring: do:droplet:1", "cpu_utilization"]
    assert health["holes"] == [["droplets", "2026-11-17", "2026-11-20", 2]]
    assert [row["not_measured"] for row in health["unmeasured"]] == [1]
    shares = {label: (amount, part) for label, amount, part, _ in health["unattributed"]}
    assert shares["No project"] == (45, 0.0)
    assert shares["No owner"] == (100045, 98.0)
    assert shares["Daily cost of several candidates"][0] == 300


def test_one_day_of_data_is_a_page(tmp_path: Path) -> None:
    day = {"source_relation": "digitalocean", "usage_date": "2026-03-31", "feature": "droplets", "amount": 1}
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        make_marts(connection, {"feature_cost_daily": [day]})
    report = read(tmp_path / "w.duckdb")
    assert report["about"]["month"] == "2026-03-01"
    assert (report["overview"]["month_to_date"], report["overview"]["last_month"]) == (100, None)
    assert report["cost"]["daily"]["sums"] == [100]


def test_a_sync_after_the_models_were_built_is_told(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        fill(connection)
        connection.execute("UPDATE digitalocean.droplets SET _airbyte_extracted_at = TIMESTAMP '2026-11-22 06:00:00'")
    about = read(tmp_path / "w.duckdb")["about"]
    assert (about["moment"], about["synced_later"]) == ("2026-11-20", "2026-11-22T06:00:00Z")


def test_several_connections_are_added_up_and_told_apart(tmp_path: Path) -> None:
    marts = small_team()
    for rows in marts.values():
        for row in list(rows):
            name = "x_SourceRelation" if "x_SourceRelation" in row else "source_relation"
            rows.append({**row, name: "other"})
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        make_marts(connection, marts)
    report = read(tmp_path / "w.duckdb")
    assert (report["about"]["teams"], report["about"]["connections"]) == (["Tidepool Labs"], 2)
    assert report["overview"]["month_to_date"] == 2 * 102100
    invoices = report["invoices"]["invoices"]
    assert [one["connection"] for one in invoices] == ["digitalocean", "other"]
    assert {sum(amount for _, amount in one["steps"]) for one in invoices} == {130000}


def test_postgresql_says_the_same(report: dict[str, Any], postgres_url: str) -> None:
    import psycopg2  # noqa: PLC0415

    connection = psycopg2.connect(postgres_url)
    fill(connection)
    connection.commit()
    connection.close()
    with open_marts("digitalocean", url=postgres_url) as marts:
        assert read_report(marts) == report
