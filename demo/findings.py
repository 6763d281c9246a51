"""Three plain-English findings from what landed in the warehouse, each with the SQL behind it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

# API reference, "Volumes": $0.10 per GiB and month.
VOLUME_PRICE_PER_GIB = 0.10

SPEND_BY_FEATURE = """
select feature, sum(total_amount) as usd
from {schema}.billing_insights
where start_date >= date_trunc('month', (select max(start_date) from {schema}.billing_insights))
group by feature having sum(total_amount) > 0 order by usd desc
"""

LARGEST_DROPLETS = """
select name, size_slug, status, cast(size ->> 'price_monthly' as double) as usd_per_month
from {schema}.droplets order by usd_per_month desc, name limit 5
"""

UNATTACHED_VOLUMES = """
select name, region ->> 'slug' as region, size_gigabytes
from {schema}.volumes where json_array_length(droplet_ids) = 0 order by size_gigabytes desc, name
"""


@dataclass(frozen=True)
class Finding:
    """A sentence and the lines that support it."""

    sentence: str
    lines: list[str]


def findings(warehouse: Path, schema: str) -> Iterator[Finding]:
    """Read the findings from a DuckDB file. A table that a token may not fill yields none."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        present = {
            name for (name,) in connection.execute("select table_name from information_schema.tables").fetchall()
        }
        for table, finding in (
            ("billing_insights", _spend),
            ("droplets", _droplets),
            ("volumes", _volumes),
        ):
            if table in present:
                yield finding(connection, schema)


def counts(warehouse: Path, schema: str) -> dict[str, int]:
    """Rows of each table."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        tables = connection.execute(
            "select table_name from information_schema.tables where table_schema = ?", [schema]
        ).fetchall()
        return {name: _count(connection, f'{schema}."{name}"') for (name,) in tables if not name.startswith("_")}


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"select count(*) from {table}").fetchone()  # noqa: S608 (a name from the catalog)
    return int(row[0]) if row else 0


def _spend(connection: duckdb.DuckDBPyConnection, schema: str) -> Finding:
    spend = connection.execute(SPEND_BY_FEATURE.format(schema=schema)).fetchall()
    lines = [f"{feature:<24} ${usd:>12,.2f}" for feature, usd in spend]
    total = sum(usd for _, usd in spend)
    return Finding(f"This month's usage so far costs ${total:,.2f} across {len(spend)} features.", lines)


def _droplets(connection: duckdb.DuckDBPyConnection, schema: str) -> Finding:
    rows = connection.execute(LARGEST_DROPLETS.format(schema=schema)).fetchall()
    lines = [f"{name:<24} {size:<18} {status:<8} ${usd:>10,.2f} a month" for name, size, status, usd in rows]
    off = [name for name, _, status, _ in rows if status == "off"]
    aside = f" {' and '.join(off)} powered off, and billed all the same." if off else ""
    return Finding(f"The {len(rows)} most expensive Droplets.{aside}", lines)


def _volumes(connection: duckdb.DuckDBPyConnection, schema: str) -> Finding:
    rows = connection.execute(UNATTACHED_VOLUMES.format(schema=schema)).fetchall()
    size = sum(gib for _, _, gib in rows)
    cost = size * VOLUME_PRICE_PER_GIB
    lines = [f"{name:<24} {region:<6} {gib:>6,} GiB" for name, region, gib in rows[:5]]
    return Finding(f"Volumes attached to nothing: {len(rows)} ({size:,} GiB), about ${cost:,.2f} a month.", lines)
