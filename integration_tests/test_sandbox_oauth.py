"""The sandbox's OAuth: consent pages, single-use codes and refresh tokens, PKCE, expiry, revocation."""

import base64
import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from sandbox import Sandbox
from sandbox.browser import authorize

REDIRECT = "http://127.0.0.1:9911/callback"
VERIFIER = "verifier-" + "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(droplets=3, rate_limit=100_000) as running:
        yield running


def code(sandbox: Sandbox, client_id: str = "", scope: str = "read", **extra: str) -> dict[str, str]:
    return authorize(sandbox.oauth_base_url, client_id or sandbox.client_id, REDIRECT, scope, **extra)


def token(sandbox: Sandbox, **form: str) -> requests.Response:
    return requests.post(f"{sandbox.oauth_base_url}/token", data=form, timeout=10)


def exchange(sandbox: Sandbox, value: str, **form: str) -> requests.Response:
    client = {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret}
    grant = {"grant_type": "authorization_code", "code": value, "redirect_uri": REDIRECT}
    return token(sandbox, **{**grant, **client, **form})


def refresh(sandbox: Sandbox, value: str, **form: str) -> requests.Response:
    return token(sandbox, grant_type="refresh_token", refresh_token=value, **form)


def account(sandbox: Sandbox, access_token: str) -> int:
    headers = {"Authorization": f"Bearer {access_token}"}
    return requests.get(f"{sandbox.api_base_url}/v2/account", headers=headers, timeout=10).status_code


def test_consent_gives_a_pair_for_this_team(sandbox: Sandbox) -> None:
    redirect = code(sandbox, state="s t&ate")
    assert redirect["state"] == "s t&ate"
    body = exchange(sandbox, redirect["code"]).json()
    assert re.fullmatch(r"doo_v1_[0-9a-f]{64}", body["access_token"])
    assert re.fullmatch(r"dor_v1_[0-9a-f]{64}", body["refresh_token"])
    assert body["expires_in"] == 2_592_000
    assert body["info"]["team_uuid"] == sandbox.team_uuid
    assert "bearer" in body
    assert "token_type" not in body
    assert account(sandbox, body["access_token"]) == 200


def test_the_consent_page_names_application_team_and_permissions(sandbox: Sandbox) -> None:
    browser = requests.Session()
    query = {
        "client_id": sandbox.client_id,
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": "droplet:read billing:read",
    }
    url = f"{sandbox.oauth_base_url}/authorize"
    login = browser.get(url, params=query, timeout=10).text
    request_id = re.findall(r'name="request_id" value="([^"]+)"', login)[0]
    page = browser.post(f"{sandbox.oauth_base_url}/login", data={"request_id": request_id}, timeout=10).text
    team = sandbox.team_name.replace("&", "&amp;")
    for text in ("Quolum", team, "See Droplets", "See invoices, balance and daily cost", "Authorize", "Deny"):
        assert text in page
    # Signed in already, a person is asked for consent at once.
    assert "wants to read your team" in browser.get(url, params=query, timeout=10).text


def test_a_denial_goes_back_to_the_application(sandbox: Sandbox) -> None:
    answer = code(sandbox, state="x", decision="deny")
    assert (answer["error"], answer["state"]) == ("access_denied", "x")
    assert "code" not in answer


def test_a_decision_needs_the_person_who_signed_in(sandbox: Sandbox) -> None:
    browser = requests.Session()
    query = {
        "client_id": sandbox.client_id,
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": "read",
    }
    login = browser.get(f"{sandbox.oauth_base_url}/authorize", params=query, timeout=10).text
    request_id = re.findall(r'name="request_id" value="([^"]+)"', login)[0]
    decision = {"request_id": request_id, "decision": "authorize"}
    unsigned = browser.post(f"{sandbox.oauth_base_url}/authorize", data=decision, timeout=10, allow_redirects=False)
    assert unsigned.status_code == 400
    assert "location" not in unsigned.headers


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"redirect_uri": "https://evil.example/callback"}, "The redirect uri included is not valid."),
        ({"redirect_uri": "http://127.0.0.1.evil.example/"}, "The redirect uri included is not valid."),
        ({"scope": "droplet:read everything"}, "The requested scope is invalid, unknown, or malformed."),
        ({"client_id": "nobody"}, "The client is unknown."),
    ],
)
def test_a_bad_request_is_a_page_and_never_a_redirect(sandbox: Sandbox, change: dict[str, str], words: str) -> None:
    query: dict[str, Any] = {
        "client_id": sandbox.client_id,
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": "read",
    }
    answer = requests.get(
        f"{sandbox.oauth_base_url}/authorize", params={**query, **change}, timeout=10, allow_redirects=False
    )
    assert answer.status_code == 400
    assert words in answer.text


