"""The demo: what it finds in a warehouse, what it shows while it syncs, and that README shows it as it is."""

import io
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from demo import __main__ as demo
from demo.findings import Finding, findings

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
LINES = [
    "2026-11-01T05:00:00Z droplets: running, 10 rows\n",
    "2026-11-01T05:00:01Z WARN: vpcs is skipped: the token may not read it\n",
    "2026-11-01T05:00:02Z ERROR: droplets: DigitalOcean could not be reached\n",
    "The warehouse cannot be opened.\n",
    "2026-11-01T05:00:03Z droplets: incomplete, 10 rows, 3 s (1 of 2 streams)\n",
]


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """Three Droplets, idle, busy, and busy for minutes a day; of two databases one grows by one percent a day."""
    path = tmp_path / "warehouse.duckdb"
    days = [datetime.now(UTC).replace(tzinfo=None) - timedelta(days=days) for days in range(11)]
    with duckdb.connect(str(path)) as database:
        database.execute("CREATE SCHEMA do_")
        database.execute(
            """CREATE TABLE do_.billing_insights AS
            SELECT 'droplets' AS feature, 12.5 AS total_amount, DATE '2026-11-02' AS start_date"""
        )
        database.execute(
            """CREATE TABLE do_.droplets AS SELECT *, json('{"price_monthly": 24}') AS size FROM (VALUES
            (1, 'idle', 's-2vcpu-4gb', 'active'), (2, 'busy', 's-2vcpu-4gb', 'off'),
            (3, 'spiky', 's-2vcpu-4gb', 'active'))
            AS rows(id, name, size_slug, status)"""
        )
        database.execute(
            """CREATE TABLE do_.volumes AS SELECT 'data' AS name, json('{"slug": "ams3"}') AS region,
            10 AS size_gigabytes, json('[]') AS droplet_ids"""
        )
        database.execute("CREATE TABLE do_.database_clusters(id VARCHAR, name VARCHAR, engine VARCHAR)")
        database.execute("INSERT INTO do_.database_clusters VALUES ('a', 'orders', 'pg'), ('b', 'cache', 'valkey')")
        for table in ("droplet_utilization", "database_utilization"):
            database.execute(
                f"""CREATE TABLE do_.{table}(
                resource_id VARCHAR, metric VARCHAR, interval_start TIMESTAMP,
                average DOUBLE, maximum DOUBLE, last DOUBLE)"""
            )
        for ago, day in enumerate(days):
            database.execute(
                """INSERT INTO do_.droplet_utilization VALUES ('1', 'cpu_utilization', $day, 0.1, 2, 0),
                ('1', 'public_bandwidth_outbound', $day, 0, 0, 0), ('2', 'cpu_utilization', $day, 60, 70, 0),
                ('3', 'cpu_utilization', $day, 2, 85, 0), ('3', 'public_bandwidth_outbound', $day, 0, 0, 0)""",
                {"day": day},
            )
            database.execute(
                """INSERT INTO do_.database_utilization VALUES ('a', 'disk_utilization', $day, 0, 0, 60 - $ago),
                ('b', 'disk_utilization', $day, 0, 0, 10)""",
                {"day": day, "ago": ago},
            )
    return path


def test_the_demo_finds_five_things_of_which_two_are_of_utilization(warehouse: Path) -> None:
    assert list(findings(warehouse, "do_")) == [
        Finding("This month's usage so far costs $12.50 across 1 features.", ["droplets  $       12.50"]),
        Finding(
            "The 3 most expensive Droplets, by their price a month. Powered off, and billed all the same: busy.",
            [
                "busy   s-2vcpu-4gb  off     $    24.00",
                "idle   s-2vcpu-4gb  active  $    24.00",
                "spiky  s-2vcpu-4gb  active  $    24.00",
            ],
        ),
        Finding("Volumes attached to nothing: 1 (10 GiB), about $1.00 a month.", ["data  ams3      10 GiB"]),
        Finding(
            "Droplets that are on and did next to nothing for two weeks: 1, $24.00 a month.",
            ["idle  s-2vcpu-4gb  $    24.00"],
        ),
        Finding(
            "Databases whose storage is measured: 2. The pace is that of the last 30 days.",
            [
                "orders  pg        60 % full  grows by 1.00 % a day, full in 40 days",
                "cache   valkey    10 % full  does not grow",
            ],
        ),
    ]


def test_a_table_that_is_not_there_costs_its_finding_and_no_other(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse)) as database:
        database.execute("DROP TABLE do_.database_utilization")
    assert len(list(findings(warehouse, "do_"))) == 4


def test_readme_shows_the_findings_as_they_are_printed(warehouse: Path) -> None:
    words = [re.sub(r"[\d.,$]+", "", finding.sentence.split(". ")[0]) for finding in findings(warehouse, "do_")]
    shown = re.sub(r"[\d.,$]+", "", README)
    assert [sentence for sentence in words if sentence.rstrip(".") not in shown] == []
    assert "To look at: make dashboard writes build/dashboard.html" in README


def test_the_command_with_which_readme_asks_the_warehouse_runs(warehouse: Path) -> None:
    (block,) = [one for one in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if "import duckdb" in one]
    _, option, program, path, query = shlex.split(block.replace("\\\n", " "))
    assert path == "build/demo/sandbox/digitalocean_warehouse.duckdb"
    done = subprocess.run(  # noqa: S603 (our own page's command)
        [sys.executable, option, program, str(warehouse), query.replace("digitalocean.", "do_.")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "busy" in done.stdout


def test_in_a_pipe_the_demo_shows_where_the_sync_is_and_every_error(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(demo, "console", Console(file=shown, width=1000))
    demo._show(LINES)
    assert shown.getvalue().splitlines() == [
        "   droplets: running, 10 rows",
        "ERROR: droplets: DigitalOcean could not be reached",
        "The warehouse cannot be opened.",
    ]


def test_on_a_terminal_one_line_is_redrawn_that_fits_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(demo, "console", Console(file=shown, width=40, force_terminal=True, color_system=None))
    demo._show(["2026-11-01T05:00:00Z kubernetes_associated_resources: running, 10 rows\n"])
    assert "kubernetes_associated_resources: runn…" in shown.getvalue()
    assert "rows" not in shown.getvalue()
