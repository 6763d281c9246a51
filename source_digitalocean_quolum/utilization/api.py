"""The two metrics APIs over HTTP: the connection's token, budget and error handling, and answers as series."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import orjson
import requests
from airbyte_cdk.sources.streams.http.error_handlers.response_models import ErrorResolution, ResponseAction

from source_digitalocean_quolum.http.api_errors import api_error_message
from source_digitalocean_quolum.http.client import ApiRequest
from source_digitalocean_quolum.http.errors import ApiErrorHandler, retry
from source_digitalocean_quolum.http.failures import RequestFailed
from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.http.session import AnswerTooLargeError, AnswerTooSlowError
from source_digitalocean_quolum.records.answer import Answer
from source_digitalocean_quolum.records.body import OBJECT, UnexpectedBody, parse
from source_digitalocean_quolum.redaction import redact_text
from source_digitalocean_quolum.utilization.samples import Sample, clean_samples

# A list, or null for an empty one.
_LIST_OR_NULL = b"[n"


class Series(msgspec.Struct, gc=False):
    """One series of an answer, Prometheus' {metric: labels, values: [[UNIX seconds, "number"], ...]}.

    Both stay in their bytes until they are asked for: the hours of a large region are a tenth of what they would be as
    objects, and no more than one series is both at a time.
    """

    metric: msgspec.Raw
    values: msgspec.Raw = msgspec.Raw(b"null")

    def labels(self) -> dict[str, Any]:
        """The labels, parsed anew."""
        labels: dict[str, Any] = msgspec.json.decode(self.metric)
        return labels

    def samples(self) -> list[Sample]:
        """The samples, parsed anew and cleaned."""
        try:
            return clean_samples(_PAIRS.decode(self.values) or ())
        except msgspec.DecodeError:
            # Pairs that are none, and numbers that are written otherwise or beyond a float.
            return clean_samples(json.loads(bytes(self.values)) or ())


class _Data(msgspec.Struct):
    result: list[Series] | None = None


class _Matrix(msgspec.Struct):
    data: _Data


# Numbers that are written as text are read as numbers, digit by digit what float() makes of them.
_PAIRS = msgspec.json.Decoder(list[tuple[float, float]] | None, strict=False)
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


_THREAD = threading.local()


@contextmanager
def single_try() -> Iterator[None]:
    """Requests of this thread meanwhile are tried once: whoever only wants to know whether there is an answer."""
    _THREAD.tries_once = True
    try:
        yield
    finally:
        _THREAD.tries_once = False


class MetricsApi:
    """Requests for one stream to one of the APIs, through the run's one door."""

    def __init__(self, stream: str, config: Mapping[str, Any]) -> None:
        self._stream = stream
        self._run = RunContext.from_config(config)

    def get(self, path: str, params: Mapping[str, str]) -> list[Series]:
        """The series of a Monitoring answer."""
        return self._ask(ApiRequest(path, params, decode=False))

    def post(self, path: str, form: Mapping[str, str]) -> list[Series]:
        """The series of an Insights answer; the query is in the body, where its length does not matter."""
        return self._ask(ApiRequest(path, method="POST", form=form, decode=False))

    def _ask(self, request: ApiRequest) -> list[Series]:
        if getattr(_THREAD, "tries_once", False):
            request = replace(request, tries=(0, 0))
        handler = MetricsErrorHandler(self._run.error_handler)
        try:
            answer, _ = self._run.client.send(request, self._stream, handler)
        except RequestFailed as failure:
            if failure.status == 200:
                raise Unreadable(failure.message or "") from None
            raise
        if answer is None or answer.status in (413, 503, 504):
            raise TooMuch("no answer in time" if answer is None else f"HTTP {answer.status}")
        words = api_error_message(answer)
        if answer.status in (400, 422):
            raise NotUnderstood(f"HTTP {answer.status}{words}{_prometheus_error(answer)}")
        if answer.status == 403:
            raise Forbidden(words)
        if answer.status in (404, 410):
            raise Absent(words)
        return handler.series


@dataclass(slots=True)
class MetricsErrorHandler:
    """What to do with one metrics answer, of which it keeps the `series`.

    As for lists, but a refusal, a vanished resource or a query that is too large is for the caller to judge.
    """

    every: ApiErrorHandler
    series: list[Series] = field(default_factory=list)

    def interpret_answer(self, answer: Answer) -> ErrorResolution:
        """See the class."""
        if answer.status == 200:
            try:
                self.series = _read_matrix(answer)
            except UnexpectedBody as problem:
                return retry(f"DigitalOcean answered HTTP 200 for {answer.path} with {problem}.")
            return ErrorResolution(ResponseAction.SUCCESS, None, None)
        if answer.status in (400, 403, 404, 410, 413, 422, 503, 504):
            return ErrorResolution(ResponseAction.IGNORE, None, None)
        return self.every.interpret_answer(answer)

    def interpret_exception(self, error: Exception, url: str) -> ErrorResolution:
        """See the class."""
        if isinstance(error, requests.ReadTimeout | AnswerTooLargeError | AnswerTooSlowError):
            return ErrorResolution(ResponseAction.IGNORE, None, None)
        return self.every.interpret_exception(error, url)


def _read_matrix(answer: Answer) -> list[Series]:
    """The series of an answer. Raises UnexpectedBody."""
    try:
        result = _MATRIX.decode(answer.content).data.result or []
    except (msgspec.DecodeError, RecursionError):
        result = _read_leniently(answer)
    if not all(memoryview(one.metric)[0] == OBJECT and memoryview(one.values)[0] in _LIST_OR_NULL for one in result):
        raise UnexpectedBody("no matrix of series")
    return result


def _read_leniently(answer: Answer) -> list[Series]:
    """Say in words what an answer is instead; or read it, if all that was wrong with it is a byte that is no text."""
    if not answer.content.strip():
        raise UnexpectedBody("an empty body")
    body = parse(answer.content)
    try:
        return _MATRIX.decode(orjson.dumps(body)).data.result or []
    except (msgspec.DecodeError, RecursionError, TypeError):
        raise UnexpectedBody("no matrix of series") from None


def _prometheus_error(answer: Answer) -> str:
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    return f" ({redact_text(str(error))[:200]})" if error else ""
