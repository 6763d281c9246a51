"""The OpenAPI server keeps the promises a stranger's server must: valid answers, pages, dates, access."""

import copy
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import jsonschema
import pytest
import requests

from integration_tests.openapi_server import OpenApiServer
from integration_tests.openapi_server.specification import SPECIFICATION, Specification

pytestmark = pytest.mark.skipif(not SPECIFICATION.is_file(), reason="the OpenAPI document is not beside the repository")

# Values for the path parameters that have to be of a form; every other one is accepted as it comes.
PARAMETERS = {"start_date": "2026-10-01", "end_date": "2026-10-31"}


class Client:
    def __init__(self, server: OpenApiServer) -> None:
        self.server = server
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {server.token}"

    def get(self, path: str, **query: str | int) -> Any:
        response = self.session.get(self.server.api_base_url + path, params=query, timeout=30)
        assert response.status_code == 200, (path, response.text)
        return response.json()


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with OpenApiServer(records=3) as server:
        yield Client(server)


@pytest.fixture(scope="module")
def specification() -> Specification:
    return Specification()


def as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 to draft 7: `nullable` becomes a null type, `oneOf` (of overlapping forms) an `anyOf`.

    Two schemas of the document require a property they do not describe; nobody could answer those.
    """
    if isinstance(node, list):
        return [as_json_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    node = {("anyOf" if key == "oneOf" else key): as_json_schema(value) for key, value in node.items()}
    if node.get("nullable") is True and "type" in node:
        node["type"] = [node["type"], "null"]
        if "enum" in node:
            node["enum"] = [*node["enum"], None]
    if "required" in node and "properties" in node and "allOf" not in node:
        node["required"] = [name for name in node["required"] if name in node["properties"]]
    return node


def concrete(path: str) -> str:
    segments = path.split("/")
    return "/".join(PARAMETERS.get(each[1:-1], "4de7ac8b") if each.startswith("{") else each for each in segments)


def test_every_get_answers_with_a_body_its_schema_allows(client: Client, specification: Specification) -> None:
    document = copy.deepcopy(specification.document)
    components = as_json_schema(document["components"])
    validator = jsonschema.Draft7Validator({"components": components})
    wrong = []
    for operation in specification.operations:
        if operation.media_type != "application/json" or operation.method != "GET":
            continue
        body = client.get(concrete(operation.path), per_page=20)
        schema = {**as_json_schema(dict(operation.schema)), "components": components}
        error = next(iter(validator.evolve(schema=schema).iter_errors(body)), None)
        if error is not None:
            wrong.append(f"{operation.path}: {error.json_path}: {error.message[:200]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("path", "records", "key"),
    [
        ("/v2/droplets", "droplets", "id"),
        ("/v2/actions", "actions", "id"),
        ("/v2/volumes", "volumes", "id"),
        ("/v2/tags", "tags", "name"),
        ("/v2/sizes", "sizes", "slug"),
        ("/v2/reserved_ips", "reserved_ips", "ip"),
        ("/v2/customers/my/invoices", "invoices", "invoice_uuid"),
        ("/v2/projects/4de7ac8b/resources", "resources", "urn"),
    ],
)
def test_pages_together_hold_every_record_once(client: Client, path: str, records: str, key: str) -> None:
    first = client.get(path, per_page=2)
    assert first["meta"]["total"] == 3
    assert len(first[records]) == 2
    second = client.session.get(first["links"]["pages"]["next"], timeout=30).json()
    assert len(second[records]) == 1
    assert "next" not in second.get("links", {}).get("pages", {})
    assert len({record[key] for record in first[records] + second[records]}) == 3


def test_gpu_droplets_are_other_droplets(client: Client) -> None:
    usual = {each["id"] for each in client.get("/v2/droplets")["droplets"]}
    assert usual.isdisjoint(each["id"] for each in client.get("/v2/droplets", type="gpus")["droplets"])


def test_nested_records_have_identifiers_of_their_own(client: Client) -> None:
    clusters = client.get("/v2/kubernetes/clusters")["kubernetes_clusters"]
    pools = [pool["id"] for cluster in clusters for pool in cluster["node_pools"]]
    assert len(pools) == len(set(pools)) == 6


def test_children_of_different_parents_are_different(client: Client) -> None:
    one, other = (client.get(f"/v2/domains/{name}/records")["domain_records"] for name in ("a.com", "b.com"))
    assert {each["id"] for each in one}.isdisjoint(each["id"] for each in other)


def test_a_property_described_in_two_places_has_the_members_of_both(client: Client) -> None:
    service = client.get("/v2/apps")["apps"][0]["spec"]["services"][0]
    assert service["autoscaling"]["metrics"].keys() == {"cpu", "requests_per_second", "request_duration"}


def test_a_list_without_documented_pages_is_whole(client: Client) -> None:
    assert len(client.get("/v2/databases", per_page=1)["databases"]) == 3


def test_what_may_be_null_is_null_in_one_record_and_whole_in_another(client: Client) -> None:
    pools = client.get("/v2/databases")["databases"]
    assert isinstance(pools[0]["maintenance_window"], dict)
    assert pools[1]["maintenance_window"] is None
    assert pools[0].keys() == pools[1].keys()


def test_billing_days_lie_in_the_window_that_was_asked_for(client: Client) -> None:
    points = client.get("/v2/billing/do:team:4de7ac8b/insights/2026-10-30/2026-10-31")
    days = [date.fromisoformat(point["start_date"]) for point in points["data_points"]]
    assert days == [date(2026, 10, 30), date(2026, 10, 31), date(2026, 10, 30)]
    assert (points["total_items"], points["total_pages"], points["current_page"]) == (3, 1, 1)


def test_records_are_of_the_last_days_and_end_after_they_began(client: Client) -> None:
    for action in client.get("/v2/actions")["actions"]:
        started = datetime.fromisoformat(action["started_at"])
        assert datetime.now(UTC) - timedelta(days=3) < started < datetime.now(UTC)
        assert action["completed_at"] is None or datetime.fromisoformat(action["completed_at"]) > started


def test_invoices_are_of_different_months_before_the_preview(client: Client) -> None:
    body = client.get("/v2/customers/my/invoices")
    periods = [datetime.strptime(each["invoice_period"], "%Y-%m").replace(tzinfo=UTC) for each in body["invoices"]]
    assert periods == sorted(set(periods), reverse=True)
    assert body["invoice_preview"]["invoice_period"] == datetime.now(UTC).strftime("%Y-%m")


def test_samples_lie_in_the_window_and_belong_to_the_droplet(client: Client) -> None:
    body = client.get("/v2/monitoring/metrics/droplet/cpu", host_id="222651441", start=1000020, end=1003599)
    (series,) = body["data"]["result"]
    assert series["metric"]["host_id"] == "222651441"
    seconds = [second for second, _ in series["values"]]
    assert len(seconds) == 60
    assert seconds[0] == 1000020
    assert seconds[-1] <= 1003599


def test_access_needs_the_token(client: Client) -> None:
    url = client.server.api_base_url + "/v2/account"
    assert requests.get(url, timeout=30).status_code == 401
    assert requests.get(url, headers={"Authorization": "Bearer other"}, timeout=30).status_code == 401
    account = client.get("/v2/account")["account"]
    assert account["status"] == "active"


def test_only_documented_paths_and_pages_are_answered(client: Client) -> None:
    url = client.server.api_base_url
    assert client.session.get(f"{url}/v2/nothing", timeout=30).status_code == 404
    assert client.session.get(f"{url}/v2/droplets?per_page=500", timeout=30).status_code == 422
    assert client.session.post(f"{url}/v2/droplets", timeout=30).status_code == 405
