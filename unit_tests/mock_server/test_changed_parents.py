"""Children of apps are asked for only where something changed since, or is under way; nothing is lost by it."""

from typing import Any

import pytest
from airbyte_cdk.test.state_builder import StateBuilder

from unit_tests.mock_server import commands
from unit_tests.mock_server.commands import Output, read
from unit_tests.mock_server.server import PAGE, DigitalOcean, error

Row = dict[str, Any]

MARCH = "2026-03-01T00:00:00Z"
APRIL = "2026-04-01T00:00:00Z"
LISTS = {
    "app_deployments": ("deployments", "deployments"),
    "app_events": ("events", "events"),
    "app_job_invocations": ("job-invocations", "job_invocations"),
}


def app(name: str, **fields: Any) -> Row:
    """An app at rest since March."""
    spec = {"name": name, "services": [{"name": "web", "instance_count": 1}]}
    active = {"id": f"{name}-1", "phase": "ACTIVE", "updated_at": MARCH}
    times = {"updated_at": MARCH, "last_deployment_created_at": MARCH}
    return {"id": name, "spec": spec, "active_deployment": active, **times, **fields}


def scaling(name: str) -> Row:
    return app(name, spec={"services": [{"name": "web", "autoscaling": {"max_instance_count": 3}}]})


def child(stream: str, name: str, **fields: Any) -> Row:
    times = {"created_at": MARCH, "updated_at": MARCH}
    return {"id": f"{name}-1", "phase": "ACTIVE" if stream == "app_deployments" else "SUCCEEDED", **times, **fields}


def sync(api: DigitalOcean, apps: list[Row], before: Row | None = None, stream: str = "app_deployments") -> Output:
    """One sync of a stream below these apps, each of which has one record in it."""
    path, records = LISTS[stream]
    api.lists("/v2/apps", "apps", apps, {"with_projects": "true"})
    for one in apps:
        api.lists(f"/v2/apps/{one['id']}/{path}", records, [child(stream, one["id"])])
    return again(api, before, stream)


def again(api: DigitalOcean, before: Row | None, stream: str = "app_deployments", *, fails: bool = False) -> Output:
    """One sync of a stream with DigitalOcean as it is; only the requests from here on are remembered."""
    api.requests.clear()
    states = StateBuilder().with_stream_state(stream, before).build() if before else None
    return read(stream, state=states, expect_failure=fails)


def state(output: Output, stream: str = "app_deployments") -> Row:
    return output.state_of(stream)


def asked(api: DigitalOcean) -> list[str]:
    """The apps that were asked about."""
    return sorted({path.split("/")[3] for path in api.counts() if path != "/v2/apps"})


@pytest.mark.parametrize("stream", LISTS)
def test_only_apps_that_changed_are_asked_about(api: DigitalOcean, stream: str) -> None:
    first = sync(api, [app("still"), app("moved")], stream=stream)
    assert asked(api) == ["moved", "still"]
    second = sync(api, [app("still"), app("moved", updated_at=APRIL), app("new")], state(first, stream), stream)
    assert asked(api) == ["moved", "new"]
    sync(api, [app("still"), app("moved", updated_at=APRIL), app("new")], state(second, stream), stream)
    assert asked(api) == []


def test_a_change_counts_even_if_the_app_does_not_say_when(api: DigitalOcean) -> None:
    changes: dict[str, Row] = {
        "deployed": {"last_deployment_created_at": APRIL},
        "pinned": {"pinned_deployment": {"id": "1"}},
        "rolled_back": {"active_deployment": {"id": "0", "updated_at": MARCH}},
        "set": {"spec": {"workers": [{"name": "jobs"}]}},
        "superseded": {"active_deployment": {"id": "superseded-1", "updated_at": APRIL}},
    }
    first = sync(api, [app(name) for name in ("still", *changes)])
    sync(api, [app("still"), *(app(name, **change) for name, change in changes.items())], state(first))
    assert asked(api) == list(changes)


