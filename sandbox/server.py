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
from sandbox.faults import Asked, Fault, Faults
from sandbox.faults.serving import answer_instead, changed, page_size
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


async def _answer(
    endpoint: Endpoint | None, state: State, request: Request, token: Token | None, faults: list[Fault]
) -> Response:
    scopes = require(token, endpoint.scopes if endpoint else ())
    if endpoint is None:
        raise not_found()
    url = f"{request.url.scheme}://{request.headers['host']}{request.url.path}"
    try:
        sent = orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError as error:
        raise bad_request("the body is not JSON") from error
    query = dict(request.query_params)
    if (most := page_size(faults)) is not None:
        query["per_page"] = str(min(most, int(query.get("per_page", most))))
    ask = Ask(url, request.path_params, query, scopes, state.clock.now(), sent)
    body = endpoint.answer(state.world_of(token), ask)
    if isinstance(body, str):
        response = Response(body, 200, {"content-disposition": "attachment"}, "text/csv; charset=utf-8")
    else:
        _delete_behind(state, endpoint.key, body)
        response = Response(orjson.dumps(body), 200, media_type=JSON)
    return changed(response, endpoint.key, str(request.url), state.clock.now(), faults)


async def _answer_insights(state: State, request: Request, token: Token | None, faults: list[Fault]) -> Response:
    require(token, ("insights:read",))
    if state.world_of(token) is not state.world:
        # Only the first team is measured.
        raise forbidden()
    parameters = [*request.query_params.multi_items(), *request.state.form.items()]
    region, path = request.path_params["region"], request.url.path.partition("/prom/api/v1/")[2]
    # Filling a Prometheus takes its time, in which other requests are answered.
    now = state.clock.now()
    response = await asyncio.to_thread(state.insights.answer, region, path, request.method, parameters, now)
    return changed(response, None, str(request.url), state.clock.now(), faults)


async def _hit_by(state: State, request: Request) -> tuple[Asked, list[Fault]]:
    """What a request brings along, and the faults that hit it. Keeps its form for those who come after."""
    written = (await request.body()).decode("utf-8", "replace") if _has_form(request) else ""
    request.state.form = dict(parse_qsl(written))
    asked = Asked(request.headers.get("authorization", ""), request.state.form, state.clock.now())
    return asked, state.faults.take(request.url.path, {**request.query_params, **request.state.form})


def _has_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


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
            asked, faults = await _hit_by(state, request)
            instead = await answer_instead(faults, state.faults.network, asked)
            response = await answer(state, request, token, faults) if instead is None else instead
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
            if message["type"] == "http.response.start" and not any(name == b"date" for name, _ in message["headers"]):
                date = format_datetime(clock.now(), usegmt=True).encode()
                message = {**message, "headers": [*message["headers"], (b"date", date)]}
            await send(message)

        await app(scope, receive, send_dated)

    return dated
