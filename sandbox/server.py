"""The ASGI application: every request to `/v2` passes rate limit, faults, token, scope, answer, log - in that order."""

import asyncio
import sys
import traceback
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from email.utils import format_datetime
from functools import partial
from urllib.parse import parse_qsl
from uuid import uuid4

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.auth import TOKEN_SHAPE, Token, Tokens, require
from sandbox.clock import Clock, stamp
from sandbox.endpoints import Endpoint
from sandbox.faults import BYTES, CHANGES, INSTEAD, WIRE, Fault, Faults
from sandbox.faults_wire import OnTheWire
from sandbox.limits import Limiter
from sandbox.paging import Ask
from sandbox.problems import Problem, bad_request, forbidden, not_found, server_error
from sandbox.resources import ENDPOINTS
from sandbox.resources_metrics import metrics_endpoints
from sandbox.telemetry import Measurements
from sandbox.telemetry.insights import Insights
from sandbox.world import World
from sandbox.world.plan import Record

JSON = "application/json; charset=utf-8"
Handler = Callable[[Request], Awaitable[Response]]
_INSIGHTS = "/v2/insights/query/{region}/prom/api/v1/"


@dataclass
class State:
    """Everything one sandbox holds."""

    world: World
    clock: Clock
    tokens: Tokens
    limiter: Limiter
    measurements: Measurements
    insights: Insights
    latency: float = 0.0
    faults: Faults = field(default_factory=Faults)
    log: deque[Record] = field(default_factory=lambda: deque(maxlen=200_000))
    # Resource -> how many of the records just served are deleted after each page.
    deletions: dict[str, int] = field(default_factory=dict)
    # A second team of the same person, which can be chosen on the consent page.
    other: World | None = None

    def worlds(self) -> list[World]:
        """The teams of the person who signs in, the first one first."""
        return [self.world, *([self.other] if self.other else [])]

    def world_of(self, token: Token | None) -> World:
        """The team that a token reads."""
        team = token.team_uuid if token else None
        return next((world for world in self.worlds() if world.account.team_uuid == team), self.world)

    def delete(self, resource: str, ids: Sequence[int | str]) -> int:
        """Remove records by id, and end what is measured of them; answers how many were there."""
        now = self.clock.now()
        self.measurements.end(resource, ids, now)
        return self.world.delete(resource, ids, now)


def problem_response(problem: Problem) -> Response:
    """An error body with its status and headers."""
    return Response(orjson.dumps(problem.body), problem.status, problem.headers, JSON)


def _token_kind(request: Request, token: Token | None) -> str:
    if token is not None:
        return token.kind
    return "unknown" if "authorization" in request.headers else "none"


def note(state: State, request: Request, response: Response, token: Token | None) -> None:
    """Log a request: what was asked, in the URL or in a form, and how it ended; never a token."""
    form = getattr(request.state, "form", {}).items()
    state.log.append(
        {
            "time": stamp(state.clock.now()),
            "method": request.method,
            "path": TOKEN_SHAPE.sub("***", request.url.path),
            "query": {name: TOKEN_SHAPE.sub("***", value) for name, value in (*request.query_params.items(), *form)},
            "status": response.status_code,
            "token": _token_kind(request, token),
            "user_agent": request.headers.get("user-agent", ""),
            "socket": request.client.port if request.client else 0,
        }
    )


def _delete_behind(state: State, key: str | None, body: Record) -> None:
    count = state.deletions.get(key or "", 0)
    if key and count:
        state.delete(key, [record["id"] for record in body[key][:count]])


async def _instead(state: State, faults: list[Fault]) -> Response | None:
    for fault in faults:
        if fault.name == "slow":
            await asyncio.sleep(float(fault.parameters.get("seconds", 1)))
        if fault.name == "refuse":
            state.faults.network.leave(float(fault.parameters.get("seconds", 1)))
        if fault.name in INSTEAD:
            answer = INSTEAD[fault.name](fault.parameters)
            if isinstance(answer, Problem):
                raise answer
            return answer
    return None


def _sent(content: bytes, key: str | None, faults: list[Fault]) -> Response:
    for fault in faults:
        if fault.name in BYTES:
            content = BYTES[fault.name](content, key, fault.parameters)
    wire = next((fault for fault in faults if fault.name in WIRE), None)
    return OnTheWire(wire.name, content, wire.parameters) if wire else Response(content, 200, media_type=JSON)


