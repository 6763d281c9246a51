"""Every answer of the sandbox has the shape that DigitalOcean's API specification promises."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import quote

import pytest
import requests
from jsonschema import Draft4Validator, FormatChecker

from integration_tests.asking import get, read_all
from sandbox import Sandbox
from tools.openapi import SPECIFICATION

LISTS = [
    "/v2/account",
    "/v2/account/keys",
    "/v2/actions",
    "/v2/projects",
    "/v2/tags",
    "/v2/regions",
    "/v2/sizes",
    "/v2/droplets",
    "/v2/droplets?type=gpus",
    "/v2/volumes",
    "/v2/images",
    "/v2/images?private=true",
    "/v2/snapshots",
    "/v2/load_balancers",
    "/v2/reserved_ips",
    "/v2/firewalls",
    "/v2/vpcs",
    "/v2/domains",
    "/v2/cdn/endpoints",
    "/v2/kubernetes/clusters",
    "/v2/databases",
    "/v2/apps",
    "/v2/apps?with_projects=true",
    "/v2/customers/my/balance",
    "/v2/customers/my/billing_history",
    "/v2/customers/my/invoices",
    "/v2/customers/my/invoices/preview",
    "/v2/customers/my/invoices/preview/summary",
    "/v2/droplets/backups/policies",
    "/v2/reports/droplet_neighbors_ids",
    "/v2/droplets/autoscale",
    "/v2/nfs",
    "/v2/nfs/snapshots",
    "/v2/reserved_ipv6",
    "/v2/byoip_prefixes",
    "/v2/vpc_peerings",
    "/v2/vpc_nat_gateways",
    "/v2/partner_network_connect/attachments",
    "/v2/certificates",
    "/v2/registries",
    "/v2/registries/subscription",
    "/v2/spaces/keys",
    "/v2/monitoring/alerts",
    "/v2/monitoring/sinks",
    "/v2/monitoring/sinks/destinations",
    "/v2/uptime/checks",
    "/v2/security/scans",
    "/v2/security/scans/latest",
    "/v2/security/settings",
    "/v2/organizations/teams",
    "/v2/add-ons/saas",
]
# List, its key, what identifies a parent, path of the children ({} is the parent), their key.
CHILDREN = [
    ("/v2/droplets", "droplets", "id", "/v2/droplets/{}/destroy_with_associated_resources", "volumes"),
    ("/v2/droplets?type=gpus", "droplets", "id", "/v2/droplets/{}/destroy_with_associated_resources", None),
    ("/v2/droplets", "droplets", "id", "/v2/droplets/{}/firewalls", "firewalls"),
    ("/v2/droplets", "droplets", "id", "/v2/droplets/{}/kernels", "kernels"),
    ("/v2/droplets/autoscale", "autoscale_pools", "id", "/v2/droplets/autoscale/{}/members", "droplets"),
    ("/v2/droplets/autoscale", "autoscale_pools", "id", "/v2/droplets/autoscale/{}/history", "history"),
    ("/v2/volumes", "volumes", "id", "/v2/volumes/{}/actions", "actions"),
    ("/v2/byoip_prefixes", "byoip_prefixes", "uuid", "/v2/byoip_prefixes/{}/ips", "ips"),
    ("/v2/vpcs", "vpcs", "id", "/v2/vpcs/{}/members", "members"),
    ("/v2/vpcs", "vpcs", "id", "/v2/vpcs/{}/subnets", "vpc_subnet"),
    (
        "/v2/partner_network_connect/attachments",
        "partner_attachments",
        "id",
        "/v2/partner_network_connect/attachments/{}/remote_routes",
        "remote_routes",
    ),
    ("/v2/domains", "domains", "name", "/v2/domains/{}/records", "domain_records"),
    (
        "/v2/kubernetes/clusters",
        "kubernetes_clusters",
        "id",
        "/v2/kubernetes/clusters/{}/destroy_with_associated_resources",
        "volumes",
    ),
    (
        "/v2/kubernetes/clusters",
        "kubernetes_clusters",
        "id",
        "/v2/kubernetes/clusters/{}/upgrades",
        "available_upgrade_versions",
    ),
    (
        "/v2/kubernetes/clusters",
        "kubernetes_clusters",
        "id",
        "/v2/kubernetes/clusters/{}/status_messages",
        "messages",
    ),
    ("/v2/registries", "registries", "name", "/v2/registries/{}/repositoriesV2", "repositories"),
    ("/v2/registries", "registries", "name", "/v2/registries/{}/garbage-collections", "garbage_collections"),
    ("/v2/uptime/checks", "checks", "id", "/v2/uptime/checks/{}/state", "state"),
    ("/v2/uptime/checks", "checks", "id", "/v2/uptime/checks/{}/alerts", "alerts"),
]
# The specification asks for a property of the sink that only the resources inside it have, and for one of a
# Logtail destination that only other destinations have.
SLIPS = re.compile(r"sinks/\d+: 'urn' is a required property|.*/logtail: 'endpoint' is a required property")
# Endpoints that the specification does not have yet. Names of the fields: DigitalOcean's Python client, pydo 0.44.
NEWER: dict[str, dict[str, str]] = {
    "/v2/microvms": {
        **dict.fromkeys(("id", "name", "state", "region", "failure_reason", "networking"), "string"),
        **dict.fromkeys(("vpc_uuid", "http_protocol", "created_at"), "string"),
        **dict.fromkeys(("size", "source", "auto_pause"), "object"),
        **dict.fromkeys(("ports", "urls", "tags"), "array"),
        "auto_resume": "boolean",
    },
    "/v2/vpcs/[^/]+/subnets": {
        **dict.fromkeys(("id", "urn", "name", "type", "region", "ip_range", "created_at"), "string"),
        "default": "boolean",
        "meta": "object",
    },
}
# Fields that only some records have: a MicroVM with public networking is in no VPC.
SOMETIMES = {"vpc_uuid"}
# Returned by DigitalOcean (its clients decode them) but missing from the specification, or misspelt there.
UNDOCUMENTED = (
    {"invoice_items.category", "tags.resources.images", "state.regions.us_west", "state.regions.se_asia"}
    | {f"vpc_nat_gateways.{name}" for name in ("project_id", "vpcs.subnet_uuid", "vpcs.default_gateway")}
    | {
        f"apps.{holder}spec.envs"
        for holder in ("", "active_deployment.", "in_progress_deployment.", "pending_deployment.")
    }
)
# DigitalOcean takes these secrets and keeps them to itself; planted so that a leak would be seen if it ever changed.
PLANTED = {"certificates.private_key", "partner_attachments.bgp.auth_key"}


@cache
def specification() -> dict[str, Any]:
    document: dict[str, Any] = _nullable(json.loads(SPECIFICATION.read_text()))
    return document


def _nullable(node: Any) -> Any:
    """OpenAPI 3.0's `nullable` as JSON Schema."""
    if isinstance(node, list):
        return [_nullable(one) for one in node]
    if not isinstance(node, dict):
        return node
    node = {name: _nullable(value) for name, value in node.items() if name not in {"example", "examples"}}
    if node.get("nullable") is True and isinstance(node.get("type"), str):
        node["type"] = [node["type"], "null"]
        if "enum" in node:
            node["enum"] = [*node["enum"], None]
    return node


