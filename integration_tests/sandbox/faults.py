"""Faults by name: how DigitalOcean, a proxy or a network can misbehave, for a path, some times or until cleared."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from integration_tests.sandbox.problems import Problem, forbidden, not_found, too_many_requests

Parameters = dict[str, Any]
Body = dict[str, Any]
_IDENTITY = ("id", "uuid", "urn", "ip", "slug", "name", "invoice_uuid")


@dataclass
class Fault:
    """One fault: where (`path` is a prefix), how often (`times` None means until cleared), and how."""

    name: str
    path: str = "/"
    times: int | None = None
    parameters: Parameters = field(default_factory=dict)


class CutOff(Response):
    """Promises the whole body, sends half of it and closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Leave the response unfinished: the server then drops the connection."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        # Otherwise headers and half body may still sit in the server's buffer when the connection closes.
        await asyncio.sleep(0.02)


def _status(parameters: Parameters) -> Response | Problem:
    status = int(parameters.get("status", 500))
    id_ = {401: "unauthorized", 404: "not_found", 412: "precondition_failed", 503: "service_unavailable"}
    message = parameters.get("message", "Unexpected server-side error")
    headers = {"retry-after": str(parameters["retry_after"])} if "retry_after" in parameters else {}
    return Problem(status, parameters.get("id") or id_.get(status, "server_error"), message, headers)


def _rate_limited(parameters: Parameters) -> Response | Problem:
    return too_many_requests(parameters.get("retry_after"))


def _error_object(parameters: Parameters) -> Response | Problem:
    id_ = parameters.get("id", "server_error")
    return Problem(200, id_, parameters.get("message", "Unexpected server-side error"))


def _html(_: Parameters) -> Response | Problem:
    return HTMLResponse("<!doctype html><title>Maintenance</title><h1>We'll be right back</h1>")


def _empty_body(_: Parameters) -> Response | Problem:
    return Response(b"", media_type="application/json")


# Faults that answer in the place of the endpoint.
INSTEAD: dict[str, Callable[[Parameters], Response | Problem]] = {
    "status": _status,
    "html": _html,
    "empty_body": _empty_body,
    "error_object": _error_object,
    "forbid": lambda _: forbidden(),
    "gone": lambda _: not_found(),
    "rate_limited": _rate_limited,
}


def _next(body: Body, url: str) -> None:
    body.setdefault("links", {}).setdefault("pages", {})["next"] = url


def _wrong_host_next(body: Body, _key: str | None, _url: str, parameters: Parameters) -> None:
    url = body.get("links", {}).get("pages", {}).get("next")
    if url:
        _next(body, parameters.get("host", "https://api.elsewhere.example") + "/" + url.split("/", 3)[3])


def _self_link(body: Body, _key: str | None, url: str, _parameters: Parameters) -> None:
    _next(body, url)


def _change_records(body: Body, key: str | None, change: Callable[[Body], Body]) -> None:
    found = body.get(key) if key else None
    if isinstance(found, list):
        body[str(key)] = [change(record) for record in found]
    elif isinstance(found, dict):
        body[str(key)] = change(found)
    else:
        body.update(change(body))


def _extra_fields(body: Body, key: str | None, _url: str, _parameters: Parameters) -> None:
    extra = {"field_of_tomorrow": "new", "object_of_tomorrow": {"level": 1, "list": [1, 2]}}
    _change_records(body, key, lambda record: {**record, **extra})


def _null_fields(body: Body, key: str | None, _url: str, parameters: Parameters) -> None:
    chosen = parameters.get("fields")

    def nulled(record: Body) -> Body:
        names = chosen or [name for name in record if name not in _IDENTITY]
        return {name: None if name in names else value for name, value in record.items()}

    _change_records(body, key, nulled)


def _odd_types(body: Body, key: str | None, _url: str, _parameters: Parameters) -> None:
    def odd(name: str, value: Any) -> Any:
        if name in _IDENTITY:
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return "" if name.endswith("_at") else value

    _change_records(body, key, lambda record: {name: odd(name, value) for name, value in record.items()})


# Faults that change the body of a good answer: body, records key, the request's URL, parameters.
CHANGES: dict[str, Callable[[Body, str | None, str, Parameters], None]] = {
    "wrong_host_next": _wrong_host_next,
    "self_link": _self_link,
    "extra_fields": _extra_fields,
    "null_fields": _null_fields,
    "odd_types": _odd_types,
}
# Faults of the connection, handled where bytes are sent.
TRANSPORT = ("slow", "truncated_json", "reset")
NAMES = (*INSTEAD, *CHANGES, *TRANSPORT)


class Faults:
    """The faults that are switched on."""

    def __init__(self) -> None:
        self._active: list[Fault] = []

    def add(self, name: str, path: str, times: int | None, parameters: Parameters) -> None:
        """Switch a fault on; raises ValueError for an unknown name."""
        if name not in NAMES:
            raise ValueError(f"unknown fault {name!r}; known: {', '.join(NAMES)}")
        self._active.append(Fault(name, path, times, parameters))

    def clear(self) -> None:
        """Switch every fault off."""
        self._active.clear()

    def take(self, path: str) -> list[Fault]:
        """The faults that hit a request to this path; each use counts."""
        hit = []
        for fault in list(self._active):
            if not path.startswith(fault.path):
                continue
            hit.append(fault)
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._active.remove(fault)
            if fault.name in INSTEAD:
                # The first answer wins; later faults wait for their turn.
                break
        return hit
