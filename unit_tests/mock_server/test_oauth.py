"""OAuth at the boundary: when access is renewed, what is announced, and in which order."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets

from unit_tests.mock_server.commands import Output, oauth_config, read
from unit_tests.mock_server.server import API, OAUTH, PAGE, DigitalOcean, Reply, Request, error

TOKEN = f"{OAUTH}/token"
OLD, NEW = "doo_v1_" + "a" * 64, "doo_v1_" + "b" * 64
OLD_REFRESH, NEW_REFRESH = "dor_v1_" + "a" * 64, "dor_v1_" + "b" * 64
RENEWED = {
    "access_token": NEW,
    "bearer": NEW,
    "refresh_token": NEW_REFRESH,
    "expires_in": 2_592_000,
    "scope": "read",
    "info": {"team_uuid": "5df3e300"},
}
EXPIRED = "2020-01-01T00:00:00Z"
STREAMS = ["tags", "regions", "sizes", "volumes", "vpcs", "firewalls", "domains", "snapshots", "load_balancers"]


class Controls:
    """The CONTROL messages printed so far."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys, self._lines = capsys, list[str]()

    def configs(self) -> list[dict[str, Any]]:
        self._lines += self._capsys.readouterr().out.splitlines()
        messages = [json.loads(line) for line in self._lines if line.startswith('{"type":"CONTROL"')]
        return [message["control"]["connectorConfig"]["config"] for message in messages]


@pytest.fixture
def controls(capsys: pytest.CaptureFixture[str]) -> Controls:
    return Controls(capsys)


def only_for(token: str, stream: str = "volumes", rows: list[dict[str, Any]] | None = None) -> Any:
    """Answers this token and refuses every other."""

    def respond(request: Request) -> Reply:
        if request.headers["Authorization"] != f"Bearer {token}":
            return error(401, "unauthorized", "Unable to authenticate you")
        return Reply({stream: [{"id": "a"}] if rows is None else rows})

    return respond


def refreshes(api: DigitalOcean) -> list[dict[str, str]]:
    return [request.form for request in api.requests if request.address.startswith(OAUTH)]


def read_volumes(config: dict[str, Any], *, expect_failure: bool = False) -> Output:
    return read("volumes", config=config, expect_failure=expect_failure)


@pytest.mark.parametrize("left", [timedelta(minutes=6), timedelta(days=30)])
def test_a_token_that_has_not_expired_is_used_as_it_is(api: DigitalOcean, controls: Controls, left: timedelta) -> None:
    api.on("/v2/volumes", PAGE, only_for(OLD))

    output = read_volumes(oauth_config(token_expiry_date=(datetime.now(UTC) + left).isoformat()))

    assert output.rows("volumes") == [{"id": "a"}]
    assert refreshes(api) == []
    assert controls.configs() == []


@pytest.mark.parametrize(
    "expiry", [EXPIRED, (datetime.now(UTC) + timedelta(minutes=4)).isoformat()], ids=["expired", "about to expire"]
)
def test_an_expired_token_is_renewed_once_and_announced_before_it_is_used(
    api: DigitalOcean, controls: Controls, expiry: str
) -> None:
    announced_before: list[dict[str, Any]] = []

    def respond(request: Request) -> Reply:
        announced_before.extend(controls.configs())
        return Reply(only_for(NEW)(request).body)

    api.on(TOKEN, {}, RENEWED, method="POST")
    api.on("/v2/volumes", PAGE, respond)
    config = {**oauth_config(token_expiry_date=expiry), "utilization": {"interval": "P1D"}}

    output = read_volumes(config)

    assert output.rows("volumes") == [{"id": "a"}]
    assert refreshes(api) == [
        {
            "grant_type": "refresh_token",
            "refresh_token": OLD_REFRESH,
            "client_id": "client-of-the-tests",
            "client_secret": "secret-of-the-tests-1",
        }
    ]
    assert [request.method for request in api.requests] == ["POST", "GET"]
    (announced,) = announced_before
    assert announced["credentials"]["refresh_token"] == NEW_REFRESH
    assert announced["credentials"]["access_token"] == NEW
    lifetime = datetime.fromisoformat(announced["credentials"]["token_expiry_date"]) - datetime.now(UTC)
    assert timedelta(days=29, hours=23) < lifetime <= timedelta(days=30)
    for name in ("auth_type", "client_id", "client_secret"):
        assert announced["credentials"][name] == config["credentials"][name]
    assert {k: v for k, v in announced.items() if k != "credentials"} == {
        k: v for k, v in config.items() if k != "credentials"
    }
    assert len(controls.configs()) == 1


@pytest.mark.parametrize("expiry", [None, "soon", 2_592_000])
def test_an_unknown_expiry_means_use_the_token_until_it_is_refused(
    api: DigitalOcean, controls: Controls, expiry: Any
) -> None:
    api.on("/v2/volumes", PAGE, only_for(OLD))
    used = read_volumes(oauth_config(token_expiry_date=expiry))
    assert used.rows("volumes") == [{"id": "a"}]
    assert refreshes(api) == []

    api.on("/v2/volumes", PAGE, only_for(NEW))
    api.on(TOKEN, {}, RENEWED, method="POST")
    renewed = read_volumes(oauth_config(token_expiry_date=expiry))
    assert renewed.rows("volumes") == [{"id": "a"}]
    assert len(refreshes(api)) == 1
    assert [config["credentials"]["refresh_token"] for config in controls.configs()] == [NEW_REFRESH]


