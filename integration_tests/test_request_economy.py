"""Requests are the scarcest resource: what a sync takes is held to what was worked out beforehand.

The formula is that of the gathered facts (shared/reference/request-math.md), for the streams that are on by default.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from integration_tests.connector import Run, configured, run
from integration_tests.sandbox import Sandbox

FACTS = Path(__file__).parents[2] / "shared" / "reference" / "streams.json"

pytestmark = pytest.mark.skipif(not FACTS.exists(), reason="the gathered facts are not here")


def defaults() -> set[str]:
    return {stream["name"] for stream in json.loads(FACTS.read_text(encoding="utf-8")) if stream["default_enabled"]}


def pages(records: int) -> int:
    return max(1, -(-records // 200))


def by_parent(done: Run, stream: str, field: str) -> int:
    """Pages of a child stream: one list for each parent that has records."""
    counts: dict[Any, int] = {}
    for record in done.records.get(stream, []):
        counts[record[field]] = counts.get(record[field], 0) + 1
    return sum(pages(count) for count in counts.values())


def days() -> int:
    """Closed days since the first day of the previous month, and the open one."""
    now = datetime.now(UTC)
    month = 12 * now.year + now.month - 2
    return (now - datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)).days + 1


def inventory(n: Mapping[str, int], done: Run) -> int:
    """`flat` and `N+1` of the formula; an app's bandwidth is one request a day for all apps."""
    lists = ("droplets", "droplet_backup_policies", "images", "snapshots", "volumes", "reserved_ips", "firewalls")
    flat = 37 + 1 + sum(pages(n[name]) for name in (*lists, "load_balancers", "domains", "apps"))
    children = (
        by_parent(done, "project_resources", "project_id")
        + 2 * n["droplet_autoscale_pools"]
        + n["domains"]
        + n["registries"]
        + 3 * n["database_clusters"]
        + 4 * n["apps"]
        + n["function_namespaces"]
        + n["uptime_checks"]
        + n["dedicated_inferences"]
    )
    return flat + children


@pytest.mark.parametrize("droplets", [20, 200, 2000])
def test_a_first_sync_and_the_next_one_take_no_more_requests_than_worked_out(
    streams: list[dict[str, Any]], droplets: int
) -> None:
    names = sorted(defaults() & {stream["name"] for stream in streams})
    with Sandbox(droplets=droplets, days=60, seed=7, rate_limit=6_000_000) as sandbox:
        first = run("read", config=sandbox.config(), catalog=configured(streams, *names))
        sandbox.advance(days=1)
        second = run("read", config=sandbox.config(), catalog=configured(streams, *names), state=first.state)
        failed = [request for request in sandbox.requests("/v2") if request["status"] >= 429]

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert failed == []
    n = {name: len(first.records.get(name, [])) for name in names}
    items = by_parent(first, "invoice_items", "invoice_uuid")
    cost = items + n["invoices"] + pages(n["invoice_preview_items"]) + 2 * pages(n["billing_insights"])
    daily = days() * (pages(n["apps"]) + n["genai_agents"])
    allowed = inventory(n, first) + cost + daily + pages(n["actions"])
    assert sum(first.requests.values()) <= allowed, first.requests

    again = {name: len(second.records.get(name, [])) for name in names}
    cost = items + n["invoices"] + pages(again["invoice_preview_items"]) + 2 * pages(again["billing_insights"])
    allowed = inventory(again | {name: n[name] for name in ("apps", "function_namespaces")}, second) + cost
    assert sum(second.requests.values()) <= allowed + 4 * (1 + n["genai_agents"]) + 1, second.requests
    assert second.requests["actions"] <= 1 + pages(again["actions"])
    # Nested data is not fetched twice, and a parent's list is read once however many children use it.
    for derived in ("kubernetes_node_pools", "kubernetes_nodes", "invoice_preview"):
        assert derived not in first.requests or first.requests[derived] + first.requests.get("invoices", 0) <= 1, (
            derived
        )
