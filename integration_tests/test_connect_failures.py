"""Every way Connect can fail: its own exit code, one sentence, no secret, and the file as it was."""

import json
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from integration_tests.connecting import Connecting, come_back
from sandbox import Sandbox
from sandbox.browser import walk
from source_digitalocean_quolum.connect.cli import main

OLD = {"credentials": {"auth_type": "oauth2.0", "client_id": "old-client", "client_secret": "old-client-secret"}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that was connected once."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**OLD, "num_workers": 4}), encoding="utf-8")
    return path


def deny(connecting: Connecting, _: Sandbox) -> str:
    return connecting.click(decision="deny")


def come_back_without_a_code(connecting: Connecting, _: Sandbox) -> str:
    return come_back(re.sub(r"code=[^&]+&?", "", walk(connecting.link())))


def wait_too_long(connecting: Connecting, sandbox: Sandbox) -> str:
    address = walk(connecting.link())
    sandbox.advance(seconds=601)
    return come_back(address)


def use_the_code_first(connecting: Connecting, sandbox: Sandbox) -> str:
    address = walk(connecting.link())
    form = {
        "grant_type": "authorization_code",
        "code": parse_qs(urlsplit(address).query)["code"][0],
        "redirect_uri": address.split("?")[0],
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
    }
    requests.post(f"{sandbox.oauth_base_url}/token", data=form, timeout=10).raise_for_status()
    return come_back(address)


def authorize(connecting: Connecting, _: Sandbox) -> str:
    return connecting.click()


@pytest.mark.parametrize(
    ("steps", "environment", "code", "words"),
    [
        (deny, {}, 5, "Access was denied"),
        (come_back_without_a_code, {}, 1, "without a code"),
        (wait_too_long, {}, 7, "has expired or was already used"),
        (use_the_code_first, {}, 7, "has expired or was already used"),
        (authorize, {"DIGITALOCEAN_CLIENT_SECRET": "wrong-client-secret"}, 8, "compare the client ID"),
    ],
)
def test_what_goes_wrong_in_the_browser_is_said_there_and_in_the_terminal(
    sandbox: Sandbox,
    path: Path,
    steps: Callable[[Connecting, Sandbox], str],
    environment: dict[str, str],
    code: int,
    words: str,
) -> None:
    before = path.read_bytes()
    with Connecting.to(sandbox, path, public=False, **environment) as connecting:
        page = steps(connecting, sandbox)
        assert connecting.ended() == code
    assert words in connecting.errors
    assert words in page
    assert "Not connected" in page
    assert connecting.errors.count("\n") == 1
    for secret in (sandbox.client_secret, "wrong-client-secret", "old-client-secret", "_v1_"):
        assert secret not in connecting.printed + connecting.errors + page
    assert path.read_bytes() == before


def test_nobody_comes_back(sandbox: Sandbox, path: Path) -> None:
    before = path.read_bytes()
    with Connecting.to(sandbox, path, "--timeout", "1") as connecting:
        link = connecting.link()
        assert connecting.ended() == 10
    assert "Nobody authorized within 1 seconds" in connecting.errors
    # DigitalOcean shows a wrong redirect URI on its own page and never comes back.
    assert parse_qs(urlsplit(link).query)["redirect_uri"][0] in connecting.errors
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "stray", ["code=x&state=another", "code=x", "error=access_denied", "error=access_denied&state=", "state=another"]
)
def test_an_answer_of_another_attempt_is_answered_and_waited_past(sandbox: Sandbox, path: Path, stray: str) -> None:
    with Connecting.to(sandbox, path) as connecting:
        address = walk(connecting.link())
        assert "belongs to another attempt" in come_back(f"{address.split('?')[0]}?{stray}")
        assert "The connector may now read" in come_back(address)
        assert connecting.ended() == 0, connecting.errors


def test_nobody_but_another_attempt_comes_back(sandbox: Sandbox, path: Path) -> None:
    before = path.read_bytes()
    with Connecting.to(sandbox, path, "--timeout", "2") as connecting:
        come_back(walk(connecting.link()).replace("state=", "state=x"))
        assert connecting.ended() == 6
    assert "close older tabs" in connecting.errors
    assert path.read_bytes() == before


