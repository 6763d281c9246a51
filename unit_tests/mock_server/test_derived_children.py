"""Children that a list holds are not asked for one by one, and parents are asked only where they can answer anew."""

from typing import Any

import pytest
from airbyte_cdk.test.state_builder import StateBuilder

from unit_tests.mock_server.commands import Output, read
from unit_tests.mock_server.server import PAGE, DigitalOcean, Reply, error

Row = dict[str, Any]


def droplets(api: DigitalOcean, *rows: Row) -> None:
    api.lists("/v2/droplets", "droplets", list(rows), {"type": "droplets"})
    api.lists("/v2/droplets", "droplets", [], {"type": "gpus"})


def again(first: Output, stream: str) -> list[Any]:
    return StateBuilder().with_stream_state(stream, first.state_of(stream)).build()


# ------------------------------------------------------------------------------------------------ droplet_firewalls
def test_firewalls_of_droplets_come_from_the_list_of_firewalls(api: DigitalOcean) -> None:
    droplets(api, {"id": 1, "tags": ["web", "prod"]}, {"id": 2, "tags": []}, {"id": 3, "tags": None})
    firewalls: list[Row] = [
        {"id": "by-id", "droplet_ids": [1, 2], "tags": []},
        {"id": "by-tag", "droplet_ids": None, "tags": ["web"]},
        {"id": "both", "droplet_ids": [1], "tags": ["prod", "web"]},
        {"id": "nobody", "droplet_ids": [], "tags": ["db"]},
    ]
    api.lists("/v2/firewalls", "firewalls", firewalls)

    output = read("droplet_firewalls")

    found = sorted((row["droplet_id"], row["id"]) for row in output.rows("droplet_firewalls"))
    assert found == [(1, "both"), (1, "by-id"), (1, "by-tag"), (2, "by-id")]
    assert len(api.asked("/v2/firewalls")) == 1


def test_a_list_of_firewalls_that_fails_ends_the_stream_with_a_failure(api: DigitalOcean) -> None:
    droplets(api, {"id": 1, "tags": []})
    api.on("/v2/firewalls", PAGE, Reply(b"<html>"))

    output = read("droplet_firewalls", expect_failure=True)

    assert output.status("droplet_firewalls") == "INCOMPLETE"


def test_firewalls_that_the_token_may_not_read_are_asked_for_no_more(api: DigitalOcean) -> None:
    droplets(api, *({"id": number, "tags": []} for number in range(40)))
    api.on("/v2/firewalls", PAGE, error(403, "forbidden", "You are not authorized"))

    output = read("droplet_firewalls")

    assert output.rows("droplet_firewalls") == []
    assert len(api.asked("/v2/firewalls")) == 2
    assert any("firewall:read" in warning for warning in output.warnings())


# -------------------------------------------------------------------------------------------------- droplet_kernels
def test_a_droplet_without_a_kernel_of_its_own_is_not_asked_for_kernels(api: DigitalOcean) -> None:
    droplets(api, {"id": 1, "kernel": None}, {"id": 2, "kernel": {"id": 7}})
    api.lists("/v2/droplets/2/kernels", "kernels", [{"id": 7, "name": "Grub"}])

    assert read("droplet_kernels").rows("droplet_kernels") == [{"droplet_id": 2, "id": 7, "name": "Grub"}]


def test_a_droplet_whose_kernel_is_not_told_is_asked(api: DigitalOcean) -> None:
    droplets(api, {"id": 1})
    api.lists("/v2/droplets/1/kernels", "kernels", [{"id": 7, "name": "Grub"}])

    assert read("droplet_kernels").rows("droplet_kernels") == [{"droplet_id": 1, "id": 7, "name": "Grub"}]


