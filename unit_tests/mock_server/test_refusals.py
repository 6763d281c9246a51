"""One object that DigitalOcean refuses costs that object, by name; the account itself refused costs the whole sync."""

from collections.abc import Callable
from typing import Any

import pytest
from airbyte_cdk.models import FailureType, Status
from airbyte_cdk.test.state_builder import StateBuilder
from freezegun import freeze_time

from unit_tests.mock_server.commands import check, read, token_config
from unit_tests.mock_server.server import ACCOUNT, PAGE, DigitalOcean, Reply, Request, error

MOMENT = "2026-01-02T00:00:00Z"
CLUSTERS = [{"id": id_, "engine": "pg", "name": id_} for id_ in ("d1", "d2", "d3")]
LOCKED = error(403, "forbidden", "Your account is locked. Please contact support.")

# Stream -> its parents, where they are asked, what d1 and d3 answer, and the keys of what is read.
PARENTS: dict[str, tuple[Callable[[DigitalOcean], None], str, dict[str, Any]]] = {
    "database_replicas": (
        lambda api: api.lists("/v2/databases", "databases", CLUSTERS),
        "/v2/databases/{}/replicas",
        {"replicas": [{"id": "r", "name": "r"}]},
    ),
    "database_configs": (
        lambda api: api.lists("/v2/databases", "databases", CLUSTERS),
        "/v2/databases/{}/config",
        {"config": {"timezone": "UTC"}},
    ),
    "database_backups": (
        lambda api: api.lists("/v2/databases", "databases", CLUSTERS),
        "/v2/databases/{}/backups",
        {"backups": [{"created_at": MOMENT, "size_gigabytes": 1.5}]},
    ),
    "function_triggers": (
        lambda api: api.on(
            "/v2/functions/namespaces", None, {"namespaces": [{"namespace": one["id"]} for one in CLUSTERS]}
        ),
        "/v2/functions/namespaces/{}/triggers",
        {"triggers": [{"namespace": "d1", "name": "t"}]},
    ),
    "kubernetes_upgrades": (
        lambda api: api.lists("/v2/kubernetes/clusters", "kubernetes_clusters", CLUSTERS),
        "/v2/kubernetes/clusters/{}/upgrades",
        {"available_upgrade_versions": [{"slug": "1.33.1-do.0"}]},
    ),
}
REFUSALS = {
    400: error(400, "bad_request", "unsupported engine"),
    403: Reply({"code": "invalid", "messages": {"": ["not allowed to get namespace"]}}, 403),
    404: error(404, "not_found", "The resource you were accessing could not be found."),
    409: error(409, "conflict", "cluster is being created"),
    410: error(410, "gone", "it is gone"),
    412: error(412, "precondition_failed", "cluster is not online"),
    422: error(422, "unprocessable_entity", "operation is not supported for this cluster type"),
}
WORDS = {
    400: "unsupported engine",
    403: "not allowed to get namespace",
    404: "The resource you were accessing could not be found.",
    409: "cluster is being created",
    410: "it is gone",
    412: "cluster is not online",
    422: "operation is not supported for this cluster type",
}


def listed(api: DigitalOcean, stream: str, refused: str, refusal: Reply) -> str:
    """Parents d1, d2 and d3, of which one is refused; the path of its children."""
    list_parents, path, good = PARENTS[stream]
    list_parents(api)
    for one in CLUSTERS:
        api.on(path.format(one["id"]), None, refusal if one["id"] == refused else good)
    return path.format(refused)


@pytest.mark.parametrize(
    ("stream", "status", "refused"),
    [
        # The first parent is the hardest: nothing has been answered yet.
        *((stream, status, "d1") for stream in PARENTS for status in REFUSALS),
        *((stream, 403, refused) for stream in ("database_configs", "function_triggers") for refused in ("d2", "d3")),
    ],
)
def test_one_parent_that_is_refused_is_named_and_the_stream_completes(
    api: DigitalOcean, stream: str, status: int, refused: str
) -> None:
    listed(api, stream, refused, REFUSALS[status])

    output = read(stream)

    assert len(output.rows(stream)) == 2
    assert output.status(stream) == "COMPLETE"
    assert not output.failed
    (told,) = [line for line in output.log().splitlines() if refused in line and stream in line]
    assert WORDS[status] in told
    assert "next sync tries again" not in told


@pytest.mark.parametrize("stream", PARENTS)
def test_one_parent_that_fails_for_good_costs_its_own_children_and_is_named(api: DigitalOcean, stream: str) -> None:
    path = listed(api, stream, "d2", error(500, "server_error", "Oops"))

    output = read(stream, expect_failure=True)

    assert len(output.rows(stream)) == 2
    assert output.status(stream) == "INCOMPLETE"
    kind, message = output.error(stream)
    assert kind == FailureType.transient_error
    assert path in message


