"""docs/utilization.md is in step with the table of metrics, and its queries give the figures they promise."""

import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from source_digitalocean_quolum.utilization.table import load
from tools import metrics_table

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "utilization.md"


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page, in a place where it may be changed."""
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(metrics_table, "ROOT", tmp_path)
    return Path(shutil.copy(PAGE, tmp_path / "docs" / PAGE.name))


def test_the_tables_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert metrics_table.main(["--check"]) == 0, capsys.readouterr().err


def test_a_stale_table_is_noticed_and_mended(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    current = copy.read_text(encoding="utf-8")
    copy.write_text(current.replace("`cpu_utilization` | percent", "`cpu` | percent"), encoding="utf-8")

    assert metrics_table.main(["--check"]) == 1
    assert "docs/utilization.md" in capsys.readouterr().err
    assert copy.read_text(encoding="utf-8") != current
    assert metrics_table.main([]) == 0
    assert copy.read_text(encoding="utf-8") == current


def test_what_stands_around_the_tables_is_left_alone() -> None:
    written = metrics_table.page(f"Before.\n{metrics_table.START}\nold\n{metrics_table.END}\nAfter.\n")
    assert written.startswith(f"Before.\n{metrics_table.START}\n")
    assert written.endswith(f"{metrics_table.END}\nAfter.\n")
    assert "\nold\n" not in written


def test_a_page_without_a_place_for_the_tables_is_refused() -> None:
    with pytest.raises(ValueError, match="No <!-- metrics -->"):
        metrics_table.page("# Utilization\n")


def sections() -> dict[str, str]:
    """The sections of the tables by their titles."""
    parts = re.split(r"^### ", metrics_table.tables(), flags=re.MULTILINE)[1:]
    return {title.strip("`"): text for title, _, text in (part.partition("\n") for part in parts)}


def test_every_metric_has_its_row() -> None:
    written = sections()
    for feature in load().features.values():
        names = [metric.name for metric in feature.metrics]
        assert re.findall(r"^\| `(\w+)` \|", written.pop(feature.stream), re.MULTILINE) == names
    assert list(written) == ["Series of Insights that no metric uses", "Where units and kinds come from"]


def row(stream: str, metric: str) -> dict[str, str]:
    """The cells of a metric's row, by the title of their column."""
    lines = [line.strip("| ").split(" | ") for line in sections()[stream].split("\n") if line.startswith("| ")]
    (found,) = [cells for cells in lines if cells[0] == f"`{metric}`"]
    return dict(zip(lines[0], found, strict=True))


@pytest.mark.parametrize(
    ("stream", "metric", "cells"),
    [
        ("droplet_utilization", "swap_free", {"Capacity": "`swap_total`", "Source": "Insights", "Default": "no"}),
        ("droplet_utilization", "memory_available", {"Capacity": "`memory_total`, else `memory` (MiB)"}),
        ("load_balancer_utilization", "session_duration_p50", {"Capacity": "-", "Source": "Monitoring"}),
        (
            "load_balancer_utilization",
            "connections",
            {"Capacity": "`connections_limit`, else `size_unit` x 10,000", "Source": "Insights and Monitoring"},
        ),
        ("droplet_utilization", "private_bandwidth_outbound", {"Default": "Insights only"}),
        ("database_utilization", "mysql_select_operations", {"Source": "Monitoring; mysql only"}),
        ("registry_utilization", "pulls_failed", {"Kind": "delta", "Unit and kind from": "reference"}),
        ("functions_utilization", "error_rate", {"Unit": "unstated", "Unit and kind from": "name only"}),
        ("droplet_utilization", "cpu_utilization", {"Unit and kind from": "observation; glossary; Linux"}),
    ],
)
def test_rows_say_where_a_figure_comes_from_and_what_it_is_measured_against(
    stream: str, metric: str, cells: dict[str, str]
) -> None:
    found = row(stream, metric)
    assert {title: found[title] for title in cells} == cells