def _resolve(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = specification()
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def schema_of(path: str, status: int) -> dict[str, Any]:
    responses = _operation(path)["responses"]
    response = _resolve(responses.get(str(status), responses["default"]))
    schema: dict[str, Any] = response["content"]["application/json"]["schema"]
    return schema


def _operation(path: str) -> dict[str, Any]:
    # A path without parameters comes before one whose parameter would take the same word.
    for template, item in sorted(specification()["paths"].items(), key=lambda entry: entry[0].count("{")):
        if "get" in item and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path):
            operation: dict[str, Any] = item["get"]
            return operation
    raise AssertionError(f"{path} is not in the specification")


CHECKER = FormatChecker(["date", "ipv4", "ipv6", "uuid"])


@CHECKER.checks("date-time", raises=ValueError)
def _is_date_time(text: object) -> bool:
    return not isinstance(text, str) or datetime.fromisoformat(text).tzinfo is not None


def problems(path: str, status: int, body: Any) -> list[str]:
    schema = schema_of(path, status)
    root = {**schema, "components": specification()["components"]}
    errors = Draft4Validator(root, format_checker=CHECKER).iter_errors(body)
    found = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in errors]
    unknown = set(_unknown(schema, body)) - UNDOCUMENTED - PLANTED
    return [one for one in found if not SLIPS.fullmatch(one)] + [
        f"{name} is not documented" for name in sorted(unknown)
    ]