def test_interrupted(sandbox: Sandbox, path: Path) -> None:
    before = path.read_bytes()
    with Connecting.to(sandbox, path) as connecting:
        connecting.link()
        connecting.interrupt(signal.SIGINT)
        assert connecting.ended() == 130
    assert connecting.errors == "Interrupted.\n"
    assert path.read_bytes() == before


def test_stray_requests_are_not_taken_for_the_answer(sandbox: Sandbox, path: Path) -> None:
    with Connecting.to(sandbox, path) as connecting:
        address = walk(connecting.link())
        callback = address.split("?")[0]
        assert "Nothing to see here" in come_back(callback)
        assert "Nothing to see here" in come_back(callback.replace("/callback", "/favicon.ico"))
        with socket.create_connection((str(urlsplit(callback).hostname), int(urlsplit(callback).port or 0))):
            # A browser opens connections in advance and leaves them idle.
            assert "The connector may now read" in come_back(address)
        assert connecting.ended() == 0, connecting.errors


def arguments(sandbox: Sandbox, path: Path, **changes: str) -> list[str]:
    options = {
        "client-id": sandbox.client_id,
        "client-secret": sandbox.client_secret,
        "port": "0",
        "timeout": "1",
        "api-base-url": sandbox.api_base_url,
        "oauth-base-url": sandbox.oauth_base_url,
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    return [str(path), "--no-browser", *(part for name, value in options.items() for part in (f"--{name}", value))]


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"client_id": "nobody"}, 8, "does not accept this OAuth application"),
        ({"scope": "everything"}, 2, "does not know the scope 'everything'"),
        ({"oauth_base_url": "http://127.0.0.1:9/v1/oauth"}, 12, "127.0.0.1:9 could not be reached"),
        ({"oauth_base_url": "http://example.com/v1/oauth"}, 2, "would send the token unencrypted"),
    ],
)
def test_what_must_fail_fails_before_anyone_clicks(
    sandbox: Sandbox, path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, str], code: int, words: str
) -> None:
    before = path.read_bytes()
    assert main(arguments(sandbox, path, **changes)) == code
    said = capsys.readouterr()
    assert words in said.err
    assert "authorize?" not in said.out
    assert path.read_bytes() == before


def test_a_port_in_use(sandbox: Sandbox, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert main(arguments(sandbox, path, port=port)) == 11
    assert f"Port {port} on 127.0.0.1 is in use" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{,}", "is not JSON"),
        ("[]", "must hold one JSON object"),
        ('{"credentials": {}, "team": "blue"}', "`team` is not a setting of this connector"),
        ('{"num_workers": 99}', "`num_workers`"),
    ],
)
def test_a_broken_file_is_refused_before_anyone_clicks(
    sandbox: Sandbox, path: Path, capsys: pytest.CaptureFixture[str], content: str, words: str
) -> None:
    path.write_text(content, encoding="utf-8")
    assert main(arguments(sandbox, path)) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert "authorize?" not in said.out
    assert path.read_text(encoding="utf-8") == content


@pytest.mark.parametrize("folder", ["no-such-folder", "/proc"])
def test_a_folder_that_cannot_be_written_is_refused_before_anyone_clicks(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str], folder: str
) -> None:
    assert main(arguments(sandbox, tmp_path / folder / "config.json")) == 4
    said = capsys.readouterr()
    assert "config.json" in said.err
    assert "authorize?" not in said.out


def test_no_application_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DIGITALOCEAN_CLIENT_ID", raising=False)
    assert main([str(tmp_path / "config.json")]) == 2
    assert "DIGITALOCEAN_CLIENT_ID" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--port", "70000"], ["--port", "x"], ["--timeout", "0"], ["--timeout", "nan"]])
def test_wrong_arguments_are_named(path: Path, capsys: pytest.CaptureFixture[str], wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(path), *wrong])
    assert ended.value.code == 2
    assert wrong[0] in capsys.readouterr().err


def test_a_token_that_is_no_grant_of_connect_cannot_be_revoked_here(
    sandbox: Sandbox, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config: dict[str, Any] = sandbox.config()
    path.write_text(json.dumps(config), encoding="utf-8")
    assert main([str(path), "--revoke"]) == 2
    assert "personal access token is deleted in DigitalOcean's control panel" in capsys.readouterr().err
    assert main([str(path.with_name("none.json")), "--revoke"]) == 2
    assert "no configuration file" in capsys.readouterr().err