def test_an_unfinished_deployment_is_asked_for_until_it_has_ended(api: DigitalOcean) -> None:
    busy = [
        app("built", in_progress_deployment={"id": "2", "phase": "BUILDING"}),
        app("queued", pending_deployment={"id": "2", "phase": "PENDING_BUILD"}),
    ]
    output = sync(api, busy)
    output = sync(api, busy, state(output))
    assert asked(api) == ["built", "queued"]
    # They ended, and the apps have no other time than before.
    at_rest = [app("built"), app("queued")]
    output = sync(api, at_rest, state(output))
    assert asked(api) == ["built", "queued"]
    sync(api, at_rest, state(output))
    assert asked(api) == []


def test_what_happens_without_a_change_of_the_app_is_asked_for_every_time(api: DigitalOcean) -> None:
    with_jobs = app("jobs", spec={"jobs": [{"name": "nightly"}]})
    for stream, always in (("app_events", ["scaling"]), ("app_job_invocations", ["jobs"]), ("app_deployments", [])):
        first = sync(api, [app("plain"), with_jobs, scaling("scaling")], stream=stream)
        sync(api, [app("plain"), with_jobs, scaling("scaling")], state(first, stream), stream)
        assert asked(api) == always, stream


def test_a_run_of_a_job_that_was_removed_is_asked_for_until_it_has_ended(api: DigitalOcean) -> None:
    stream, path = "app_job_invocations", "/v2/apps/a/job-invocations"
    output = sync(api, [app("a")], stream=stream)
    api.lists("/v2/apps", "apps", [app("a", updated_at=APRIL)], {"with_projects": "true"})
    api.lists(path, "job_invocations", [child(stream, "a", phase="RUNNING", created_at=APRIL)])
    for _ in range(2):
        output = again(api, state(output, stream), stream)
        assert asked(api) == ["a"]
    api.lists(path, "job_invocations", [child(stream, "a", created_at=APRIL)])
    output = again(api, state(output, stream), stream)
    assert [row["phase"] for row in output.rows(stream)] == ["SUCCEEDED"]
    again(api, state(output, stream), stream)
    assert asked(api) == []


def test_a_failure_leaves_the_changed_apps_to_the_next_sync(api: DigitalOcean) -> None:
    first = sync(api, [app("a"), app("b"), app("c")])
    api.lists(
        "/v2/apps",
        "apps",
        [app("a", updated_at=APRIL), app("b", updated_at=APRIL), app("c")],
        {"with_projects": "true"},
    )
    api.on("/v2/apps/b/deployments", PAGE, error(405))
    failed = again(api, state(first), fails=True)
    assert (failed.status("app_deployments"), asked(api)) == ("INCOMPLETE", ["a", "b"])

    api.lists("/v2/apps/b/deployments", "deployments", [child("app_deployments", "b")])
    after = again(api, state(failed))
    assert "b" in asked(api)
    assert "c" not in asked(api)
    again(api, state(after))
    assert asked(api) == []


@pytest.mark.parametrize("status", [400, 403, 409, 412, 422])
def test_an_app_that_is_refused_costs_itself_and_is_asked_about_again(api: DigitalOcean, status: int) -> None:
    sync(api, [app("a"), app("b")])
    api.on("/v2/apps/b/deployments", PAGE, error(status, "unprocessable", "not now"))
    refused = again(api, None)
    assert refused.status("app_deployments") == "COMPLETE"
    assert [row["app_id"] for row in refused.rows("app_deployments")] == ["a"]
    (warning,) = refused.warnings()
    assert "/v2/apps/b/deployments" in warning
    assert "not now" in warning

    api.lists("/v2/apps/b/deployments", "deployments", [child("app_deployments", "b")])
    after = again(api, state(refused))
    assert asked(api) == ["b"]
    assert [row["app_id"] for row in after.rows("app_deployments")] == ["b"]


