"""The waste rules over a sandbox that knows the truth: every seeded waste is found, and nothing else."""

from __future__ import annotations

import json
import shlex
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import pytest
import requests

from integration_tests.connector import MAIN
from integration_tests.models_team.dbt import DBT, needs_dbt
from sandbox import Sandbox
from warehouse.build_models import DuckDB, build_models
from warehouse.sync.cli import main

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [needs_dbt, pytest.mark.slow, pytest.mark.timeout(900)]

NOW = "2026-11-20T12:00:00Z"
STREAMS = (
    "account,projects,project_resources,regions,sizes,droplets,volumes,snapshots,reserved_ips,load_balancers,apps,"
    "database_clusters,app_instance_sizes,registries,registry_garbage_collections,kubernetes_clusters,kubernetes_nodes,"
    "droplet_autoscale_pools,droplet_autoscale_members,invoices,invoice_items,invoice_summaries,invoice_preview_items,"
    "billing_insights,droplet_utilization,load_balancer_utilization,app_utilization"
)


class Analysed(NamedTuple):
    """A warehouse, and what the sandbox that it was read from knows about waste and what only looks like it."""

    warehouse: Path
    waste: list[dict[str, str]]
    patterns: list[dict[str, str]]


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Analysed:
    """The warehouse with its marts, and the waste and the patterns of the moment at which it was synced."""
    folder = tmp_path_factory.mktemp("waste")
    warehouse = folder / "warehouse.duckdb"
    with Sandbox(droplets=40, days=60, seed=7, now=NOW, rate_limit=600_000, waste="seeded") as sandbox:
        sandbox.delete("droplets", [_with_snapshot(sandbox)])
        # Who is connected to MySQL is no default metric; all metrics of all streams would take minutes.
        for streams, metrics in ((STREAMS, "useful"), ("database_utilization", "all")):
            utilization = {"source": "monitoring", "interval": "P1D", "metrics": metrics}
            config = sandbox.config(start_date="2026-11-06T00:00:00Z", utilization=utilization)
            (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
            connector = shlex.join([sys.executable, str(MAIN)])
            command = ["--config", str(folder / "config.json"), "--connector", connector, "--duckdb", str(warehouse)]
            assert main([*command, "--schema", "digitalocean", "--streams", streams, "--quiet"]) == 0
        truth, patterns = sandbox.waste(), sandbox.patterns()
    built = build_models(DuckDB(warehouse), say=lambda _: None, dbt=DBT, variables={"as_of": NOW})
    assert (built.exit_code, built.failures) == (0, [])
    return Analysed(warehouse, truth, patterns)


def _with_snapshot(sandbox: Sandbox) -> int:
    """A Droplet that has a snapshot, and that nothing else of the truth depends on."""
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    listed = requests.get(f"{sandbox.api_base_url}/v2/droplets?per_page=200", headers=headers, timeout=10).json()
    seeded = {one["urn"] for one in (*sandbox.waste(), *sandbox.patterns())}
    return next(
        int(one["id"]) for one in listed["droplets"] if one["snapshot_ids"] and f"do:droplet:{one['id']}" not in seeded
    )


def sql(warehouse: Path, statement: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(statement).fetchall()


def test_every_seeded_waste_is_found_and_nothing_else(analysed: Analysed) -> None:
    warehouse, truth, _ = analysed
    # Who is connected to PostgreSQL is told by Insights only. That a GPU Droplet runs is no waste.
    mysql = {
        urn
        for (urn,) in sql(
            warehouse, "SELECT 'do:dbaas:' || id FROM digitalocean.database_clusters WHERE engine = 'mysql'"
        )
    }
    expected = defaultdict(set)
    for one in truth:
        if one["rule"] != "gpu_droplet" and not (one["urn"].startswith("do:dbaas:") and one["urn"] not in mysql):
            expected[one["rule"]].add(one["urn"])
    found = defaultdict(set)
    for rule, urn in sql(warehouse, "SELECT rule, urn FROM digitalocean_marts.waste_findings"):
        found[rule].add(urn)
    assert found == expected
    assert len(expected) >= 11


def test_what_is_busy_at_times_only_is_no_waste(analysed: Analysed) -> None:
    found = {urn for (urn,) in sql(analysed.warehouse, "SELECT urn FROM digitalocean_marts.waste_findings")}
    loads = {
        urn: figures
        for urn, *figures in sql(
            analysed.warehouse,
            "SELECT urn, cpu_days >= 7 AND memory_days >= 7, cpu_p95 < 5, cpu_peak >= 80"
            " FROM digitalocean_staging.int_droplet_load",
        )
    }
    seen = {one["pattern"]: (loads[one["urn"]], one["urn"] in found) for one in analysed.patterns}
    assert seen == {"spiky": ([True, True, True], False), "quiet_at_weekends": ([True, False, False], False)}


def test_a_recommended_size_fits_and_is_sold_there(analysed: Analysed) -> None:
    warehouse, _, _ = analysed
    ((evidence, saving, region),) = sql(
        warehouse,
        "SELECT evidence, saving_monthly, region_slug FROM digitalocean_marts.waste_findings"
        " WHERE rule = 'oversized_droplet'",
    )
    assert "c-2 would be at" in evidence
    assert saving == 21
    ((regions, disk),) = sql(warehouse, "SELECT regions, disk FROM digitalocean.sizes WHERE slug = 'c-2'")
    assert region in json.loads(regions)
    assert disk == 25


def test_deleted_machines_stay_and_resized_ones_are_one(analysed: Analysed) -> None:
    warehouse, _, _ = analysed
    ((gone, named),) = sql(
        warehouse,
        "SELECT count(*), count(name) FROM digitalocean_marts.resource_inventory"
        " WHERE resource_type = 'droplet' AND is_deleted",
    )
    assert gone == named > 0
    assert sql(
        warehouse,
        "SELECT count(*) FROM (SELECT urn FROM digitalocean_marts.resource_inventory GROUP BY urn HAVING count(*) > 1)",
    ) == [(0,)]
