"""Databases, App Platform, functions, GenAI, Insights alerts and reference lists: shapes, scopes, secrets, growth."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from jsonschema import Draft4Validator

from integration_tests.asking import read_all
from integration_tests.test_sandbox_shapes import _operation, problems
from sandbox import Sandbox

PLANTED = "PLANTED-SECRET"
# List -> the key of its records.
LISTS = {
    "/v2/databases": "databases",
    "/v2/databases/options": "options",
    "/v2/vector-databases": "vector_dbs",
    "/v2/apps": "apps",
    "/v2/apps/tiers/instance_sizes": "instance_sizes",
    "/v2/apps/regions": "regions",
    "/v2/functions/namespaces": "namespaces",
    "/v2/gen-ai/agents": "agents",
    "/v2/gen-ai/knowledge_bases": "knowledge_bases",
    "/v2/gen-ai/indexing_jobs": "jobs",
    "/v2/gen-ai/models": "models",
    "/v2/gen-ai/models/catalog": "data",
    "/v2/gen-ai/models/api_keys": "api_key_infos",
    "/v2/gen-ai/models/routers": "model_routers",
    "/v2/gen-ai/anthropic/keys": "api_key_infos",
    "/v2/gen-ai/openai/keys": "api_key_infos",
    "/v2/gen-ai/workspaces": "workspaces",
    "/v2/gen-ai/custom_models": "models",
    "/v2/gen-ai/evaluation_test_cases": "evaluation_test_cases",
    "/v2/gen-ai/model_evaluation_runs": "runs",
    "/v2/gen-ai/evaluation_datasets": "evaluation_datasets",
    "/v2/dedicated-inferences": "dedicated_inferences",
    "/v2/dedicated-inferences/sizes": "sizes",
    "/v2/1-clicks": "1_clicks",
    "/v2/kubernetes/options": "options",
    "/v2/registries/options": "options",
}
# Parents' list -> what identifies a parent, and its children's lists with their keys.
CHILDREN = {
    "/v2/databases": (
        "id",
        {
            "events": "events",
            "firewall": "rules",
            "pools": "pools",
            "topics": "topics",
            "indexes": "indexes",
            "logsink": "sinks",
            "config": "config",
            "autoscale": "autoscale",
        },
    ),
    "/v2/vector-databases": ("id", {"backups": "backups"}),
    "/v2/apps": (
        "id",
        {
            "instances": "instances",
            "deployments": "deployments",
            "events": "events",
            "job-invocations": "job_invocations",
            "alerts": "alerts",
            "health": "app_health",
        },
    ),
    "/v2/functions/namespaces": ("namespace", {"triggers": "triggers", "keys": "access_keys"}),
    "/v2/gen-ai/agents": ("uuid", {"usage": "usage", "versions": "agent_versions", "api_keys": "api_key_infos"}),
    "/v2/gen-ai/knowledge_bases": ("uuid", {"data_sources": "knowledge_base_data_sources"}),
    "/v2/gen-ai/evaluation_test_cases": ("test_case_uuid", {"evaluation_runs": "evaluation_runs"}),
    "/v2/dedicated-inferences": ("id", {"accelerators": "accelerators", "tokens": "tokens"}),
}
# DigitalOcean lists these only for engines that can have them.
OF_AN_ENGINE = {"replicas": "replicas", "backups": "backups"}
# Misspelt in the specification: an app's own variables, which it does have.
UNDOCUMENTED = {f"{holder}spec.envs is not documented" for holder in ("deployments.", "events.deployment.")}
# Newer than the specification. Fields and types: DigitalOcean's Python client, pydo 0.44.
NEWER: dict[str, tuple[str, dict[str, str]]] = {
    "/v2/insights/alert-rules": (
        "alert_rules",
        {"id": "string", "status": "string", "spec": "object", "created_at": "string", "updated_at": "string"},
    ),
    "/v2/insights/alert-instances": (
        "alert_instances",
        {
            **dict.fromkeys(("id", "rule_id", "resource_urn", "status", "severity"), "string"),
            **dict.fromkeys(("triggered_at", "last_triggered_at", "last_notified_at", "resolved_at"), "string"),
            "value": "number",
        },
    ),
}
OPTIONAL = {"last_notified_at", "resolved_at"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(droplets=240, days=30, now="2026-11-23T12:00:00Z", rate_limit=400_000) as running:
        yield running


def get(sandbox: Sandbox, path: str, token: str | None = None, status: int = 200) -> Any:
    url = path if path.startswith("http") else sandbox.api_base_url + path
    response = requests.get(url, headers={"Authorization": f"Bearer {token or sandbox.token}"}, timeout=10)
    assert response.status_code == status, f"{path}: {response.status_code} {response.text[:200]}"
    return response.json()


def conforming(sandbox: Sandbox, path: str, token: str | None = None, status: int = 200) -> Any:
    body = get(sandbox, path, token, status)
    found = problems(path.removeprefix(sandbox.api_base_url).split("?")[0], status, body)
    assert set(found) <= UNDOCUMENTED, path
    return body


def parents(sandbox: Sandbox, path: str) -> list[dict[str, Any]]:
    return read_all(sandbox, path, LISTS[path])


@pytest.mark.parametrize(("path", "key"), LISTS.items())
def test_every_page_of_every_list_conforms(sandbox: Sandbox, path: str, key: str) -> None:
    url: str | None = f"{path}?per_page=4"
    records = 0
    while url:
        body = conforming(sandbox, url)
        assert body[key]
        records += len(body[key])
        assert len(body[key]) <= 4 or "links" not in body
        url = body.get("links", {}).get("pages", {}).get("next")
        assert url is None or "per_page=4" in url
        meta = body.get("meta", {})
        if url is None and meta.get("page", 0) < meta.get("pages", 0):
            url = f"{path}?per_page=4&page={meta['page'] + 1}"
    assert records == body.get("meta", {}).get("total", records)


@pytest.mark.parametrize("path", CHILDREN)
def test_the_children_of_every_parent_conform(sandbox: Sandbox, path: str) -> None:
    identity, children = CHILDREN[path]
    filled: set[str] = set()
    for parent in parents(sandbox, path):
        for child, key in children.items():
            filled |= {child} if conforming(sandbox, f"{path}/{parent[identity]}/{child}")[key] else set()
    assert filled == set(children)
    for child in children:
        conforming(sandbox, f"{path}/00000000-0000-4000-8000-000000000000/{child}", status=404)


@pytest.mark.parametrize(("child", "key"), OF_AN_ENGINE.items())
def test_what_caching_engines_can_not_have_conforms(sandbox: Sandbox, child: str, key: str) -> None:
    filled = 0
    for cluster in parents(sandbox, "/v2/databases"):
        path = f"/v2/databases/{cluster['id']}/{child}"
        if cluster["engine"] == "valkey":
            get(sandbox, path, status=422)
        else:
            filled += len(conforming(sandbox, path)[key])
    assert filled


@pytest.mark.parametrize("path", NEWER)
def test_lists_newer_than_the_specification_are_as_the_client_knows_them(sandbox: Sandbox, path: str) -> None:
    key, fields = NEWER[path]
    record = {
        "type": "object",
        "required": sorted(set(fields) - OPTIONAL),
        "properties": {name: {"type": type_} for name, type_ in fields.items()},
        "additionalProperties": False,
    }
    records = read_all(sandbox, path, key)
    Draft4Validator({"type": "array", "items": record}).validate(records)
    assert get(sandbox, f"{path}?per_page=2")["meta"]["total"] == len(records) > 2


def test_prepayment_is_absent_where_it_was_never_used(sandbox: Sandbox) -> None:
    body = get(sandbox, "/v2/customers/my/prepayment_config")
    assert set(body) == {"config", "status"}
    assert body["status"]["month_to_date_balance"] == get(sandbox, "/v2/customers/my/balance")["month_to_date_balance"]
    sandbox.product("prepayment", used=False)
    assert get(sandbox, "/v2/customers/my/prepayment_config", status=404)["id"] == "not_found"
    sandbox.product("prepayment", used=True)


def test_scopes_are_those_of_the_specification(sandbox: Sandbox) -> None:
    paths = list(LISTS)
    for path, (identity, children) in CHILDREN.items():
        paths += [f"{path}/{parents(sandbox, path)[0][identity]}/{child}" for child in children]
    for path in paths:
        required = {name for one in _operation(path)["security"] for name in one["bearer_auth"]}
        assert get(sandbox, path, sandbox.mint_token(sorted(required or {"account:read"})))
        for scope in required:
            get(sandbox, path, sandbox.mint_token(sorted(required - {scope})), status=403)
    for path, scope in {
        **dict.fromkeys(NEWER, "insights:read"),
        "/v2/customers/my/prepayment_config": "billing:read",
    }.items():
        assert get(sandbox, path, sandbox.mint_token([scope]))
        get(sandbox, path, sandbox.mint_token(["account:read"]), status=403)


def test_the_deviations_of_paging(sandbox: Sandbox) -> None:
    body = get(sandbox, "/v2/vector-databases?per_page=4&page=2")
    assert (len(body["vector_dbs"]), set(body)) == (body["total"] - 4, {"vector_dbs", "total"})
    pages = get(sandbox, "/v2/gen-ai/agents?per_page=2&page=2")
    assert set(pages["links"]["pages"]) == {"first", "previous", "next", "last"}
    assert (pages["meta"]["page"], pages["meta"]["pages"]) == (2, -(-pages["meta"]["total"] // 2))
    catalog = get(sandbox, "/v2/gen-ai/models/catalog?per_page=4&page=2")
    assert (len(catalog["data"]), catalog["meta"]) == (2, {"page": 2, "pages": 2, "total": 6})
    app = parents(sandbox, "/v2/apps")[0]["id"]
    assert set(get(sandbox, f"/v2/apps/{app}/events?per_page=3")) == {"events", "links"}
    cluster = parents(sandbox, "/v2/databases")[0]["id"]
    assert len(get(sandbox, f"/v2/databases/{cluster}/backups?per_page=2&page=9")["backups"]) > 2
    kinds = {one["type"] for one in get(sandbox, "/v2/1-clicks?type=droplet")["1_clicks"]}
    assert kinds == {"droplet"}


# Where a planted secret must be, `*` standing for a member of a list or any key.
SECRETS = {
    "/v2/databases/{}/replicas": ["replicas.*.connection.password", "replicas.*.private_connection.uri"],
    "/v2/databases/{}/pools": [
        f"pools.*.{name}.password"
        for name in ("connection", "private_connection", "standby_connection", "standby_private_connection")
    ],
    "/v2/databases/{}/logsink": [f"sinks.*.config.{name}" for name in ("url", "sd", "ca", "cert", "key")],
    "/v2/apps/{}/alerts": ["alerts.*.slack_webhooks.*.url"],
    "/v2/apps/{}/deployments": ["deployments.*.spec.envs.*.value"]
    + [
        f"deployments.*.spec.{kind}.*.{field}"
        for kind in ("services", "static_sites", "jobs", "workers", "functions")
        for field in (
            "envs.*.value",
            "log_destinations.*.datadog.api_key",
            "log_destinations.*.logtail.token",
            "log_destinations.*.open_search.basic_auth.password",
        )
    ]
    + [f"deployments.*.spec.{kind}.*.image.registry_credentials" for kind in ("static_sites", "jobs", "workers")],
    "/v2/functions/namespaces": ["namespaces.*.key"],
    "/v2/gen-ai/agents": ["agents.*.mcp_servers.*.authorization", "agents.*.mcp_servers.*.headers.*"],
    "/v2/gen-ai/agents/{}/api_keys": ["api_key_infos.*.secret_key"],
    "/v2/gen-ai/models/api_keys": ["api_key_infos.*.secret_key"],
    "/v2/gen-ai/custom_models": ["models.*.source_ref.hf_token"],
    "/v2/gen-ai/workspaces": [
        f"workspaces.*.agents.*.{name}"
        for name in (
            "api_keys.*.api_key",
            "api_key_infos.*.secret_key",
            "functions.*.api_key",
            "mcp_servers.*.headers.*",
        )
    ],
    "/v2/dedicated-inferences/{}/tokens": ["tokens.*.value"],
}


def _paths(value: Any, where: str = "") -> Iterator[str]:
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _paths(inner, f"{where}.{name}")
    elif PLANTED in str(value):
        yield where[1:]


@pytest.mark.parametrize("path", SECRETS)
def test_every_sensitive_field_carries_a_planted_secret(sandbox: Sandbox, path: str) -> None:
    planted: set[str] = set()
    bodies = [path]
    if "{}" in path:
        listed = path.partition("/{}")[0]
        bodies = [path.format(one[CHILDREN[listed][0]]) for one in parents(sandbox, listed)]
        if "replicas" in path:
            clusters = parents(sandbox, "/v2/databases")
            bodies = [path.format(one["id"]) for one in clusters if one["engine"] != "valkey"]
    for body in bodies:
        planted.update(_paths(get(sandbox, body)))
    for field in SECRETS[path]:
        pattern = re.escape(field).replace(r"\*", "[^.]+")
        assert any(re.fullmatch(pattern, one) for one in planted), field


def test_a_token_without_the_right_to_credentials_sees_none(sandbox: Sandbox) -> None:
    token = sandbox.mint_token(["database:read"])
    for child in ("pools", "replicas"):
        for cluster in parents(sandbox, "/v2/databases"):
            if cluster["engine"] != "valkey":
                body = conforming(sandbox, f"/v2/databases/{cluster['id']}/{child}", token)
                assert not list(_paths(body))


def bandwidth(sandbox: Sandbox, body: dict[str, Any], status: int = 200) -> Any:
    url = sandbox.api_base_url + "/v2/apps/metrics/bandwidth_daily"
    response = requests.post(url, json=body, headers={"Authorization": f"Bearer {sandbox.token}"}, timeout=10)
    assert response.status_code == status
    return response.json()


def test_bandwidth_is_posted_for_and_answers_a_closed_day_of_many_apps(sandbox: Sandbox) -> None:
    apps = [one["id"] for one in parents(sandbox, "/v2/apps")]
    body = bandwidth(sandbox, {"app_ids": [*apps, "no-such-app"], "date": "2026-11-20T10:00:00Z"})
    assert body["date"] == "2026-11-20T00:00:00Z"
    assert {one["app_id"] for one in body["app_bandwidth_usage"]} <= set(apps)
    assert len(body["app_bandwidth_usage"]) > len(apps) // 2
    assert all(re.fullmatch(r"\d+", one["bandwidth_bytes"]) for one in body["app_bandwidth_usage"])
    assert bandwidth(sandbox, {"app_ids": apps})["date"] == "2026-11-22T00:00:00Z"
    assert bandwidth(sandbox, {"app_ids": apps, "date": "2026-11-23T00:00:00Z"})["app_bandwidth_usage"] == []
    wrongs: list[dict[str, Any]] = [
        {},
        {"app_ids": []},
        {"app_ids": ["x"] * 101},
        {"app_ids": apps, "date": "yesterday"},
    ]
    for wrong in wrongs:
        assert bandwidth(sandbox, wrong, 400)["id"] == "bad_request"


def tokens(body: dict[str, Any]) -> dict[str, int]:
    return {one["usage_type"]: one["tokens"] for one in body["usage"]["measurements"]}


def test_the_tokens_of_two_days_are_those_of_each_together(sandbox: Sandbox) -> None:
    idle = busy = 0
    for agent in parents(sandbox, "/v2/gen-ai/agents"):
        path = f"/v2/gen-ai/agents/{agent['uuid']}/usage"
        first, second, both = (
            tokens(get(sandbox, f"{path}?start=2026-11-{a}T00:00:00Z&stop=2026-11-{b}T23:59:59Z"))
            for a, b in ((18, 18), (19, 19), (18, 19))
        )
        assert {kind: first.get(kind, 0) + second.get(kind, 0) for kind in both} == both
        idle, busy = idle + (not both), busy + bool(both)
        get(sandbox, f"{path}?start=today", status=400)
    assert idle
    assert busy


def test_records_refer_to_records_that_exist(sandbox: Sandbox) -> None:
    clusters = {one["id"]: one for one in parents(sandbox, "/v2/databases")}
    bases = {one["uuid"]: one for one in parents(sandbox, "/v2/gen-ai/knowledge_bases")}
    assert all(clusters[one["database_id"]]["engine"] == "opensearch" for one in bases.values())
    assert {one["knowledge_base_uuid"] for one in parents(sandbox, "/v2/gen-ai/indexing_jobs")} <= set(bases)
    rules = {one["id"] for one in read_all(sandbox, "/v2/insights/alert-rules", "alert_rules")}
    assert {one["rule_id"] for one in read_all(sandbox, "/v2/insights/alert-instances", "alert_instances")} <= rules
    vpcs = {one["id"]: one["region"] for one in read_all(sandbox, "/v2/vpcs", "vpcs")}
    for endpoint in parents(sandbox, "/v2/dedicated-inferences"):
        assert vpcs[endpoint["vpc_uuid"]] == endpoint["region"]
    for app in parents(sandbox, "/v2/apps"):
        deployments = read_all(sandbox, f"/v2/apps/{app['id']}/deployments", "deployments")
        active = [one for one in deployments if one["phase"] == "ACTIVE"]
        assert active == [app["active_deployment"]]
        ids = {one["id"] for one in deployments}
        assert len(ids) == len(deployments)
        runs = read_all(sandbox, f"/v2/apps/{app['id']}/job-invocations", "job_invocations")
        assert {one["deployment_id"] for one in runs} <= ids
