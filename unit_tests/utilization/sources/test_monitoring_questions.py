"""Monitoring's requests for one resource: each once, what fails in parts, and when to stop."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from source_digitalocean_quolum.utilization.api import Absent, NotUnderstood, Series, TooMuch
from source_digitalocean_quolum.utilization.sources.monitoring_questions import MonitoringQuestions, ResourceAnswers
from source_digitalocean_quolum.utilization.sources.parts import Failed
from source_digitalocean_quolum.utilization.sources.question import Question
from source_digitalocean_quolum.utilization.windows import Window
from unit_tests.mock_server.clock import Clock
from unit_tests.utilization.sources.fakes import HOUR, START, as_api, make_series, resource, table

FEATURE = table().features["droplet_utilization"]
Wrong = Callable[[str, int, int], Exception | None]


class Server:
    """One sample for everything that is not `wrong`."""

    def __init__(self, wrong: Wrong = lambda *_: None) -> None:
        self.wrong = wrong
        self.asked: list[tuple[str, int, int]] = []
        self.parameters: list[Mapping[str, str]] = []

    def get(self, path: str, params: Mapping[str, str]) -> list[Series]:
        self.parameters.append({"path": path, **params})
        one = (path.rpartition("/")[2], int(params["start"]) - START, int(params["end"]) - START)
        self.asked.append(one)
        if problem := self.wrong(*one):
            raise problem
        return [make_series({}, [(int(params["end"]), "1")])]


def ask(
    questions: MonitoringQuestions, *metrics: str, hours: int = 2, interval: int = HOUR, once: bool = False
) -> ResourceAnswers:
    chosen = [FEATURE.metric(name) for name in metrics]
    question = Question(Window(START, START + hours * HOUR, interval))
    return questions.ask(resource(), chosen, question, once=once)


def make(wrong: Wrong = lambda *_: None) -> tuple[MonitoringQuestions, Server]:
    server = Server(wrong)
    return MonitoringQuestions(as_api(server), FEATURE), server


def test_a_request_names_the_resource_and_begins_five_minutes_early() -> None:
    questions, server = make()
    ask(questions, "share")
    assert server.parameters == [
        {
            "path": "/v2/monitoring/metrics/droplet/share",
            "host_id": "7",
            "start": str(START - 300),
            "end": str(START + 2 * HOUR),
        }
    ]


def test_what_two_metrics_need_is_asked_for_once() -> None:
    questions, server = make()
    found = ask(questions, "level", "size", "share")
    assert [path for path, *_ in server.asked] == ["level", "share", "size"]
    assert {path for path, _ in found.answers} == {"level", "share", "size"}
    assert not found.is_absent
    queries = questions.list_queries(FEATURE.metric("level"), resource())
    assert queries == [("level", ()), ("size", ())], "and what it is measured against"


def test_a_hour_that_fails_is_a_failure_and_the_other_one_an_answer() -> None:
    questions, _ = make(lambda _, __, end: NotUnderstood("HTTP 400") if end > HOUR else None)
    found = ask(questions, "share")
    (query,) = found.answers
    assert len(found.answers[query]) == 1
    (failed,) = found.list_failures([query])
    assert (failed.window, failed.kind) == (Window(START + HOUR, START + 2 * HOUR, HOUR), "refused")
    assert found.list_failures([("size", ())]) == []


def test_once_means_that_a_failure_is_not_looked_into() -> None:
    questions, server = make(lambda *_: NotUnderstood("HTTP 400"))
    found = ask(questions, "share", once=True)
    assert len(server.asked) == 1
    assert [one.window.end for some in found.failures.values() for one in some] == [START + 2 * HOUR]


def test_after_two_requests_without_an_answer_a_resource_is_left_alone() -> None:
    questions, server = make(lambda *_: Absent(" (gone)"))
    found = ask(questions, "count", "level", "size", "share", hours=1)
    assert [path for path, *_ in server.asked] == ["count", "level"]
    assert found.is_absent
    assert {path for path, _ in found.failures} == {"count", "level", "share", "size"}
    assert {one.reason for some in found.failures.values() for one in some} == {"not found (gone)"}


def test_one_answer_is_enough_to_ask_for_all_the_rest() -> None:
    questions, server = make(lambda path, *_: None if path == "count" else Absent(""))
    found = ask(questions, "count", "level", "size", "share", hours=1)
    assert [path for path, *_ in server.asked] == ["count", "level", "share", "size"]
    assert not found.is_absent


def test_only_404_means_that_a_resource_may_be_gone() -> None:
    questions, _ = make(lambda path, *_: Absent("") if path == "count" else NotUnderstood(""))
    assert not ask(questions, "count", "share", hours=1).is_absent
    assert not ResourceAnswers().is_absent


def refused(path: str) -> ResourceAnswers:
    problem = Failed([path], Window(START, START + HOUR, HOUR), NotUnderstood("HTTP 400"))
    return ResourceAnswers({("size", ()): []}, {(path, ()): [problem]})


def test_what_five_resources_refuse_is_not_asked_of_the_others() -> None:
    questions, server = make()
    for _ in range(4):
        questions.learn(refused("share"))
    ask(questions, "share", hours=1)
    assert len(server.asked) == 1

    questions.learn(refused("share"))
    found = ask(questions, "share", "size", hours=1)
    assert [path for path, *_ in server.asked] == ["share", "size"]
    ((failed,),) = found.failures.values()
    assert (failed.kind, failed.reason) == ("refused", "share was refused for every resource before")


def test_what_one_resource_answers_is_asked_of_all() -> None:
    questions, server = make()
    questions.learn(ResourceAnswers({("share", ()): []}))
    for _ in range(6):
        questions.learn(refused("share"))
    ask(questions, "share", hours=1)
    assert len(server.asked) == 1


def test_a_resource_that_answers_nothing_tells_nothing_about_a_path() -> None:
    questions, server = make()
    for _ in range(6):
        answers = refused("share")
        answers.answers.clear()
        questions.learn(answers)
    ask(questions, "share", hours=1)
    assert len(server.asked) == 1


def test_what_is_no_refusal_is_not_counted_as_one() -> None:
    questions, server = make()
    for _ in range(6):
        failed = Failed(["share"], Window(START, START + HOUR, HOUR), TooMuch("HTTP 503"))
        questions.learn(ResourceAnswers({("size", ()): []}, {("share", ()): [failed]}))
    ask(questions, "share", hours=1)
    assert len(server.asked) == 1


def test_an_interval_that_is_too_much_is_asked_in_halves_down_to_five_minutes() -> None:
    questions, server = make(lambda _, start, end: TooMuch("HTTP 504") if end - start > 1300 else None)
    found = ask(questions, "share", hours=1)
    (series,) = found.answers.values()
    assert server.asked == [
        ("share", -300, 3600),
        # Whether it is the size: its last five minutes.
        ("share", 3000, 3600),
        ("share", -300, 1800),
        ("share", -300, 900),
        ("share", 600, 1800),
        ("share", 1500, 3600),
        ("share", 1500, 2700),
        ("share", 2400, 3600),
    ]
    assert [one.samples()[0][0] - START for one in series] == [900, 1800, 2700, 3600]


def test_where_five_minutes_are_too_much_it_is_a_failure(clock: Clock) -> None:
    questions, server = make(lambda *_: TooMuch("HTTP 503"))
    found = ask(questions, "share", hours=1)
    ((failed,),) = found.failures.values()
    assert failed.kind == "failed"
    assert len(server.asked) == 4, "twice: once more after a moment"

    questions, server = make(lambda _, start, end: TooMuch("HTTP 504") if start < 900 and end > 900 else None)
    found = ask(questions, "share", hours=1)
    assert len(found.failures) == 1
    assert min(end - start for _, start, end in server.asked) >= 300


def test_intervals_of_five_minutes_are_not_divided(clock: Clock) -> None:
    questions, server = make(lambda *_: TooMuch("HTTP 503"))
    question = Question(Window(START, START + 300, 300))
    questions.ask(resource(), [FEATURE.metric("share")], question, once=True)
    assert len(server.asked) == 1


@pytest.mark.parametrize(("wrong", "answered"), [(None, True), (TooMuch("HTTP 503"), False), (Absent(""), False)])
def test_an_example_is_answered_or_not(wrong: Any, answered: bool) -> None:
    questions, server = make(lambda *_: wrong)
    found = questions.try_query(resource(), ("share", ()), Window(START, START + 3 * HOUR, HOUR))
    assert (found is not None) is answered
    assert server.asked == [("share", -300, 3 * HOUR)]