def test_many_streams_that_are_refused_at_once_renew_once(api: DigitalOcean, controls: Controls) -> None:
    for stream in STREAMS:
        api.on(f"/v2/{stream}", PAGE, only_for(NEW, stream, []))
    api.on(TOKEN, {}, RENEWED, method="POST")

    output = read(*STREAMS, config=oauth_config())

    assert {output.status(stream) for stream in STREAMS} == {"COMPLETE"}
    assert len(refreshes(api)) == 1
    assert len(controls.configs()) == 1


def test_without_an_access_token_the_first_thing_is_to_get_one(api: DigitalOcean) -> None:
    api.on("/v2/volumes", PAGE, only_for(NEW))
    api.on(TOKEN, {}, RENEWED, method="POST")

    output = read_volumes(oauth_config(access_token=None, token_expiry_date=None))

    assert output.rows("volumes") == [{"id": "a"}]
    assert [request.method for request in api.requests] == ["POST", "GET"]


@pytest.mark.parametrize(
    ("status", "body"),
    [(400, {"error": "invalid_grant"}), (401, {"error": "invalid_grant"}), (401, {"id": "x"}), (400, None)],
)
def test_the_first_refusal_of_a_run_may_be_another_sync_that_was_faster(
    api: DigitalOcean, controls: Controls, status: int, body: Any
) -> None:
    """Two connections on one source renew the same pair: the platform's next try finds what the other one got."""
    api.on(TOKEN, {}, Reply(body, status), method="POST")

    output = read("volumes", "vpcs", config=oauth_config(token_expiry_date=EXPIRED), expect_failure=True)

    for stream in ("volumes", "vpcs"):
        kind, message = output.error(stream)
        assert kind == FailureType.transient_error
        assert "Another sync of this source may have renewed it a moment ago" in message
        assert "Reconnect: authorize DigitalOcean again" in message
        assert output.status(stream) == "INCOMPLETE"
    assert len(api.requests) == 1
    assert controls.configs() == []


def test_an_unknown_application_is_named_as_such(api: DigitalOcean) -> None:
    api.on(TOKEN, {}, Reply({"error": "invalid_client"}, 401), method="POST")

    output = read_volumes(oauth_config(token_expiry_date=EXPIRED), expect_failure=True)

    kind, message = output.error("volumes")
    assert kind == FailureType.config_error
    assert "check `client_id` and `client_secret`, then reconnect" in message


@pytest.mark.parametrize("trouble", [Reply(b"busy", 502), Reply(b"", 429), requests.ConnectTimeout()])
def test_trouble_at_the_token_endpoint_is_tried_again_and_then_transient(
    api: DigitalOcean, trouble: Reply | Exception
) -> None:
    api.on(TOKEN, {}, trouble, method="POST")

    output = read_volumes(oauth_config(token_expiry_date=EXPIRED), expect_failure=True)

    kind, message = output.error("volumes")
    assert kind == FailureType.transient_error
    assert "could not renew access" in message
    assert len(refreshes(api)) == 4
    assert {request.address for request in api.requests} == {TOKEN}


def test_a_token_endpoint_that_recovers_is_enough(api: DigitalOcean) -> None:
    api.on(TOKEN, {}, Reply(b"", 503), requests.ConnectionError(), RENEWED, method="POST")
    api.on("/v2/volumes", PAGE, only_for(NEW))

    assert read_volumes(oauth_config(token_expiry_date=EXPIRED)).rows("volumes") == [{"id": "a"}]


@pytest.mark.parametrize("status", [404, 405])
def test_the_older_address_is_tried_only_where_the_newer_does_not_exist(api: DigitalOcean, status: int) -> None:
    api.on(TOKEN, {}, Reply(b"", status), method="POST")
    api.on(f"{OAUTH}/refresh", {}, RENEWED, method="POST")
    api.on("/v2/volumes", PAGE, only_for(NEW))

    output = read_volumes(oauth_config(token_expiry_date=EXPIRED))

    assert output.rows("volumes") == [{"id": "a"}]
    assert [request.address for request in api.requests] == [TOKEN, f"{OAUTH}/refresh", f"{API}/v2/volumes"]


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b'{"access_token": null}'])
def test_an_answer_without_a_token_is_not_taken_for_one(api: DigitalOcean, controls: Controls, body: bytes) -> None:
    api.on(TOKEN, {}, Reply(body), method="POST")

    output = read_volumes(oauth_config(token_expiry_date=EXPIRED), expect_failure=True)

    kind, message = output.error("volumes")
    assert kind == FailureType.config_error
    assert "without an access token" in message
    assert controls.configs() == []


def test_a_freshly_renewed_token_that_is_refused_ends_the_matter(api: DigitalOcean) -> None:
    api.on(TOKEN, {}, RENEWED, method="POST")
    api.on("/v2/volumes", PAGE, error(401, "unauthorized"))

    output = read_volumes(oauth_config(), expect_failure=True)

    kind, message = output.error("volumes")
    assert kind == FailureType.config_error
    assert "refuses even a freshly renewed access token. Reconnect" in message
    assert len(refreshes(api)) == 1


def test_new_tokens_are_masked_in_the_log_and_never_printed_but_in_the_control_message(api: DigitalOcean) -> None:
    api.on(TOKEN, {}, RENEWED, method="POST")
    api.on("/v2/volumes", PAGE, only_for(NEW))

    output = read("volumes", config=oauth_config(token_expiry_date=EXPIRED), debug=True)

    assert filter_secrets(f"{NEW} and {NEW_REFRESH}") == "**** and ****"
    for line in output.lines:
        for secret in (OLD, NEW, OLD_REFRESH, NEW_REFRESH, "secret-of-the-tests-1"):
            assert secret not in line
