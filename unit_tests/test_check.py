"""check: one sentence for everything foreseeable, and never a request or a refresh too many."""

import logging
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import requests
from airbyte_cdk.models import Status

from source_digitalocean_quolum import SourceDigitaloceanQuolum
from source_digitalocean_quolum.http.probes import StreamProbes
from unit_tests.mock_server.clock import Clock
from unit_tests.mock_server.commands import TOKEN, check, check_output, oauth_config, token_config
from unit_tests.mock_server.server import ACCOUNT, OAUTH, Answer, DigitalOcean, Reply, error

PROBE = {"page": "1", "per_page": "1"}
FEW = (
    *("account", "projects", "project_resources", "volumes", "kubernetes_clusters", "kubernetes_node_pools"),
    *("balance", "billing_history", "invoices", "invoice_items", "billing_insights"),
)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    level = logging.getLogger("airbyte").level
    yield
    logging.getLogger("airbyte").setLevel(level)


@cache
def every_stream() -> list[StreamProbes]:
    return SourceDigitaloceanQuolum().stream_probes()


def accounts(api: DigitalOcean, *answers: Answer | dict[str, Any], **fields: Any) -> None:
    api.on("/v2/account", {}, *(answers or ({"account": {**ACCOUNT, **fields}},)))


def allow_all(api: DigitalOcean, *forbidden: str) -> None:
    """Answer every probe, and refuse the scopes named."""
    for stream in every_stream():
        for way in stream.ways:
            if way.has_parent or way.path == "account":
                continue
            answer = error(403, "forbidden") if way.scope in forbidden else Reply({way.records: []})
            api.on(way.path_for({}), way.check_params, answer)


def failed(config: dict[str, Any]) -> str:
    status = check(config, *FEW)
    assert status.status == Status.FAILED
    assert status.message
    assert TOKEN not in status.message
    return str(status.message)


def test_a_good_connection_names_team_and_person_and_asks_once_for_each_scope(api: DigitalOcean) -> None:
    accounts(api)
    allow_all(api)

    status = check(token_config())

    every = every_stream()
    assert status.status == Status.SUCCEEDED
    assert status.message == (
        f'Connected to DigitalOcean: team "Quolum", as ops@example.com. All {len(every) - 3} streams that could be '
        "tried can be read; only a sync shows whether these can: dedicated_inference_tokens, function_access_keys, "
        "volume_actions."
    )
    lists = {way.scope for stream in every for way in stream.ways if not way.has_parent}
    assert len(api.requests) == len({request.address for request in api.requests}) <= 1 + len(lists)
    assert {request.headers["Authorization"] for request in api.requests} == {f"Bearer {TOKEN}"}


def test_streams_that_cannot_be_read_are_listed_with_the_scope_that_opens_them(api: DigitalOcean) -> None:
    accounts(api)
    allow_all(api, "billing:read", "kubernetes:read")

    status = check(token_config(), *FEW)

    assert status.status == Status.SUCCEEDED
    assert status.message
    billing = {"balance", "billing_history", "invoices", "invoice_items", "billing_insights"}
    listed = re.findall(r"([\w, ]+) \(scope (\w+:read)\)", status.message)
    assert {scope: set(names.strip().split(", ")) for names, scope in listed} == {
        "billing:read": billing,
        "kubernetes:read": {"kubernetes_clusters", "kubernetes_node_pools"},
    }
    assert "7 of 28 streams cannot be read with this token and will stay empty: " in status.message
    assert "Give the token these scopes, or leave the streams out." in status.message


@pytest.mark.parametrize(
    ("source", "forbidden", "closed"),
    [
        ("auto", ("monitoring:read",), {}),
        ("auto", ("insights:read",), {"insights:read": {"kubernetes_utilization", "spaces_utilization"}}),
        (
            "auto",
            ("insights:read", "monitoring:read"),
            {
                "insights:read": {"kubernetes_utilization", "spaces_utilization"},
                "insights:read or monitoring:read": {"droplet_utilization", "droplet_autoscale_utilization"},
            },
        ),
        ("insights", ("insights:read",), {"insights:read": {"droplet_utilization", "spaces_utilization"}}),
        ("monitoring", ("insights:read",), {}),
        ("monitoring", ("monitoring:read",), {"monitoring:read": {"droplet_utilization"}}),
    ],
)
def test_utilization_is_named_where_no_source_of_it_can_be_read(
    api: DigitalOcean, source: str, forbidden: tuple[str, ...], closed: dict[str, set[str]]
) -> None:
    accounts(api)
    allow_all(api, *forbidden)

    status = check(token_config(utilization={"source": source}), "account", "droplets", "actions")

    message = str(status.message)
    listed = {
        scope: set(re.findall(r"\w+_utilization", names))
        for names, scope in re.findall(r"([\w, ]+) \(scope (insights:read[ a-z:]*|monitoring:read)\)", message)
    }
    assert listed.keys() == closed.keys()
    assert all(closed[scope] <= names for scope, names in listed.items())
    asked = {request.address.split("?")[0] for request in api.requests}
    assert [path for path in asked if "/insights/" in path] == [] or source != "monitoring"


