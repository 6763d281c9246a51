"""Faults that answer in the place of the endpoint: refusals, web pages, redirects, words that repeat a secret."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson
from starlette.responses import HTMLResponse, Response

from sandbox.faults.places import Parameters
from sandbox.problems import Problem, forbidden, not_found, too_many_requests

_JSON = "application/json; charset=utf-8"
_IDS = {401: "unauthorized", 404: "not_found", 412: "precondition_failed", 503: "service_unavailable"}
# The documented example of a burst: the hour's oldest request expires long after the minute's.
_BURST_RESET = 59 * 60


@dataclass(frozen=True)
class Asked:
    """What a fault may repeat of a request, its `Authorization` and the fields of its form; and when it came."""

    authorization: str
    form: Mapping[str, str]
    now: datetime


def _status(parameters: Parameters, _: Asked) -> Response | Problem:
    status = int(parameters.get("status", 500))
    message = parameters.get("message", "Unexpected server-side error")
    headers = {"retry-after": str(parameters["retry_after"])} if "retry_after" in parameters else {}
    return Problem(status, parameters.get("id") or _IDS.get(status, "server_error"), message, headers)


def _rate_limited(parameters: Parameters, asked: Asked) -> Response | Problem:
    """A 429: `retry_after` for a burst; `reset_in` seconds (below zero: in the past) instead of the true reset."""
    problem = too_many_requests(parameters.get("retry_after"))
    problem.headers["ratelimit-remaining"] = "0"
    if "reset_in" in parameters:
        problem.headers["ratelimit-reset"] = str(int(asked.now.timestamp() + float(parameters["reset_in"])))
    return problem


def _burst(parameters: Parameters, asked: Asked) -> Response | Problem:
    """The burst limit as DigitalOcean documents it: `retry-after`, nothing remaining, a reset up to an hour ahead."""
    return _rate_limited({"retry_after": 23, "reset_in": _BURST_RESET, **parameters}, asked)


def _error_object(parameters: Parameters, _: Asked) -> Response | Problem:
    id_ = parameters.get("id", "server_error")
    return Problem(200, id_, parameters.get("message", "Unexpected server-side error"))


def _html(parameters: Parameters, _: Asked) -> Response | Problem:
    page = "<!doctype html><title>Maintenance</title><h1>We'll be right back</h1>"
    return HTMLResponse(page, int(parameters.get("status", 200)))


def _empty_body(parameters: Parameters, _: Asked) -> Response | Problem:
    return Response(b"", int(parameters.get("status", 200)), media_type="application/json")


def _body(parameters: Parameters, _: Asked) -> Response | Problem:
    """Any JSON as `body`, with any `status`."""
    return Response(orjson.dumps(parameters.get("body")), int(parameters.get("status", 200)), media_type=_JSON)


def _locked(parameters: Parameters, _: Asked) -> Response | Problem:
    """What every path answers of an account that DigitalOcean has locked."""
    message = parameters.get("message", "Your account is locked. Please contact support.")
    return Problem(403, "forbidden", message)


def _prometheus_error(parameters: Parameters, asked: Asked) -> Response | Problem:
    """An error as Prometheus words it, with any `status`."""
    body = {"status": "error", "errorType": "internal", "error": parameters.get("error", "expanding series: cancelled")}
    return _body({**parameters, "body": body}, asked)


def _redirect(parameters: Parameters, _: Asked) -> Response | Problem:
    """To `location`, with a cookie as `cookie`."""
    headers = {"location": str(parameters.get("location", "https://api.elsewhere.example/"))}
    if "cookie" in parameters:
        headers["set-cookie"] = f"session={parameters['cookie']}; HttpOnly"
    return Response(b"", int(parameters.get("status", 302)), headers)


def _echo(parameters: Parameters, asked: Asked) -> Response | Problem:
    """An error whose message repeats the secrets of the request."""
    said = " ".join([asked.authorization, *asked.form.values()])
    status = int(parameters.get("status", 422))
    problem = Problem(status, str(parameters.get("id", "unprocessable_entity")), f"cannot accept {said}")
    if "error" in parameters:
        problem.body = {"error": str(parameters["error"]), "error_description": f"cannot accept {said}"}
    return problem


# Parameters and the request -> the answer, or an error in DigitalOcean's shape.
INSTEAD: dict[str, Callable[[Parameters, Asked], Response | Problem]] = {
    "status": _status,
    "html": _html,
    "empty_body": _empty_body,
    "error_object": _error_object,
    "body": _body,
    "forbid": lambda _parameters, _asked: forbidden(),
    "gone": lambda _parameters, _asked: not_found(),
    "locked": _locked,
    "rate_limited": _rate_limited,
    "burst": _burst,
    "prometheus_error": _prometheus_error,
    "redirect": _redirect,
    "echo": _echo,
}