def test_a_failing_list_of_apps_settles_none_of_them(api: DigitalOcean) -> None:
    first = sync(api, [app("a")])
    before = state(first)
    more = {"apps": [app("a", updated_at=APRIL)], "links": {"pages": {"next": "x?page=2"}}, "meta": {"total": 201}}
    api.on("/v2/apps", {**PAGE, "with_projects": "true"}, more)
    api.on("/v2/apps", {**PAGE, "page": "2", "with_projects": "true"}, error(400))
    failed = again(api, before, fails=True)
    assert state(failed)["parent_state"] == before["parent_state"]


def test_every_state_on_the_way_keeps_the_changed_apps_for_a_sync_that_is_killed(api: DigitalOcean) -> None:
    first = sync(api, [app("a"), app("b")])
    changed = [app("a", updated_at=APRIL), app("b", updated_at=APRIL)]
    second = sync(api, changed, state(first))
    states = [vars(message.state.stream.stream_state) for message in second.state_messages]  # type: ignore[union-attr]
    assert len(states) > 1
    assert states[-1]["parent_state"] != state(first)["parent_state"]
    for on_the_way in states[:-1]:
        again(api, dict(on_the_way))
        assert asked(api) == ["a", "b"]


@pytest.mark.parametrize("hashes", [None, {"apps": {"updated_at": APRIL}}, {"apps": ["a"]}, "apps", "one cursor"])
def test_a_state_without_hashes_asks_about_every_app_once(api: DigitalOcean, hashes: Any) -> None:
    own = {"use_global_cursor": False, "states": [{"partition": {"app_id": "a"}, "cursor": {"updated_at": APRIL}}]}
    before: Row = {**own, "state": {"updated_at": APRIL}, "parent_state": hashes}
    output = sync(api, [app("a"), app("b")], {"updated_at": APRIL} if hashes == "one cursor" else before)
    assert asked(api) == ["a", "b"]
    sync(api, [app("a"), app("b")], state(output))
    assert asked(api) == []


def test_a_refused_child_is_asked_for_once_access_is_given(api: DigitalOcean) -> None:
    api.lists("/v2/apps", "apps", [app("a")], {"with_projects": "true"})
    api.on("/v2/apps/a/deployments", PAGE, error(403))
    refused = again(api, None)
    assert refused.status("app_deployments") == "COMPLETE"
    output = sync(api, [app("a")], state(refused))
    assert [row["id"] for row in output.rows("app_deployments")] == ["a-1"]


def test_a_full_refresh_of_health_and_instances_asks_about_every_app(api: DigitalOcean) -> None:
    api.lists("/v2/apps", "apps", [app("a"), app("b")], {"with_projects": "true"})
    for name in ("a", "b"):
        api.on(f"/v2/apps/{name}/health", {}, {"app_health": {"components": []}})
    for _ in range(2):
        api.requests.clear()
        read("app_health")
        assert asked(api) == ["a", "b"]


@pytest.mark.parametrize(("gone", "kept"), [(3, 4), (11_000, 1)])
def test_what_is_known_of_thousands_of_apps_that_are_gone_is_forgotten(api: DigitalOcean, gone: int, kept: int) -> None:
    """A few cost nothing, and one that was missing for a moment goes on where it was."""
    api.lists("/v2/apps", "apps", [{"id": "a", "updated_at": APRIL}], {"with_projects": "true"})
    api.lists("/v2/apps/a/deployments", "deployments", [{"id": "d", "updated_at": APRIL}])
    known = [
        {"partition": {"app_id": f"gone-{n}", "parent_slice": {}}, "cursor": {"updated_at": APRIL}} for n in range(gone)
    ]
    before = {"use_global_cursor": False, "states": known, "state": {}, "lookback_window": 1}
    states = StateBuilder().with_stream_state("app_deployments", before).build()

    output = read("app_deployments", state=states)

    after = output.state_of("app_deployments")
    assert [row["id"] for row in output.rows("app_deployments")] == ["d"]
    assert not after["use_global_cursor"]
    assert len(after["states"]) == kept


# ------------------------------------------------------------------------------------------------- the first sync
LAST_YEAR = "2025-06-01T00:00:00Z"


