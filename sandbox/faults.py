"""Faults by name: how DigitalOcean, a proxy or a network can misbehave, for a path, some times or until cleared."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import HTMLResponse, Response

from sandbox.faults_body import BYTES, CHANGES
from sandbox.faults_wire import WIRE, Network
from sandbox.problems import Problem, forbidden, not_found, too_many_requests

__all__ = ["BYTES", "CHANGES", "INSTEAD", "NAMES", "WIRE", "Fault", "Faults"]

Parameters = dict[str, Any]


@dataclass
class Fault:
    """One fault: where, how often (`times` None means until cleared), and how.

    `path` is a prefix, or the whole path if it ends in `$`. `query` narrows it to requests with these parameters,
    `after` lets as many through first.
    """

    name: str
    path: str = "/"
    times: int | None = None
    parameters: Parameters = field(default_factory=dict)
    after: int = 0
    query: Mapping[str, str] = field(default_factory=dict)

    def concerns(self, path: str, query: Mapping[str, str]) -> bool:
        """Whether a request is one of those that this fault is for."""
        here = path == self.path[:-1] if self.path.endswith("$") else path.startswith(self.path)
        return here and all(query.get(name) == value for name, value in self.query.items())


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
NAMES = (*INSTEAD, *CHANGES, *BYTES, *WIRE, "slow", "refuse")


class Faults:
    """The faults that are switched on."""

    def __init__(self) -> None:
        self._active: list[Fault] = []
        self.network = Network()

    def add(self, fault: Fault) -> None:
        """Switch a fault on; raises ValueError for an unknown name."""
        if fault.name not in NAMES:
            raise ValueError(f"unknown fault {fault.name!r}; known: {', '.join(NAMES)}")
        self._active.append(fault)

    def clear(self) -> None:
        """Switch every fault off."""
        self._active.clear()

    def take(self, path: str, query: Mapping[str, str]) -> list[Fault]:
        """The faults that hit a request; each use counts."""
        hit = []
        for fault in list(self._active):
            if not fault.concerns(path, query):
                continue
            if fault.after > 0:
                fault.after -= 1
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