# --------------------------------------------------------------------------------------------------- volume_actions
def test_a_volume_that_has_not_changed_is_not_asked_again(api: DigitalOcean) -> None:
    def volumes(size: int) -> list[Row]:
        return [
            {"id": "v-1", "size_gigabytes": size, "droplet_ids": [1]},
            {"id": "v-2", "size_gigabytes": 10, "droplet_ids": []},
        ]

    def action(number: int, day: int, status: str = "completed") -> Row:
        return {"id": number, "status": status, "started_at": f"2026-03-0{day}T00:00:00Z"}

    api.lists("/v2/volumes", "volumes", volumes(10))
    api.lists("/v2/volumes/v-1/actions", "actions", [action(1, 1)])
    api.lists("/v2/volumes/v-2/actions", "actions", [action(2, 2, "in-progress")])
    first = read("volume_actions")
    assert {(row["volume_id"], row["id"]) for row in first.rows("volume_actions")} == {("v-1", 1), ("v-2", 2)}

    # What was under way is asked for again though its volume is as it was.
    api.lists("/v2/volumes/v-2/actions", "actions", [action(2, 2)])
    api.requests.clear()
    second = read("volume_actions", state=again(first, "volume_actions"))
    assert api.asked("/v2/volumes/v-1/actions") == []
    assert [(row["id"], row["status"]) for row in second.rows("volume_actions")] == [(2, "completed")]

    api.lists("/v2/volumes", "volumes", volumes(20))
    api.lists("/v2/volumes/v-1/actions", "actions", [action(3, 5), action(1, 1)])
    api.requests.clear()
    third = read("volume_actions", state=again(second, "volume_actions"))
    assert api.asked("/v2/volumes/v-2/actions") == []
    # The day before the cursor is seen again.
    assert sorted(row["id"] for row in third.rows("volume_actions")) == [1, 3]


# ------------------------------------------------------------------------------------- droplet_associated_resources
STREAM = "droplet_associated_resources"


class Account:
    """Four Droplets: one with nothing, one each with a volume, with a snapshot, with a reserved IP."""

    def __init__(self, api: DigitalOcean) -> None:
        self.api = api
        self.ips: list[Row] = [{"ip": "203.0.113.7", "droplet": {"id": 4}}, {"ip": "203.0.113.8", "droplet": None}]
        self.snapshots: list[Row] = [{"id": "31", "resource_id": "3", "size_gigabytes": 2.5}]
        self.volumes: list[Row] = [{"id": "v-2", "name": "data", "size_gigabytes": 10}]

    def read(self, first: Output | None = None) -> tuple[set[int], Output]:
        """The Droplets that are asked about, and what comes of it."""
        api = self.api
        droplets(
            api,
            {"id": 1, "volume_ids": [], "snapshot_ids": []},
            {"id": 2, "volume_ids": ["v-2"], "snapshot_ids": []},
            {"id": 3, "volume_ids": [], "snapshot_ids": [31]},
            {"id": 4, "volume_ids": None, "snapshot_ids": None},
        )
        api.lists("/v2/reserved_ips", "reserved_ips", self.ips)
        api.lists("/v2/snapshots", "snapshots", self.snapshots)
        api.lists("/v2/volumes", "volumes", self.volumes)
        paths = {number: f"/v2/droplets/{number}/destroy_with_associated_resources" for number in range(1, 5)}
        for path in paths.values():
            api.on(path, {}, {"volumes": [], "snapshots": []})
        api.requests.clear()
        output = read(STREAM, state=again(first, STREAM) if first else None)
        assert output.status(STREAM) == "COMPLETE"
        asked = {number for number, path in paths.items() if api.asked(path)}
        assert {row["droplet_id"] for row in output.rows(STREAM)} == asked
        return asked, output


