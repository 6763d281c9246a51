"""The OAuth endpoints under /v1/oauth: pages for a person, token endpoints for a program."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import pages
from sandbox.auth import SCOPES, WRITING, Token
from sandbox.faults import Asked
from sandbox.faults.serving import answer_instead, changed
from sandbox.grants import AuthorizationRequest, Grants, Refused
from sandbox.problems import Problem, unauthorized
from sandbox.server import JSON, State, note, problem_response
from sandbox.world import World
from sandbox.world.account import build_account

PREFIX = "/v1/oauth"
SESSION = "sandbox_session"


@dataclass
class OAuth:
    """The authorization server: who is signed in, which requests wait for consent, and the grants."""

    state: State
    grants: Grants
    _sessions: set[str] = field(default_factory=set)
    _waiting: dict[str, AuthorizationRequest] = field(default_factory=dict)

    async def authorize(self, request: Request) -> Response:
        """GET /authorize: sign in first, then the consent page."""
        asked = self._asked(dict(request.query_params))
        if isinstance(asked, str):
            return HTMLResponse(pages.refusal(asked), 400)
        if request.query_params.get("response_type") != "code":
            return _back(asked, error="unsupported_response_type", error_description="Use response_type=code.")
        if asked.client.secret is None and asked.challenge is None:
            return _back(asked, error="invalid_request", error_description="Public clients must use PKCE S256.")
        signed_in = request.cookies.get(SESSION) in self._sessions
        if request.query_params.get("prompt") == "none" and not signed_in:
            return _back(asked, error="login_required", error_description="The user is not signed in.")
        request_id = secrets.token_urlsafe(16)
        self._waiting[request_id] = asked
        if signed_in:
            return self._consent(request_id, asked)
        account = self.state.world.account
        return HTMLResponse(pages.login(f"{PREFIX}/login", request_id, asked.client.name, account.email))

    def _asked(self, query: dict[str, str]) -> AuthorizationRequest | str:
        client = self.grants.clients.get(query.get("client_id", ""))
        if client is None:
            return "The client is unknown."
        redirect_uri = query.get("redirect_uri", "")
        if not client.may_return_to(redirect_uri):
            return "The redirect uri included is not valid."
        scopes = frozenset(query.get("scope", "read").split())
        if not scopes or not scopes <= SCOPES.keys():
            return "The requested scope is invalid, unknown, or malformed."
        challenge = query.get("code_challenge")
        if challenge and query.get("code_challenge_method") != "S256":
            return "The only code challenge method is S256."
        return AuthorizationRequest(client, redirect_uri, scopes, query.get("state"), challenge)

    def _consent(self, request_id: str, asked: AuthorizationRequest) -> Response:
        accounts = [world.account for world in self.state.worlds()]
        html = pages.consent(
            f"{PREFIX}/authorize",
            request_id,
            app=asked.client.name,
            teams={account.team_uuid: account.team_name for account in accounts},
            email=accounts[0].email,
            permissions=sorted({SCOPES[scope] for scope in asked.scopes}),
            reads_only=asked.scopes.isdisjoint(WRITING),
            redirect=urlsplit(asked.redirect_uri).netloc,
        )
        return HTMLResponse(html)

    async def login(self, request: Request) -> Response:
        """POST /login: any password signs in; then the consent page."""
        form = await _form(request)
        asked = self._waiting.get(form.get("request_id", ""))
        if asked is None:
            return HTMLResponse(pages.refusal("This sign-in has expired. Start again from the application."), 400)
        session = secrets.token_urlsafe(24)
        self._sessions.add(session)
        response = self._consent(form["request_id"], asked)
        response.set_cookie(SESSION, session, httponly=True, samesite="lax", path=PREFIX)
        return response

    async def decide(self, request: Request) -> Response:
        """POST /authorize: the person's decision, carried back to the application by a redirect."""
        form = await _form(request)
        if request.cookies.get(SESSION) not in self._sessions:
            return HTMLResponse(pages.refusal("You are not signed in. Start again from the application."), 400)
        asked = self._waiting.pop(form.get("request_id", ""), None)
        if asked is None:
            return HTMLResponse(pages.refusal("This request has expired. Start again from the application."), 400)
        if form.get("decision") != "authorize":
            return _back(asked, error="access_denied", error_description="The resource owner denied the request.")
        teams = [world.account.team_uuid for world in self.state.worlds()]
        team = form.get("team", teams[0])
        if team not in teams:
            return HTMLResponse(pages.refusal("You are not a member of this team."), 400)
        return _back(asked, code=self.grants.code(asked, team))

    async def token(self, request: Request) -> Response:
        """POST /token: a code or a refresh token for a new pair."""
        form = await _form(request)
        try:
            match form.get("grant_type"):
                case "authorization_code":
                    token, refresh = self.grants.exchange(form)
                case "refresh_token":
                    token, refresh = self.grants.refresh(form)
                case _:
                    raise Refused("unsupported_grant_type", "Use authorization_code or refresh_token.")
        except Refused as refused:
            return _json(refused.body, refused.status)
        return _json(self._token_body(token, refresh))

    def _token_body(self, token: Token, refresh: str) -> dict[str, object]:
        account, client = self.state.world_of(token).account, self.grants.clients[token.client_id or ""]
        # Confidential clients get the older field (doctl's OAuth client documents both).
        bearer = {"token_type": "bearer"} if client.secret is None else {"bearer": "bearer"}
        return {
            "access_token": token.value,
            **bearer,
            "expires_in": int(self.grants.lifetime / timedelta(seconds=1)),
            "refresh_token": refresh,
            "scope": " ".join(sorted(token.scopes)),
            "info": {
                "name": account.name,
                "email": account.email,
                "uuid": account.uuid,
                "team_uuid": account.team_uuid,
                "team_name": account.team_name,
            },
        }

    async def revoke(self, request: Request) -> Response:
        """POST /revoke: the token as a bearer and as a form value."""
        form = await _form(request)
        token = self.state.tokens.find(request.headers.get("authorization"))
        if token is None or form.get("token") != token.value:
            raise unauthorized()
        self.grants.revoke(token.value)
        return _json({})

    async def token_info(self, request: Request) -> Response:
        """GET /token/info: whose token it is, its scopes and its remaining seconds."""
        token = self.state.tokens.find(request.headers.get("authorization"))
        if token is None:
            raise unauthorized()
        left = token.expires_at - self.state.clock.now() if token.expires_at else None
        return _json(
            {
                "resource_owner_id": self.state.world_of(token).account.uuid,
                "scopes": sorted(token.scopes),
                "expires_in_seconds": None if left is None else int(left.total_seconds()),
                "application": {"uid": token.client_id},
                "created_at": int(token.created_at.timestamp()),
            }
        )

    def routes(self) -> list[BaseRoute]:
        """The routes under /v1/oauth."""
        table: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
            ("GET", "/authorize", self.authorize),
            ("POST", "/authorize", self.decide),
            ("POST", "/login", self.login),
            ("POST", "/token", self.token),
            ("POST", "/revoke", self.revoke),
            ("GET", "/token/info", self.token_info),
        ]
        return [Route(PREFIX + path, self._guarded(handler), methods=[method]) for method, path, handler in table]

    def _guarded(self, handler: Callable[[Request], Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            state = self.state
            token = state.tokens.find(request.headers.get("authorization"))
            form = await _form(request)
            faults = state.faults.take(request.url.path, form)
            try:
                asked = Asked(request.headers.get("authorization", ""), form, state.clock.now())
                instead = await answer_instead(faults, state.faults.network, asked)
                # What is changed in an answer is changed after the grant was spent.
                response = await handler(request) if instead is None else instead
                response = changed(response, None, str(request.url), state.clock.now(), faults)
            except Problem as problem:
                response = problem_response(problem)
            note(state, request, response, token)
            return response

        return handle


def second_team(world: World) -> World:
    """A small team of the person whose first team is `world`."""
    plan = next(
        plan
        for plan in (replace(world.plan, seed=world.plan.seed + step, droplets=3) for step in range(1, 100))
        if build_account(plan).team_name != world.account.team_name
    )
    other = World(plan)
    other.account.uuid, other.account.email = world.account.uuid, world.account.email
    return other


async def _form(request: Request) -> dict[str, str]:
    body = await request.body()
    return {**dict(request.query_params), **dict(parse_qsl(body.decode("utf-8", "replace")))}


def _json(body: Mapping[str, object], status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, {"cache-control": "no-store"}, JSON)


def _back(asked: AuthorizationRequest, **parameters: str) -> Response:
    if asked.state is not None:
        parameters["state"] = asked.state
    joint = "&" if urlsplit(asked.redirect_uri).query else "?"
    return RedirectResponse(asked.redirect_uri + joint + urlencode(parameters), 302)
