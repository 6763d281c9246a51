"""OAuth access itself: threads that are refused together, answers with odd lifetimes, forms, what is kept of a pair."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import requests
from airbyte_cdk.models import FailureType

from source_digitalocean_quolum.http.failures import RequestFailed
from source_digitalocean_quolum.http.oauth import OAuthTokens
from source_digitalocean_quolum.http.session import HttpSession
from source_digitalocean_quolum.http.token_endpoint import TokenAnswer, read_expiry
from unit_tests.mock_server.clock import Clock
from unit_tests.mock_server.commands import oauth_config
from unit_tests.mock_server.server import OAUTH, DigitalOcean, Reply, Request

TOKEN = f"{OAUTH}/token"
NEW = "doo_v1_" + "b" * 64
EXPIRED = "2020-01-01T00:00:00Z"


def renewed(number: int = 1, **fields: Any) -> dict[str, Any]:
    answer = {"access_token": f"{NEW}{number}", "refresh_token": f"refresh-{number}", "expires_in": 2_592_000}
    return {name: value for name, value in {**answer, **fields}.items() if value is not None}


class Tokens(OAuthTokens):
    """OAuthTokens that remember what they announced."""

    def __init__(self, **credentials: Any) -> None:
        self.announced: list[Mapping[str, Any]] = []
        fields = oauth_config(**credentials)["credentials"]
        super().__init__(fields, OAUTH, HttpSession(2), threading.BoundedSemaphore(2), self.announced.append)


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


def in_threads(count: int, work: Callable[[], None]) -> None:
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
    asked, tokens, together = count_up(api), Tokens(), threading.Barrier(10)
    used: list[str] = []

    def work() -> None:
        refused = tokens.header()
        together.wait()
        assert tokens.renew(refused)
        used.append(tokens.header())

    in_threads(10, work)

    assert len(asked) == 1
    assert used == [f"Bearer {NEW}1"] * 10


def test_a_thread_whose_401_comes_late_does_not_spend_the_new_pair(api: DigitalOcean) -> None:
    asked, tokens = count_up(api), Tokens()
    late = tokens.header()
    tokens.renew(tokens.header())

    assert tokens.renew(late)
    assert len(asked) == 1


def test_ten_threads_that_find_the_token_expired_renew_once(api: DigitalOcean) -> None:
    asked, tokens, together = count_up(api), Tokens(token_expiry_date=EXPIRED), threading.Barrier(10)

    def work() -> None:
        together.wait()
        assert tokens.header() == f"Bearer {NEW}1"

    in_threads(10, work)

    assert len(asked) == len(tokens.announced) == 1


def test_a_token_that_is_refused_again_is_renewed_with_the_new_refresh_token(api: DigitalOcean) -> None:
    asked, tokens = count_up(api), Tokens()
    for _ in range(2):
        tokens.renew(tokens.header())

    assert tokens.header() == f"Bearer {NEW}2"
    assert [request.form["refresh_token"] for request in asked] == ["dor_v1_" + "a" * 64, "refresh-1"]


@pytest.mark.parametrize(
    "lifetime", [60, 600, None, "soon", 0, -5, True, 1e15, 1_000_000_000_000, 10**400, [], float("inf")]
)
def test_a_life_that_nobody_can_plan_with_is_not_written_down(api: DigitalOcean, lifetime: Any) -> None:
    """Too short, too long or no number: the token was spent for this answer, and its pair is used and announced."""
    api.on(TOKEN, {}, renewed(expires_in=lifetime), method="POST")
    tokens = Tokens(token_expiry_date=EXPIRED)

    assert [tokens.header(), tokens.header()] == [f"Bearer {NEW}1"] * 2
    (announced,) = tokens.announced
    assert "token_expiry_date" not in announced
    assert announced["refresh_token"] == "refresh-1"
    assert len(api.requests) == 1


@pytest.mark.parametrize("status", [200, 201, 203])
def test_a_pair_in_an_answer_that_is_no_json_is_found_and_announced(api: DigitalOcean, status: int) -> None:
    deep = "[" * 5_000 + "]" * 5_000
    content = f'{{"access_token": "{NEW}1", "refresh_token": "refresh-1", "info": {deep}}}'.encode()
    api.on(TOKEN, {}, Reply(content, status), method="POST")
    tokens = Tokens(token_expiry_date=EXPIRED)

    assert tokens.header() == f"Bearer {NEW}1"
    assert [one["refresh_token"] for one in tokens.announced] == ["refresh-1"]


def test_an_answer_without_a_refresh_token_keeps_the_old_one(api: DigitalOcean) -> None:
    api.on(TOKEN, {}, renewed(refresh_token=None), method="POST")
    tokens = Tokens(token_expiry_date=EXPIRED)
    tokens.header()

    assert tokens.announced[0]["refresh_token"] == "dor_v1_" + "a" * 64


def test_a_public_client_sends_no_secret_and_nothing_secret_is_in_the_address(api: DigitalOcean) -> None:
    asked = count_up(api)
    Tokens(client_secret=None, token_expiry_date=EXPIRED).header()

    (request,) = asked
    assert set(request.form) == {"grant_type", "refresh_token", "client_id"}
    assert request.query == {}
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_failed_renewal_leaves_the_credentials_as_they_were(
    api: DigitalOcean, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("source_digitalocean_quolum.http.oauth.time.monotonic", clock.now)
    api.on(TOKEN, {}, Reply({"error": "invalid_grant"}, 400), method="POST")
    tokens = Tokens(token_expiry_date=EXPIRED)

    with pytest.raises(RequestFailed):
        tokens.header()
    assert tokens.announced == []
    asked = count_up(api)
    clock.sleep(61)
    assert tokens.header() == f"Bearer {NEW}1"
    assert asked[0].form["refresh_token"] == "dor_v1_" + "a" * 64


def test_a_refusal_is_believed_once_it_has_lasted_for_a_minute(
    api: DigitalOcean, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another sync of this source may have renewed access a moment ago: then the next try finds what it got."""
    monkeypatch.setattr("source_digitalocean_quolum.http.oauth.time.monotonic", clock.now)
    api.on(TOKEN, {}, Reply({"error": "invalid_grant"}, 400), method="POST")
    tokens = Tokens(token_expiry_date=EXPIRED)

    for _ in range(3):
        with pytest.raises(RequestFailed, match="Another sync of this source may have renewed it") as first:
            tokens.header()
    assert first.value.failure_type is FailureType.transient_error
    assert len(api.requests) == 1, "a refused token is not offered again and again"

    clock.sleep(61)
    with pytest.raises(RequestFailed, match="Reconnect: authorize DigitalOcean again") as last:
        tokens.header()
    assert last.value.failure_type is FailureType.config_error


