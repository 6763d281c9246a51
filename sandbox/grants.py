"""OAuth state: clients, codes and refresh tokens, with DigitalOcean's single-use rotation.

Facts: DigitalOcean OAuth reference. A refresh token works once; using it ends the access token it came with.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sandbox.auth import Token, Tokens
from sandbox.clock import Clock

CODE_LIFETIME = timedelta(minutes=10)


class Refused(Exception):
    """An OAuth error response: `error`, `error_description` and the HTTP status."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True)
class Client:
    """A registered application; a public one (command line, desktop) has no secret and must use PKCE."""

    id: str
    name: str
    secret: str | None
    redirect_uri: str | None = None

    def may_return_to(self, redirect_uri: str) -> bool:
        """Whether a redirect goes to the registered address or, without one, back to this machine."""
        if self.redirect_uri:
            return redirect_uri == self.redirect_uri
        parts = urlsplit(redirect_uri)
        return parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"} and not parts.fragment


@dataclass(frozen=True)
class AuthorizationRequest:
    """What an application asked for at /authorize."""

    client: Client
    redirect_uri: str
    scopes: frozenset[str]
    state: str | None
    challenge: str | None


@dataclass
class Grants:
    """Codes and refresh tokens. Both are removed when used, so both work exactly once."""

    clock: Clock
    tokens: Tokens
    clients: dict[str, Client]
    lifetime: timedelta
    _codes: dict[str, tuple[AuthorizationRequest, str, datetime]] = field(default_factory=dict)
    _refresh: dict[str, Token] = field(default_factory=dict)
    _spent: set[str] = field(default_factory=set)

    def code(self, request: AuthorizationRequest, team_uuid: str) -> str:
        """A code for a request approved for a team, good for ten minutes."""
        value = secrets.token_hex(32)
        self._codes[value] = (request, team_uuid, self.clock.now() + CODE_LIFETIME)
        return value

    def exchange(self, form: dict[str, str]) -> tuple[Token, str]:
        """Code -> (access token, refresh token); raises Refused."""
        request, team_uuid, expires_at = self._codes.pop(form.get("code", ""), (None, "", self.clock.now()))
        if request is None or expires_at <= self.clock.now():
            raise _invalid_grant("The provided authorization grant is invalid, expired or already used.")
        self._authenticate(form, request.client)
        if form.get("redirect_uri") != request.redirect_uri:
            raise _invalid_grant("The redirect URI does not match the one of the authorization request.")
        if request.challenge and _s256(form.get("code_verifier", "")) != request.challenge:
            raise _invalid_grant("The code verifier does not match the code challenge.")
        return self._issue(request.scopes, request.client.id, team_uuid)

    def refresh(self, form: dict[str, str]) -> tuple[Token, str]:
        """Refresh token -> a new pair; ends the old access token. Raises Refused (401 when already used)."""
        value = form.get("refresh_token", "")
        old = self._refresh.get(value)
        if old is None:
            reason = "has already been used" if value in self._spent else "is invalid"
            raise _invalid_grant(f"The refresh token {reason}.")
        if form.get("client_id"):
            client = self.clients.get(old.client_id or "")
            if client is None or form["client_id"] != client.id:
                raise Refused("invalid_client", "The refresh token belongs to another application.", 401)
            if client.secret and form.get("client_secret", client.secret) != client.secret:
                raise Refused("invalid_client", "Client authentication failed.", 401)
        del self._refresh[value]
        self._spent.add(value)
        self.tokens.revoke(old.value)
        return self._issue(old.scopes, old.client_id or "", old.team_uuid)

    def revoke(self, value: str) -> None:
        """End an access token and the refresh token that came with it."""
        self.tokens.revoke(value)
        self._refresh = {refresh: token for refresh, token in self._refresh.items() if token.value != value}

    def _authenticate(self, form: dict[str, str], client: Client) -> None:
        if form.get("client_id") != client.id:
            raise Refused("invalid_client", "The code belongs to another application.", 401)
        if client.secret is None:
            return
        if not secrets.compare_digest(form.get("client_secret", ""), client.secret):
            raise Refused("invalid_client", "Client authentication failed.", 401)

    def _issue(self, scopes: frozenset[str], client_id: str, team_uuid: str | None) -> tuple[Token, str]:
        now = self.clock.now()
        value = "doo_v1_" + secrets.token_hex(32)
        token = self.tokens.keep(Token(value, "oauth", scopes, now, now + self.lifetime, client_id, team_uuid))
        refresh = "dor_v1_" + secrets.token_hex(32)
        self._refresh[refresh] = token
        return token, refresh


def _invalid_grant(description: str) -> Refused:
    return Refused("invalid_grant", description, 401)


def _s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