def test_a_code_works_once(sandbox: Sandbox) -> None:
    value = code(sandbox)["code"]
    assert exchange(sandbox, value).status_code == 200
    again = exchange(sandbox, value)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_grant")


def test_a_code_is_bound_to_redirect_client_and_time(sandbox: Sandbox) -> None:
    moved = exchange(sandbox, code(sandbox)["code"], redirect_uri="http://127.0.0.1:1/other")
    assert moved.json()["error"] == "invalid_grant"
    wrong = exchange(sandbox, code(sandbox)["code"], client_secret="wrong")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    late = code(sandbox)["code"]
    sandbox.advance(seconds=601)
    assert exchange(sandbox, late).json()["error"] == "invalid_grant"


def test_a_refresh_rotates_both_tokens_and_kills_the_old_ones(sandbox: Sandbox) -> None:
    old = sandbox.connect()
    new = refresh(sandbox, old["refresh_token"], client_id=sandbox.client_id).json()
    assert account(sandbox, old["access_token"]) == 401
    assert account(sandbox, new["access_token"]) == 200
    reused = refresh(sandbox, old["refresh_token"])
    assert (reused.status_code, reused.json()["error"]) == (401, "invalid_grant")
    assert "already been used" in reused.json()["error_description"]
    assert account(sandbox, new["access_token"]) == 200
    assert refresh(sandbox, new["refresh_token"]).status_code == 200


def test_two_syncs_racing_on_one_refresh_token_have_one_winner(sandbox: Sandbox) -> None:
    grant = sandbox.connect()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: refresh(sandbox, grant["refresh_token"]).status_code, range(8)))
    assert sorted(answers) == [200] + [401] * 7


def test_another_applications_refresh_is_refused_and_spends_nothing(sandbox: Sandbox) -> None:
    grant = sandbox.connect()
    stolen = refresh(sandbox, grant["refresh_token"], client_id=sandbox.public_client_id)
    assert (stolen.status_code, stolen.json()["error"]) == (401, "invalid_client")
    assert refresh(sandbox, grant["refresh_token"]).status_code == 200


def test_an_access_token_expires(sandbox: Sandbox) -> None:
    grant = sandbox.connect()
    sandbox.advance(days=29)
    assert account(sandbox, grant["access_token"]) == 200
    sandbox.advance(days=2)
    assert account(sandbox, grant["access_token"]) == 401
    assert account(sandbox, refresh(sandbox, grant["refresh_token"]).json()["access_token"]) == 200


def test_granted_scopes_are_the_ones_asked_for(sandbox: Sandbox) -> None:
    grant = sandbox.connect("account:read droplet:read")
    headers = {"Authorization": f"Bearer {grant['access_token']}"}
    info = requests.get(f"{sandbox.oauth_base_url}/token/info", headers=headers, timeout=10).json()
    assert info["scopes"] == ["account:read", "droplet:read"]
    assert info["application"]["uid"] == sandbox.client_id
    volumes = requests.get(f"{sandbox.api_base_url}/v2/volumes", headers=headers, timeout=10)
    assert volumes.status_code == 403


def test_a_public_client_must_prove_its_challenge(sandbox: Sandbox) -> None:
    public = sandbox.public_client_id
    query = {"client_id": public, "redirect_uri": REDIRECT, "response_type": "code", "scope": "read"}
    bare = requests.get(f"{sandbox.oauth_base_url}/authorize", params=query, timeout=10, allow_redirects=False)
    assert bare.headers["location"].startswith(f"{REDIRECT}?error=invalid_request")
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    form = {"grant_type": "authorization_code", "client_id": public, "redirect_uri": REDIRECT}
    wrong = token(sandbox, **form, code=code(sandbox, public, **pkce)["code"], code_verifier="guess")
    assert wrong.json()["error"] == "invalid_grant"
    right = token(sandbox, **form, code=code(sandbox, public, **pkce)["code"], code_verifier=VERIFIER)
    assert right.json()["token_type"] == "bearer"


def test_revocation_ends_the_pair(sandbox: Sandbox) -> None:
    grant = sandbox.connect()
    access = grant["access_token"]
    url, headers = f"{sandbox.oauth_base_url}/revoke", {"Authorization": f"Bearer {access}"}
    assert requests.post(url, headers=headers, timeout=10).status_code == 401
    assert requests.post(url, headers=headers, data={"token": access}, timeout=10).status_code == 200
    assert account(sandbox, access) == 401
    assert refresh(sandbox, grant["refresh_token"]).status_code == 401