def test_a_slot_of_the_run_is_held_while_the_token_endpoint_is_asked(api: DigitalOcean) -> None:
    slots, tokens = threading.BoundedSemaphore(2), Tokens(token_expiry_date=EXPIRED)
    tokens._slots = slots
    free: list[bool] = []

    def respond(_: Request) -> Reply:
        slots.acquire()
        free.append(slots.acquire(blocking=False))
        slots.release()
        return Reply(renewed())

    api.on(TOKEN, {}, respond, method="POST")
    tokens.header()

    assert free == [False]


def test_a_redirect_of_the_token_endpoint_is_not_followed(api: DigitalOcean) -> None:
    api.on(TOKEN, {}, Reply(b"", 307, {"Location": "https://elsewhere.example/token"}), method="POST")

    with pytest.raises(RequestFailed, match="HTTP 307 without an access token"):
        Tokens(token_expiry_date=EXPIRED).header()
    assert [request.address for request in api.requests] == [TOKEN]


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (requests.exceptions.SSLError("self-signed"), "its certificate is not trusted on this machine"),
        (OSError("Could not find a suitable TLS CA certificate bundle"), "certificates cannot be read"),
        (requests.exceptions.InvalidURL("port"), "is no address that can be asked"),
    ],
)
def test_what_no_further_try_will_mend_is_a_matter_of_configuration(
    api: DigitalOcean, trouble: Exception, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    api.on(TOKEN, {}, trouble, method="POST")

    with pytest.raises(RequestFailed, match=words) as raised:
        Tokens(token_expiry_date=EXPIRED).header()
    assert raised.value.failure_type is FailureType.config_error
    assert len(api.requests) == 1


@pytest.mark.parametrize("body", [b'"text"', b"[1]", b"7", b"null", b"", b"{", b"<html></html>"])
def test_an_answer_that_is_no_object_holds_no_token(body: bytes) -> None:
    assert not TokenAnswer.from_content(200, body).has_token


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
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59-14:00"),
    ],
)
def test_an_expiry_is_a_moment_or_unknown(written: Any, expiry: str | None) -> None:
    moment = read_expiry({"token_expiry_date": written})

    assert (moment.isoformat() if moment else None) == expiry