def test_a_product_that_does_not_answer_is_left_to_the_sync(api: DigitalOcean) -> None:
    accounts(api)
    allow_all(api)
    api.on("/v2/kubernetes/clusters", PROBE, error(503, "server_error", "maintenance"))

    status = check(token_config(), *FEW)

    assert status.status == Status.SUCCEEDED
    assert "only a sync shows whether these can: kubernetes_clusters, kubernetes_node_pools." in str(status.message)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"team": None}, "Connected to DigitalOcean: your personal account, as ops@example.com."),
        ({"email": None}, "as an unnamed user"),
        ({"status": "warning", "status_message": "pay soon"}, "DigitalOcean warns: pay soon."),
        ({"email_verified": False}, "The account's email address is not verified yet."),
    ],
)
def test_what_is_worth_knowing_of_the_account_is_said(api: DigitalOcean, fields: dict[str, Any], words: str) -> None:
    accounts(api, **fields)
    allow_all(api)

    status = check(token_config(), *FEW)

    assert status.status == Status.SUCCEEDED
    assert words in str(status.message)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (error(401, "unauthorized"), "revoked, has expired or was not copied whole"),
        (
            error(403, "forbidden", "no"),
            'refuses the account (HTTP 403 (DigitalOcean: "no")). If it is locked, DigitalOcean\'s support unlocks',
        ),
        (
            error(404, "not_found"),
            'answered HTTP 404 for /v2/account (DigitalOcean: "no reason"): is `api_base_url` DigitalOcean\'s API?',
        ),
        (
            Reply(b"", 302, {"Location": "https://elsewhere.example"}),
            "answered HTTP 302 for /v2/account: is `api_base_url`",
        ),
        (Reply(b"<html></html>"), "a web page instead of JSON"),
        (Reply(b"{"), "no complete JSON"),
        (Reply({"hello": 1}), "JSON without `account`"),
        (
            Reply({"account": {**ACCOUNT, "status": "locked", "status_message": "abuse"}}),
            "The DigitalOcean account is locked (abuse)",
        ),
        (Reply({"account": {**ACCOUNT, "status": "locked"}}), "is locked (no reason given)"),
        (Reply({"account": {**ACCOUNT, "status": "archived"}}), "not active (status: archived)"),
    ],
)
def test_an_account_that_cannot_be_used_fails_with_one_sentence(api: DigitalOcean, answer: Reply, words: str) -> None:
    accounts(api, answer)

    assert words in failed(token_config())
    assert len(api.requests) == 1


@pytest.mark.parametrize("account", [None, [], [ACCOUNT, ACCOUNT]])
def test_an_answer_without_the_account_is_put_in_words_of_the_operator(api: DigitalOcean, account: Any) -> None:
    accounts(api, {"account": account})

    message = failed(token_config())

    assert "is `api_base_url` DigitalOcean's API" in message
    assert "unpack" not in message


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (
            requests.ConnectionError("name resolution"),
            "api.digitalocean.com could not be reached: no network, or a fire",
        ),
        (requests.ConnectTimeout(), "api.digitalocean.com did not answer in time"),
        (requests.exceptions.ProxyError(), "could not be reached through the proxy (HTTPS_PROXY)"),
        (error(503, "server_error", "maintenance"), 'HTTP 503 for /v2/account (DigitalOcean: "maintenance")'),
    ],
)
def test_trouble_on_the_way_is_tried_twice_more_and_then_said(api: DigitalOcean, trouble: Answer, words: str) -> None:
    accounts(api, trouble)

    message = failed(token_config())

    assert words in message
    assert message.endswith("Tried 3 times.")
    assert len(api.requests) == 3


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (requests.exceptions.SSLError(), "its certificate is not trusted on this machine"),
        (OSError("Could not find a suitable TLS CA certificate bundle"), "certificates cannot be read"),
        (requests.exceptions.InvalidHeader("line break"), "the access token holds characters that cannot be sent"),
    ],
)
def test_what_no_further_try_will_mend_is_said_at_once(
    api: DigitalOcean, trouble: Exception, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    accounts(api, trouble)

    assert words in failed(token_config())
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"retry_after": "20"}, "DigitalOcean's rate limit is reached, by this sync or by another client"),
        ({"ratelimit_remaining": "0", "ratelimit_reset": "RESET"}, "the next request can be answered in 45 min."),
        (
            {"retry_after": "900"},
            "DigitalOcean answered 429 (too many requests): the next request can be answered in 1",
        ),
    ],
    ids=["a burst without end", "the hour", "long"],
)
def test_nobody_waits_longer_than_a_minute_or_two_for_the_rate_limit(
    api: DigitalOcean, clock: Clock, headers: dict[str, str], words: str
) -> None:
    told = {name: value.replace("RESET", str(int(clock.epoch()) + 2700)) for name, value in headers.items()}
    accounts(api, error(429, "too_many_requests", **told))
    began = clock.now()

    assert words in failed(token_config())
    assert clock.now() - began < 120


