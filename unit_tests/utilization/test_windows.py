"""Closed UTC intervals, and the windows of them that are asked for at once."""

import pytest

from source_digitalocean_quolum.utilization.windows import (
    SECONDS,
    Window,
    count_windows,
    find_last_end,
    round_down,
    round_up,
    split_windows,
)

HOUR = 3600


def test_the_lengths_of_intervals() -> None:
    assert SECONDS == {"PT5M": 300, "PT15M": 900, "PT1H": 3600, "P1D": 86_400}


def test_an_interval_is_read_ten_minutes_after_its_end() -> None:
    assert find_last_end(HOUR + 599, HOUR) == 0
    assert find_last_end(HOUR + 600, HOUR) == HOUR
    assert find_last_end(1_234, 300) == 600


def test_a_moment_on_a_border_begins_an_interval_and_ends_one() -> None:
    assert (round_down(2 * HOUR, HOUR), round_up(2 * HOUR, HOUR)) == (2 * HOUR, 2 * HOUR)
    assert (round_down(2 * HOUR + 0.5, HOUR), round_up(2 * HOUR + 0.5, HOUR)) == (2 * HOUR, 3 * HOUR)
    assert (round_down(2 * HOUR - 1, HOUR), round_up(2 * HOUR - 1, HOUR)) == (HOUR, 2 * HOUR)


def test_halves_of_an_odd_number_of_intervals_are_whole_intervals() -> None:
    assert Window(HOUR, 6 * HOUR, HOUR).halves() == (Window(HOUR, 3 * HOUR, HOUR), Window(3 * HOUR, 6 * HOUR, HOUR))
    assert Window(HOUR, 3 * HOUR, HOUR).halves() == (Window(HOUR, 2 * HOUR, HOUR), Window(2 * HOUR, 3 * HOUR, HOUR))
    assert Window(HOUR, 2 * HOUR, HOUR).halves() is None


def test_each_interval_of_a_window() -> None:
    assert Window(HOUR, 3 * HOUR, HOUR).split() == [Window(HOUR, 2 * HOUR, HOUR), Window(2 * HOUR, 3 * HOUR, HOUR)]


@pytest.mark.parametrize(
    ("start", "end", "longest", "windows"),
    [
        (0, 3 * HOUR, 2 * HOUR, [(0, 2), (2, 3)]),
        (0, 4 * HOUR, 2 * HOUR, [(0, 2), (2, 4)]),
        # Never less than an interval, never a part of one.
        (0, 2 * HOUR, 60, [(0, 1), (1, 2)]),
        (0, 5 * HOUR, 2 * HOUR + 1800, [(0, 2), (2, 4), (4, 5)]),
        (0, 0, 2 * HOUR, []),
        (3 * HOUR, 0, 2 * HOUR, []),
    ],
)
def test_windows_are_whole_intervals_the_earliest_first_and_as_many_as_are_counted(
    start: int, end: int, longest: int, windows: list[tuple[int, int]]
) -> None:
    found = list(split_windows(start, end, HOUR, longest))
    assert found == [Window(first * HOUR, last * HOUR, HOUR) for first, last in windows]
    assert count_windows(start, end, HOUR, longest) == len(windows)
