"""What the server does with the faults that hit a request: before its answer, and to it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from starlette.responses import Response

from sandbox.faults import BYTES, CHANGES, HEADS, INSTEAD, WIRE, Asked, Fault
from sandbox.faults.wire import JSON, Network, OnTheWire
from sandbox.problems import Problem


async def answer_instead(faults: Sequence[Fault], network: Network, asked: Asked) -> Response | None:
    """The answer that comes in the place of the endpoint's, if any. Raises Problem."""
    for fault in faults:
        if fault.name == "slow":
            await asyncio.sleep(float(fault.parameters.get("seconds", 1)))
        if fault.name == "refuse":
            network.leave(float(fault.parameters.get("seconds", 1)))
        if fault.name in INSTEAD:
            answer = INSTEAD[fault.name](fault.parameters, asked)
            if isinstance(answer, Problem):
                raise answer
            return answer
    return None


def page_size(faults: Sequence[Fault]) -> int | None:
    """How many records a page may have at most, whatever is asked for."""
    return next((int(fault.parameters.get("size", 20)) for fault in faults if fault.name == "page_size"), None)


def changed(response: Response, key: str | None, url: str, now: datetime, faults: Sequence[Fault]) -> Response:
    """A good answer as the faults let it out; `key` is where its records stand."""
    if not faults:
        return response
    content = bytes(response.body)
    if response.headers.get("content-type") == JSON and any(fault.name in CHANGES for fault in faults):
        body: dict[str, Any] = orjson.loads(content)
        for fault in faults:
            if fault.name in CHANGES:
                CHANGES[fault.name](body, key, url, fault.parameters)
        content = orjson.dumps(body)
    for fault in faults:
        if fault.name in BYTES:
            content = BYTES[fault.name](content, key, fault.parameters)
    wire = next((fault for fault in faults if fault.name in WIRE), None)
    if wire is not None:
        return OnTheWire(wire.name, content, wire.parameters)
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    answer = Response(content, response.status_code, headers)
    for fault in faults:
        if fault.name in HEADS:
            HEADS[fault.name](answer, now, fault.parameters)
    return answer