def at_rest(name: str, **fields: Any) -> Row:
    """An app of which nothing has been heard since long before the start date, 1 January 2026."""
    times = {"updated_at": LAST_YEAR, "last_deployment_created_at": LAST_YEAR}
    active = {"id": f"{name}-1", "phase": "ACTIVE", "updated_at": LAST_YEAR}
    return app(name, active_deployment=active, **{**times, **fields})


@pytest.mark.parametrize("stream", LISTS)
def test_a_first_sync_leaves_out_apps_at_rest_since_before_the_start_date(api: DigitalOcean, stream: str) -> None:
    doubtful = [
        at_rest("eve", updated_at="2025-12-31T12:00:00Z"),
        at_rest("garbled", updated_at="yesterday"),
        at_rest("never", last_deployment_created_at="0001-01-01T00:00:00Z"),
        at_rest("untold", last_deployment_created_at=None),
    ]
    first = sync(api, [app("moved"), at_rest("quiet"), *doubtful], stream=stream)
    assert first.status(stream) == "COMPLETE"
    assert asked(api) == ["eve", "garbled", "moved", "never", "untold"]
    changed = at_rest("quiet", updated_at=APRIL)
    # An app that the first sync did not list is asked whatever its times: they may be older than what it missed.
    sync(api, [app("moved"), changed, *doubtful, at_rest("found")], state(first, stream), stream)
    assert asked(api) == ["found", "quiet"]


def test_an_app_at_rest_is_asked_for_what_happens_without_a_change_of_it(api: DigitalOcean) -> None:
    jobs = at_rest("jobs", spec={"jobs": [{"name": "nightly"}]})
    scales = at_rest("scales", spec={"services": [{"name": "web", "autoscaling": {"max_instance_count": 3}}]})
    for stream, always in (("app_events", ["scales"]), ("app_job_invocations", ["jobs"]), ("app_deployments", [])):
        sync(api, [jobs, scales], stream=stream)
        assert asked(api) == always, stream


# ------------------------------------------------------------------------------------------------ domain_records
def zones(api: DigitalOcean, **files: str | None) -> None:
    api.requests.clear()
    api.lists("/v2/domains", "domains", [{"name": name, "zone_file": file} for name, file in files.items()])
    for name in files:
        api.lists(f"/v2/domains/{name}/records", "domain_records", [{"id": len(name), "name": name}])


def test_only_zones_whose_file_changed_are_asked_for_records(api: DigitalOcean) -> None:
    stream = "domain_records"
    zones(api, same="SOA 1", other="SOA 1", untold=None, empty="")
    first = read(stream)
    assert sorted(row["domain_name"] for row in first.rows(stream)) == ["empty", "other", "same", "untold"]
    assert all(row["synced_at"] for row in first.rows(stream))
    zones(api, same="SOA 1", other="SOA 2", untold=None, empty="", new="SOA 1")
    second = again(api, first.state_of(stream), stream)
    assert sorted(row["domain_name"] for row in second.rows(stream)) == ["empty", "new", "other", "untold"]
    assert second.status(stream) == "COMPLETE"


def test_a_full_refresh_of_zones_says_no_time_since_it_has_no_deleted_records(
    api: DigitalOcean, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "INCREMENTAL", frozenset())
    zones(api, a="SOA 1", bb="SOA 1")
    output = read("domain_records")
    assert sorted(row["domain_name"] for row in output.rows("domain_records")) == ["a", "bb"]
    assert not any("synced_at" in row for row in output.rows("domain_records"))
    assert output.status("domain_records") == "COMPLETE"


def test_a_zone_whose_records_could_not_be_read_is_asked_again(api: DigitalOcean) -> None:
    stream = "domain_records"
    zones(api, a="SOA 1", bb="SOA 1")
    api.on("/v2/domains/bb/records", PAGE, error(403, "forbidden", "no"))
    first = read(stream)
    zones(api, a="SOA 1", bb="SOA 1")
    assert [row["domain_name"] for row in again(api, first.state_of(stream), stream).rows(stream)] == ["bb"]
