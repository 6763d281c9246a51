"""DigitalOcean's authorization server as an application sees it: authorize, token, revoke.

Facts: DigitalOcean's OAuth reference and its own command line's OAuth client.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import orjson

from source_digitalocean_quolum.connect.errors import ConnectError, Exit
from source_digitalocean_quolum.http.failures import describe_failure
from source_digitalocean_quolum.http.session import HttpSession, RawAnswer
from source_digitalocean_quolum.http.token_endpoint import APPLICATION_ERRORS, TokenAnswer, refresh_form

_LONGEST_NAME = 100
_session = HttpSession(connections=1)


@dataclass(frozen=True)
class Application:
    """A registered OAuth application; a public one has no secret and proves itself by PKCE."""

    client_id: str
    client_secret: str | None = field(default=None, repr=False)

    def form(self) -> dict[str, str]:
        """How the application names itself at the token endpoint."""
        secret = {"client_secret": self.client_secret} if self.client_secret else {}
        return {"client_id": self.client_id, **secret}


@dataclass(frozen=True)
class Attempt:
    """One way through the consent page: its `state` and, for a public application, its code verifier."""

    application: Application
    redirect_uri: str
    scope: str
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)

    def query(self) -> dict[str, str]:
        """The parameters of /authorize. PKCE is documented for public applications only, and S256 only."""
        query = {
            "client_id": self.application.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": self.scope,
            "state": self.state,
        }
        if self.application.client_secret:
            return query
        digest = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest())
        return {**query, "code_challenge": digest.rstrip(b"=").decode(), "code_challenge_method": "S256"}

    def owns(self, callback: Mapping[str, str]) -> bool:
        """Whether a redirect of the browser answers this attempt, and no other page made it up."""
        return secrets.compare_digest(callback.get("state", "").encode(), self.state.encode())

    def code(self, callback: Mapping[str, str]) -> str:
        """The code in the browser's answer to this attempt; ConnectError when there is none, as when it was denied."""
        if "error" in callback:
            raise _refused(callback["error"], self)
        if not callback.get("code"):
            raise ConnectError(Exit.UNEXPECTED, "DigitalOcean sent the browser back without a code. Try again.")
        return callback["code"]