def test_only_a_droplet_on_which_something_hangs_is_asked(api: DigitalOcean) -> None:
    account = Account(api)
    asked, first = account.read()
    assert asked == {2, 3, 4}

    assert account.read(first)[0] == set()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda account: account.volumes[0].update(size_gigabytes=20), {2}),
        (lambda account: account.snapshots.append({"id": "x", "resource_id": "v-2", "size_gigabytes": 1}), {2}),
        (lambda account: account.snapshots.append({"id": "32", "resource_id": "1", "size_gigabytes": 1}), {1}),
        (lambda account: account.ips[1].update(droplet={"id": 4}), {4}),
        # What hung on it is gone: it is asked once more, so that the warehouse learns of it.
        (lambda account: account.ips.pop(0), {4}),
    ],
)
def test_a_droplet_is_asked_again_when_what_hangs_on_it_has_changed(
    api: DigitalOcean, change: Any, expected: set[int]
) -> None:
    account = Account(api)
    _, first = account.read()

    change(account)
    asked, second = account.read(first)
    assert asked == expected

    assert account.read(second)[0] == set()


# ------------------------------------------------------------------------------------------ app_health, app_instances
@pytest.mark.parametrize(("stream", "path"), [("app_instances", "instances"), ("app_health", "health")])
def test_every_app_is_asked_what_runs_since_kinds_of_components_that_are_new_may_run(
    api: DigitalOcean, stream: str, path: str
) -> None:
    site: Row = {"static_sites": [{"name": "docs"}]}
    apps: list[Row] = [{"id": "site", "spec": site}, {"id": "new", "spec": {**site, "gpu_workers": [{"name": "llm"}]}}]
    api.lists("/v2/apps", "apps", apps, {"with_projects": "true"})
    api.on(f"/v2/apps/site/{path}", None, {"instances": [], "app_health": {}})
    api.on(f"/v2/apps/new/{path}", None, {"instances": [{"instance_name": "llm-0"}], "app_health": {"components": []}})

    output = read(stream)

    assert "new" in {row["app_id"] for row in output.rows(stream)}
    assert output.status(stream) == "COMPLETE"


# ------------------------------------------------------------------------------------ registry_manifests, registry_tags
@pytest.mark.parametrize(
    ("stream", "path", "records", "count", "key"),
    [
        ("registry_manifests", "digests", "manifests", "manifest_count", "digest"),
        ("registry_tags", "tags", "tags", "tag_count", "tag"),
    ],
)
def test_a_repository_that_counts_none_is_not_asked(
    api: DigitalOcean, stream: str, path: str, records: str, count: str, key: str
) -> None:
    repositories: list[Row] = [{"name": "none", count: 0}, {"name": "some", count: 1}, {"name": "untold"}]
    api.lists("/v2/registries", "registries", [{"name": "team"}])
    rows = [{**one, "registry_name": "team"} for one in repositories]
    api.lists("/v2/registries/team/repositoriesV2", "repositories", rows)
    for name in ("some", "untold"):
        row = {"registry_name": "team", "repository": name, key: "a", "updated_at": "2026-03-01T00:00:00Z"}
        api.lists(f"/v2/registries/team/repositories/{name}/{path}", records, [row])

    assert sorted(row["repository"] for row in read(stream).rows(stream)) == ["some", "untold"]


# ------------------------------------------------------------------------------------- lists of clusters of one engine
@pytest.mark.parametrize(
    ("stream", "path", "records", "engine"),
    [("database_pools", "pools", "pools", "pg"), ("database_topics", "topics", "topics", "kafka")],
)
def test_a_cluster_whose_engine_is_not_told_is_asked(
    api: DigitalOcean, stream: str, path: str, records: str, engine: str
) -> None:
    clusters: list[Row] = [{"id": "fits", "engine": engine}, {"id": "other", "engine": "mysql"}, {"id": "untold"}]
    api.lists("/v2/databases", "databases", clusters)
    for name in ("fits", "untold"):
        api.lists(f"/v2/databases/{name}/{path}", records, [{"name": f"of-{name}"}])

    output = read(stream)

    assert sorted(row["database_cluster_uuid"] for row in output.rows(stream)) == ["fits", "untold"]
    assert output.status(stream) == "COMPLETE"