def test_sections_say_what_a_resource_costs_and_where_digitalocean_describes_it() -> None:
    tables = metrics_table.tables()
    assert "Requests to Monitoring for each: 7, with all metrics 14." in tables
    assert "with all metrics 23 and 8 for each of its `db_names`." in tables
    assert "reference/telemetry/app-platform/)." in sections()["app_utilization"]
    assert "No page of DigitalOcean's telemetry reference" in sections()["spaces_utilization"]


# --------------------------------------------------------------------------------------------- the queries
def query(title: str) -> str:
    """The query below this bold title."""
    return re.search(rf"\*\*{title}.*?```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]  # type: ignore[index]


FIELDS = (
    "feature VARCHAR, resource_urn VARCHAR, resource_id VARCHAR, resource_name VARCHAR, metric VARCHAR, "
    "interval_start TIMESTAMPTZ, interval_end TIMESTAMPTZ, average DOUBLE, maximum DOUBLE, last DOUBLE, "
    "samples BIGINT, capacity DOUBLE, utilization_percent DOUBLE"
)


@pytest.fixture
def warehouse() -> Any:
    """DuckDB with the tables of the queries: two Droplets on, one of them busy, and a third that no one measures."""
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    database.execute("CREATE SCHEMA digitalocean")
    # As the pages say where the tables are; the queries name the schema themselves.
    database.execute("USE digitalocean")
    database.execute("CREATE TABLE database_clusters (id VARCHAR, name VARCHAR, engine VARCHAR)")
    for stream in ("droplet", "database", "kubernetes", "load_balancer", "spaces"):
        database.execute(f"CREATE TABLE {stream}_utilization ({FIELDS})")
    database.execute("CREATE TABLE droplets (id BIGINT, name VARCHAR, size_slug VARCHAR, status VARCHAR, size JSON)")
    for number, name in ((1, "idle"), (2, "busy"), (3, "unseen")):
        size = f'{{"price_monthly": {number * 12}.0, "transfer": 2.0}}'
        database.execute("INSERT INTO droplets VALUES (?, ?, 's-1vcpu-1gb', 'active', ?)", [number, name, size])
    yield database
    database.close()


def add(
    database: Any, stream: str, number: int, metric: str, hours_ago: int, length: int = 1, **figures: float
) -> None:
    """One record of an hour, or of some, that began so long ago."""
    start = f"DATE_TRUNC('hour', now()) - INTERVAL '{hours_ago} hours'"
    columns = {"resource_urn": f"do:x:{number}", "resource_id": str(number), "resource_name": f"n{number}"}
    values = {**columns, "feature": stream, "metric": metric, "samples": 60, **figures}
    database.execute(
        f"INSERT INTO {stream}_utilization ({', '.join(values)}, interval_start, interval_end) "  # noqa: S608
        f"VALUES ({', '.join('?' * len(values))}, {start}, {start} + INTERVAL '{length} hours')",
        list(values.values()),
    )


def test_droplets_that_could_be_smaller(warehouse: Any) -> None:
    for number, peak in ((1, 20.0), (2, 90.0)):
        add(warehouse, "droplet", number, "cpu_utilization", 3, maximum=peak, utilization_percent=5.0)
        add(warehouse, "droplet", number, "memory_available", 3, maximum=7e8, utilization_percent=30.0)
    rows = warehouse.execute(query("Droplets that could be smaller")).fetchall()
    assert [(row[0], float(row[2]), row[3], row[4]) for row in rows] == [("idle", 12.0, 20.0, 30.0)]


def test_utilization_by_product_and_day_weighs_by_samples(warehouse: Any) -> None:
    add(warehouse, "droplet", 1, "cpu_utilization", 0, utilization_percent=10.0, samples=60)
    add(warehouse, "droplet", 2, "cpu_utilization", 0, utilization_percent=40.0, samples=30)
    add(warehouse, "database", 1, "cpu_utilization", 0, utilization_percent=50.0)
    add(warehouse, "database", 1, "memory_utilization", 0, utilization_percent=99.0)
    rows = warehouse.execute(query("Utilization by product and day")).fetchall()
    assert [row[1:] for row in rows] == [("database", 50.0), ("droplet", 20.0)]


def test_outbound_traffic_is_added_up_to_gigabytes(warehouse: Any) -> None:
    add(warehouse, "droplet", 1, "public_bandwidth_outbound", 0, average=8.0)
    add(warehouse, "droplet", 2, "public_bandwidth_outbound", 0, average=16.0)
    ((used, included, percent),) = warehouse.execute(query("Outbound traffic of the month")).fetchall()
    # 24 Mbps are 3 MB a second, 10.8 GB an hour; three plans of 2 TB.
    assert used == pytest.approx(10.8)
    assert float(included) == 6000
    assert float(percent) == pytest.approx(0.18)


def test_the_busiest_hour_of_each_load_balancer(warehouse: Any) -> None:
    add(warehouse, "load_balancer", 1, "connections", 5, maximum=2_000.0, capacity=10_000.0)
    add(warehouse, "load_balancer", 1, "connections", 4, maximum=6_000.0, capacity=20_000.0)
    add(warehouse, "load_balancer", 2, "connections", 4, maximum=9_000.0, capacity=10_000.0)
    rows = warehouse.execute(query("The busiest hour of each load balancer")).fetchall()
    assert rows == [("n2", 9_000.0, 90.0), ("n1", 6_000.0, 30.0)]


def test_storage_of_each_bucket_is_that_of_the_days_last_interval(warehouse: Any) -> None:
    for hours, last in ((49, 9.0), (48, 2.0), (0, 3.0)):
        add(warehouse, "spaces", 1, "storage_used", hours, last=last * 2**30)
    # Whichever hour it is now, the intervals 48 and 49 hours ago may lie on two days.
    rows = warehouse.execute(query("Storage of each bucket")).fetchall()
    assert [row[2] for row in rows][-2:] == [2.0, 3.0]


def test_droplets_nobody_measures(warehouse: Any) -> None:
    add(warehouse, "droplet", 1, "cpu_utilization", 1, average=1.0)
    add(warehouse, "droplet", 2, "cpu_utilization", 72, average=1.0)
    rows = warehouse.execute(query("Droplets nobody measures")).fetchall()
    assert [row[1] for row in rows] == ["busy", "unseen"]


def test_idle_droplets_are_those_that_did_nothing_in_every_interval(warehouse: Any) -> None:
    for number, length, percent, peak, mbps in (
        # It updates itself, which takes all of its processors for a minute.
        (1, 1, 1.0, 90.0, 0.001),
        (1, 1, 2.0, 3.0, 0.002),
        (2, 1, 1.0, 3.0, 0.001),
        (2, 1, 60.0, 80.0, 0.002),
        # Busy for twenty minutes of a day.
        (3, 24, 2.0, 85.0, 0.002),
    ):
        add(warehouse, "droplet", number, "cpu_utilization", 48, length, average=percent, maximum=peak)
        add(warehouse, "droplet", number, "public_bandwidth_outbound", 48, length, average=mbps)
    rows = warehouse.execute(query("Idle Droplets")).fetchall()
    assert [(row[0], float(row[2]), row[3]) for row in rows] == [("idle", 12.0, 2.0)]


def test_growth_of_databases_is_from_the_first_to_the_last_interval(warehouse: Any) -> None:
    warehouse.execute("INSERT INTO database_clusters VALUES ('1', 'main', 'pg'), ('2', 'still', 'mysql')")
    for number, days, percent in ((1, 20, 40.0), (1, 10, 55.0), (1, 0, 60.0), (2, 20, 30.0), (2, 0, 30.0)):
        add(warehouse, "database", number, "disk_utilization", 24 * days, last=percent)
    add(warehouse, "database", 1, "cpu_utilization", 0, last=99.0)
    rows = warehouse.execute(query("How fast databases grow")).fetchall()
    assert rows == [("main", "pg", 40.0, 60.0, 1.0, 40.0), ("still", "mysql", 30.0, 30.0, 0.0, None)]
