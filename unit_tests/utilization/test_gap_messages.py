"""Gaps in words: which region or resource, which metrics, from when to when, for how long already, and why."""

import pytest

from source_digitalocean_quolum.utilization.gap_messages import describe_age, list_gaps, make_incomplete, name_some
from source_digitalocean_quolum.utilization.gaps import EVERYWHERE, Gap, OpenGaps

START, HOUR, DAY = 1_773_133_200, 3600, 86_400  # 2026-03-10T09:00:00Z
TIMES = "2026-03-10T09:00:00Z to 2026-03-10T12:00:00Z"


def gap(place: str = "fra1", metric: str = "size", source: str = "insights", hours: int = 3, after: int = 0) -> Gap:
    start = START + after * HOUR
    return Gap(source, place, metric, start, start + hours * HOUR, START)


@pytest.mark.parametrize(
    ("gaps", "sentence"),
    [
        ([gap()], "Insights, region fra1, metric size, 2026-03-10T09:00:00Z to 2026-03-10T12:00:00Z"),
        (
            [gap(), gap("ams3"), gap(metric="level"), gap("ams3", "level")],
            "Insights, regions ams3, fra1, metrics level, size, 2026-03-10T09:00:00Z to 2026-03-10T12:00:00Z",
        ),
        (
            [gap("do:droplet:1", source="monitoring")],
            "Monitoring, resource do:droplet:1, metric size, 2026-03-10T09:00:00Z to 2026-03-10T12:00:00Z",
        ),
        (
            [gap("do:droplet:1", source="monitoring"), gap("do:droplet:2", source="monitoring")],
            f"Monitoring, resources do:droplet:1, do:droplet:2, metric size, {TIMES}",
        ),
        (
            [gap(EVERYWHERE, source="monitoring")],
            "Monitoring, all resources, metric size, 2026-03-10T09:00:00Z to 2026-03-10T12:00:00Z",
        ),
        (
            [gap(EVERYWHERE)],
            "Insights, all regions, metric size, 2026-03-10T09:00:00Z to 2026-03-10T12:00:00Z",
        ),
    ],
)
def test_a_gap_is_described(gaps: list[Gap], sentence: str) -> None:
    assert list_gaps(gaps, OpenGaps(gaps)) == [sentence]


def test_a_gap_tells_its_age_and_the_last_reason() -> None:
    known = OpenGaps()
    known.keep(gap(), "HTTP 500")
    (clause,) = list_gaps(known, known, now=START + 2 * DAY)
    assert clause.endswith("T12:00:00Z, missing for 2 days (HTTP 500)")


def test_five_are_named_and_the_others_counted() -> None:
    assert name_some("fedcba") == "a, b, c, d, e, f", "one more is as short as its number"
    assert name_some("gfedcba") == "a, b, c, d, e and 2 more"
    gaps = [gap(hours=1, after=2 * number) for number in range(7)]
    clauses = list_gaps(gaps, OpenGaps(gaps))
    assert len(clauses) == 6
    assert clauses[-1] == "and 2 more, which the stream's state lists"
    assert len(list_gaps(gaps[:5], OpenGaps(gaps[:5]))) == 5


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a minute"),
        (59, "less than a minute"),
        (60, "1 minute"),
        (3599, "59 minutes"),
        (HOUR, "1 hour"),
        (2 * HOUR, "2 hours"),
        (DAY - 1, "23 hours"),
        (DAY, "1 day"),
        (2 * DAY - 1, "1 day"),
        (3 * DAY, "3 days"),
    ],
)
def test_an_age_is_in_its_largest_unit(seconds: int, words: str) -> None:
    assert describe_age(seconds) == words


def test_what_is_missing_is_an_error_that_the_next_sync_may_not_have() -> None:
    gaps = [gap(hours=1), gap(hours=1, after=2)]
    error = make_incomplete("droplet_utilization", gaps, OpenGaps(gaps))
    assert error.failure_type.value == "transient_error"
    assert error.message
    assert error.message.startswith("droplet_utilization is not complete")
    assert "T10:00:00Z; Insights, region fra1" in error.message
