"""Connect as a person does it, in a real browser: from the first click to a successful read, and again to Reconnect."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from integration_tests.connecting import Connecting
from integration_tests.connector import configured
from integration_tests.faults.warm import run
from sandbox import Sandbox

chromium = pytest.importorskip("integration_tests.chromium", reason="selenium is not installed")
pytestmark = pytest.mark.skipif(
    not (chromium.CHROMIUM and chromium.CHROMEDRIVER), reason="chromium and chromedriver are not installed"
)


def read_droplets(path: Path, streams: Any) -> int:
    done = run("read", config=path.read_text(encoding="utf-8"), catalog=configured(streams, "droplets", "invoices"))
    assert done.exit_code == 0, done.errors
    assert done.records["invoices"]
    return len(done.records["droplets"])


def test_from_the_first_click_to_a_read_and_again_after_a_revocation(
    sandbox: Sandbox, tmp_path: Path, streams: Any
) -> None:
    path = tmp_path / "config.json"
    with chromium.chromium() as browser:
        with Connecting.to(sandbox, path) as connecting:
            browser.get(connecting.link())
            chromium.see(browser, "Sign in")
            chromium.press(browser, "Sign in")
            asked = chromium.see(browser, "wants to read your team")
            for words in ("Quolum", sandbox.team_name, "Read every resource", "never be able to", "127.0.0.1:"):
                assert words in asked
            chromium.choose(browser, sandbox.team_name)
            chromium.press(browser, "Authorize")
            assert sandbox.team_name in chromium.see(browser, "Connected")
            assert connecting.ended() == 0, connecting.errors
        first = read_droplets(path, streams)
        assert first

        token = json.loads(path.read_text(encoding="utf-8"))["credentials"]["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        requests.post(f"{sandbox.oauth_base_url}/revoke", headers=headers, data={"token": token}, timeout=10)
        (status,) = run("check", config=path.read_text(encoding="utf-8")).of("CONNECTION_STATUS")
        assert "Reconnect" in status["message"]

        with Connecting(path, ("--no-browser", "--port", "0")) as reconnecting:
            browser.get(reconnecting.link())
            # Still signed in: the consent page comes at once.
            chromium.see(browser, "wants to read your team")
            chromium.press(browser, "Authorize")
            assert sandbox.team_name in chromium.see(browser, "Reconnected")
            assert reconnecting.ended() == 0, reconnecting.errors
        assert read_droplets(path, streams) == first


def test_a_denial_and_a_wrong_address_are_seen_in_the_browser(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    with chromium.chromium() as browser:
        with Connecting.to(sandbox, path) as connecting:
            browser.get(connecting.link())
            chromium.see(browser, "Sign in")
            chromium.press(browser, "Sign in")
            chromium.see(browser, "wants to read your team")
            chromium.press(browser, "Deny")
            assert "Access was denied" in chromium.see(browser, "Not connected")
            assert connecting.ended() == 5
        browser.get(f"{sandbox.oauth_base_url}/authorize?client_id=nobody")
        assert "client is unknown" in chromium.see(browser, "Authorization failed")
    assert not path.exists()
