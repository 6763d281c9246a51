"""spec, check, discover, read against the sandbox: what an operator and a scheduled sync see."""

import re
import time
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from integration_tests.connector import configured, run
from integration_tests.faults.warm import Warm
from sandbox import Sandbox

# How much faster the connector's waits pass where nothing but their end is looked at.
SPEED = 60
PLANTED = re.compile(r"PLANTED[-_]SECRET[^\"]*")


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with Warm(SPEED) as started:
        yield started


def test_spec_is_complete_for_the_airbyte_ui() -> None:
    (spec,) = run("spec").of("SPEC")
    assert spec["advanced_auth"]["predicate_key"] == ["credentials", "auth_type"]
    branches = spec["connectionSpecification"]["properties"]["credentials"]["oneOf"]
    assert {branch["properties"]["auth_type"]["const"] for branch in branches} == {"oauth2.0", "access_token"}
    oauth = spec["advanced_auth"]["oauth_config_specification"]
    consent = oauth["oauth_connector_input_specification"]
    assert "/v1/oauth/authorize?" in consent["consent_url"]
    assert "state_param" in consent["consent_url"]
    assert consent["access_token_url"].endswith("/v1/oauth/token")
    assert consent["scope"] == "read"
    assert set(oauth["complete_oauth_output_specification"]["properties"]) == {
        "access_token",
        "refresh_token",
        "token_expiry_date",
    }


def test_a_first_sync_lands_everything_and_a_second_one_only_what_is_new(
    warm: Warm, sandbox: Sandbox, streams: list[dict[str, Any]]
) -> None:
    config = sandbox.config()
    streams = [stream for stream in streams if not stream["name"].endswith("_utilization")]
    first = warm.run("read", config=config, catalog=configured(streams))

    assert first.exit_code == 0, first.errors
    assert set(first.statuses) == {stream["name"] for stream in streams}
    assert set(first.statuses.values()) == {"COMPLETE"}
    assert first.logs("WARN") == []
    schemas = {stream["name"]: jsonschema.Draft7Validator(stream["json_schema"]) for stream in streams}
    for name, records in first.records.items():
        for record in records:
            assert not list(schemas[name].iter_errors(record)), name
    # A team as small as this one is in no organization and has few of the rarer things.
    empty = set(schemas) - set(first.records)
    assert "organization_teams" in empty
    assert len(empty) <= 10, empty

    second = warm.run("read", config=config, catalog=configured(streams), state=first.state)
    assert second.exit_code == 0, second.errors
    assert len(second.records["actions"]) < len(first.records["actions"])
    assert len(second.records.get("projects", [])) <= 1
    ids = [sorted(droplet["id"] for droplet in done.records["droplets"]) for done in (first, second)]
    assert ids[0] == ids[1]
    assert second.requests["actions"] == 1


def test_no_planted_secret_leaves_the_connector(warm: Warm, sandbox: Sandbox, streams: list[dict[str, Any]]) -> None:
    done = warm.run("read", config=sandbox.config(), catalog=configured(streams))

    assert done.exit_code == 0, done.errors
    assert not PLANTED.findall(done.stdout)
    assert not PLANTED.findall(done.stderr)
    assert sandbox.token not in done.stdout


# What a token with one scope opens; an account is always readable, `one_clicks` and `add_on_plans` need no scope.
OPENED = {
    "block_storage:read": {"volumes"},
    "nfs:list": {"nfs_shares", "nfs_snapshots", "nfs_access_points"},
    "function:admin": set(),
    "app:read": {
        *("apps", "app_alerts", "app_bandwidth_daily", "app_deployments", "app_events", "app_health"),
        *("app_instances", "app_instance_sizes", "app_job_invocations", "app_regions"),
    },
    "billing:read": {
        *("balance", "billing_history", "billing_insights", "invoices", "invoice_items", "invoice_summaries"),
        *("invoice_preview", "invoice_preview_items", "invoice_csv_lines", "prepayment_config"),
    },
}


@pytest.mark.parametrize("scope", sorted(OPENED))
def test_a_token_with_one_scope_syncs_its_streams_and_names_each_of_the_others_once(
    warm: Warm, sandbox: Sandbox, streams: list[dict[str, Any]], scope: str
) -> None:
    config = sandbox.config()
    config["credentials"]["access_token"] = sandbox.mint_token(["account:read", scope])
    catalog = configured(streams)
    done = warm.run("read", config=config, catalog=catalog)

    assert done.exit_code == 0, done.errors
    assert set(done.statuses.values()) == {"COMPLETE"}
    # Spaces has a key of its own.
    read = {"account", "add_on_plans", "one_clicks", "spaces_buckets", *OPENED[scope]}
    assert set(done.records) == read
    skipped = [re.match(r"Stream (\w+) is skipped: .+ the scope \w+:\w+", text) for text in done.logs("WARN")]
    names = sorted(found[1] for found in skipped if found)
    assert names == sorted({one["stream"]["name"] for one in catalog["streams"]} - read)