def test_a_burst_limit_that_passes_is_no_failure(api: DigitalOcean) -> None:
    accounts(api, error(429, "too_many_requests", retry_after="23", ratelimit_remaining="0"), {"account": ACCOUNT})
    allow_all(api)

    assert check(token_config(), *FEW).status == Status.SUCCEEDED


def test_trouble_that_passes_is_no_failure(api: DigitalOcean) -> None:
    accounts(api, requests.ConnectionError(), error(502), {"account": ACCOUNT})
    allow_all(api)

    assert check(token_config(), *FEW).status == Status.SUCCEEDED


def test_the_address_of_a_test_server_is_used(api: DigitalOcean) -> None:
    api.on("http://127.0.0.1:9/v2/account", {}, requests.ConnectionError())

    assert "127.0.0.1:9 could not be reached" in failed(token_config(api_base_url="http://127.0.0.1:9/"))


def test_a_refresh_token_in_the_place_of_a_token_is_recognized_without_a_request(api: DigitalOcean) -> None:
    config = token_config(credentials={"auth_type": "access_token", "access_token": "dor_v1_" + "a" * 64})

    message = failed(config)

    assert "`credentials.access_token`: this is a refresh token (dor_v1_...)" in message
    assert "a" * 64 not in message
    assert api.requests == []


def test_an_unexpired_oauth_token_is_checked_without_spending_the_refresh_token(api: DigitalOcean) -> None:
    accounts(api)
    allow_all(api)

    assert check(oauth_config(), *FEW).status == Status.SUCCEEDED
    assert not [request for request in api.requests if request.method == "POST"]


def test_an_expired_oauth_token_is_renewed_once_for_all_probes(
    api: DigitalOcean, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts(api)
    allow_all(api)
    fresh = {"access_token": "doo_v1_" + "b" * 64, "refresh_token": "dor_v1_" + "b" * 64, "expires_in": 2_592_000}
    api.on(f"{OAUTH}/token", {}, fresh, method="POST")

    assert check(oauth_config(token_expiry_date="2020-01-01T00:00:00Z"), *FEW).status == Status.SUCCEEDED
    assert [request.method for request in api.requests].count("POST") == 1
    assert capsys.readouterr().out.count('"type":"CONTROL"') == 1


@pytest.mark.parametrize("expiry", ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"])
def test_oauth_access_that_has_ended_asks_to_reconnect(api: DigitalOcean, expiry: str) -> None:
    accounts(api, error(401, "unauthorized"))
    api.on(f"{OAUTH}/token", {}, Reply({"error": "invalid_grant"}, 400), method="POST")

    message = failed(oauth_config(token_expiry_date=expiry))

    assert "Reconnect: authorize DigitalOcean again in this source's settings" in message


def test_the_token_of_the_configuration_wins_over_a_netrc(
    api: DigitalOcean, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine api.digitalocean.com login me password other\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    accounts(api)
    allow_all(api)

    assert check(token_config(), *FEW).status == Status.SUCCEEDED
    assert {request.headers["Authorization"] for request in api.requests} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize("status", [401, 403, 503])
def test_nothing_secret_is_said_even_at_debug(api: DigitalOcean, status: int) -> None:
    accounts(api, error(status, "unauthorized", f"bad token {TOKEN}"))

    assert not [line for line in check_output(token_config(), *FEW).lines if TOKEN in line]