async def _answer(
    endpoint: Endpoint | None, state: State, request: Request, token: Token | None, faults: list[Fault]
) -> Response:
    instead = await _instead(state, faults)
    if instead is not None:
        return instead
    scopes = require(token, endpoint.scopes if endpoint else ())
    if endpoint is None:
        raise not_found()
    url = f"{request.url.scheme}://{request.headers['host']}{request.url.path}"
    try:
        sent = orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError as error:
        raise bad_request("the body is not JSON") from error
    ask = Ask(url, request.path_params, request.query_params, scopes, state.clock.now(), sent)
    body = endpoint.answer(state.world_of(token), ask)
    if isinstance(body, str):
        return Response(body, 200, {"content-disposition": "attachment"}, "text/csv; charset=utf-8")
    _delete_behind(state, endpoint.key, body)
    for fault in faults:
        if fault.name in CHANGES:
            CHANGES[fault.name](body, endpoint.key, str(request.url), fault.parameters)
    return _sent(orjson.dumps(body), endpoint.key, faults)


async def _answer_insights(state: State, request: Request, token: Token | None, faults: list[Fault]) -> Response:
    instead = await _instead(state, faults)
    if instead is not None:
        return instead
    require(token, ("insights:read",))
    if state.world_of(token) is not state.world:
        # Only the first team is measured.
        raise forbidden()
    form = parse_qsl((await request.body()).decode()) if request.method == "POST" else []
    parameters = [*request.query_params.multi_items(), *form]
    request.state.form = dict(form)
    region, path = request.path_params["region"], request.url.path.partition("/prom/api/v1/")[2]
    # Filling a Prometheus takes its time, in which other requests are answered.
    now = state.clock.now()
    response = await asyncio.to_thread(state.insights.answer, region, path, request.method, parameters, now)
    return _sent(bytes(response.body), None, faults) if response.status_code == 200 and faults else response


Answer = Callable[[State, Request, Token | None, list[Fault]], Awaitable[Response]]


def _guarded(state: State, answer: Answer) -> Handler:
    async def handle(request: Request) -> Response:
        if state.latency:
            await asyncio.sleep(state.latency)
        token = state.tokens.find(request.headers.get("authorization"))
        headers, limited = state.limiter.admit(token.value if token else "", request.url.path)
        try:
            if limited:
                raise limited
            faults = state.faults.take(request.url.path, request.query_params)
            response = await answer(state, request, token, faults)
        except Problem as problem:
            response = problem_response(problem)
        except Exception:  # noqa: BLE001 - a bug in the sandbox must look like a 500 and be seen by its author
            traceback.print_exc(file=sys.stderr)
            response = problem_response(server_error())
        for name, value in {**headers, "x-request-id": str(uuid4())}.items():
            response.headers.setdefault(name, value)
        note(state, request, response, token)
        return response

    return handle


def api_routes(state: State) -> list[BaseRoute]:
    """Everything the sandbox serves, and a 404 in DigitalOcean's shape for the rest of `/v2`."""
    routes: list[BaseRoute] = [
        Route(one.path, _guarded(state, partial(_answer, one)), methods=[one.method])
        for one in (*ENDPOINTS, *metrics_endpoints(state.measurements))
    ]
    routes += [
        Route(_INSIGHTS + path, _guarded(state, _answer_insights), methods=["GET", "POST"])
        for path in ("query", "query_range", "labels", "series")
    ]
    routes.append(Route(_INSIGHTS + "label/{name}/values", _guarded(state, _answer_insights)))
    everything = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return [*routes, Route("/v2/{rest:path}", _guarded(state, partial(_answer, None)), methods=everything)]


def build_app(routes: list[BaseRoute]) -> Starlette:
    """The application that serves these routes."""
    return Starlette(routes=routes)


def with_date(app: ASGIApp, clock: Clock) -> ASGIApp:
    """The application with the sandbox's own time in every `Date` header."""

    async def dated(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(clock.now(), usegmt=True).encode()
                message = {**message, "headers": [*message["headers"], (b"date", date)]}
            await send(message)

        await app(scope, receive, send_dated)

    return dated
