"""Requests are the scarcest resource: what a sync takes is held to what was worked out beforehand.

The formula is that of the gathered facts (shared/reference/request-math.md), for the streams that are on by default.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integration_tests.connector import Run, configured
from integration_tests.faults.warm import run
from sandbox import Sandbox
from tools.openapi import FACTS


def defaults() -> set[str]:
    streams = json.loads(FACTS.read_text(encoding="utf-8"))["streams"]
    return {name for name, stream in streams.items() if stream["default_enabled"]}


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


@pytest.mark.parametrize("droplets", [20, pytest.param(200, marks=pytest.mark.full)])
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


@dataclass(frozen=True)
class Account:
    """A model account of request-math.md: its sizes, and the table's figures for it.

    `flat` and `children` are the terms of its formula; `cost` is what its next sync takes for the items of the open
    month and three days of daily costs; `next` is the column "next syncs, all default".
    """

    droplets: int
    databases: int
    apps: int
    domains: int
    flat: int
    children: int
    cost: int
    next: int

    @property
    def stated(self) -> int:
        """The children whose number the table states: records of zones, three of a cluster, four of an app."""
        return self.domains + 3 * self.databases + 4 * self.apps

    @property
    def unstated(self) -> int:
        """The requests of the table for the children of what it gives no number of, and one for apps' bandwidth."""
        return self.children - self.stated


MODELS = {
    "S": Account(20, 3, 5, 10, flat=48, children=50, cost=2, next=100),
    "M": Account(200, 20, 40, 100, flat=51, children=383, cost=15, next=449),
    "L": Account(2000, 150, 300, 800, flat=121, children=2821, cost=120, next=3062),
}
# The table does not say how many projects, pools, registries, namespaces, checks, agents and endpoints there are;
# the children of the sandbox's are counted by the formula above.
UNSTATED = {
    *("project_resources", "droplet_autoscale_members", "droplet_autoscale_history", "registry_repositories"),
    *("function_triggers", "uptime_check_states", "genai_agent_usage", "dedicated_inference_accelerators"),
}


def test_the_figures_of_the_table_are_the_sum_of_their_terms() -> None:
    for model in MODELS.values():
        assert model.next == model.flat + model.children + model.cost


@pytest.mark.parametrize("name", ["S", "M", pytest.param("L", marks=pytest.mark.full)])
def test_a_model_account_takes_no_more_requests_than_the_table_says(streams: list[dict[str, Any]], name: str) -> None:
    """The first sync has eight days of history where the table has twelve months, so its bound is the table's terms
    with the pages of this history (actions, costs, bandwidth) for those. The next sync reads seven days of daily
    costs again where the table has three.
    """
    model = MODELS[name]
    sizes = {"databases": model.databases, "apps": model.apps, "domains": model.domains}
    names = sorted((defaults() & {stream["name"] for stream in streams}) - UNSTATED)
    catalog = configured(streams, *names)
    begin = (datetime.now(UTC) - timedelta(days=8)).strftime("%Y-%m-%dT00:00:00Z")
    with Sandbox(droplets=model.droplets, days=60, seed=3, sizes=sizes, rate_limit=6_000_000) as sandbox:
        config = sandbox.config(start_date=begin)
        first = run("read", config=config, catalog=catalog, timeout=250)
        sandbox.advance(days=1)
        second = run("read", config=config, catalog=catalog, state=first.state, timeout=250)

    assert (first.exit_code, second.exit_code) == (0, 0)
    n = {stream: len(first.records.get(stream, [])) for stream in names}
    assert (n["database_clusters"], n["apps"], n["domains"]) == (model.databases, model.apps, model.domains)
    bandwidth = -(-model.apps // 100)
    allowed = model.flat + model.stated + history(first) + 9 * bandwidth
    assert sum(first.requests.values()) <= allowed, first.requests

    allowed = model.next - model.unstated - model.cost + history(second) + 3 * bandwidth
    assert sum(second.requests.values()) <= allowed, second.requests
    changed = len(second.records.get("apps", []))
    assert second.requests["app_deployments"] <= changed + 1 < model.apps, "one app's deployment does not end"
    assert second.requests["app_health"] == model.apps, "what runs is asked of every app"


def history(done: Run) -> int:
    """Pages of what grows: actions, daily costs, the open month's items; an invoice's items and summary."""
    n = {stream: len(records) for stream, records in done.records.items()}
    grown = sum(pages(n.get(stream, 0)) for stream in ("actions", "billing_insights", "invoice_preview_items"))
    return grown + by_parent(done, "invoice_items", "invoice_uuid") + n.get("invoices", 0)
