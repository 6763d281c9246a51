"""Five plain-English findings from what landed in the warehouse, each with the SQL behind it."""

from collections.abc import Iterator, Sequence
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

# As "Idle Droplets" in docs/utilization.md, of days: only their highest sample tells of a job of some minutes. Outbound
# traffic is in Mbps.
IDLE_DROPLETS = """
select d.name, d.size_slug, cast(d.size ->> 'price_monthly' as double) as usd_per_month
from {schema}.droplet_utilization u join {schema}.droplets d on cast(d.id as varchar) = u.resource_id
where d.status = 'active' and u.interval_start >= current_date - interval '14 days'
group by all
having max(case when u.metric = 'cpu_utilization' then u.average end) < 5
   and max(case when u.metric = 'cpu_utilization' then u.maximum end) < 15
   and max(case when u.metric = 'public_bandwidth_outbound' then u.average end) < 0.01
order by usd_per_month desc, d.name
"""

# As "How fast databases grow" in docs/utilization.md.
DATABASE_STORAGE = """
select c.name, c.engine,
       arg_max(u.last, u.interval_start) as percent,
       (arg_max(u.last, u.interval_start) - arg_min(u.last, u.interval_start))
           / (date_diff('hour', min(u.interval_start), max(u.interval_start)) / 24) as percent_a_day
from {schema}.database_utilization u join {schema}.database_clusters c on c.id = u.resource_id
where u.metric = 'disk_utilization' and u.interval_start >= current_date - interval '30 days'
group by c.name, c.engine having min(u.interval_start) < max(u.interval_start)
order by percent desc, c.name
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
        for tables, query, finding in (
            ({"billing_insights"}, SPEND_BY_FEATURE, _spend),
            ({"droplets"}, LARGEST_DROPLETS, _droplets),
            ({"volumes"}, UNATTACHED_VOLUMES, _volumes),
            ({"droplet_utilization", "droplets"}, IDLE_DROPLETS, _idle),
            ({"database_utilization", "database_clusters"}, DATABASE_STORAGE, _storage),
        ):
            if tables <= present:
                yield finding(connection.execute(query.format(schema=schema)).fetchall())


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


def _spend(rows: list[tuple[str, float]]) -> Finding:
    lines = _aligned([(feature, f"${usd:>12,.2f}") for feature, usd in rows])
    total = sum(usd for _, usd in rows)
    return Finding(f"This month's usage so far costs ${total:,.2f} across {len(rows)} features.", lines)


def _droplets(rows: list[tuple[str, str, str, float]]) -> Finding:
    lines = _aligned([(name, size, status, f"${usd:>9,.2f}") for name, size, status, usd in rows])
    off = [name for name, _, status, _ in rows if status == "off"]
    aside = f" Powered off, and billed all the same: {', '.join(off)}." if off else ""
    return Finding(f"The {len(rows)} most expensive Droplets, by their price a month.{aside}", lines)


def _volumes(rows: list[tuple[str, str, int]]) -> Finding:
    size = sum(gib for _, _, gib in rows)
    cost = size * VOLUME_PRICE_PER_GIB
    lines = _aligned([(name, region, f"{gib:>6,} GiB") for name, region, gib in rows[:5]])
    return Finding(f"Volumes attached to nothing: {len(rows)} ({size:,} GiB), about ${cost:,.2f} a month.", lines)


def _idle(rows: list[tuple[str, str, float]]) -> Finding:
    cost = sum(usd for _, _, usd in rows)
    lines = _aligned([(name, size, f"${usd:>9,.2f}") for name, size, usd in rows[:5]])
    return Finding(
        f"Droplets that are on and did next to nothing for two weeks: {len(rows)}, ${cost:,.2f} a month.", lines
    )


def _storage(rows: list[tuple[str, str, float, float]]) -> Finding:
    lines = _aligned(
        [(name, engine, f"{percent:>4.0f} % full", _pace(percent, a_day)) for name, engine, percent, a_day in rows[:5]]
    )
    return Finding(f"Databases whose storage is measured: {len(rows)}. The pace is that of the last 30 days.", lines)


def _pace(percent: float, percent_a_day: float) -> str:
    if percent_a_day <= 0:
        return "does not grow"
    return f"grows by {percent_a_day:.2f} % a day, full in {(100 - percent) / percent_a_day:,.0f} days"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
