"""How long the dbt models take, and how much memory, over a large account's year of hourly utilization on DuckDB.

python -m benchmarks.models [--droplets 2000] [--days 365] [--memory 1GB]

The landed tables are made by DuckDB itself, as a sync lands them. They are built once from nothing, and once more after
a day has been added, as by every later sync. The table goes into docs/models.md. dbt is that of `make install-models`.
"""

import argparse
import datetime as dt
import json
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.contestants import ROOT
from source_digitalocean_quolum.utilization.table import load
from tools.generated import write_table
from warehouse.build_models import DuckDB, build_models

_PAGE = ROOT / "docs" / "models.md"
_MARKS = ("<!-- scale -->\n", "<!-- /scale -->")
_DBT = ROOT / ".venv-models" / "bin" / "dbt"
_TODAY = dt.date(2026, 11, 1)
_DEFAULTS = load().features["droplet_utilization"].asked_of("monitoring", every=False)
_READ = "'raw' AS _airbyte_raw_id, TIMESTAMP '{today} 06:00' AS _airbyte_extracted_at"

# A metric's unit, its level at a number x from 0 to 1, and its capacity.
_METRICS = {
    "cpu_utilization": ("percent", "100 * x", "100"),
    "public_bandwidth_inbound": ("Mbps", "40 * x", "NULL"),
    "public_bandwidth_outbound": ("Mbps", "60 * x", "NULL"),
    "memory_available": ("bytes", "8589934592 * x", "8589934592"),
    "memory_total": ("bytes", "8589934592.0", "NULL"),
    "filesystem_free": ("bytes", "171798691840 * x", "171798691840"),
    "filesystem_size": ("bytes", "171798691840.0", "NULL"),
}

_TABLES = """
CREATE TABLE account AS SELECT 'u-1' AS uuid, 'Ada' AS name, 'active' AS status,
    CAST('{{"uuid": "t-1", "name": "Large"}}' AS JSON) AS team, {read};
CREATE TABLE regions AS SELECT 'nyc3' AS slug, 'New York 3' AS name, true AS available, {read};
CREATE TABLE sizes AS SELECT * FROM (VALUES ('s-4vcpu-8gb', 4, 8192, 160, 5.0, 48.0, CAST('["nyc3"]' AS JSON), true),
    ('s-2vcpu-4gb', 2, 4096, 160, 4.0, 24.0, CAST('["nyc3"]' AS JSON), true))
    AS t(slug, vcpus, memory, disk, transfer, price_monthly, regions, available), (SELECT {read});
CREATE TABLE droplets AS SELECT id, 'web-' || id AS name, 'active' AS status, 4 AS vcpus, 8192 AS memory, 160 AS disk,
    's-4vcpu-8gb' AS size_slug, CAST('{{"slug": "s-4vcpu-8gb", "price_monthly": 48, "transfer": 5}}' AS JSON) AS size,
    CAST('{{"slug": "nyc3", "name": "New York 3"}}' AS JSON) AS region,
    CAST('["env:prod", "team:' || id % 40 || '"]' AS JSON) AS tags, false AS gpu,
    TIMESTAMP '2025-01-01' AS created_at, {read} FROM range(1, {droplets} + 1) AS t(id);
CREATE TABLE billing_insights AS SELECT 'do:team:t-1' AS account_urn, CAST(day AS DATE) AS start_date,
    'd-' || id AS row_hash, 'droplets' AS feature, CAST(1.71 AS DECIMAL(38, 12)) AS total_amount, 'nyc3' AS region,
    '1-DO-DROP-0101' AS sku, 'web-' || id || ' (s-4vcpu-8gb)' AS description, '' AS group_description, {read}
    FROM range(1, {droplets} + 1) AS t(id), range(TIMESTAMP '{first}', TIMESTAMP '{today}', INTERVAL 1 DAY) AS d(day)
    WHERE extract(day FROM day) <= 28;
CREATE TABLE months AS SELECT month, strftime(month, '%Y-%m') AS period
    FROM range(date_trunc('month', TIMESTAMP '{first}') + INTERVAL 1 MONTH, TIMESTAMP '{today}', INTERVAL 1 MONTH)
    AS t(month);
CREATE TABLE invoice_items AS SELECT 'i-' || period AS invoice_uuid, 'r-' || id AS row_hash, period AS invoice_period,
    'droplets' AS feature, 'do:droplet:' || id AS resource_urn, CAST(id AS VARCHAR) AS resource_id, '' AS resource_uuid,
    'Droplets' AS product, '' AS group_description, 'web-' || id || ' (s-4vcpu-8gb)' AS description,
    CAST(48 AS DECIMAL(38, 12)) AS amount, CAST(744 AS DECIMAL(38, 12)) AS duration, 'Hours' AS duration_unit,
    month AS start_time, month + INTERVAL 1 MONTH AS end_time, 'platform' AS project_name, 'iaas' AS category, {read}
    FROM months, range(1, {droplets} + 1) AS t(id);
CREATE TABLE invoices AS SELECT 'i-' || period AS invoice_uuid, period AS invoice_id, period AS invoice_period,
    CAST(48 * {droplets} AS DECIMAL(38, 12)) AS amount, {read} FROM months;
CREATE TABLE invoice_summaries AS SELECT invoice_uuid, invoice_id, invoice_period, amount, {read} FROM invoices;
DROP TABLE months;
CREATE TABLE droplet_utilization (feature VARCHAR, resource_urn VARCHAR, resource_id VARCHAR, resource_name VARCHAR,
    region VARCHAR, metric VARCHAR, unit VARCHAR, kind VARCHAR, labels JSON, labels_key VARCHAR,
    interval_start TIMESTAMP, interval_end TIMESTAMP, average DOUBLE, minimum DOUBLE, maximum DOUBLE, last DOUBLE,
    samples BIGINT, total DOUBLE, capacity DOUBLE, utilization_percent DOUBLE, source VARCHAR,
    _airbyte_raw_id VARCHAR, _airbyte_extracted_at TIMESTAMP);
"""
# As a sync writes them: hour by hour of all Droplets, metric by metric.
_UTILIZATION = """
INSERT INTO droplet_utilization
SELECT 'droplets', 'do:droplet:' || id, CAST(id AS VARCHAR), 'web-' || id, 'nyc3', '{metric}', '{unit}', 'gauge',
    '{{}}', '', hour, hour + INTERVAL 1 HOUR, {level}, 0.8 * {level}, 1.1 * {level}, {level}, 60, NULL, {capacity},
    CASE WHEN {capacity} IS NOT NULL THEN 100.0 * {level} / {capacity} END, 'monitoring', {read}
FROM (SELECT id, hour, round(0.9 * (hash(id, hour) % 10000) / 10000.0, 4) AS x
    FROM range(TIMESTAMP '{first}', TIMESTAMP '{last}', INTERVAL 1 HOUR) AS h(hour), range(1, {droplets} + 1) AS t(id));
"""


