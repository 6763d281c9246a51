"""What Connect sends to the authorization server, and what it makes of the answers."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import pytest
import requests
import requests_mock

from source_digitalocean_quolum.connect.authorization import Application, Attempt, Server, Team, ask_team, team_of
from source_digitalocean_quolum.connect.errors import ConnectError, Exit
from source_digitalocean_quolum.http.token_endpoint import TokenAnswer

BASE, API = "https://cloud.digitalocean.com/v1/oauth", "https://api.digitalocean.com"
SERVER = Server(BASE)
SECRET = "secret-of-the-tests"
REDIRECT = "http://127.0.0.1:8765/callback"
CONFIDENTIAL = Attempt(Application("client-of-the-tests", SECRET), REDIRECT, "read")
PUBLIC = Attempt(Application("client-of-the-tests"), REDIRECT, "read")
ACCESS, REFRESH = "doo_v1_" + "a" * 64, "dor_v1_" + "b" * 64
PAIR = {"access_token": ACCESS, "refresh_token": REFRESH, "expires_in": 3600}


@pytest.fixture
def web() -> Any:
    with requests_mock.Mocker() as mocker:
        yield mocker


def form(web: Any, number: int = -1) -> dict[str, str]:
    return dict(parse_qsl(web.request_history[number].text or ""))


def test_the_challenge_is_the_one_of_the_standard() -> None:
    # RFC 7636, appendix B.
    attempt = replace(PUBLIC, verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert attempt.query()["code_challenge"] == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_a_code_is_exchanged_in_a_form_with_nothing_secret_in_the_address(web: Any) -> None:
    web.post(f"{BASE}/token", json=PAIR)
    SERVER.exchange(CONFIDENTIAL, "the-code")
    assert form(web) == {
        "grant_type": "authorization_code",
        "code": "the-code",
        "redirect_uri": REDIRECT,
        "client_id": "client-of-the-tests",
        "client_secret": SECRET,
    }
    SERVER.exchange(PUBLIC, "the-code")
    assert form(web)["code_verifier"] == PUBLIC.verifier
    assert "client_secret" not in form(web)
    assert {request.query for request in web.request_history} == {""}


def test_secrets_are_not_in_what_a_debugger_or_a_log_would_show() -> None:
    assert SECRET not in repr(CONFIDENTIAL)
    assert CONFIDENTIAL.state not in repr(CONFIDENTIAL)
    assert PUBLIC.verifier not in repr(PUBLIC)
    assert SECRET not in SERVER.consent_url(CONFIDENTIAL)
    assert parse_qs(SERVER.consent_url(CONFIDENTIAL))["state"] == [CONFIDENTIAL.state]


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, {"error": "invalid_grant"}, Exit.CODE_REFUSED),
        (400, {"error": "invalid_grant"}, Exit.CODE_REFUSED),
        (401, {"error": "invalid_client"}, Exit.APPLICATION_REFUSED),
        (400, {"error": "unauthorized_client"}, Exit.APPLICATION_REFUSED),
        (400, {"error": "invalid_redirect_uri"}, Exit.REDIRECT_REFUSED),
        (500, {"id": "server_error"}, Exit.UNEXPECTED),
        (502, None, Exit.UNEXPECTED),
        (302, None, Exit.UNEXPECTED),
        (200, {"access_token": ACCESS}, Exit.UNEXPECTED),
        (200, {"refresh_token": REFRESH}, Exit.UNEXPECTED),
        (200, ["odd"], Exit.UNEXPECTED),
        (200, None, Exit.UNEXPECTED),
    ],
)
def test_every_refusal_of_a_code_has_its_exit_code(web: Any, status: int, body: Any, code: Exit) -> None:
    web.post(f"{BASE}/token", status_code=status, **({"json": body} if body else {"text": "<html>"}))
    with pytest.raises(ConnectError) as refused:
        SERVER.exchange(CONFIDENTIAL, "the-code")
    assert refused.value.exit_code is code
    assert "the-code" not in str(refused.value)


@pytest.mark.parametrize(
    ("error", "code", "shown"),
    [
        ("access_denied", Exit.DENIED, "denied"),
        ("invalid_scope", Exit.USAGE, "'read'"),
        ("unauthorized_client", Exit.APPLICATION_REFUSED, "client ID"),
        ("invalid_redirect_uri", Exit.REDIRECT_REFUSED, REDIRECT),
        ("temporarily_unavailable", Exit.UNEXPECTED, "(temporarily_unavailable)"),
        ("<script>alert(1)</script>", Exit.UNEXPECTED, "did not authorize. "),
        ("x" * 61, Exit.UNEXPECTED, "did not authorize. "),
    ],
)
def test_every_refusal_in_the_browser_has_its_exit_code(error: str, code: Exit, shown: str) -> None:
    with pytest.raises(ConnectError) as refused:
        CONFIDENTIAL.code({"state": CONFIDENTIAL.state, "error": error})
    assert refused.value.exit_code is code
    assert shown in str(refused.value)


@pytest.mark.parametrize("state", [{}, {"state": ""}, {"state": "Zürich"}, {"state": PUBLIC.state}])
def test_an_answer_with_another_state_is_believed_in_nothing(state: dict[str, str]) -> None:
    for answer in ({"code": "x"}, {"error": "access_denied"}):
        assert not CONFIDENTIAL.owns({**state, **answer})
    assert CONFIDENTIAL.owns({"state": CONFIDENTIAL.state})


@pytest.mark.parametrize("answer", [{}, {"code": ""}])
def test_a_browser_that_comes_back_without_a_code_has_nothing_to_exchange(answer: dict[str, str]) -> None:
    with pytest.raises(ConnectError, match="without a code") as refused:
        CONFIDENTIAL.code(answer)
    assert refused.value.exit_code is Exit.UNEXPECTED


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (requests.exceptions.SSLError("tls"), "certificate"),
        (requests.ConnectTimeout(), "did not answer in time"),
        (requests.ConnectionError("no route"), "could not be reached"),
        (OSError("no certificates"), "cannot be read"),
    ],
)
def test_a_server_out_of_reach_is_named_without_its_query(web: Any, problem: Exception, words: str) -> None:
    web.get(f"{BASE}/authorize", exc=problem)
    with pytest.raises(ConnectError, match=words) as refused:
        SERVER.probe(CONFIDENTIAL)
    assert refused.value.exit_code is Exit.NO_NETWORK
    assert str(refused.value).startswith("DigitalOcean cannot be asked: ")
    assert "client-of-the-tests" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (200, "Sign in"),
        (302, ""),
        (403, "blocked by a robot check"),
        (503, "the redirect uri service is down"),
    ],
)
def test_an_answer_that_says_nothing_certain_does_not_stop_anyone(web: Any, status: int, text: str) -> None:
    web.get(f"{BASE}/authorize", status_code=status, text=text)
    SERVER.probe(CONFIDENTIAL)


def test_a_token_is_revoked_as_bearer_and_as_form_value(web: Any) -> None:
    web.post(f"{BASE}/revoke", status_code=204)
    assert SERVER.revoke(ACCESS)
    assert form(web) == {"token": ACCESS}
    assert web.last_request.headers["Authorization"] == f"Bearer {ACCESS}"
    web.post(f"{BASE}/revoke", status_code=401)
    assert not SERVER.revoke(ACCESS)
    web.post(f"{BASE}/revoke", status_code=500)
    with pytest.raises(ConnectError, match="HTTP 500"):
        SERVER.revoke(ACCESS)


@pytest.mark.parametrize("status", [404, 429, 500])
def test_what_cannot_be_known_about_a_grant_is_not_taken_for_its_end(web: Any, status: int) -> None:
    web.post(f"{BASE}/token", status_code=status)
    with pytest.raises(ConnectError) as refused:
        SERVER.refresh(CONFIDENTIAL.application, REFRESH)
    assert refused.value.exit_code is Exit.UNEXPECTED


def test_a_wrong_secret_in_the_file_is_not_taken_for_a_grant_that_has_ended(web: Any) -> None:
    web.post(f"{BASE}/token", status_code=401, json={"error": "invalid_client"})
    with pytest.raises(ConnectError) as refused:
        SERVER.refresh(CONFIDENTIAL.application, REFRESH)
    assert refused.value.exit_code is Exit.APPLICATION_REFUSED


def test_the_team_comes_from_the_answer_or_the_api_and_is_never_required(web: Any) -> None:
    info = {"info": {"team_uuid": "uuid-1", "team_name": "Blue"}}
    assert team_of(TokenAnswer(200, info)) == Team("uuid-1", "Blue")
    assert team_of(TokenAnswer(200, {"info": "odd"})) is team_of(TokenAnswer(200, {})) is None
    web.get(f"{API}/v2/account", json={"account": {"team": {"uuid": "uuid-2", "name": "Red"}}})
    assert ask_team(API, ACCESS) == Team("uuid-2", "Red")
    silences: list[dict[str, Any]] = [
        {"status_code": 403},
        {"json": {"account": {}}},
        {"text": "<html>"},
        {"text": "[" * 5000},
        {"json": {"account": {"team": {"uuid": 7}}}},
        {"exc": requests.ConnectionError()},
    ]
    for answer in silences:
        web.get(f"{API}/v2/account", **answer)
        assert ask_team(API, ACCESS) is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Blue & <b>", "Blue & <b>"),
        ("Blue\x1b[2J\x1b]0;owned\x07\r\nConnected", "Blue[2J]0;ownedConnected"),
        ("\u202egreen\u2066", "green"),
        ("x" * 5000, "x" * 100),
        ("\x1b", "without a name"),
        (None, "without a name"),
        (["odd"], "['odd']"),
    ],
)
def test_a_teams_name_cannot_draw_on_the_terminal(name: Any, shown: str) -> None:
    assert Team.from_names("uuid-1", name) == Team("uuid-1", shown)


LIVES = ["1000000000000", "1e15", "Infinity", "-1", "null", '"soon"', "[" * 1000 + "]" * 1000]


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("life", LIVES)
def test_tokens_are_kept_whatever_else_the_answer_holds(web: Any, status: int, life: str) -> None:
    body = f'{{"access_token": "{ACCESS}", "refresh_token": "{REFRESH}", "expires_in": {life}}}'
    web.post(f"{BASE}/token", status_code=status, text=body)
    kept = SERVER.exchange(CONFIDENTIAL, "the-code").renew({"token_expiry_date": "2020-01-01T00:00:00Z"})
    assert kept == {"access_token": ACCESS, "refresh_token": REFRESH}