def test_smaller_pages_are_asked_for_where_large_ones_take_too_long(api: DigitalOcean) -> None:
    """DigitalOcean answers 524 for a large page of an app with thousands of deployments."""
    deployments = [{"id": f"dep-{number}", "updated_at": MOMENT} for number in range(120)]
    api.lists("/v2/apps", "apps", [{"id": "app1", "updated_at": MOMENT}], {"with_projects": "true"})

    def answer(request: Request) -> Reply:
        size, number = int(request.query["per_page"]), int(request.query["page"])
        if size > 50:
            return Reply(b"<html>524: A timeout occurred</html>", 524, {"Content-Type": "text/html"})
        some = deployments[(number - 1) * size : number * size]
        pages = {"next": f"https://x/?page={number + 1}"} if number * size < len(deployments) else {}
        return Reply({"deployments": some, "links": {"pages": pages}, "meta": {"total": len(deployments)}})

    api.on("/v2/apps/app1/deployments", None, answer)

    output = read("app_deployments")

    assert [row["id"] for row in output.rows("app_deployments")] == [one["id"] for one in deployments]
    assert output.status("app_deployments") == "COMPLETE"
    assert len([query for query in api.asked("/v2/apps/app1/deployments") if query["per_page"] == "200"]) <= 3


@freeze_time("2026-03-10T12:00:00Z")
@pytest.mark.parametrize(("status", "kind"), [(404, "system_error"), (422, "system_error")])
def test_a_stream_that_is_refused_alike_for_every_day_stops_asking(api: DigitalOcean, status: int, kind: str) -> None:
    api.lists("/v2/apps", "apps", [{"id": "app1", "updated_at": MOMENT}], {"with_projects": "true"})
    api.on("/v2/apps/metrics/bandwidth_daily", None, error(status, "refused", "no such metric"), method="POST")

    output = read("app_bandwidth_daily", expect_failure=True, config=token_config(num_workers=2))

    told, message = output.error("app_bandwidth_daily")
    assert told == FailureType(kind)
    assert "next sync tries again" not in message
    # Three alike, and those that were under way by then.
    assert api.counts()["/v2/apps/metrics/bandwidth_daily"] <= 5


def test_an_account_that_is_refused_completes_no_stream(api: DigitalOcean) -> None:
    api.otherwise = lambda _: LOCKED

    output = read("volumes", "vpcs", "project_resources", "billing_insights", expect_failure=True)

    assert output.failed
    for stream in ("volumes", "vpcs", "project_resources", "billing_insights"):
        assert output.status(stream) == "INCOMPLETE"
        kind, message = output.error(stream)
        assert kind == FailureType.config_error
        assert "Your account is locked. Please contact support." in message


def test_check_says_that_the_account_is_refused(api: DigitalOcean) -> None:
    api.otherwise = lambda _: LOCKED

    status = check(token_config(), "volumes", "vpcs")

    assert status.status == Status.FAILED
    assert "Your account is locked. Please contact support." in str(status.message)


@pytest.mark.parametrize("team", [None, {}, {"uuid": ""}, {"uuid": None, "name": "x"}], ids=str)
def test_a_personal_account_has_no_daily_cost_and_the_log_says_why(api: DigitalOcean, team: Any) -> None:
    account = {name: value for name, value in ACCOUNT.items() if name != "team"}
    api.on("/v2/account", None, {"account": account if team is None else {**account, "team": team}})

    output = read("billing_insights")

    assert output.rows("billing_insights") == []
    (warning,) = output.warnings()
    assert "billing_insights" in warning
    assert "team" in warning


def test_children_that_are_all_refused_leave_their_state_as_it_was(api: DigitalOcean) -> None:
    """Each app's 403 is taken as a missing scope only after many; whatever it was, nothing is settled by it."""
    apps = [{"id": f"a{number}", "updated_at": MOMENT} for number in range(3)]
    api.lists("/v2/apps", "apps", apps, {"with_projects": "true"})
    for one in apps:
        api.lists(f"/v2/apps/{one['id']}/deployments", "deployments", [{"id": one["id"], "updated_at": MOMENT}])
    first = read("app_deployments").state_of("app_deployments")
    for one in apps:
        one["updated_at"] = "2026-01-05T00:00:00Z"
        api.on(f"/v2/apps/{one['id']}/deployments", PAGE, error(403, "forbidden", "no"))
    api.lists("/v2/apps", "apps", apps, {"with_projects": "true"})

    state = StateBuilder().with_stream_state("app_deployments", first).build()
    refused = read("app_deployments", state=state)
    later = StateBuilder().with_stream_state("app_deployments", refused.state_of("app_deployments")).build()
    for one in apps:
        new = [{"id": one["id"] + "-new", "updated_at": "2026-01-05T00:00:00Z"}]
        api.lists(f"/v2/apps/{one['id']}/deployments", "deployments", new)
    again = read("app_deployments", state=later)

    assert refused.rows("app_deployments") == []
    assert {row["id"] for row in again.rows("app_deployments")} == {"a0-new", "a1-new", "a2-new"}
