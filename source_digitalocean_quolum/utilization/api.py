"""The two metrics APIs over HTTP: the connection's token, budget and error handling, and answers as series."""

import json
import logging
import time
from collections.abc import Mapping
from typing import Any

import msgspec
import orjson
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http import HttpClient
from airbyte_cdk.sources.streams.http.error_handlers.response_models import ErrorResolution, ResponseAction
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.http.addresses import api_base_url
from source_digitalocean_quolum.http.errors import DigitalOceanErrorHandler, api_error_message
from source_digitalocean_quolum.http.oauth import authenticator_of
from source_digitalocean_quolum.http.requester import USER_AGENT, with_operator_message
from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.records.body import OBJECT, UnexpectedBody, decode, release
from source_digitalocean_quolum.utilization.samples import Sample, clean_samples

_TIMEOUT = (10, 60)
# An answer that is no answer (HTML of a proxy, a cut body) is asked for again after these waits, in seconds.
_WAITS = (1.0, 4.0)

_LIST = ord("[")


class Series(msgspec.Struct, gc=False):
    """One series of an answer, Prometheus' {metric: labels, values: [[UNIX seconds, "number"], ...]}.

    Both stay in their bytes until they are asked for: the hours of a large region are a tenth of what they would be as
    objects, and no more than one series is both at a time.
    """

    metric: msgspec.Raw
    values: msgspec.Raw

    def labels(self) -> dict[str, Any]:
        """The labels, parsed anew."""
        labels: dict[str, Any] = msgspec.json.decode(self.metric)
        return labels

    def samples(self) -> list[Sample]:
        """The samples, parsed anew and cleaned."""
        try:
            return clean_samples(_PAIRS.decode(self.values))
        except msgspec.DecodeError:
            # Pairs that are none, and numbers that are written otherwise or beyond a float.
            return clean_samples(json.loads(bytes(self.values)))


class _Data(msgspec.Struct):
    result: list[Series]


class _Matrix(msgspec.Struct):
    data: _Data


# Numbers that are written as text are read as numbers, digit by digit what float() makes of them.
_PAIRS = msgspec.json.Decoder(list[tuple[float, float]], strict=False)
_MATRIX = msgspec.json.Decoder(_Matrix)


class Forbidden(Exception):
    """The token may not use this API; the text is DigitalOcean's own."""


class Absent(Exception):
    """There is no such resource, or no such region."""


class TooMuch(Exception):
    """The server did not manage a query of this size: ask for less."""


class NotUnderstood(Exception):
    """The server rejects the query itself."""


class Unreadable(Exception):
    """What came back, several times, is not what the API promises."""


class MetricsApi:
    """Requests for one stream to one of the APIs, counted and paced like all others of the connection."""

    def __init__(self, stream: str, config: Mapping[str, Any]) -> None:
        self._stream = stream
        self._connection = RunContext.of(config)
        self._base = api_base_url(config)
        handler = MetricsErrorHandler(config=config, parameters={}, name=stream, api={"path": "", "records": ""})
        self._http = HttpClient(
            name=stream,
            # Not the CDK's logger: at DEBUG its client logs every answer's body.
            logger=logging.getLogger("airbyte.HttpRequester"),
            error_handler=handler,
            api_budget=self._connection.budget,
            authenticator=authenticator_of(config),
            backoff_strategy=handler.backoff_strategies,
        )
        self._connection.use_sockets(self._http._session)  # noqa: SLF001 (the CDK makes the session)

    def get(self, path: str, params: Mapping[str, str]) -> list[Series]:
        """The series of a Monitoring answer."""
        return self._ask("GET", path, params=params)

    def post(self, path: str, form: Mapping[str, str]) -> list[Series]:
        """The series of an Insights answer; the query is in the body, where its length does not matter."""
        return self._ask("POST", path, data=form)

    def _ask(self, method: str, path: str, **sent: Any) -> list[Series]:
        for wait in (*_WAITS, None):
            response = self._send(method, path, sent)
            try:
                return _matrix(response)
            except UnexpectedBody as problem:
                if wait is None:
                    raise Unreadable(f"{problem}") from None
            time.sleep(wait)
        raise AssertionError("unreachable")

    def _send(self, method: str, path: str, sent: Mapping[str, Any]) -> requests.Response:
        self._connection.requests_by_stream[self._stream] += 1
        try:
            _, response = self._http.send_request(
                http_method=method,
                url=self._base + path,
                request_kwargs={"stream": False, "allow_redirects": False, "timeout": _TIMEOUT},
                headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
                **sent,
            )
        except AirbyteTracedException as error:
            raise with_operator_message(error) from error
        # None is what the CDK's client returns for a time-out that the handler below lets pass.
        if response is None or response.status_code in (413, 503, 504):
            raise TooMuch("no answer in time" if response is None else f"HTTP {response.status_code}")
        if response.status_code in (400, 422):
            raise NotUnderstood(
                f"HTTP {response.status_code}{api_error_message(response)}{_prometheus_error(response)}"
            )
        if response.status_code == 403:
            raise Forbidden(api_error_message(response))
        if response.status_code in (404, 410):
            raise Absent(api_error_message(response))
        return response


class MetricsErrorHandler(DigitalOceanErrorHandler):
    """As for lists, but a refusal, a vanished resource or a query that is too large is for the caller to judge."""

    def interpret_response(self, response_or_exception: requests.Response | Exception | None) -> ErrorResolution:
        """See the class."""
        if isinstance(response_or_exception, requests.Timeout):
            return ErrorResolution(ResponseAction.IGNORE, None, "no answer in time")
        if isinstance(response_or_exception, requests.Response):
            status = response_or_exception.status_code
            if status == 200:
                return ErrorResolution(ResponseAction.SUCCESS, None, None)
            if status in (400, 403, 404, 410, 413, 422, 503, 504):
                return ErrorResolution(ResponseAction.IGNORE, None, f"HTTP {status}")
        return super().interpret_response(response_or_exception)


def gave_up(stream: str, what: str, problem: Exception) -> AirbyteTracedException:
    """A failure that the next sync may well not have: nothing is lost, the cursor stays before it."""
    return AirbyteTracedException(
        message=f"{stream}: {what} could not be read ({problem}). The next sync goes on from here.",
        failure_type=FailureType.transient_error,
    )


def _matrix(response: requests.Response) -> list[Series]:
    """The series of an answer, of which it lets go. Raises UnexpectedBody."""
    try:
        result = _MATRIX.decode(response.content).data.result
    except (msgspec.DecodeError, RecursionError):
        result = _again(response)
    if not all(memoryview(one.metric)[0] == OBJECT and memoryview(one.values)[0] == _LIST for one in result):
        raise UnexpectedBody("no matrix of series")
    release(response)
    return result


def _again(response: requests.Response) -> list[Series]:
    """Say in words what an answer is instead; or read it, if all that was wrong with it is a byte that is no text."""
    body = decode(response)
    try:
        return _MATRIX.decode(orjson.dumps(body)).data.result
    except (msgspec.DecodeError, RecursionError, TypeError):
        raise UnexpectedBody("no matrix of series") from None


def _prometheus_error(response: requests.Response) -> str:
    try:
        body = decode(response)
    except UnexpectedBody:
        return ""
    error = body.get("error") if isinstance(body, dict) else None
    return f" ({str(error)[:200]})" if error else ""