def _unknown(schema: dict[str, Any], value: Any, where: str = "") -> Iterator[str]:
    properties, items = _known(schema)
    if isinstance(value, list):
        for one in value:
            yield from _unknown(items, one, where)
    elif isinstance(value, dict) and properties:
        for name, inner in value.items():
            path = f"{where}.{name}".lstrip(".")
            if name in properties:
                yield from _unknown(properties[name], inner, path)
            else:
                yield path


def _known(schema: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    schema = _resolve(schema)
    properties = dict(schema.get("properties", {}))
    items = schema.get("items", {})
    for part in (*schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ())):
        more, more_items = _known(part)
        properties = {**more, **properties}
        items = items or more_items
    return properties, items


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(droplets=120, days=30, now="2026-11-23T12:00:00Z", rate_limit=100_000) as running:
        running.product("organizations", used=True)
        yield running


def assert_conforms(response: requests.Response) -> Any:
    path = "/" + response.url.split("?")[0].split("/", 3)[3]
    body = response.json()
    newer = next((fields for pattern, fields in NEWER.items() if re.fullmatch(pattern, path)), None)
    if newer is None:
        assert problems(path, response.status_code, body) == []
    else:
        record = {
            "type": "object",
            "required": sorted(newer.keys() - SOMETIMES),
            "properties": {name: {"type": type_} for name, type_ in newer.items()},
            "additionalProperties": False,
        }
        (records,) = (value for name, value in body.items() if name not in {"links", "meta"})
        Draft4Validator({"type": "array", "items": record}).validate(records)
        assert body["meta"]["total"] >= len(records)
    return body


@pytest.mark.parametrize("path", [*LISTS, "/v2/microvms"])
def test_every_page_of_every_list_conforms(sandbox: Sandbox, path: str) -> None:
    url: str | None = path + ("&" if "?" in path else "?") + "per_page=50"
    pages = 0
    while url:
        response = get(sandbox, url)
        assert response.status_code == 200
        body = assert_conforms(response)
        assert any(value for name, value in body.items() if name not in {"links", "meta"})
        url = body.get("links", {}).get("pages", {}).get("next")
        pages += 1
    assert pages > 1 or "links" not in body or body["meta"]["total"] <= 50


@pytest.mark.parametrize(("parents", "parents_key", "identity", "path", "key"), CHILDREN)
def test_the_children_of_every_parent_conform(
    sandbox: Sandbox, parents: str, parents_key: str, identity: str, path: str, key: str | None
) -> None:
    found = []
    for parent in read_all(sandbox, parents, parents_key):
        response = get(sandbox, path.format(parent[identity]))
        assert response.status_code == 200
        found.append(assert_conforms(response).get(key))
    assert found
    assert key is None or any(found)
    missing = get(sandbox, path.format("00000000-0000-4000-8000-000000000000"))
    assert missing.status_code == 404


