"""The sandbox as an API: paging, scopes, deletions, and a world that stays the same."""

from collections.abc import Iterator

import pytest

from integration_tests.asking import get, read_all
from sandbox import Sandbox

NOON = "2026-11-23T12:00:00Z"
LISTS = ["droplets", "volumes", "images?private=true", "snapshots", "databases", "actions", "tags", "apps"]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(droplets=70, days=30, now=NOON, rate_limit=100_000) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_faults(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.clear_faults()


def test_pages_cover_every_droplet_once(sandbox: Sandbox) -> None:
    first = get(sandbox, "/v2/droplets").json()
    assert (len(first["droplets"]), first["meta"]["total"]) == (20, 70)
    ids = [droplet["id"] for droplet in read_all(sandbox, "/v2/droplets?per_page=30", "droplets")]
    assert len(ids) == len(set(ids)) == 70


def test_the_next_link_is_a_whole_url_with_the_other_parameters(sandbox: Sandbox) -> None:
    following = get(sandbox, "/v2/images?private=true&per_page=7").json()["links"]["pages"]["next"]
    assert following == f"{sandbox.api_base_url}/v2/images?page=2&per_page=7&private=true"


def test_one_page_has_no_links_and_a_page_past_the_end_is_empty(sandbox: Sandbox) -> None:
    assert get(sandbox, "/v2/droplets?per_page=200").json()["links"] == {}
    past = get(sandbox, "/v2/droplets?page=9").json()
    assert past["droplets"] == []
    assert "next" not in past["links"]["pages"]


@pytest.mark.parametrize("query", ["per_page=201", "per_page=0", "page=0", "page=x"])
def test_paging_out_of_range_is_refused(sandbox: Sandbox, query: str) -> None:
    assert get(sandbox, f"/v2/droplets?{query}").status_code == 400


def test_gpu_droplets_are_a_second_list(sandbox: Sandbox) -> None:
    ordinary = {droplet["id"] for droplet in read_all(sandbox, "/v2/droplets", "droplets")}
    gpus = read_all(sandbox, "/v2/droplets?type=gpus", "droplets")
    assert len(gpus) == 2
    assert all("gpu_info" in droplet for droplet in gpus)
    assert ordinary.isdisjoint(droplet["id"] for droplet in gpus)
    assert get(sandbox, "/v2/droplets?type=gpus&tag_name=ml").status_code == 400


def test_the_world_is_consistent(sandbox: Sandbox) -> None:
    droplets = {one["id"]: one for one in read_all(sandbox, "/v2/droplets?per_page=200", "droplets")}
    volumes = read_all(sandbox, "/v2/volumes?per_page=200", "volumes")
    attached = {(volume["id"], id_) for volume in volumes for id_ in volume["droplet_ids"]}
    assert attached == {(id_, one["id"]) for one in droplets.values() for id_ in one["volume_ids"]}
    assert any(not volume["droplet_ids"] for volume in volumes)
    for cluster in read_all(sandbox, "/v2/kubernetes/clusters", "kubernetes_clusters"):
        nodes = [node for pool in cluster["node_pools"] for node in pool["nodes"]]
        assert nodes
        assert {droplets[int(node["droplet_id"])]["name"] for node in nodes} == {node["name"] for node in nodes}
    images = {image["id"]: image["type"] for image in read_all(sandbox, "/v2/images?private=true", "images")}
    for droplet in droplets.values():
        assert all(images[id_] == "backup" for id_ in droplet["backup_ids"])
        assert all(images[id_] == "snapshot" for id_ in droplet["snapshot_ids"])
    tags = {tag["name"]: tag["resources"] for tag in read_all(sandbox, "/v2/tags", "tags")}
    assert tags["web"]["droplets"]["count"] == sum("web" in one["tags"] for one in droplets.values())


def test_every_resource_is_in_exactly_one_project(sandbox: Sandbox) -> None:
    projects = get(sandbox, "/v2/projects").json()["projects"]
    urns = [
        resource["urn"]
        for project in projects
        for resource in read_all(sandbox, f"/v2/projects/{project['id']}/resources?per_page=200", "resources")
    ]
    assert len(urns) == len(set(urns))
    assert sum(urn.startswith("do:droplet:") for urn in urns) == 72
    narrow = sandbox.mint_token(["project:read", "domain:read"])
    seen = [
        resource["urn"].split(":")[1]
        for project in projects
        for resource in get(sandbox, f"/v2/projects/{project['id']}/resources", narrow).json()["resources"]
    ]
    assert set(seen) == {"domain", "space"}


def test_the_sandbox_tells_the_truth_about_waste(sandbox: Sandbox) -> None:
    told: dict[str, set[str]] = {}
    for one in sandbox.waste():
        told.setdefault(one["rule"], set()).add(one["urn"])
    droplets = [
        *read_all(sandbox, "/v2/droplets", "droplets"),
        *read_all(sandbox, "/v2/droplets?type=gpus", "droplets"),
    ]
    volumes = read_all(sandbox, "/v2/volumes", "volumes")
    addresses = read_all(sandbox, "/v2/reserved_ips", "reserved_ips")
    assert told["powered_off"] == {f"do:droplet:{one['id']}" for one in droplets if one["status"] == "off"}
    assert told["gpu_droplet"] == {f"do:droplet:{one['id']}" for one in droplets if "gpu_info" in one}
    assert told["unattached_volume"] == {f"do:volume:{one['id']}" for one in volumes if not one["droplet_ids"]}
    assert told["unassigned_reserved_ip"] == {f"do:floatingip:{one['ip']}" for one in addresses if not one["droplet"]}
    assert min(map(len, told.values())) > 0
    gone = next(one["id"] for one in droplets if one["snapshot_ids"])
    with Sandbox(droplets=70, days=30, now=NOON, rate_limit=100_000) as mutable:
        mutable.delete("droplets", [gone])
        assert "snapshot_without_resource" in {one["rule"] for one in mutable.waste()}


def test_scopes(sandbox: Sandbox) -> None:
    narrow = sandbox.mint_token(["droplet:read"])
    droplet = get(sandbox, "/v2/droplets", narrow).json()["droplets"][-1]
    assert droplet["image"] == {}
    assert droplet["tags"] == droplet["volume_ids"] == []
    refused = get(sandbox, "/v2/volumes", narrow)
    assert refused.status_code == 403
    assert refused.json() == {"id": "forbidden", "message": "You do not have access for the attempted action."}
    sandbox.revoke(narrow)
    assert get(sandbox, "/v2/droplets", narrow).status_code == 401


def test_secrets_are_planted_where_digitalocean_returns_real_ones(sandbox: Sandbox) -> None:
    databases = get(sandbox, "/v2/databases").json()["databases"]
    assert len({database["engine"] for database in databases}) == 6
    assert all("PLANTED-SECRET" in database["connection"]["uri"] for database in databases)
    assert any("PLANTED-SECRET" in database.get("ui_connection", {}).get("uri", "") for database in databases)
    assert "PLANTED-SECRET" in get(sandbox, "/v2/apps").text
    narrow = sandbox.mint_token(["database:read"])
    assert "PLANTED-SECRET" not in get(sandbox, "/v2/databases", narrow).text


def test_the_same_seed_and_moment_give_the_same_answers(sandbox: Sandbox) -> None:
    paths = [f"/v2/{path}" for path in LISTS] + ["/v2/customers/my/invoices", "/v2/customers/my/balance"]
    here = [get(sandbox, path).text.replace(sandbox.api_base_url, "") for path in paths]
    with Sandbox(droplets=70, days=30, now=NOON) as twin, Sandbox(droplets=70, days=30, now=NOON, seed=8) as other:
        assert [get(twin, path).text.replace(twin.api_base_url, "") for path in paths] == here
        there = [get(other, path).text.replace(other.api_base_url, "") for path in paths]
    assert all(mine != theirs for mine, theirs in zip(here, there, strict=True))


def test_actions_grow_with_the_clock_and_keep_their_past() -> None:
    with Sandbox(droplets=10, days=5, now=NOON) as moving:
        before = read_all(moving, "/v2/actions?per_page=200", "actions")
        started = [action["started_at"] for action in before]
        assert started == sorted(started, reverse=True)
        running = [action for action in before if action["status"] == "in-progress"]
        assert 1 <= len(running) <= 3
        assert all(action["completed_at"] is None for action in running)
        moving.advance(days=1)
        after = read_all(moving, "/v2/actions?per_page=200", "actions")
        assert len(after) >= len(before) + 12
        assert {action["id"] for action in before} < {action["id"] for action in after}
        done = [action for action in before if action["status"] == "completed"]
        assert [action for action in after if action["id"] in {one["id"] for one in done}] == done


def test_deletion_lets_go_of_what_pointed_at_the_droplet() -> None:
    with Sandbox(droplets=40) as mutable:
        volumes = get(mutable, "/v2/volumes?per_page=200").json()["volumes"]
        owner = next(volume["droplet_ids"][0] for volume in volumes if volume["droplet_ids"])
        assert mutable.delete("droplets", [owner]) == 1
        ids = [droplet["id"] for droplet in get(mutable, "/v2/droplets?per_page=200").json()["droplets"]]
        assert len(ids) == 39
        assert owner not in ids
        volumes = get(mutable, "/v2/volumes?per_page=200").json()["volumes"]
        assert all(owner not in volume["droplet_ids"] for volume in volumes)


def test_deletions_between_pages_make_offset_paging_skip() -> None:
    with Sandbox(droplets=40) as mutable:
        mutable.delete_between_pages("droplets", 2)
        seen = [droplet["id"] for droplet in read_all(mutable, "/v2/droplets?per_page=10", "droplets")]
        mutable.clear_faults()
        left = [droplet["id"] for droplet in read_all(mutable, "/v2/droplets", "droplets")]
        assert set(left) - set(seen), "with records gone from earlier pages some surviving ones are never listed"


def test_the_account_can_be_locked(sandbox: Sandbox) -> None:
    sandbox.account_status("locked", email_verified=False)
    account = get(sandbox, "/v2/account").json()["account"]
    assert (account["status"], account["email_verified"]) == ("locked", False)
    sandbox.account_status("active", email_verified=True)


def test_requests_are_logged_without_their_tokens(sandbox: Sandbox) -> None:
    sandbox.reset_requests()
    get(sandbox, f"/v2/droplets?per_page=2&oops={sandbox.token}")
    get(sandbox, "/v2/volumes", "dop_v1_" + "b" * 64)
    (droplets,) = sandbox.requests("/v2/droplets")
    assert (droplets["method"], droplets["status"], droplets["token"]) == ("GET", 200, "personal")
    assert droplets["query"] == {"per_page": "2", "oops": "***"}
    (volumes,) = sandbox.requests("/v2/volumes")
    assert (volumes["status"], volumes["token"]) == (401, "unknown")
    assert sandbox.token not in str(sandbox.requests())


def test_a_large_team_is_served_whole() -> None:
    with Sandbox(droplets=5000, rate_limit=100_000) as large:
        assert len(read_all(large, "/v2/droplets?per_page=200", "droplets")) == 5000
        assert len(read_all(large, "/v2/volumes?per_page=200", "volumes")) == 2000
