"""The sandbox's own endpoints under /_sandbox: what a test turns and reads. Not part of DigitalOcean."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.clock import stamp
from sandbox.faults import Fault
from sandbox.server import JSON, State
from sandbox.telemetry.prometheus import Unavailable
from sandbox.world.patterns import patterns
from sandbox.world.waste import waste

Body = dict[str, Any]


def _mint(state: State, body: Body) -> Body:
    scopes = body.get("scopes")
    token = state.tokens.personal(frozenset(["read"] if scopes is None else scopes))
    return {"token": token.value}


def _revoke(state: State, body: Body) -> Body:
    return {"revoked": state.tokens.revoke(body["token"])}


def _advance(state: State, body: Body) -> Body:
    return {"now": stamp(state.clock.advance(float(body["seconds"])))}


def _load_insights(state: State, _: Body) -> Body:
    state.insights.load(state.clock.now())
    return {}


def _requests(state: State, body: Body) -> Body:
    prefix = body.get("path_prefix") or ""
    return {"requests": [entry for entry in state.log if entry["path"].startswith(prefix)]}


def _reset_requests(state: State, _: Body) -> Body:
    state.log.clear()
    return {}


def _fault(state: State, body: Body) -> Body:
    state.faults.add(Fault(**body))
    return {}


def _clear_faults(state: State, _: Body) -> Body:
    state.faults.clear()
    state.deletions.clear()
    return {}


def _delete(state: State, body: Body) -> Body:
    return {"deleted": state.delete(body["resource"], body["ids"])}


def _quirk(state: State, body: Body) -> Body:
    state.measurements.quirks.add(body["name"], body.get("parameters", {}))
    return {}


def _clear_quirks(state: State, _: Body) -> Body:
    state.measurements.quirks.clear()
    return {}


def _samples(state: State, body: Body) -> Body:
    found = state.measurements.truth(body["urn"], body["metric"], float(body["start"]), float(body["end"]))
    return {"series": [{"labels": labels, "samples": samples} for labels, samples in found]}


def _reboots(state: State, body: Body) -> Body:
    found = [one for one in state.measurements.subjects if one.urn == body["urn"]]
    return {"reboots": found[0].timeline.reboots(float(body["start"]), float(body["end"]))}


def _waste(state: State, _: Body) -> Body:
    world = state.world
    return {"waste": waste(world.tables, world.agentless, world.work)}


def _patterns(state: State, _: Body) -> Body:
    return {"patterns": patterns(state.world.patterns, state.world.tables)}


def _delete_between_pages(state: State, body: Body) -> Body:
    state.deletions[body["resource"]] = int(body["count_per_page"])
    return {}


def _account(state: State, body: Body) -> Body:
    account = state.world.account
    for name in ("status", "status_message", "email_verified"):
        if body.get(name) is not None:
            setattr(account, name, body[name])
    return account.record()


def _bill(state: State, body: Body) -> Body:
    state.world.ledger.change(body["period"], int(body["cents"]), body.get("position"), body.get("item"))
    return {}


def _product(state: State, body: Body) -> Body:
    known = state.world.products
    if body["name"] not in known:
        raise ValueError(f"unknown product {body['name']!r}; known: {', '.join(sorted(known))}")
    (state.world.unused.discard if body["used"] else state.world.unused.add)(body["name"])
    return {"unused": sorted(state.world.unused)}


_COMMANDS: dict[str, Callable[[State, Body], Body]] = {
    "mint_token": _mint,
    "revoke": _revoke,
    "advance": _advance,
    "load_insights": _load_insights,
    "requests": _requests,
    "reset_requests": _reset_requests,
    "fault": _fault,
    "clear_faults": _clear_faults,
    "delete": _delete,
    "delete_between_pages": _delete_between_pages,
    "quirk": _quirk,
    "clear_quirks": _clear_quirks,
    "samples": _samples,
    "reboots": _reboots,
    "waste": _waste,
    "patterns": _patterns,
    "account": _account,
    "bill": _bill,
    "product": _product,
}


def control_routes(state: State) -> list[BaseRoute]:
    """POST /_sandbox/<command> with a JSON object; a bad command is a 400 that says why."""

    def route(command: Callable[[State, Body], Body]) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            try:
                answer, status = command(state, orjson.loads(await request.body() or b"{}")), 200
            except (KeyError, TypeError, ValueError, Unavailable) as error:
                answer, status = {"error": f"{type(error).__name__}: {error}"}, 400
            return Response(orjson.dumps(answer), status, media_type=JSON)

        return handle

    return [Route(f"/_sandbox/{name}", route(command), methods=["POST"]) for name, command in _COMMANDS.items()]
