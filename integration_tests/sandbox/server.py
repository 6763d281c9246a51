"""The ASGI application: every request to `/v2` passes rate limit, faults, token, scope, answer, log - in that order."""

import asyncio
import sys
import traceback
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import uuid4

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from integration_tests.sandbox.auth import TOKEN_SHAPE, Token, Tokens, require
from integration_tests.sandbox.clock import Clock, stamp
from integration_tests.sandbox.endpoints import Endpoint
from integration_tests.sandbox.faults import CHANGES, INSTEAD, CutOff, Fault, Faults
from integration_tests.sandbox.limits import Limiter
from integration_tests.sandbox.paging import Ask
from integration_tests.sandbox.problems import Problem, bad_request, not_found, server_error
from integration_tests.sandbox.resources import ENDPOINTS
from integration_tests.sandbox.world import World
from integration_tests.sandbox.world.plan import Record

JSON = "application/json; charset=utf-8"
Handler = Callable[[Request], Awaitable[Response]]


@dataclass
class State:
    """Everything one sandbox holds."""

    world: World
    clock: Clock
    tokens: Tokens
    limiter: Limiter
    latency: float = 0.0
    faults: Faults = field(default_factory=Faults)
    log: deque[Record] = field(default_factory=lambda: deque(maxlen=200_000))
    # Resource -> how many of the records just served are deleted after each page.
    deletions: dict[str, int] = field(default_factory=dict)


def problem_response(problem: Problem) -> Response:
    """An error body with its status and headers."""
    return Response(orjson.dumps(problem.body), problem.status, problem.headers, JSON)


def _token_kind(request: Request, token: Token | None) -> str:
    if token is not None:
        return token.kind
    return "unknown" if "authorization" in request.headers else "none"


def note(state: State, request: Request, response: Response, token: Token | None) -> None:
    """Log a request: what was asked and how it ended, never a token."""
    state.log.append(
        {
            "time": stamp(state.clock.now()),
            "method": request.method,
            "path": TOKEN_SHAPE.sub("***", request.url.path),
            "query": {name: TOKEN_SHAPE.sub("***", value) for name, value in request.query_params.items()},
            "status": response.status_code,
            "token": _token_kind(request, token),
            "user_agent": request.headers.get("user-agent", ""),
        }
    )


def _delete_behind(state: State, key: str | None, body: Record) -> None:
    count = state.deletions.get(key or "", 0)
    if key and count:
        state.world.delete(key, [record["id"] for record in body[key][:count]], state.clock.now())


async def _answer(
    state: State, request: Request, endpoint: Endpoint | None, token: Token | None, faults: list[Fault]
) -> Response:
    for fault in faults:
        if fault.name == "slow":
            await asyncio.sleep(float(fault.parameters.get("seconds", 1)))
        if fault.name in INSTEAD:
            answer = INSTEAD[fault.name](fault.parameters)
            if isinstance(answer, Problem):
                raise answer
            return answer
    scopes = require(token, endpoint.scopes if endpoint else ())
    if endpoint is None:
        raise not_found()
    url = f"{request.url.scheme}://{request.headers['host']}{request.url.path}"
    try:
        sent = orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError as error:
        raise bad_request("the body is not JSON") from error
    ask = Ask(url, request.path_params, request.query_params, scopes, state.clock.now(), sent)
    body = endpoint.answer(state.world, ask)
    _delete_behind(state, endpoint.key, body)
    names = [fault.name for fault in faults]
    for fault in faults:
        if fault.name in CHANGES:
            CHANGES[fault.name](body, endpoint.key, str(request.url), fault.parameters)
    content = orjson.dumps(body)
    if "truncated_json" in names:
        content = content[: len(content) * 2 // 3]
    return (CutOff if "reset" in names else Response)(content, 200, media_type=JSON)


def _guarded(state: State, endpoint: Endpoint | None) -> Handler:
    async def handle(request: Request) -> Response:
        if state.latency:
            await asyncio.sleep(state.latency)
        token = state.tokens.find(request.headers.get("authorization"))
        headers, limited = state.limiter.admit(token.value if token else "", request.url.path)
        try:
            if limited:
                raise limited
            faults = state.faults.take(request.url.path)
            response = await _answer(state, request, endpoint, token, faults)
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
    routes: list[BaseRoute] = [Route(one.path, _guarded(state, one), methods=[one.method]) for one in ENDPOINTS]
    everything = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return [*routes, Route("/v2/{rest:path}", _guarded(state, None), methods=everything)]


def build_app(routes: list[BaseRoute]) -> Starlette:
    """The application that serves these routes."""
    return Starlette(routes=routes)
