"""What is done with one answer of a metrics API, before anyone looks for figures in it."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers.response_models import ErrorResolution, ResponseAction

from source_digitalocean_quolum.http.failures import RequestFailed
from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.http.session import AnswerTooLargeError, AnswerTooSlowError
from source_digitalocean_quolum.records.answer import Answer
from source_digitalocean_quolum.utilization.api import (
    Absent,
    Forbidden,
    MetricsApi,
    MetricsErrorHandler,
    NotUnderstood,
    TooMuch,
    Unreadable,
    single_try,
)

ELSEWHERE = ErrorResolution(ResponseAction.FAIL, None, "as for every list")


class Every:
    """What handles the answers of lists."""

    def interpret_answer(self, answer: Answer) -> ErrorResolution:
        """The same for all."""
        return ELSEWHERE

    def interpret_exception(self, error: Exception, url: str) -> ErrorResolution:
        """The same for all."""
        return ELSEWHERE


def handler() -> MetricsErrorHandler:
    every: Any = Every()
    return MetricsErrorHandler(every)


def answer(status: int, body: Any = None) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    parsed = None if isinstance(body, bytes) else body
    return SimpleNamespace(status=status, content=content, body=parsed, path="/v2/x", headers={})


def matrix(*series: Any) -> dict[str, Any]:
    return {"status": "success", "data": {"result": list(series)}}


@pytest.mark.parametrize(
    "error", [requests.ReadTimeout(), AnswerTooLargeError("large", 1), AnswerTooSlowError("slow", 1)]
)
def test_an_answer_that_is_too_long_or_too_late_is_the_callers_to_judge(error: Exception) -> None:
    assert handler().interpret_exception(error, "u").response_action is ResponseAction.IGNORE


def test_other_trouble_is_treated_as_for_lists() -> None:
    assert handler().interpret_exception(requests.ConnectionError(), "u") is ELSEWHERE
    for status in (401, 429, 500, 502):
        assert handler().interpret_answer(answer(status)) is ELSEWHERE


@pytest.mark.parametrize("status", [400, 403, 404, 410, 413, 422, 503, 504])
def test_a_refusal_is_the_callers_to_judge(status: int) -> None:
    assert handler().interpret_answer(answer(status)).response_action is ResponseAction.IGNORE


def test_good_answers_are_kept() -> None:
    one = handler()
    series = {"metric": {"a": "b"}, "values": [[1, "2"]]}
    resolution = one.interpret_answer(answer(200, matrix(series, {"metric": {}})))
    assert resolution.response_action is ResponseAction.SUCCESS
    assert [(got.labels(), got.samples()) for got in one.series] == [({"a": "b"}, [(1, 2)]), ({}, [])]
    nothing: list[Any] = [matrix(), {"data": {"result": None}}, {"data": {}}]
    for empty in nothing:
        assert one.interpret_answer(answer(200, empty)).response_action is ResponseAction.SUCCESS
        assert one.series == []


def test_a_byte_that_is_no_text_costs_no_answer() -> None:
    one = handler()
    body = b'{"data":{"result":[{"metric":{"name":"caf\xe9"},"values":[[1,"2"]]}]}}'
    assert one.interpret_answer(answer(200, body)).response_action is ResponseAction.SUCCESS
    assert one.series[0].samples() == [(1, 2)]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "an empty body"),
        (b"  ", "an empty body"),
        (b"<html>", ""),
        ({"data": []}, "no matrix of series"),
        ({"data": {"result": {}}}, "no matrix of series"),
        ({"data": {"result": [{"metric": [], "values": []}]}}, "no matrix of series"),
        ({"data": {"result": [{"metric": {}, "values": {}}]}}, "no matrix of series"),
        ({"data": {"result": [{"values": []}]}}, "no matrix of series"),
        ({"status": "success"}, "no matrix of series"),
    ],
)
def test_what_was_not_promised_is_asked_for_again_and_said(body: Any, words: str) -> None:
    resolution = handler().interpret_answer(answer(200, body))
    assert resolution.response_action is ResponseAction.RETRY
    assert resolution.error_message
    assert words in resolution.error_message
    assert "HTTP 200 for /v2/x" in resolution.error_message


class Client:
    """Sends nothing and brings what the test says."""

    def __init__(self, outcome: Any) -> None:
        self.outcome = outcome
        self.sent: list[Any] = []

    def send(self, request: Any, stream: str, one: MetricsErrorHandler) -> tuple[Any, Any]:
        """As the door does."""
        self.sent.append(request)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        if self.outcome is not None:
            one.interpret_answer(self.outcome)
        return self.outcome, None


def make(outcome: Any) -> tuple[MetricsApi, Client]:
    context = RunContext({"credentials": {}})
    api, client = MetricsApi("s", context.config), Client(outcome)
    api._run = SimpleNamespace(error_handler=Every(), client=client)  # type: ignore[assignment]
    return api, client


@pytest.mark.parametrize(
    ("outcome", "error", "words"),
    [
        (None, TooMuch, "no answer in time"),
        (answer(413), TooMuch, "HTTP 413"),
        (answer(503), TooMuch, "HTTP 503"),
        (answer(504), TooMuch, "HTTP 504"),
        (answer(400, {"error": "bad data"}), NotUnderstood, r"HTTP 400.*\(bad data\)"),
        (answer(422, {"status": "error"}), NotUnderstood, "HTTP 422$"),
        (answer(422, []), NotUnderstood, "HTTP 422$"),
        (answer(403, {"id": "forbidden", "message": "no"}), Forbidden, "no"),
        (answer(404, {"id": "not_found", "message": "gone"}), Absent, "gone"),
        (answer(410), Absent, ""),
    ],
)
def test_what_an_answer_means_for_whoever_asked(outcome: Any, error: type[Exception], words: str) -> None:
    api, _ = make(outcome)
    with pytest.raises(error, match=words):
        api.get("/v2/x", {})


def test_prometheus_words_are_cut_after_200_letters() -> None:
    api, _ = make(answer(400, {"error": "x" * 300}))
    with pytest.raises(NotUnderstood, match=r"\(x{200}\)$"):
        api.get("/v2/x", {})


def test_what_stays_unreadable_is_said_to_be() -> None:
    api, _ = make(RequestFailed("an empty body", FailureType.transient_error, 200))
    with pytest.raises(Unreadable, match="an empty body"):
        api.get("/v2/x", {})
    api, _ = make(RequestFailed("HTTP 500", FailureType.transient_error, 500))
    with pytest.raises(RequestFailed):
        api.get("/v2/x", {})


def test_questions_go_out_as_they_are_and_examples_once() -> None:
    api, client = make(answer(200, matrix()))
    assert api.get("/v2/x", {"a": "b"}) == []
    api.post("/v2/y", {"query": "q"})
    with single_try():
        api.get("/v2/x", {})
    api.get("/v2/x", {})
    first, second, example, last = client.sent
    assert (first.path, first.params, first.method, first.decode) == ("/v2/x", {"a": "b"}, "GET", False)
    assert (second.path, second.form, second.method, second.decode) == ("/v2/y", {"query": "q"}, "POST", False)
    assert example.tries == (0, 0)
    assert last.tries == first.tries != (0, 0)
