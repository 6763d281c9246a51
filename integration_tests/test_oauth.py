"""Single-use refresh tokens over real HTTP: when access is renewed, and in which order that is said and used."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integration_tests.connector import Run, configured
from integration_tests.faults.warm import run
from sandbox import Sandbox

PAST = "2020-01-01T00:00:00Z"


def refreshes(sandbox: Sandbox) -> int:
    return len(sandbox.requests("/v1/oauth/token"))


def connected(sandbox: Sandbox, **credentials: Any) -> dict[str, Any]:
    """A fresh grant, its tokens not yet used; the consent's own requests are forgotten."""
    config = sandbox.config(auth="oauth2.0")
    config["credentials"] = {**config["credentials"], **credentials}
    sandbox.reset_requests()
    return config


def rotated(done: Run) -> dict[str, Any]:
    (control,) = done.of("CONTROL")
    return dict(control["connectorConfig"]["config"])


def test_check_on_a_fresh_token_spends_no_refresh(sandbox: Sandbox) -> None:
    config = connected(sandbox)
    done = run("check", config=config)

    (status,) = done.of("CONNECTION_STATUS")
    assert status["status"] == "SUCCEEDED"
    assert sandbox.team_name in status["message"]
    assert refreshes(sandbox) == 0
    assert done.of("CONTROL") == []


@pytest.mark.parametrize("expiry", ["2592000", "next month", None], ids=["seconds", "unreadable", "missing"])
def test_an_unknown_expiry_means_use_the_token(sandbox: Sandbox, expiry: str | None, streams: Any) -> None:
    config = connected(sandbox, token_expiry_date=expiry)
    done = run("read", config=config, catalog=configured(streams, "tags", "volumes"))

    assert done.exit_code == 0, done.errors
    assert refreshes(sandbox) == 0


def test_an_expired_token_is_renewed_once_and_announced_before_it_is_used(sandbox: Sandbox, streams: Any) -> None:
    config = connected(sandbox, token_expiry_date=PAST)
    done = run("read", config=config, catalog=configured(streams))

    assert done.exit_code == 0, done.errors
    assert refreshes(sandbox) == 1
    new = rotated(done)
    assert new["credentials"]["refresh_token"] != config["credentials"]["refresh_token"]
    assert new["credentials"]["access_token"] != config["credentials"]["access_token"]
    assert new["credentials"]["token_expiry_date"] > "2026"
    assert {**new, "credentials": None} == {**config, "credentials": None}
    # Spaces has a key of its own, so that its records wait for no token.
    kinds = [one["type"] for one in done.messages if one.get("record", {}).get("stream") != "spaces_buckets"]
    assert kinds.index("CONTROL") < kinds.index("RECORD")

    sandbox.reset_requests()
    again = run("read", config=new, catalog=configured(streams, "tags"))
    assert again.exit_code == 0, again.errors
    assert refreshes(sandbox) == 0


def test_a_token_ended_elsewhere_is_renewed_once_by_ten_workers(sandbox: Sandbox, streams: Any) -> None:
    config = connected(sandbox, token_expiry_date=None)
    sandbox.revoke(config["credentials"]["access_token"])
    done = run("read", config=config, catalog=configured(streams))

    assert done.exit_code == 0, done.errors
    assert refreshes(sandbox) == 1
    assert len(done.of("CONTROL")) == 1


def test_a_spent_refresh_token_says_reconnect(sandbox: Sandbox, streams: Any) -> None:
    config = connected(sandbox, token_expiry_date=PAST)
    run("read", config=config, catalog=configured(streams, "tags"))
    begun = time.monotonic()
    done = run("read", config=config, catalog=configured(streams, "tags", "volumes"))

    assert done.exit_code == 1
    assert time.monotonic() - begun < 30
    assert {error["failure_type"] for error in done.errors} == {"transient_error"}
    assert all("Reconnect" in error["message"] or "streams are incomplete" in error["message"] for error in done.errors)
    (status,) = run("check", config=config).of("CONNECTION_STATUS")
    assert status["status"] == "FAILED"
    assert "Reconnect" in status["message"]


def test_no_token_appears_in_any_message_but_the_control_message(sandbox: Sandbox, streams: Any) -> None:
    config = connected(sandbox, token_expiry_date=PAST)
    done = run("read", config=config, catalog=configured(streams))
    secrets = {
        value
        for tokens in (config["credentials"], rotated(done)["credentials"])
        for name, value in tokens.items()
        if name in ("access_token", "refresh_token", "client_secret")
    }
    others = [line for line in done.stdout.splitlines() if json.loads(line)["type"] != "CONTROL"]

    for secret in secrets:
        assert not [line[:200] for line in others if secret in line]
        assert secret not in done.stderr


@pytest.mark.parametrize(
    ("ended", "expiry"), [(False, -5), (True, 10)], ids=["ten minutes fast, still valid", "ten minutes slow, ended"]
)
def test_a_wrong_clock_costs_one_renewal_at_most(sandbox: Sandbox, streams: Any, ended: bool, expiry: int) -> None:
    by_our_clock = datetime.now(UTC) + timedelta(minutes=expiry)
    config = connected(sandbox, token_expiry_date=by_our_clock.isoformat())
    if ended:
        sandbox.revoke(config["credentials"]["access_token"])
    catalog = configured(streams, "tags", "volumes", "droplets")
    done = run("read", config=config, catalog=catalog)

    assert done.exit_code == 0, done.errors
    assert set(done.statuses.values()) == {"COMPLETE"}
    assert refreshes(sandbox) == 1
    again = run("read", config=rotated(done), catalog=catalog)
    assert again.exit_code == 0, again.errors
    assert refreshes(sandbox) == 1
