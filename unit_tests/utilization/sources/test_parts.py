"""A question that fails is asked in parts: which, in which order, and what is known of the rest afterwards."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.utilization import api
from source_digitalocean_quolum.utilization.api import Absent, Forbidden, NotUnderstood, TooMuch, Unreadable
from source_digitalocean_quolum.utilization.sources.parts import Answered, Failed, ask_in_parts, ask_once
from source_digitalocean_quolum.utilization.windows import Window
from unit_tests.mock_server.clock import Clock

HOUR = 3600
Wrong = Callable[[Sequence[str], Window], Exception | None]


class Server:
    """Answers with what it was asked, but for what is `wrong`; keeps the questions."""

    def __init__(self, wrong: Wrong) -> None:
        self.wrong = wrong
        self.asked: list[tuple[str, int, int, bool]] = []

    def __call__(self, metrics: Sequence[str], window: Window) -> str:
        once = getattr(api._THREAD, "tries_once", False)
        self.asked.append(("".join(metrics), window.start // HOUR, window.end // HOUR, once))
        if problem := self.wrong(metrics, window):
            raise problem
        return "".join(metrics)


def hours(number: int) -> Window:
    return Window(0, number * HOUR, HOUR)


def outcomes(server: Server, metrics: str, number: int, turn: int = 0) -> list[tuple[Any, ...]]:
    return [
        (type(one).__name__, "".join(one.metrics), one.window.start // HOUR, one.window.end // HOUR)
        for one in ask_in_parts(server, list(metrics), hours(number), turn)
    ]


def test_what_is_answered_is_asked_once() -> None:
    server = Server(lambda _, __: None)
    assert outcomes(server, "abc", 4) == [("Answered", "abc", 0, 4)]
    assert server.asked == [("abc", 0, 4, False)]


def test_one_metric_that_is_wrong_costs_no_other_one() -> None:
    server = Server(lambda metrics, _: NotUnderstood("no such metric") if "c" in metrics else None)
    found = outcomes(server, "abcd", 3)
    assert [one for one in found if one[0] == "Failed"] == [("Failed", "c", 0, 3)]
    assert "".join(sorted(one[1] for one in found if one[0] == "Answered")) == "abd"
    assert {one[2:] for one in found} == {(0, 3)}, "the time is not split where a metric is what is wrong"


def test_one_hour_that_is_wrong_costs_no_other_one() -> None:
    server = Server(lambda _, window: Unreadable("cut") if window.start <= 2 * HOUR < window.end else None)
    found = outcomes(server, "ab", 8)
    assert [one for one in found if one[0] == "Failed"] == [("Failed", "ab", 2, 3)]
    assert {one[1] for one in found if one[0] == "Answered"} == {"ab"}
    assert sorted(one[2:] for one in found if one[0] == "Answered") == [(0, 2), (3, 4), (4, 8)]


def test_what_is_too_much_is_split_by_time_although_one_interval_of_all_metrics_is_too_much_too() -> None:
    def wrong(metrics: Sequence[str], window: Window) -> Exception | None:
        return TooMuch("HTTP 504") if len(metrics) * (window.end - window.start) > HOUR else None

    server = Server(wrong)
    assert outcomes(server, "ab", 2) == [("Answered", one, at, at + 1) for at in (0, 1) for one in "ab"]


def test_examples_are_tried_once_each_and_the_question_after_a_moment_again(clock: Clock) -> None:
    """A server that is away for a moment: nothing is answered, and then the whole."""
    answers = iter([False] * 5)
    server = Server(lambda _, __: TooMuch("HTTP 503") if next(answers, None) is False else None)
    before = clock.now()
    assert outcomes(server, "ab", 6) == [("Answered", "ab", 0, 6)]
    assert clock.now() - before == 5
    assert server.asked == [
        ("ab", 0, 6, False),
        # The newest hour and the oldest, and two of the middle, by turns of the metrics.
        ("a", 5, 6, True),
        ("a", 0, 1, True),
        ("b", 0, 1, True),
        ("b", 3, 4, True),
        ("ab", 0, 6, False),
    ]


def test_another_turn_tries_other_examples() -> None:
    server = Server(lambda _, __: NotUnderstood("no"))
    assert outcomes(server, "abcde", 8, turn=2) == [("Failed", "abcde", 0, 8)]
    assert [(metrics, start) for metrics, start, *_ in server.asked[1:]] == [("c", 7), ("d", 0), ("e", 2), ("a", 6)]


def test_a_place_that_answers_nothing_costs_five_requests_however_much_is_asked() -> None:
    server = Server(lambda _, __: NotUnderstood("no"))
    assert outcomes(server, "abcdefgh", 24) == [("Failed", "abcdefgh", 0, 24)]
    assert len(server.asked) == 5


def test_the_smallest_question_is_not_looked_into() -> None:
    server = Server(lambda _, __: Absent(" (not_found)"))
    assert outcomes(server, "a", 1) == [("Failed", "a", 0, 1)]
    assert len(server.asked) == 1


def test_one_metric_or_one_hour_has_examples_too() -> None:
    server = Server(lambda metrics, window: NotUnderstood("no") if len(metrics) > 1 or window.end > HOUR else None)
    assert outcomes(server, "ab", 1) == [("Answered", "a", 0, 1), ("Answered", "b", 0, 1)]
    assert outcomes(server, "a", 2) == [("Answered", "a", 0, 1), ("Failed", "a", 1, 2)]


def test_tries_are_single_for_examples_only() -> None:
    server = Server(lambda _, __: NotUnderstood("no"))
    list(ask_in_parts(server, ["a", "b"], hours(2)))
    assert [once for *_, once in server.asked] == [False, True, True]
    list(ask_in_parts(server, ["a"], hours(1)))
    assert server.asked[-1] == ("a", 0, 1, False)


@pytest.mark.parametrize(
    ("problem", "kind", "reason"),
    [
        (NotUnderstood("HTTP 400 (bad data)"), "refused", "HTTP 400 (bad data)"),
        (Absent(" (gone)"), "refused", "not found (gone)"),
        (TooMuch("HTTP 504"), "failed", "too much for the server, or no answer in time: HTTP 504"),
        (Unreadable("an empty body"), "failed", "unreadable answer: an empty body"),
        (AirbyteTracedException(message="HTTP 500.", failure_type=FailureType.transient_error), "failed", "HTTP 500"),
        (AirbyteTracedException(failure_type=FailureType.transient_error), "failed", "no answer"),
    ],
)
def test_a_failure_says_in_words_what_it_is(problem: Exception, kind: str, reason: str) -> None:
    failed = ask_once(Server(lambda _, __: problem), ["a"], hours(1))
    assert isinstance(failed, Failed)
    assert (failed.kind, failed.reason) == (kind, reason)


@pytest.mark.parametrize(
    "problem", [Forbidden("no"), AirbyteTracedException(message="token", failure_type=FailureType.config_error)]
)
def test_what_concerns_more_than_the_question_is_raised(problem: Exception) -> None:
    with pytest.raises(type(problem)):
        list(ask_in_parts(Server(lambda _, __: problem), ["a"], hours(2)))


def test_an_answer_says_what_it_is_of() -> None:
    answered = ask_once(Server(lambda _, __: None), ["a", "b"], hours(3))
    assert isinstance(answered, Answered)
    assert (answered.metrics, answered.window, answered.answer) == (["a", "b"], hours(3), "ab")
