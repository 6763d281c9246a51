"""Connect, Reconnect and Disconnect against the sandbox: what lands in the file, and if the connector can use it."""

import json
import socket
import stat
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from integration_tests.connecting import Connecting, come_back, connected
from integration_tests.connector import configured
from integration_tests.faults.warm import run
from sandbox import Sandbox
from sandbox.browser import walk
from source_digitalocean_quolum.config_file import lock_config
from source_digitalocean_quolum.connect.cli import main

PAST = "2020-01-01T00:00:00Z"


def written(path: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return config


def answers(sandbox: Sandbox, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{sandbox.api_base_url}/v2/account", headers=headers, timeout=10).status_code


def secrets_of(config: dict[str, Any]) -> set[str]:
    names = ("access_token", "refresh_token", "client_secret")
    return {value for name, value in config["credentials"].items() if name in names}


@pytest.mark.parametrize("public", [False, True], ids=["with a secret", "public"])
def test_connect_writes_what_a_read_needs_now_and_a_month_later(
    sandbox: Sandbox, tmp_path: Path, streams: Any, public: bool
) -> None:
    path = tmp_path / "config.json"
    with Connecting.to(sandbox, path, public=public) as connecting:
        page = connecting.click()
        assert connecting.ended() == 0, connecting.errors
    config = written(path)

    assert sandbox.team_name in page
    assert f"team {sandbox.team_name}" in connecting.printed
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ("client_secret" in config["credentials"]) is not public
    for secret in secrets_of(config):
        assert secret not in connecting.printed + connecting.errors + page
    # A month later: the refresh token, too, is one that this application may use.
    config["credentials"]["token_expiry_date"] = PAST
    done = run("read", config=config, catalog=configured(streams, "droplets"))
    assert done.exit_code == 0, done.errors
    assert done.records["droplets"]
    assert len(done.of("CONTROL")) == 1


def test_a_public_application_proves_itself_and_one_with_a_secret_sends_no_challenge(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    asked = {}
    for public in (False, True):
        with Connecting.to(sandbox, tmp_path / "config.json", public=public) as connecting:
            asked[public] = parse_qs(urlsplit(connecting.link()).query)
    states = {query["state"][0] for query in asked.values()}
    assert len(states) == 2
    assert min(map(len, states)) >= 43
    assert asked[True]["code_challenge_method"] == ["S256"]
    assert "code_challenge" not in asked[False]
    assert asked[True]["redirect_uri"][0].startswith("http://127.0.0.1:")


def test_reconnect_after_a_revocation_keeps_everything_else(sandbox: Sandbox, tmp_path: Path, streams: Any) -> None:
    path = tmp_path / "config.json"
    connected(sandbox, path)
    before = {**written(path), "start_date": "2026-01-01T00:00:00Z", "num_workers": 3}
    before["utilization"] = {"interval": "P1D"}
    path.write_text(json.dumps(before), encoding="utf-8")
    sandbox.advance(days=31)
    requests.post(
        f"{sandbox.oauth_base_url}/token",
        data={"grant_type": "refresh_token", "refresh_token": before["credentials"]["refresh_token"]},
        timeout=10,
    ).raise_for_status()
    (status,) = run("check", config=before).of("CONNECTION_STATUS")
    assert "Reconnect" in status["message"]

    # No client in the environment: the file knows the application.
    again = Connecting(path, ("--no-browser", "--port", "0"))
    with again:
        page = again.click()
        assert again.ended() == 0, again.errors
    after = written(path)

    assert "Reconnected" in page
    assert f"Reconnected to DigitalOcean: team {sandbox.team_name}" in again.printed
    assert {**after, "credentials": None} == {**before, "credentials": None}
    assert not {*secrets_of(after)} & {*secrets_of(before)} - {sandbox.client_secret}
    done = run("read", config=after, catalog=configured(streams, "tags"))
    assert done.exit_code == 0, done.errors


def test_a_personal_access_token_is_replaced_and_the_team_is_still_compared(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(sandbox.config()), encoding="utf-8")
    before = path.read_bytes()
    with Connecting.to(sandbox, path) as connecting:
        assert "another team" in connecting.click(team=sandbox.other_team_uuid)
        assert connecting.ended() == 13
    assert path.read_bytes() == before
    connected(sandbox, path)
    assert written(path)["credentials"]["auth_type"] == "oauth2.0"


@pytest.mark.parametrize("dead", [False, True], ids=["asked with the old token", "as noted beside the file"])
def test_another_team_than_before_is_refused_and_its_grant_revoked(
    sandbox: Sandbox, tmp_path: Path, dead: bool
) -> None:
    path = tmp_path / "config.json"
    connected(sandbox, path)
    before = path.read_bytes()
    if dead:
        sandbox.revoke(written(path)["credentials"]["access_token"])
    else:
        (tmp_path / "config.json.team").unlink()
    sandbox.reset_requests()

    with Connecting.to(sandbox, path) as connecting:
        page = connecting.click(team=sandbox.other_team_uuid)
        assert connecting.ended() == 13
    assert sandbox.other_team_name.replace("&", "&amp;") in page
    for name in (sandbox.team_name, sandbox.other_team_name, "--yes"):
        assert name in connecting.errors
    assert path.read_bytes() == before
    assert [request["status"] for request in sandbox.requests("/v1/oauth/revoke")] == [200]

    connected_now = Connecting.to(sandbox, path, "--yes")
    with connected_now:
        connected_now.click(team=sandbox.other_team_uuid)
        assert connected_now.ended() == 0, connected_now.errors
    (status,) = run("check", config=written(path)).of("CONNECTION_STATUS")
    assert sandbox.other_team_name in status["message"]


def test_disconnect_ends_the_grant_and_leaves_what_reconnect_needs(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.json"
    connected(sandbox, path)
    before = written(path)

    assert main([str(path), "--revoke"]) == 0

    assert "Disconnected" in capsys.readouterr().out
    assert answers(sandbox, before["credentials"]["access_token"]) == 401
    kept = {name: before["credentials"][name] for name in ("auth_type", "client_id", "client_secret")}
    assert written(path) == {**before, "credentials": kept}
    assert main([str(path), "--revoke"]) == 2
    assert "is not connected" in capsys.readouterr().err


@pytest.mark.parametrize("public", [False, True], ids=["with a secret", "public"])
def test_disconnect_also_ends_a_grant_whose_access_token_has_expired(
    sandbox: Sandbox, tmp_path: Path, public: bool
) -> None:
    path = tmp_path / "config.json"
    connected(sandbox, path, public=public)
    before = written(path)
    sandbox.advance(days=31)
    sandbox.reset_requests()

    assert main([str(path), "--revoke"]) == 0

    assert [request["status"] for request in sandbox.requests("/v1/oauth/revoke")] == [401, 200]
    assert (
        not set(before["credentials"])
        - set(written(path)["credentials"])
        - {
            "access_token",
            "refresh_token",
            "token_expiry_date",
        }
    )


def test_disconnect_says_so_when_the_access_had_ended_already(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.json"
    connected(sandbox, path)
    token = written(path)["credentials"]["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    requests.post(f"{sandbox.oauth_base_url}/revoke", headers=headers, data={"token": token}, timeout=10)

    assert main([str(path), "--revoke"]) == 0
    assert "had already ended" in capsys.readouterr().out
    assert "access_token" not in written(path)["credentials"]


def test_without_network_disconnect_keeps_the_tokens(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.json"
    connected(sandbox, path)
    before = path.read_bytes()
    assert main([str(path), "--revoke", "--oauth-base-url", "http://127.0.0.1:9/v1/oauth"]) == 12
    assert path.read_bytes() == before
    assert "could not be reached" in capsys.readouterr().err


def test_the_registered_port_is_the_default_for_an_application_with_a_secret(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    registered = f"http://127.0.0.1:{port}/callback"
    with Sandbox(droplets=3, days=30, redirect_uri=registered) as strict:
        connected(strict, tmp_path / "config.json", "--port", str(port))
        with Connecting.to(strict, tmp_path / "other.json", "--port", "0") as connecting:
            assert connecting.ended() == 9
    assert "http://127.0.0.1:" in connecting.errors
    assert "callback URL" in connecting.errors
    assert "authorize?" not in connecting.printed
    assert not (tmp_path / "other.json").exists()


def test_a_second_connect_and_a_sync_keep_their_hands_off_a_file_in_use(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.json"
    with lock_config(path):
        assert main([str(path), "--client-id", "any", "--no-browser"]) == 3
        assert "in use by another process" in capsys.readouterr().err
    with Connecting.to(sandbox, path) as connecting:
        address = walk(connecting.link())
        assert main([str(path), "--client-id", "any", "--no-browser"]) == 3
        come_back(address)
        assert connecting.ended() == 0


def test_the_sandbox_lets_nobody_choose_a_team_of_others(sandbox: Sandbox, tmp_path: Path) -> None:
    with Connecting.to(sandbox, tmp_path / "config.json") as connecting, pytest.raises(HTTPError, match="400"):
        walk(connecting.link(), team="00000000-0000-4000-8000-000000000000")