def land(path: Path, droplets: int, days: int) -> int:
    """Write the landed tables of an account; answers the rows of utilization."""
    if set(_METRICS) != {metric.name for metric in _DEFAULTS}:
        raise SystemExit("The default metrics of Droplets have changed: _METRICS must follow them.")
    with _open(path) as connection:
        connection.execute("CREATE SCHEMA digitalocean; USE digitalocean")
        first = _TODAY - dt.timedelta(days=days)
        read = _READ.format(today=_TODAY)
        connection.execute(_TABLES.format(read=read, droplets=droplets, first=first, today=_TODAY))
        return _add(connection, droplets, first, _TODAY)


def add_a_day(path: Path, droplets: int) -> int:
    """Land one more day of utilization; answers its rows."""
    with _open(path) as connection:
        connection.execute("USE digitalocean")
        return _add(connection, droplets, _TODAY, _TODAY + dt.timedelta(days=1))


def _open(path: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(path), config={"memory_limit": "2GB", "preserve_insertion_order": False})


def _add(connection: duckdb.DuckDBPyConnection, droplets: int, first: dt.date, last: dt.date) -> int:
    for metric, (unit, level, capacity) in _METRICS.items():
        connection.execute(
            _UTILIZATION.format(
                metric=metric,
                unit=unit,
                level=f"({level})",
                capacity=capacity,
                read=_READ.format(today=last),
                first=first,
                last=last,
                droplets=droplets,
            )
        )
    return len(_METRICS) * droplets * (last - first).days * 24


@dataclass(frozen=True)
class Figures:
    """What a build took: seconds, processor seconds, peak MB of dbt with DuckDB in it, the slowest models."""

    seconds: float
    cpu: float
    memory: float
    slowest: list[tuple[str, float]]


def build(path: Path, artifacts: Path, memory: str) -> Figures:
    """Build and test the models, in a process of its own: all its children are measured."""
    began = time.monotonic()
    # A sync leaves one row for each key.
    built = build_models(
        DuckDB(path, memory=memory),
        say=lambda _: None,
        variables={"raw_tables_have_duplicates": False},
        artifacts=artifacts,
        dbt=str(_DBT),
    )
    seconds = time.monotonic() - began
    if built.exit_code:
        raise RuntimeError("\n".join(built.failures))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    results = json.loads((artifacts / "run_results.json").read_text(encoding="utf-8"))["results"]
    models = [
        (one["unique_id"].rsplit(".", 1)[-1], float(one["execution_time"]))
        for one in results
        if one["unique_id"].startswith("model.")
    ]
    slowest = sorted(models, key=lambda one: -one[1])[:4]
    return Figures(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, slowest)


def _measured(path: Path, artifacts: Path, memory: str) -> Figures:
    with ProcessPoolExecutor(max_workers=1) as alone:
        return alone.submit(build, path, artifacts, memory).result()


def _row(name: str, rows: int, found: Figures) -> str:
    slowest = ", ".join(f"`{model}` {took:.0f}" for model, took in found.slowest)
    cells = (
        name,
        f"{rows / 1e6:.1f} million",
        f"{found.seconds:.0f}",
        f"{found.cpu:.0f}",
        f"{found.memory:,.0f}",
        slowest,
    )
    row = f"| {' | '.join(cells)} |"
    sys.stderr.write(f"{row}\n")
    return row


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.models", description=__doc__.split("\n")[0])
    parser.add_argument("--droplets", type=int, default=2000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--memory", default="1GB", help="what DuckDB may use")
    parser.add_argument("--print-only", action="store_true", help="write nothing into the page")
    options = parser.parse_args(arguments)
    names = ("", "rows of utilization", "seconds", "of processors", "peak MB", "slowest models, in seconds")
    lines = [f"| {' | '.join(names)} |", f"|{' --- |' * len(names)}"]
    with tempfile.TemporaryDirectory(prefix="models-") as folder:
        path, artifacts = Path(folder) / "large.duckdb", Path(folder) / "artifacts"
        rows = land(path, options.droplets, options.days)
        sys.stderr.write(f"{rows:,} rows landed, {path.stat().st_size / 1e9:.1f} GB\n")
        lines.append(_row("first build", rows, _measured(path, artifacts, options.memory)))
        rows += add_a_day(path, options.droplets)
        lines.append(_row("a day later", rows, _measured(path, artifacts, options.memory)))
    write_table(_PAGE, _MARKS, lines, print_only=options.print_only)


if __name__ == "__main__":
    main()
