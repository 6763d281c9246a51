"""Every stream that is one list or one object: the exact request, and the records that come of the answer."""

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from airbyte_cdk.test.state_builder import StateBuilder

from source_digitalocean_quolum.http.session import USER_AGENT
from unit_tests.mock_server.clock import fake_clock
from unit_tests.mock_server.commands import COMPLETE, TOKEN, Output, read
from unit_tests.mock_server.server import API, PAGE, DigitalOcean, Request, digitalocean, error

Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One stream: what it asks for, one row as DigitalOcean sends it, and the record that comes of it."""

    stream: str
    path: str
    records: str
    row: Row
    record: Row | None = None
    query: dict[str, str] = field(default_factory=dict)

    @property
    def expected(self) -> Row:
        return self.row if self.record is None else self.record


CASES = [
    Case("tags", "tags", "tags", {"name": "web", "resources": {"count": 3, "droplets": {"count": 3}}}),
    Case("regions", "regions", "regions", {"slug": "nyc3", "name": "New York 3", "available": True}),
    Case(
        "sizes",
        "sizes",
        "sizes",
        {"slug": "s-1vcpu-1gb", "memory": 1024, "price_monthly": 6, "price_hourly": 0.00892857},
    ),
    Case(
        "images",
        "images",
        "images",
        {"id": 7, "name": "nightly", "type": "snapshot", "size_gigabytes": 2.34},
        query={"private": "true"},
    ),
    Case(
        "snapshots",
        "snapshots",
        "snapshots",
        {"id": "fbe805e8", "resource_id": 12, "size_gigabytes": 0, "tags": None},
        {"id": "fbe805e8", "resource_id": "12", "size_gigabytes": 0},
    ),
    Case(
        "volumes",
        "volumes",
        "volumes",
        {"id": "506f78a4", "size_gigabytes": 10, "droplet_ids": [5], "region": {"slug": "nyc1"}},
    ),
    Case("reserved_ips", "reserved_ips", "reserved_ips", {"ip": "45.55.96.47", "droplet": {"id": 3}}),
    Case("firewalls", "firewalls", "firewalls", {"id": "bb4b2611", "status": "succeeded", "droplet_ids": [8]}),
    Case("load_balancers", "load_balancers", "load_balancers", {"id": "4de7ac8b", "size_unit": 3}),
    Case("vpcs", "vpcs", "vpcs", {"id": "5a4981aa", "default": True, "ip_range": "10.10.10.0/24"}),
    Case("domains", "domains", "domains", {"name": "example.com", "ttl": 1800}),
    Case(
        "kubernetes_clusters",
        "kubernetes/clusters",
        "kubernetes_clusters",
        {"id": "bd5f5959", "node_pools": [{"id": "cdda885e", "size": "s-1vcpu-2gb", "count": 3}]},
    ),
    Case(
        "kubernetes_node_pools",
        "kubernetes/clusters",
        "kubernetes_clusters",
        {"id": "bd5f5959", "node_pools": [{"id": "cdda885e", "size": "s-1vcpu-2gb", "count": 3}]},
        {"cluster_id": "bd5f5959", "id": "cdda885e", "size": "s-1vcpu-2gb", "count": 3},
    ),
    Case("database_clusters", "databases", "databases", {"id": "9cc10173", "engine": "pg", "num_nodes": 2}),
    Case(
        "apps",
        "apps",
        "apps",
        {"id": "4f6c71e2", "updated_at": "2020-12-01T00:42:16Z", "tier_slug": "basic"},
        query={"with_projects": "true"},
    ),
    Case(
        "projects",
        "projects",
        "projects",
        {"id": "4e1bfbc3", "updated_at": "2018-09-27T20:10:35Z", "is_default": False},
    ),
    Case(
        "actions",
        "actions",
        "actions",
        {"id": 36804636, "status": "completed", "started_at": "2026-02-14T16:29:21Z", "resource_id": 3164444},
    ),
    Case(
        "invoices",
        "customers/my/invoices",
        "invoices",
        {"invoice_uuid": "22737513", "invoice_period": "2026-02", "amount": "12.34"},
        {"invoice_uuid": "22737513", "invoice_period": "2026-02", "amount": 12.34},
    ),
]


@pytest.fixture(scope="module")
def sync() -> tuple[Output, list[Request]]:
    with fake_clock(), digitalocean() as api:
        for case in CASES:
            api.lists(f"/v2/{case.path}", case.records, [case.row], case.query)
        return read(*[case.stream for case in CASES]), api.requests


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stream)
def test_a_list_is_asked_for_in_one_exact_request_and_becomes_records(
    sync: tuple[Output, list[Request]], case: Case
) -> None:
    output, requests = sync

    assert output.rows(case.stream) == [case.expected]
    assert output.get_stream_statuses(case.stream) == COMPLETE
    assert not output.failed
    (request,) = [request for request in requests if request.address == f"{API}/v2/{case.path}"]
    assert request.query == {**PAGE, **case.query}
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["User-Agent"] == USER_AGENT
    assert re.fullmatch(r"airbyte-source-digitalocean-quolum/\d+\.\d+\.\d+", USER_AGENT)


def test_account_is_one_object_without_page_parameters(api: DigitalOcean) -> None:
    account = {"uuid": "b6fr89dbf6d9156cace5f3c78dc9851d", "droplet_limit": 25, "team": {"uuid": "5df3e3004a17"}}
    api.on("/v2/account", {}, {"account": account})

    assert read("account").rows("account") == [account]


def test_droplets_are_two_lists_because_one_leaves_gpus_out(api: DigitalOcean) -> None:
    api.lists("/v2/droplets", "droplets", [{"id": 1, "name": "web"}], {"type": "droplets"})
    api.lists("/v2/droplets", "droplets", [{"id": 2, "name": "training"}], {"type": "gpus"})

    output = read("droplets")

    assert sorted(output.rows("droplets"), key=lambda row: row["id"]) == [
        {"id": 1, "name": "web", "gpu": False},
        {"id": 2, "name": "training", "gpu": True},
    ]
    assert len(api.requests) == 2
    assert output.status("droplets") == "COMPLETE"


def test_clusters_and_node_pools_come_from_the_same_request(api: DigitalOcean) -> None:
    clusters: list[Row] = [
        {"id": "a", "node_pools": [{"id": "a1", "count": 1}, {"id": "a2", "count": 2}]},
        {"id": "b", "node_pools": None},
        {"id": "c", "node_pools": []},
    ]
    api.lists("/v2/kubernetes/clusters", "kubernetes_clusters", clusters)

    output = read("kubernetes_clusters", "kubernetes_node_pools")

    assert len(api.requests) == 1
    assert [row["id"] for row in output.rows("kubernetes_clusters")] == ["a", "b", "c"]
    assert output.rows("kubernetes_node_pools") == [
        {"cluster_id": "a", "id": "a1", "count": 1},
        {"cluster_id": "a", "id": "a2", "count": 2},
    ]


def test_projects_are_read_once_for_themselves_and_for_their_resources(api: DigitalOcean) -> None:
    projects = [
        {"id": "old", "updated_at": "2019-01-01T00:00:00Z"},
        {"id": "new", "updated_at": "2026-02-01T00:00:00Z"},
    ]
    api.lists("/v2/projects", "projects", projects)
    for project in ("old", "new"):
        api.lists(f"/v2/projects/{project}/resources", "resources", [{"urn": f"do:volume:{project}"}])
    state = StateBuilder().with_stream_state("projects", {"updated_at": "2025-06-01T00:00:00Z"}).build()

    output = read("projects", "project_resources", state=state)

    assert api.counts()["/v2/projects"] == 1
    assert [row["id"] for row in output.rows("projects")] == ["new"]
    resources = sorted(output.rows("project_resources"), key=lambda row: row["project_id"])
    assert resources == [
        {"project_id": "new", "urn": "do:volume:new"},
        {"project_id": "old", "urn": "do:volume:old"},
    ]


def test_a_project_that_vanished_ends_its_resources_quietly(api: DigitalOcean) -> None:
    api.lists("/v2/projects", "projects", [{"id": "gone"}, {"id": "kept"}])
    api.on("/v2/projects/gone/resources", PAGE, error(404, "not_found"))
    api.lists("/v2/projects/kept/resources", "resources", [{"urn": "do:volume:1"}])

    output = read("project_resources")

    assert [row["project_id"] for row in output.rows("project_resources")] == ["kept"]
    assert output.status("project_resources") == "COMPLETE"
    assert not output.failed


def test_a_slice_cannot_leave_its_place_in_the_path(api: DigitalOcean) -> None:
    api.lists("/v2/projects", "projects", [{"id": "../droplets?x=#y"}])
    api.lists("/v2/projects/..%2Fdroplets%3Fx%3D%23y/resources", "resources", [{"urn": "do:volume:1"}])

    assert len(read("project_resources").rows("project_resources")) == 1


def test_updated_streams_skip_what_has_not_changed_since(api: DigitalOcean) -> None:
    apps: list[Row] = [
        {"id": "same", "updated_at": "2026-02-01T00:00:00Z"},
        {"id": "older", "updated_at": "2026-01-31T23:59:59.5Z"},
        {"id": "changed", "updated_at": "2026-02-02T10:00:00Z"},
        {"id": "undated", "updated_at": None},
    ]
    api.lists("/v2/apps", "apps", apps, {"with_projects": "true"})
    state = StateBuilder().with_stream_state("apps", {"updated_at": "2026-02-01T00:00:00Z"}).build()

    output = read("apps", state=state)

    assert {row["id"] for row in output.rows("apps")} == {"same", "changed", "undated"}
    assert output.state_of("apps") == {"updated_at": "2026-02-02T10:00:00Z"}
