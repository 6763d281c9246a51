"""A question that failed as a whole, asked in parts: what can be learned is, and what cannot is known exactly."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.utilization.api import Absent, NotUnderstood, TooMuch, Unreadable, single_try
from source_digitalocean_quolum.utilization.sources.question import FailureKind
from source_digitalocean_quolum.utilization.windows import Window

T = TypeVar("T")
M = TypeVar("M")

Problem = TooMuch | NotUnderstood | Absent | Unreadable | AirbyteTracedException
_PROBLEMS = (TooMuch, NotUnderstood, Absent, Unreadable, AirbyteTracedException)
# The smallest questions that are tried before a failure is taken for one of the whole place.
_PROBES = 4
# Seconds that a server which is away for a moment is given.
_MOMENT = 5.0


@dataclass(frozen=True)
class Answered(Generic[M, T]):
    """A part of the question, and its answer."""

    metrics: Sequence[M]
    window: Window
    answer: T


@dataclass(frozen=True)
class Failed(Generic[M]):
    """A part of the question that has no answer."""

    metrics: Sequence[M]
    window: Window
    problem: Problem

    @property
    def kind(self) -> FailureKind:
        """Whether DigitalOcean said that there is no such thing, or nothing usable at all."""
        return "refused" if isinstance(self.problem, NotUnderstood | Absent) else "failed"

    @property
    def reason(self) -> str:
        """The problem in words for an operator."""
        if isinstance(self.problem, AirbyteTracedException):
            return (self.problem.message or "no answer").rstrip(".")
        if isinstance(self.problem, Absent):
            return f"not found{self.problem}"
        if isinstance(self.problem, TooMuch):
            return f"too much for the server, or no answer in time: {self.problem}"
        return f"unreadable answer: {self.problem}" if isinstance(self.problem, Unreadable) else f"{self.problem}"


Ask = Callable[[Sequence[M], Window], T]


def ask_once(ask: Ask[M, T], metrics: Sequence[M], window: Window) -> Answered[M, T] | Failed[M]:
    """One question and its outcome.

    Raises what concerns more than the question: Forbidden, and a token or an address that is wrong.
    """
    try:
        return Answered(metrics, window, ask(metrics, window))
    except _PROBLEMS as problem:
        if isinstance(problem, AirbyteTracedException) and problem.failure_type == FailureType.config_error:
            raise
        return Failed(metrics, window, problem)


def ask_in_parts(
    ask: Ask[M, T], metrics: Sequence[M], window: Window, turn: int = 0
) -> Iterator[Answered[M, T] | Failed[M]]:
    """A question; if it fails, its parts, down to one metric and one interval.

    First a few of the smallest questions: where none is answered the whole place has failed, and is not asked in
    hundreds of parts. Another `turn` chooses others, so that in time each of them is tried. Then halves: of the time
    where the whole is too much (a query of many intervals is what costs a server most) or all metrics are answered for
    one interval, else of the metrics, since it is one of them that fails.
    """
    outcome = ask_once(ask, metrics, window)
    if isinstance(outcome, Answered):
        yield outcome
        return
    answered = None
    if len(metrics) > 1 or window.halves():
        probes = _choose_probes(metrics, window, turn)
        answered = next((part for some, part in probes if _is_answered(ask, some, part)), None)
    if answered is None:
        yield _ask_again(ask, outcome)
        return
    for some, part in _divide(ask, outcome, answered):
        yield from ask_in_parts(ask, some, part, turn)


def _ask_again(ask: Ask[M, T], failed: Failed[M]) -> Answered[M, T] | Failed[M]:
    """Once more, after a moment, what was not too much after all: a server that is away says 503, too."""
    if not isinstance(failed.problem, TooMuch):
        return failed
    time.sleep(_MOMENT)
    return ask_once(ask, failed.metrics, failed.window)


def _divide(ask: Ask[M, T], failed: Failed[M], answered: Window) -> list[tuple[Sequence[M], Window]]:
    """Two halves of a question that failed, although for the interval `answered` there was a part of an answer."""
    metrics, halves = failed.metrics, failed.window.halves()
    if halves and (len(metrics) == 1 or isinstance(failed.problem, TooMuch) or _is_answered(ask, metrics, answered)):
        return [(metrics, half) for half in halves]
    middle = len(metrics) // 2
    return [(metrics[:middle], failed.window), (metrics[middle:], failed.window)]


def _is_answered(ask: Ask[M, T], metrics: Sequence[M], window: Window) -> bool:
    with single_try():
        return isinstance(ask_once(ask, metrics, window), Answered)


def _choose_probes(metrics: Sequence[M], window: Window, turn: int) -> list[tuple[Sequence[M], Window]]:
    """One metric and one interval each, spread over both; the newest interval and the oldest are among them."""
    intervals = window.split()
    count = min(_PROBES, max(len(metrics), len(intervals)))
    chosen: dict[tuple[int, int], None] = {}
    for number in range(count):
        metric = (turn + number * len(metrics) // count) % len(metrics)
        interval = (-1, 0, turn, turn + len(intervals) // 2)[number] % len(intervals)
        chosen[metric, interval] = None
    return [(metrics[metric : metric + 1], intervals[interval]) for metric, interval in chosen]