def test_check_names_the_team_and_what_is_missing(warm: Warm, sandbox: Sandbox) -> None:
    config = sandbox.config()
    config["credentials"]["access_token"] = sandbox.mint_token(["account:read", "block_storage:read"])
    (status,) = warm.run("check", config=config).of("CONNECTION_STATUS")

    assert status["status"] == "SUCCEEDED"
    assert sandbox.team_name in status["message"]
    assert re.search(r"droplets[a-z_, ]* \(scope droplet:read\)", status["message"])
    assert "(scope block_storage:read)" not in status["message"]


def test_check_says_what_is_wrong_with_the_account(warm: Warm, sandbox: Sandbox) -> None:
    sandbox.account_status("locked", message="payment overdue")
    try:
        (status,) = warm.run("check", config=sandbox.config()).of("CONNECTION_STATUS")
    finally:
        sandbox.account_status("active")

    assert status["status"] == "FAILED"
    assert "locked (payment overdue)" in status["message"]


def test_a_revoked_personal_token_ends_in_seconds(sandbox: Sandbox, streams: list[dict[str, Any]]) -> None:
    config = sandbox.config()
    config["credentials"]["access_token"] = token = sandbox.mint_token()
    sandbox.revoke(token)
    begun = time.monotonic()
    done = run("read", config=config, catalog=configured(streams, "volumes", "tags"))

    assert time.monotonic() - begun < 25
    assert done.exit_code == 1
    assert {error["failure_type"] for error in done.errors} == {"config_error"}
    assert "revoked" in done.errors[0]["message"]
    assert "Traceback" not in "".join(done.logs("ERROR") + done.logs("FATAL"))
    assert set(done.statuses.values()) == {"INCOMPLETE"}


@pytest.mark.parametrize("fault", ["html", "truncated_json", "empty_body", "error_object"])
def test_a_body_that_is_not_the_promised_one_is_never_an_empty_stream(
    warm: Warm, sandbox: Sandbox, streams: list[dict[str, Any]], fault: str
) -> None:
    sandbox.fault(fault, path="/v2/volumes")
    try:
        done = warm.run("read", config=sandbox.config(), catalog=configured(streams, "volumes", "tags"))
        (status,) = warm.run("check", config=sandbox.config()).of("CONNECTION_STATUS")
    finally:
        sandbox.clear_faults()

    assert done.statuses == {"volumes": "INCOMPLETE", "tags": "COMPLETE"}
    assert done.exit_code == 1
    (error,) = [e for e in done.errors if e.get("stream_descriptor", {}).get("name") == "volumes"]
    assert error["failure_type"] == "transient_error"
    assert "/v2/volumes" in error["message"]
    assert status["status"] == "SUCCEEDED"


def test_passing_trouble_costs_nothing(warm: Warm, sandbox: Sandbox, streams: list[dict[str, Any]]) -> None:
    for name in ("status", "truncated_json", "reset"):
        sandbox.fault(name, path="/v2/volumes", times=1, status=503)
    try:
        done = warm.run("read", config=sandbox.config(), catalog=configured(streams, "volumes"))
    finally:
        sandbox.clear_faults()

    assert done.exit_code == 0, done.errors
    assert len(done.records["volumes"]) == len({volume["id"] for volume in done.records["volumes"]})


def test_a_link_to_another_host_is_not_followed(warm: Warm, streams: list[dict[str, Any]]) -> None:
    with Sandbox(droplets=450, days=5, seed=1, rate_limit=600_000) as sandbox:
        sandbox.fault("wrong_host_next", path="/v2/droplets")
        done = warm.run("read", config=sandbox.config(), catalog=configured(streams, "droplets"))

    assert done.exit_code == 0, done.errors
    assert len(done.records["droplets"]) >= 450


def test_a_page_that_links_to_itself_says_only_that_there_is_more(warm: Warm, streams: list[dict[str, Any]]) -> None:
    with Sandbox(droplets=450, days=5, seed=1, rate_limit=600_000) as sandbox:
        sandbox.fault("self_link", path="/v2/droplets")
        done = warm.run("read", config=sandbox.config(), catalog=configured(streams, "droplets"))

    assert done.statuses == {"droplets": "COMPLETE"}
    assert len(done.records["droplets"]) >= 450


def test_thousands_of_droplets_are_complete_while_some_are_deleted(warm: Warm, streams: list[dict[str, Any]]) -> None:
    with Sandbox(droplets=6_000, days=2, seed=5, rate_limit=6_000_000) as sandbox:
        sandbox.delete_between_pages("droplets", count_per_page=3)
        done = warm.run("read", config=sandbox.config(), catalog=configured(streams, "droplets"))
        sandbox.clear_faults()
        stayed = warm.run("read", config=sandbox.config(), catalog=configured(streams, "droplets"))

    assert done.exit_code == 0, done.errors
    read = [droplet["id"] for droplet in done.records["droplets"]]
    assert len(read) == len(set(read))
    assert {droplet["id"] for droplet in stayed.records["droplets"]} <= set(read)
    assert len(stayed.records["droplets"]) < 6_000


