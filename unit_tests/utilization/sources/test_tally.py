"""When asking is no longer worth its requests, and when a metric seems not to exist."""

from typing import Any

import pytest

from source_digitalocean_quolum.utilization.sources.question import Unanswered
from source_digitalocean_quolum.utilization.sources.tally import Tally
from source_digitalocean_quolum.utilization.windows import Window

WINDOW = Window(0, 3600, 3600)


def unanswered(place: str, *metrics: str, kind: Any = "refused") -> Unanswered:
    return Unanswered(place, metrics, WINDOW, kind, "HTTP 400")


def test_a_place_that_is_silent_in_two_windows_is_left_alone_and_no_other_is() -> None:
    tally = Tally()
    tally.note_silence("fra1", "HTTP 500")
    tally.begin_window()
    assert tally.is_silent("fra1")
    assert not tally.is_silent("nyc3")
    assert tally.find_reason_to_pass_over("fra1") is None

    tally.note_silence("fra1", "HTTP 503")
    tally.begin_window()
    assert tally.find_reason_to_pass_over("fra1") == "not asked any more in this sync, after HTTP 503"
    assert tally.find_reason_to_pass_over("nyc3") is None


def test_an_answer_ends_a_silence() -> None:
    tally = Tally()
    tally.note_silence("fra1", "HTTP 500")
    tally.note_answer("fra1", ["size"])
    tally.note_silence("fra1", "HTTP 500")
    assert tally.is_silent("fra1")
    assert tally.find_reason_to_pass_over("fra1") is None
    tally.note_answer("fra1", ["size"])
    assert not tally.is_silent("fra1")


def test_after_five_silent_places_in_a_row_the_rest_of_the_window_is_left_alone() -> None:
    tally = Tally()
    for number in range(4):
        tally.note_silence(f"{number}", "HTTP 500")
    assert tally.find_reason_to_pass_over("other") is None

    tally.note_silence("4", "HTTP 502")
    assert tally.find_reason_to_pass_over("other") == ("not asked, since the ones before it did not answer: HTTP 502")
    tally.begin_window()
    assert tally.find_reason_to_pass_over("other") is None


def test_silent_places_with_an_answer_between_them_are_no_row() -> None:
    tally = Tally()
    for number in range(4):
        tally.note_silence(f"{number}", "HTTP 500")
    tally.note_answer("in between", ["size"])
    for number in range(4, 8):
        tally.note_silence(f"{number}", "HTTP 500")
    assert tally.find_reason_to_pass_over("other") is None


@pytest.mark.parametrize(
    ("answered", "failures", "unknown"),
    [
        ([("fra1", "size")], [unanswered("fra1", "level")], True),
        ([("fra1", "size"), ("nyc3", "size")], [unanswered("fra1", "level"), unanswered("nyc3", "level")], True),
        # It was never asked for, or never refused.
        ([("fra1", "size")], [], False),
        # Answered elsewhere: it exists.
        ([("fra1", "size"), ("nyc3", "level")], [unanswered("fra1", "level")], False),
        # The place refused everything: that is the place's trouble.
        ([("fra1", "size")], [unanswered("fra1", "level"), unanswered("nyc3", "level")], False),
        # No usable answer is no refusal.
        ([("fra1", "size")], [unanswered("fra1", "level", kind="failed")], False),
        (
            [("fra1", "size"), ("nyc3", "size")],
            [unanswered("fra1", "level"), unanswered("nyc3", "level", kind="failed")],
            False,
        ),
        # Another metric's refusal, or failure, is another metric's.
        ([("fra1", "size")], [unanswered("fra1", "share")], False),
        ([("fra1", "size")], [unanswered("fra1", "level"), unanswered("fra1", "share", kind="failed")], True),
    ],
)
def test_a_metric_seems_not_to_exist_if_it_is_refused_wherever_others_are_answered(
    answered: list[tuple[str, str]], failures: list[Unanswered], unknown: bool
) -> None:
    tally = Tally()
    for place, metric in answered:
        tally.note_answer(place, [metric])
    for one in failures:
        tally.note_failure(one)
    assert tally.is_unknown("level") is unknown