def test_manifests_and_tags_of_every_repository_conform(sandbox: Sandbox) -> None:
    for registry in get(sandbox, "/v2/registries").json()["registries"]:
        repositories = f"/v2/registries/{registry['name']}/repositories"
        for repository in read_all(sandbox, repositories + "V2", "repositories"):
            base = f"{repositories}/{quote(repository['name'], safe='')}"
            manifests = assert_conforms(get(sandbox, base + "/digests?per_page=200"))["manifests"]
            tags = assert_conforms(get(sandbox, base + "/tags?per_page=200"))["tags"]
            assert (len(tags), len(manifests)) == (repository["tag_count"], repository["manifest_count"])
            assert {tag["manifest_digest"] for tag in tags} <= {one["digest"] for one in manifests}


def test_children_conform(sandbox: Sandbox) -> None:
    for project in get(sandbox, "/v2/projects").json()["projects"]:
        assert assert_conforms(get(sandbox, f"/v2/projects/{project['id']}/resources?per_page=200"))["resources"]
    for invoice in get(sandbox, "/v2/customers/my/invoices").json()["invoices"]:
        uuid = invoice["invoice_uuid"]
        assert assert_conforms(get(sandbox, f"/v2/customers/my/invoices/{uuid}?per_page=200"))["invoice_items"]
        assert_conforms(get(sandbox, f"/v2/customers/my/invoices/{uuid}/summary"))
    insights = f"/v2/billing/do:team:{sandbox.team_uuid}/insights/2026-11-01/2026-11-07?per_page=200"
    assert assert_conforms(get(sandbox, insights))["data_points"]


def test_a_narrow_token_sees_conforming_records(sandbox: Sandbox) -> None:
    scopes = {
        "/v2/account": ["account:read"],
        "/v2/droplets": ["droplet:read"],
        "/v2/volumes": ["block_storage:read"],
        "/v2/databases": ["database:read"],
        "/v2/tags": ["tag:read"],
        "/v2/apps": ["app:read"],
    }
    for path, granted in scopes.items():
        assert_conforms(get(sandbox, path, sandbox.mint_token(granted)))


def test_every_error_conforms(sandbox: Sandbox) -> None:
    narrow = sandbox.mint_token(["account:read"])
    answers = [
        (401, get(sandbox, "/v2/droplets", "dop_v1_" + "a" * 64)),
        (403, get(sandbox, "/v2/droplets", narrow)),
        (400, get(sandbox, "/v2/droplets?per_page=500")),
        (404, get(sandbox, "/v2/customers/my/invoices/00000000-0000-4000-8000-000000000000")),
    ]
    sandbox.fault("status", path="/v2/droplets", status=500, times=1)
    answers.append((500, get(sandbox, "/v2/droplets")))
    sandbox.fault("rate_limited", path="/v2/droplets", times=1)
    answers.append((429, get(sandbox, "/v2/droplets")))
    for status, response in answers:
        assert response.status_code == status
        assert set(assert_conforms(response)) == {"id", "message"}


def test_the_validator_sees_a_wrong_shape() -> None:
    droplet = {"droplets": [{"id": "1", "colour": "blue"}], "links": {}, "meta": {"total": 1}}
    found = "\n".join(problems("/v2/droplets", 200, droplet))
    assert "'1' is not of type 'integer'" in found
    assert "'size_slug' is a required property" in found
    assert "droplets.colour is not documented" in found


def test_scopes_are_those_of_the_specification(sandbox: Sandbox) -> None:
    aliases = {"api:read", "api:write"}
    paths = [*LISTS, *(path.format("00000000-0000-4000-8000-000000000000") for *_, path, _ in CHILDREN)]
    for path in paths:
        plain = path.split("?")[0]
        if any(re.fullmatch(pattern, plain) for pattern in NEWER):
            continue
        required = {name for one in _operation(plain)["security"] for name in one["bearer_auth"]} - aliases
        assert get(sandbox, path, sandbox.mint_token(sorted(required))).status_code == (404 if "0000-" in path else 200)
        for scope in required:
            assert get(sandbox, path, sandbox.mint_token(sorted(required - {scope}))).status_code == 403
