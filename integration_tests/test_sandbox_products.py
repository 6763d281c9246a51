"""The sandbox's networks, registries, autoscale pools, monitoring and security: paging, growth, absence, secrets."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from integration_tests.asking import get, read_all
from sandbox import Sandbox

NOON = "2026-11-23T12:00:00Z"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(droplets=120, days=30, now=NOON, rate_limit=100_000) as running:
        yield running


def histories(sandbox: Sandbox) -> dict[str, list[dict[str, Any]]]:
    """Every history that grows with the clock, of one parent each."""
    pool = read_all(sandbox, "/v2/droplets/autoscale", "autoscale_pools")[0]["id"]
    cluster = read_all(sandbox, "/v2/kubernetes/clusters", "kubernetes_clusters")[0]["id"]
    registry = f"/v2/registries/{read_all(sandbox, '/v2/registries', 'registries')[0]['name']}"
    return {
        "events": read_all(sandbox, f"/v2/droplets/autoscale/{pool}/history", "history"),
        "messages": read_all(sandbox, f"/v2/kubernetes/clusters/{cluster}/status_messages", "messages"),
        "manifests": read_all(sandbox, f"{registry}/repositories/storefront/digests", "manifests"),
        "collections": get(sandbox, f"{registry}/garbage-collections?per_page=200").json()["garbage_collections"],
        "scans": read_all(sandbox, "/v2/security/scans", "scans"),
    }


def test_histories_grow_with_the_clock_and_keep_their_past() -> None:
    with Sandbox(droplets=20, days=30, now=NOON, rate_limit=100_000) as moving:
        before = histories(moving)
        moving.advance(days=40)
        after = histories(moving)
    changing = {"tags", "status", "updated_at", "findings", "blobs_deleted", "freed_bytes"}
    for name, records in before.items():
        settled = [{key: one[key] for key in one.keys() - changing} for one in records]
        later = [{key: one[key] for key in one.keys() - changing} for one in after[name]]
        assert len(later) > len(settled) > 0, name
        assert all(one in later for one in settled), name


def test_an_autoscale_event_ends_and_moves_its_time_of_change() -> None:
    with Sandbox(droplets=20, days=3, now=NOON, rate_limit=100_000) as moving:
        path = "/v2/droplets/autoscale/{}/history".format(
            read_all(moving, "/v2/droplets/autoscale", "autoscale_pools")[0]["id"]
        )
        for _ in range(200):
            moving.advance(seconds=600)
            newest = read_all(moving, path, "history")[0]
            if newest["status"] == "in_progress":
                break
        assert newest["status"] == "in_progress"
        moving.advance(seconds=2400)
        (ended,) = (
            one for one in read_all(moving, path, "history") if one["history_event_id"] == newest["history_event_id"]
        )
        assert ended["status"] in {"success", "error"}
        assert ended["updated_at"] > newest["updated_at"]


def test_what_the_team_never_used_is_absent() -> None:
    with Sandbox(droplets=20) as fresh:
        refused = get(fresh, "/v2/organizations/teams")
        assert (refused.status_code, refused.json()["id"]) == (412, "precondition_failed")
        fresh.product("organizations", used=True)
        teams = get(fresh, "/v2/organizations/teams").json()["teams"]
        assert fresh.team_uuid in {team["uuid"] for team in teams}
        products = {
            "microvms": "/v2/microvms",
            "registry": "/v2/registries/subscription",
            "monitoring_sinks": "/v2/monitoring/sinks",
            "security": "/v2/security/scans/latest",
        }
        for product, path in products.items():
            assert get(fresh, path).status_code == 200
            fresh.product(product, used=False)
            assert get(fresh, path).status_code == 404
        assert get(fresh, "/v2/registries").json() == {"registries": []}


def test_everything_refers_to_what_exists(sandbox: Sandbox) -> None:
    droplets = {one["id"]: one for one in read_all(sandbox, "/v2/droplets", "droplets")}
    gpus = {one["id"] for one in read_all(sandbox, "/v2/droplets?type=gpus", "droplets")}
    members = []
    for pool in read_all(sandbox, "/v2/droplets/autoscale", "autoscale_pools"):
        inside = read_all(sandbox, f"/v2/droplets/autoscale/{pool['id']}/members", "droplets")
        assert len(inside) == pool["active_resources_count"]
        members += [one["droplet_id"] for one in inside]
    assert members
    assert len(members) == len(set(members))
    assert set(members) <= droplets.keys()
    together = get(sandbox, "/v2/reports/droplet_neighbors_ids").json()["neighbor_ids"]
    assert together
    assert {id_ for ids in together for id_ in ids} <= droplets.keys() | gpus
    inside_vpcs = [
        member["urn"]
        for vpc in read_all(sandbox, "/v2/vpcs", "vpcs")
        for member in read_all(sandbox, f"/v2/vpcs/{vpc['id']}/members", "members")
    ]
    assert {f"do:droplet:{id_}" for id_ in droplets.keys() | gpus} <= set(inside_vpcs)
    assert len(inside_vpcs) == len(set(inside_vpcs))
    for domain in read_all(sandbox, "/v2/domains", "domains"):
        records = read_all(sandbox, f"/v2/domains/{domain['name']}/records", "domain_records")
        assert len(records) == len(domain["zone_file"].splitlines()) - 2


def test_backup_policies_are_an_object_in_pages(sandbox: Sandbox) -> None:
    policies: dict[str, Any] = {}
    url: str | None = "/v2/droplets/backups/policies?per_page=50"
    while url:
        body = get(sandbox, url).json()
        policies |= body["policies"]
        url = body["links"].get("pages", {}).get("next")
    assert len(policies) == body["meta"]["total"] > 100
    backed_up = {one["id"] for one in read_all(sandbox, "/v2/droplets", "droplets") if "backups" in one["features"]}
    assert {one["droplet_id"] for one in policies.values() if one["backup_enabled"]} == backed_up


def test_repositories_are_paged_by_token_and_may_have_slashes(sandbox: Sandbox) -> None:
    registry = f"/v2/registries/{read_all(sandbox, '/v2/registries', 'registries')[0]['name']}"
    first = get(sandbox, registry + "/repositoriesV2?per_page=4").json()
    following = first["links"]["pages"]["next"]
    assert "page_token=" in following
    second = get(sandbox, following.replace("page=2", "page=1"))
    assert {one["name"] for one in second.json()["repositories"]}.isdisjoint(
        one["name"] for one in first["repositories"]
    )
    names = [one["name"] for one in read_all(sandbox, registry + "/repositoriesV2", "repositories")]
    assert len(names) == len(set(names)) == first["meta"]["total"]
    assert "platform/api" in names
    assert get(sandbox, f"{registry}/repositories/{quote('platform/api', safe='')}/tags").status_code == 200
    assert get(sandbox, registry + "/repositoriesV2?page_token=x").status_code == 400


def test_the_lists_without_links(sandbox: Sandbox) -> None:
    registry = read_all(sandbox, "/v2/registries", "registries")[0]["name"]
    path = f"/v2/registries/{registry}/garbage-collections"
    pages = [get(sandbox, f"{path}?per_page=2&page={page}").json() for page in (1, 2, 9)]
    assert [set(page) for page in pages] == [{"garbage_collections"}] * 3
    assert [len(page["garbage_collections"]) for page in pages] == [2, 2, 0]
    latest = [get(sandbox, f"/v2/security/scans/latest?per_page=3&page={page}").json() for page in (1, 9)]
    assert [len(page["scan"]["findings"]) for page in latest] == [3, 0]
    suppressions = get(sandbox, "/v2/security/settings?per_page=1").json()["settings"]["suppressions"]
    assert len(suppressions["resources"]) == 1
    assert suppressions["meta"]["pages"] == suppressions["meta"]["total"] > 1
    assert set(get(sandbox, "/v2/nfs?per_page=1").json()) == {"shares"}
    assert len(get(sandbox, "/v2/nfs?per_page=1").json()["shares"]) > 1


def test_status_messages_since(sandbox: Sandbox) -> None:
    cluster = read_all(sandbox, "/v2/kubernetes/clusters", "kubernetes_clusters")[0]["id"]
    path = f"/v2/kubernetes/clusters/{cluster}/status_messages"
    everything = get(sandbox, path).json()["messages"]
    middle = everything[2]["timestamp"]
    assert get(sandbox, f"{path}?since={middle}").json()["messages"] == everything[2:]
    assert get(sandbox, f"{path}?since=yesterday").status_code == 400


def test_associated_resources_show_what_the_token_may_see(sandbox: Sandbox) -> None:
    droplet = next(one for one in read_all(sandbox, "/v2/droplets", "droplets") if one["volume_ids"])
    path = f"/v2/droplets/{droplet['id']}/destroy_with_associated_resources"
    volumes = get(sandbox, path).json()["volumes"]
    assert {one["id"] for one in volumes} == set(droplet["volume_ids"])
    assert all(float(one["cost"]) > 0 for one in volumes)
    assert get(sandbox, path, sandbox.mint_token(["droplet:read"])).json()["volumes"] == []


def test_microvms_have_pages_of_25(sandbox: Sandbox) -> None:
    body = get(sandbox, "/v2/microvms").json()
    assert (len(body["microvms"]), body["meta"]["total"]) == (25, 30)


def test_a_microvm_names_a_listed_vpc_of_its_region_or_none(sandbox: Sandbox) -> None:
    regions = {one["id"]: one["region"] for one in read_all(sandbox, "/v2/vpcs", "vpcs")}
    microvms = read_all(sandbox, "/v2/microvms", "microvms")
    assert {one["networking"] for one in microvms} == {"vpc", "public"}
    for one in microvms:
        named = regions[one["vpc_uuid"]] if "vpc_uuid" in one else None
        assert named == (one["region"] if one["networking"] == "vpc" else None)


def test_secrets_are_planted(sandbox: Sandbox) -> None:
    check = read_all(sandbox, "/v2/uptime/checks", "checks")[0]["id"]
    paths = {
        "/v2/droplets/autoscale": "autoscale-user-data",
        "/v2/certificates": "private-key",
        "/v2/partner_network_connect/attachments": "auth-key",
        "/v2/monitoring/alerts": "slack-url",
        "/v2/monitoring/sinks": "sink-0-password",
        f"/v2/uptime/checks/{check}/alerts": "slack-url",
        "/v2/add-ons/saas": "sso-url",
    }
    for path, name in paths.items():
        text = get(sandbox, path).text
        assert "PLANTED-SECRET-" in text, path
        assert name in text, path
    assert "PLANTED-SECRET" not in get(sandbox, "/v2/monitoring/sinks/destinations").text