@dataclass(frozen=True)
class Server:
    """The authorization server at `base_url`. Every method raises ConnectError NO_NETWORK when it is out of reach."""

    base_url: str

    def consent_url(self, attempt: Attempt) -> str:
        """The address a person opens to authorize."""
        return f"{self.base_url}/authorize?{urlencode(attempt.query())}"

    def probe(self, attempt: Attempt) -> None:
        """Open the consent page once without a person: what is certain to fail is said before anyone clicks.

        DigitalOcean shows these problems as pages of its own and never sends the browser back. Where it asks
        for a sign-in first, nothing is learnt, and an answer that is not understood is no reason to stop.
        """
        answer = _send("GET", self.consent_url(attempt))
        words = answer.content.decode(errors="replace").lower() if 400 <= answer.status < 500 else ""
        if "redirect uri" in words:
            raise _refused("invalid_redirect_uri", attempt)
        if "scope is invalid" in words:
            raise _refused("invalid_scope", attempt)
        if re.search(r"client is unknown|unknown client", words):
            raise _refused("invalid_client", attempt)

    def exchange(self, attempt: Attempt, code: str) -> TokenAnswer:
        """The token answer for a code (RFC 6749 section 4.1.3), with access and refresh token."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": attempt.redirect_uri,
            **attempt.application.form(),
        }
        if not attempt.application.client_secret:
            form["code_verifier"] = attempt.verifier
        answer = self._ask_token(form)
        if not 200 <= answer.status < 300:
            raise _refused(answer.error, attempt)
        for name in ("access_token", "refresh_token"):
            if not isinstance(answer.fields.get(name), str) or not answer.fields[name]:
                raise ConnectError(
                    Exit.UNEXPECTED,
                    f"DigitalOcean authorized but sent no {name.replace('_', ' ')}: without it a sync would "
                    "soon stop. Try again.",
                )
        return answer

    def refresh(self, application: Application, refresh_token: str) -> TokenAnswer | None:
        """The tokens for a refresh token, which is spent by that; None when it no longer works."""
        answer = self._ask_token(refresh_form({"refresh_token": refresh_token, **application.form()}))
        if answer.has_token:
            return answer
        if answer.status not in (400, 401):
            raise _unexpected(answer.status)
        if answer.error in APPLICATION_ERRORS:
            raise ConnectError(
                Exit.APPLICATION_REFUSED,
                "DigitalOcean does not accept the client ID or client secret in the configuration file, so the "
                "access cannot be revoked from here: revoke it in the control panel.",
            )
        return None

    def revoke(self, access_token: str) -> bool:
        """End a grant by its access token; False when that token is no longer valid."""
        answer = _send("POST", f"{self.base_url}/revoke", {"token": access_token}, bearer=access_token)
        if answer.status in (200, 204):
            return True
        if answer.status == 401:
            return False
        raise _unexpected(answer.status)

    def _ask_token(self, form: Mapping[str, str]) -> TokenAnswer:
        answer = _send("POST", f"{self.base_url}/token", form)
        return TokenAnswer.from_content(answer.status, answer.content)


@dataclass(frozen=True)
class Team:
    """The team a token reads; `uuid` identifies it, `name` is what its members call it."""

    uuid: str
    name: str

    @classmethod
    def from_names(cls, uuid: Any, name: Any) -> "Team | None":
        """None without a UUID. A terminal shows the name: what would move its cursor or colour it is taken out."""
        if not uuid or not isinstance(uuid, str):
            return None
        shown = "".join(letter for letter in str(name or "") if letter.isprintable())[:_LONGEST_NAME]
        return cls(uuid, shown.strip() or "without a name")


def team_of(answer: TokenAnswer) -> Team | None:
    """The team a token answer names in its `info`, if it does."""
    info = answer.fields.get("info")
    return Team.from_names(info.get("team_uuid"), info.get("team_name")) if isinstance(info, dict) else None


def ask_team(api_base_url: str, access_token: str) -> Team | None:
    """The team GET /v2/account names; None when the token may not ask, is dead, or nothing answers."""
    try:
        answer = _send("GET", f"{api_base_url}/v2/account", bearer=access_token)
        body = orjson.loads(answer.content) if answer.status == 200 else None
    except (ConnectError, orjson.JSONDecodeError):
        # The name is a courtesy: a grant is not thrown away for want of it.
        return None
    account = body.get("account") if isinstance(body, dict) else None
    team = account.get("team") if isinstance(account, dict) else None
    return Team.from_names(team.get("uuid"), team.get("name")) if isinstance(team, dict) else None


def _send(method: str, url: str, form: Mapping[str, str] | None = None, *, bearer: str = "") -> RawAnswer:
    sent = {"data": form} if form else {}
    try:
        return _session.exchange(method, url, authorization=f"Bearer {bearer}" if bearer else "", **sent)
    except (OSError, ValueError) as error:
        _, problem = describe_failure(error, url)
        raise ConnectError(Exit.NO_NETWORK, f"DigitalOcean cannot be asked: {problem}.") from None


def _unexpected(status: int) -> ConnectError:
    return ConnectError(
        Exit.UNEXPECTED, f"DigitalOcean's authorization server answered HTTP {status}. Try again later."
    )


def _refused(reason: str, attempt: Attempt) -> ConnectError:
    """An OAuth error code, from the callback or the token endpoint, as a sentence."""
    if reason == "access_denied":
        return ConnectError(Exit.DENIED, "Access was denied on DigitalOcean's page: nothing was connected.")
    if reason in ("invalid_grant", "expired_token"):
        return ConnectError(
            Exit.CODE_REFUSED,
            "DigitalOcean did not accept the code from the browser: it has expired or was already used. "
            "Run this command again.",
        )
    if reason in APPLICATION_ERRORS:
        return ConnectError(
            Exit.APPLICATION_REFUSED,
            "DigitalOcean does not accept this OAuth application: compare the client ID and the client secret "
            "with the control panel, under API, OAuth Applications.",
        )
    if reason == "invalid_redirect_uri":
        return ConnectError(
            Exit.REDIRECT_REFUSED,
            f"The redirect URI is not registered: enter exactly {attempt.redirect_uri} as callback URL of the OAuth "
            "application, in the control panel under API, OAuth Applications.",
        )
    if reason == "invalid_scope":
        return ConnectError(
            Exit.USAGE, f"DigitalOcean does not know the scope {attempt.scope!r}: `read` opens every stream."
        )
    # What a stranger may have put into the address is shown only if it looks like an error code.
    shown = f" ({reason})" if re.fullmatch(r"[A-Za-z0-9_ ]{1,60}", reason) else ""
    return ConnectError(Exit.UNEXPECTED, f"DigitalOcean did not authorize{shown}. Try again later.")
