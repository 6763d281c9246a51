"""The authenticator itself: threads that are refused together, answers with odd lifetimes, forms."""

import threading
from typing import Any

import pytest
import requests
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.http.oauth import DigitalOceanOAuthAuthenticator, expiry_of
from unit_tests.mock_server.commands import oauth_config
from unit_tests.mock_server.server import OAUTH, DigitalOcean, Reply, Request

TOKEN = f"{OAUTH}/token"
NEW = "doo_v1_" + "b" * 64
EXPIRED = "2020-01-01T00:00:00Z"


def renewed(number: int = 1, **fields: Any) -> dict[str, Any]:
    answer = {"access_token": f"{NEW}{number}", "refresh_token": f"refresh-{number}", "expires_in": 2_592_000}
    return {name: value for name, value in {**answer, **fields}.items() if value is not None}


def authenticator(config: dict[str, Any]) -> DigitalOceanOAuthAuthenticator:
    return DigitalOceanOAuthAuthenticator(config=config, parameters={})


def sign(auth: DigitalOceanOAuthAuthenticator) -> str:
    request = requests.Request("GET", "https://api.digitalocean.com/v2/account").prepare()
    return str(auth(request).headers["Authorization"])


def count_up(api: DigitalOcean) -> list[Request]:
    """A token endpoint that gives another pair each time, and knows each refresh token once."""
    asked: list[Request] = []

    def respond(request: Request) -> Reply:
        if request.form["refresh_token"] in [earlier.form["refresh_token"] for earlier in asked]:
            return Reply({"error": "invalid_grant"}, 400)
        asked.append(request)
        return Reply(renewed(len(asked)))

    api.on(TOKEN, {}, respond, method="POST")
    return asked


def in_threads(count: int, work: Any) -> None:
    problems: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as problem:  # noqa: BLE001 (whatever it is, it is the test's)
            problems.append(problem)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_ten_threads_refused_together_renew_once_whoever_comes_first(api: DigitalOcean) -> None:
    asked, config, together = count_up(api), oauth_config(), threading.Barrier(10)
    # Each stream has an authenticator of its own; the credentials are what they share.
    used: list[str] = []

    def work() -> None:
        auth = authenticator(config)
        sign(auth)
        together.wait()
        auth.refresh_and_set_access_token()
        used.append(sign(auth))

    in_threads(10, work)

    assert len(asked) == 1
    assert used == [f"Bearer {NEW}1"] * 10


def test_a_thread_whose_401_comes_late_does_not_spend_the_new_pair(api: DigitalOcean) -> None:
    asked, auth = count_up(api), authenticator(oauth_config())
    signed, go_on = threading.Event(), threading.Event()

    def late() -> None:
        sign(auth)
        signed.set()
        go_on.wait()
        auth.refresh_and_set_access_token()

    thread = threading.Thread(target=late)
    thread.start()
    signed.wait()
    sign(auth)
    auth.refresh_and_set_access_token()
    go_on.set()
    thread.join()

    assert len(asked) == 1


def test_ten_threads_that_find_the_token_expired_renew_once(api: DigitalOcean) -> None:
    asked, config, together = count_up(api), oauth_config(token_expiry_date=EXPIRED), threading.Barrier(10)

    def work() -> None:
        auth = authenticator(config)
        together.wait()
        assert sign(auth) == f"Bearer {NEW}1"

    in_threads(10, work)

    assert len(asked) == 1


def test_a_token_that_is_refused_again_is_renewed_with_the_new_refresh_token(api: DigitalOcean) -> None:
    asked, auth = count_up(api), authenticator(oauth_config())
    for _ in range(2):
        sign(auth)
        auth.refresh_and_set_access_token()

    assert sign(auth) == f"Bearer {NEW}2"
    assert [request.form["refresh_token"] for request in asked] == ["dor_v1_" + "a" * 64, "refresh-1"]


@pytest.mark.parametrize("lifetime", [60, 600, None, "soon", 0])
def test_a_life_too_short_to_plan_with_is_not_written_down(api: DigitalOcean, lifetime: Any) -> None:
    config = oauth_config(token_expiry_date=EXPIRED)
    api.on(TOKEN, {}, renewed(expires_in=lifetime), method="POST")
    auth = authenticator(config)

    assert [sign(auth), sign(auth)] == [f"Bearer {NEW}1"] * 2
    assert "token_expiry_date" not in config["credentials"]
    assert len(api.requests) == 1


def test_an_answer_without_a_refresh_token_keeps_the_old_one(api: DigitalOcean) -> None:
    config = oauth_config(token_expiry_date=EXPIRED)
    api.on(TOKEN, {}, renewed(refresh_token=None), method="POST")
    sign(authenticator(config))

    assert config["credentials"]["refresh_token"] == "dor_v1_" + "a" * 64


def test_a_public_client_sends_no_secret_and_nothing_secret_is_in_the_address(api: DigitalOcean) -> None:
    asked = count_up(api)
    sign(authenticator(oauth_config(client_secret=None, token_expiry_date=EXPIRED)))

    (request,) = asked
    assert set(request.form) == {"grant_type", "refresh_token", "client_id"}
    assert request.query == {}
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_failed_renewal_leaves_the_credentials_as_they_were(api: DigitalOcean) -> None:
    config = oauth_config(token_expiry_date=EXPIRED)
    before = dict(config["credentials"])
    api.on(TOKEN, {}, Reply({"error": "invalid_grant"}, 400), method="POST")

    with pytest.raises(AirbyteTracedException):
        sign(authenticator(config))
    assert config["credentials"] == before


@pytest.mark.parametrize(
    ("written", "expiry"),
    [
        ("2026-01-31T10:00:00Z", "2026-01-31T10:00:00+00:00"),
        ("2026-01-31T10:00:00.123+02:00", "2026-01-31T10:00:00.123000+02:00"),
        ("2026-01-31T10:00:00", "2026-01-31T10:00:00+00:00"),
        ("20260131", None),
        (2_592_000, None),
        ("", None),
        ("soon", None),
    ],
)
def test_an_expiry_is_a_moment_or_unknown(written: Any, expiry: str | None) -> None:
    moment = expiry_of({"token_expiry_date": written})

    assert (moment.isoformat() if moment else None) == expiry
