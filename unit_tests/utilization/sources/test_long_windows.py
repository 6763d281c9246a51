"""How long a window one request to Monitoring may cover, and which long answers are believed."""

from collections.abc import Callable

import pytest

from source_digitalocean_quolum.utilization.api import Series
from source_digitalocean_quolum.utilization.sources.monitoring_windows import DAY, LongWindows
from source_digitalocean_quolum.utilization.windows import Window
from unit_tests.utilization.sources.fakes import START, make_series, resource

END = START + 20 * DAY
# A sample every hour: 24 a day.
STEP = 3600

Habit = Callable[[list[Series], int, int], list[Series]]


class Server:
    """Answers from series of hourly samples; a habit changes answers for more than a day."""

    def __init__(self, habit: Habit = lambda found, *_: found, series: int = 1, since: int = 0) -> None:
        self.habit, self.series, self.since = habit, series, since
        self.asked: list[tuple[float, float]] = []

    def __call__(self, start: int, end: int) -> list[Series]:
        self.asked.append(((start - START) / DAY, (end - START) / DAY))
        times = [at for at in range(-(-start // STEP) * STEP, end + 1, STEP) if at >= self.since]
        found = [
            make_series({"n": str(number)}, [(at, f"{at % 977}") for at in times]) for number in range(self.series)
        ]
        return self.habit(found, start, end) if end - start > DAY else found


def cut_beginning(found: list[Series], start: int, end: int) -> list[Series]:
    return [make_series(one.labels(), [(at, f"{int(value)}") for at, value in one.samples()[-100:]]) for one in found]


def learn(server: Server, start: int = START, end: int = END, since: tuple[float, ...] = (0.0,)) -> LongWindows:
    windows = LongWindows()
    resources = [resource(since=at) for at in since]
    windows.learn(lambda _, first, last: server(first, last), resources, start, end)
    return windows


def test_two_weeks_are_believed_if_their_first_and_last_day_are_in_them() -> None:
    server = Server()
    assert learn(server).longest == 14 * DAY
    assert server.asked == [(6, 7), (19, 20), (6, 20)]


@pytest.mark.parametrize(("days", "longest"), [(2, 1), (3, 3), (5, 5), (14, 14), (15, 14)])
def test_fewer_days_are_learned_whole_and_less_than_three_are_not_worth_it(days: int, longest: int) -> None:
    server = Server()
    assert learn(server, end=START + days * DAY + 7200).longest == longest * DAY
    assert len(server.asked) == (3 if longest > 1 else 0)


def test_a_server_that_cuts_is_asked_for_days() -> None:
    assert learn(Server(cut_beginning)).longest == DAY
    assert learn(Server(lambda found, *_: [])).longest == DAY


def test_resources_without_samples_at_both_ends_are_no_examples_and_three_are_tried() -> None:
    young = float(START + 7 * DAY)
    server = Server()
    assert learn(server, since=(young, young, young, young, 0.0)).longest == 14 * DAY
    assert len(server.asked) == 3
    silent = Server(since=END + DAY)
    assert learn(silent, since=(0.0,) * 5).longest == DAY
    assert silent.asked == [(6, 7)] * 3
    assert learn(Server(since=START + 10 * DAY)).longest == DAY


def days(*numbers: int) -> list[tuple[int, int]]:
    return [(number, number + 1) for number in numbers]


def read(
    windows: LongWindows, server: Server, path: str = "cpu", first: int = 0, last: int = 5, since: float = 0
) -> int:
    """Samples that come of it."""
    server.asked.clear()
    found = windows.read(server, path, Window(START + first * DAY, START + last * DAY, 3600), since)
    return len({(one.labels()["n"], at) for one in found for at, _ in one.samples()})


def test_the_first_long_answer_of_an_endpoint_is_compared_and_then_believed() -> None:
    windows, server = LongWindows(), Server()
    for path in ("cpu", "memory"):
        assert read(windows, server, path) == 121
        assert server.asked == [(0, 5), (0, 1), (4, 5)]
        assert read(windows, server, path) == 121
        assert server.asked == [(0, 5)]


def test_a_day_is_never_compared() -> None:
    server = Server()
    assert read(LongWindows(), server, last=1) == 25
    assert server.asked == [(0, 1)]


@pytest.mark.parametrize(
    "habit", [cut_beginning, lambda found, *_: found[:1], lambda found, *_: [], lambda found, s, e: found[1:]]
)
def test_an_endpoint_whose_answer_lacks_something_is_asked_by_days_and_nothing_is_lost(habit: Habit) -> None:
    windows, server = LongWindows(), Server(habit, series=2)
    assert read(windows, server) == 2 * 121
    assert server.asked == [(0, 5), (0, 1), (4, 5), *days(0, 1, 2, 3, 4)]
    assert read(windows, server) == 2 * 121
    assert server.asked == days(0, 1, 2, 3, 4)
    # Another endpoint has its own chance.
    assert read(windows, Server(series=2), "memory") == 2 * 121
    assert read(windows, Server(series=2), "memory") == 2 * 121


def test_days_end_where_the_window_does() -> None:
    windows, server = LongWindows(), Server(lambda found, *_: found[:1], series=2)
    windows.read(server, "cpu", Window(START, START + 2 * DAY + 7200, 3600), 0)
    server.asked.clear()
    found = windows.read(server, "cpu", Window(START, START + 2 * DAY + 7200, 3600), 0)
    assert server.asked == [(0, 1), (1, 2), (2, 2 + 1 / 12)]
    assert max(at for one in found for at, _ in one.samples()) == START + 2 * DAY + 7200


def test_an_answer_with_more_series_or_samples_is_compared_anew() -> None:
    windows = LongWindows()
    read(windows, Server())
    more = Server(series=2)
    read(windows, more)
    assert len(more.asked) == 3
    read(windows, more)
    assert len(more.asked) == 1
    read(windows, more, last=6)
    assert len(more.asked) == 3
    read(windows, more, last=6)
    assert len(more.asked) == 1
    fewer = Server()
    read(windows, fewer, last=6)
    assert len(fewer.asked) == 1


@pytest.mark.parametrize("kept", [slice(30, None), slice(None, -30), slice(None, None, 2)])
def test_an_answer_with_few_samples_at_one_end_is_compared_anew(kept: slice) -> None:
    def habit(found: list[Series], start: int, end: int) -> list[Series]:
        return [make_series(one.labels(), [(at, f"{value:.0f}") for at, value in one.samples()[kept]]) for one in found]

    windows = LongWindows()
    read(windows, Server())
    odd = Server(habit)
    assert read(windows, odd) == 121
    assert odd.asked == [(0, 5), (0, 1), (4, 5), *days(0, 1, 2, 3, 4)]


def test_what_is_really_not_there_is_compared_and_believed() -> None:
    windows = LongWindows()
    read(windows, Server())
    late = Server(since=START + 2 * DAY)
    assert read(windows, late) == 73
    assert late.asked == [(0, 5), (0, 1), (4, 5)]


def test_a_young_resource_is_compared_from_its_first_day() -> None:
    windows, young = LongWindows(), Server(since=START + 2 * DAY)
    assert read(windows, young, since=START + 2 * DAY) == 73
    assert young.asked == [(2, 5), (2, 3), (4, 5)]
    assert read(windows, young, since=START + 4 * DAY) == 25
    assert young.asked == [(4, 5)]


def test_of_a_young_resource_no_longer_window_is_asked_for_than_it_needs() -> None:
    server = Server(cut_beginning, since=END - 10 * STEP)

    found = LongWindows().read(server, "cpu", Window(START, END, STEP), END - 10 * STEP)

    assert [len(one.samples()) for one in found] == [11]
    assert server.asked == [(19, 20)]