def test_our_own_limit_is_kept_and_a_429_that_comes_anyway_is_waited_for(streams: list[dict[str, Any]]) -> None:
    with Sandbox(droplets=3_000, days=2, seed=5, rate_limit=600) as sandbox:  # 30 a minute
        sandbox.fault("rate_limited", path="/v2/volumes", times=1, retry_after=2)
        begun = time.monotonic()
        done = run("read", config=sandbox.config(), catalog=configured(streams, "droplets", "volumes"))
        waited = time.monotonic() - begun
        refused = [request for request in sandbox.requests("/v2") if request["status"] == 429]

    assert done.exit_code == 0, done.errors
    assert waited >= 2
    assert len(refused) == 1


def test_no_429_of_our_own_making(warm: Warm, streams: list[dict[str, Any]]) -> None:
    # 20 a minute, and minutes that pass as fast as the connector's.
    with Sandbox(droplets=4_000, days=2, seed=5, rate_limit=400, limit_speed=SPEED) as sandbox:
        done = warm.run("read", config=sandbox.config(), catalog=configured(streams, "droplets", "tags"))
        statuses = [request["status"] for request in sandbox.requests("/v2")]

    assert done.exit_code == 0, done.errors
    assert len(statuses) > 20
    assert set(statuses) == {200}


def test_all_streams_share_as_many_connections_as_requests_are_under_way(streams: list[dict[str, Any]]) -> None:
    # Those of children, which are asked for one by one.
    names = [stream["name"] for stream in streams if not stream["name"].endswith("_utilization")]
    lists = [name for name in names if name.startswith(("app_", "database_", "genai_agent_"))]
    with Sandbox(droplets=20, seed=7, rate_limit=6_000_000) as sandbox:
        config = {**sandbox.config(), "num_workers": 5}
        done = run("read", config=config, catalog=configured(streams, *lists))
        requests = sandbox.requests("/v2")

    assert done.exit_code == 0
    assert len(requests) > 100
    # One that has been idle is closed by the server.
    assert len({request["socket"] for request in requests}) <= 2 * 5


def test_an_unknown_stream_fails_by_name_and_alone(warm: Warm, sandbox: Sandbox, streams: list[dict[str, Any]]) -> None:
    catalog = configured(streams, "tags")
    unknown = {**catalog["streams"][0]["stream"], "name": "tagz"}
    catalog["streams"].append({**catalog["streams"][0], "stream": unknown})
    done = warm.run("read", config=sandbox.config(), catalog=catalog)

    assert done.statuses["tags"] == "COMPLETE"
    assert done.records["tags"]
    assert done.exit_code == 1
    assert "no stream tagz" in done.errors[0]["message"]
    assert {error["failure_type"] for error in done.errors} == {"config_error"}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("{", "it is not JSON: line 1, column 2"),
        ({"credentials": {"auth_type": "password"}}, "auth_type` is 'password'"),
        ({"credentials": {"auth_type": "access_token"}}, "`credentials.access_token` is missing"),
        ({"credentials": {"auth_type": "access_token", "access_token": "dor_v1_x"}}, "refresh token"),
        ({"credentials": {"auth_type": "access_token", "access_token": "x"}, "api_url": "y"}, "`api_url` is not"),
    ],
)
def test_a_wrong_configuration_is_a_sentence(warm: Warm, config: Any, words: str) -> None:
    (status,) = warm.run("check", config=config).of("CONNECTION_STATUS")
    assert status["status"] == "FAILED"
    assert words in status["message"]

    done = warm.run("discover", config=config)
    assert done.exit_code == 1
    (error,) = done.errors
    assert error["failure_type"] == "config_error"
    assert words in error["message"]
    assert "Traceback" not in done.stderr


def test_states_of_other_versions_and_removed_streams_do_not_stop_a_sync(
    warm: Warm, sandbox: Sandbox, streams: list[dict[str, Any]]
) -> None:
    state = [
        {"type": "STREAM", "stream": {"stream_descriptor": {"name": name}, "stream_state": content}}
        for name, content in [
            ("actions", {"cursor": {"page": 7}}),
            ("billing_insights", {"states": "none", "version": 3}),
            ("floating_ips", {"updated_at": "2020-01-01T00:00:00Z"}),
            ("projects", {"updated_at": "yesterday"}),
        ]
    ]
    names = ("actions", "billing_insights", "projects", "tags")
    done = warm.run("read", config=sandbox.config(), catalog=configured(streams, *names), state=state)

    assert done.exit_code == 0, done.errors
    assert set(done.records) == set(names)
    warned = "".join(done.logs("WARN"))
    assert all(f"state of stream {name}" in warned for name in ("actions", "billing_insights", "projects"))
    assert "floating_ips" in "".join(done.logs("INFO"))
