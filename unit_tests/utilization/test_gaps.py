"""Gaps as a state holds them: joined, cut, bounded, and never dropped; and as the log tells them."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from source_digitalocean_quolum.utilization.gap_messages import describe, list_gaps, name_some
from source_digitalocean_quolum.utilization.gaps import (
    EVERYWHERE,
    LOST_AFTER,
    MOST_ENTRIES,
    MOST_PLACES,
    Gap,
    GapGroup,
    OpenGaps,
    group,
    read_gaps,
)

HOUR = 3600
KEY = ("insights", "fra1", "cpu_utilization")


def gap(start: int, end: int, since: int = 0, place: str = "fra1", metric: str = "cpu_utilization") -> Gap:
    source = "monitoring" if place.startswith("do:") else "insights"
    return Gap(source, place, metric, start * HOUR, end * HOUR, since)


def spans(gaps: OpenGaps) -> list[tuple[int, int]]:
    return [(one.start // HOUR, one.end // HOUR) for one in gaps]


gaps_ = st.lists(
    st.builds(
        lambda place, metric, start, length, since: gap(start, start + length, since, place, metric),
        st.sampled_from(["fra1", "nyc3", *(f"do:droplet:{number}" for number in range(5))]),
        st.sampled_from(["cpu_utilization", "memory_available", "disk_utilization"]),
        st.integers(0, 40),
        st.integers(1, 10),
        st.integers(0, 3),
    ),
    max_size=40,
)


def hours_of(gaps: OpenGaps | list[Gap]) -> set[tuple[str, str, str, int]]:
    return {(*one.key, at) for one in gaps for at in range(one.start, one.end, HOUR)}


@given(gaps_)
@settings(deadline=None)
def test_what_the_state_holds_is_what_was_put_in(found: list[Gap]) -> None:
    open_gaps = OpenGaps(found)
    state = json.loads(json.dumps({"gaps": open_gaps.to_state()}))

    again = OpenGaps(read_gaps(state))

    assert hours_of(again) == hours_of(found)
    assert sorted(again) == sorted(open_gaps)
    assert again.to_state() == open_gaps.to_state()


@given(gaps_, gaps_)
@settings(deadline=None)
def test_what_is_closed_is_gone_and_nothing_else(found: list[Gap], closed: list[Gap]) -> None:
    open_gaps = OpenGaps(found)
    for one in closed:
        open_gaps.close(one.key, one.start, one.end)

    assert hours_of(open_gaps) == hours_of(found) - hours_of(closed)


def test_the_state_is_small_for_a_region_and_for_a_fleet() -> None:
    metrics = [f"metric_{number}" for number in range(40)]
    region = OpenGaps(gap(0, 24, metric=one) for one in metrics)
    fleet = OpenGaps(gap(0, 24, 5, f"do:droplet:{number}", "cpu") for number in range(900))

    assert region.to_state() == [
        {
            "source": "insights",
            "regions": ["fra1"],
            "metrics": sorted(metrics),
            "from": "1970-01-01T00:00:00Z",
            "to": "1970-01-02T00:00:00Z",
            "since": "1970-01-01T00:00:00Z",
        }
    ]
    (entry,) = fleet.to_state()
    assert entry["source"] == "monitoring"
    assert len(entry["resources"]) == 900
    assert entry["metrics"] == ["cpu"]


def size(state: list[dict[str, Any]]) -> tuple[int, int]:
    return len(state), sum(len(entry.get("regions", entry.get("resources", [""]))) for entry in state)


def covers(state: list[dict[str, Any]], missing: OpenGaps) -> bool:
    """Whether each gap is inside an entry that is at least as old."""
    wide = read_gaps({"gaps": state})
    return all(
        any(
            (one.source, one.metric) == (other.source, other.metric)
            and one.place in (EVERYWHERE, other.place)
            and one.start <= other.start
            and one.end >= other.end
            and one.since <= other.since
            for one in wide
        )
        for other in missing
    )


@pytest.mark.parametrize(
    ("gaps", "entries", "places"),
    [
        # One place with many holes: one entry from the first to the last.
        ([gap(2 * hour, 2 * hour + 1, hour) for hour in range(200)], 1, 1),
        # Many places with holes of their own: one entry without places.
        ([gap(number, number + 2, number, f"do:droplet:{number}") for number in range(200)], 1, 1),
        # More names than a state should hold.
        ([gap(0, 24, 0, f"do:droplet:{number}") for number in range(MOST_PLACES + 1)], 1, 1),
        # At the limits everything stays exact.
        ([gap(2 * hour, 2 * hour + 1) for hour in range(MOST_ENTRIES)], MOST_ENTRIES, MOST_ENTRIES),
        ([gap(0, 24, 0, f"do:droplet:{number}") for number in range(MOST_PLACES)], 1, MOST_PLACES),
    ],
)
def test_too_many_gaps_become_wider_ones_and_none_is_dropped(gaps: list[Gap], entries: int, places: int) -> None:
    missing = OpenGaps(gaps)
    state = missing.to_state()

    assert size(state) == (entries, places)
    assert covers(state, missing)
    assert len(json.dumps(state)) < 50_000
    assert hours_of(missing) == hours_of(gaps), "in memory nothing is widened"


def test_both_sources_stay_apart_when_gaps_are_widened() -> None:
    missing = OpenGaps(
        [
            *(gap(number, number + 2, 9, f"do:droplet:{number}") for number in range(MOST_ENTRIES)),
            *(gap(2 * hour, 2 * hour + 1, 5) for hour in range(MOST_ENTRIES)),
        ]
    )
    state = missing.to_state()

    assert sorted(entry["source"] for entry in state) == ["insights", "monitoring"]
    assert covers(state, missing)


def test_neighbours_are_one_gap_that_is_as_old_as_the_older() -> None:
    gaps = OpenGaps([gap(0, 2, 50), gap(4, 6, 40), gap(2, 4, 60), gap(8, 9, 70)])

    assert spans(gaps) == [(0, 6), (8, 9)]
    assert [one.since for one in gaps] == [40, 70]


def test_only_what_touches_no_known_gap_is_new() -> None:
    gaps = OpenGaps([gap(0, 2, 50), gap(4, 4, 50, place="nyc3")])
    for found in (gap(2, 3, 90), gap(4, 6, 90, place="nyc3"), gap(5, 6, 90), gap(6, 7, 90), gap(2, 3, 90, metric="x")):
        gaps.open(found, "HTTP 500")

    assert [(one.metric, one.start // HOUR, one.end // HOUR) for one in gaps.opened()] == [
        ("cpu_utilization", 5, 7),
        ("x", 2, 3),
    ]
    assert [(one.place, one.start // HOUR, one.end // HOUR, one.since) for one in gaps.known()] == [
        ("nyc3", 4, 6, 50),
        ("fra1", 0, 3, 50),
    ]
    assert gaps.find_reason(KEY) == "HTTP 500"
    assert gaps.find_reason(("insights", "elsewhere", "x")) == ""


def test_a_gap_is_given_up_at_a_week_and_remembered_where_it_reaches_up_to_now() -> None:
    gaps = OpenGaps([gap(0, 2, 100), gap(5, 9, 100), gap(0, 9, 101, place="nyc3")])

    lost = gaps.give_up(100 + LOST_AFTER, 9 * HOUR)

    assert lost == [gap(0, 2, 100), gap(5, 9, 100)]
    assert sorted(gaps) == [gap(9, 9, 100 + LOST_AFTER), gap(0, 9, 101, place="nyc3")]
    assert gaps.in_trouble("insights", 9 * HOUR) == {("fra1", "cpu_utilization"), ("nyc3", "cpu_utilization")}
    assert gaps.known() == [gap(0, 9, 101, place="nyc3")]
    gaps.forget_empty(9 * HOUR)
    assert len(list(gaps)) == 2
    gaps.forget_empty(10 * HOUR)
    assert list(gaps) == [gap(0, 9, 101, place="nyc3")]


def test_what_is_missing_everywhere_is_missing_of_each_place() -> None:
    gaps = OpenGaps([gap(0, 2, 5, EVERYWHERE), gap(1, 3, 7, "nyc3")])
    gaps.spread("monitoring", ["do:droplet:1"])
    assert spans(gaps) == [(0, 2), (1, 3)]

    gaps.spread("insights", ["fra1", "nyc3"])

    assert sorted(gaps) == [gap(0, 2, 5, "fra1"), gap(0, 3, 5, "nyc3")]


@pytest.mark.parametrize(
    "entry",
    [
        5,
        None,
        {},
        {"source": "elsewhere", "metrics": ["x"]},
        {"metrics": 5},
        {"metrics": [5]},
        {"regions": "fra1"},
        {"regions": [None]},
        {"from": "yesterday"},
        {"from": 5},
        {"since": None},
        {"source": []},
    ],
)
def test_an_entry_that_is_not_ours_is_refused(entry: object) -> None:
    good = {
        "source": "insights",
        "regions": ["fra1"],
        "metrics": ["cpu_utilization"],
        "from": "1970-01-01T00:00:00Z",
        "to": "1970-01-01T02:00:00Z",
        "since": "1970-01-01T00:00:00Z",
    }
    assert read_gaps({"gaps": [good]}) == [gap(0, 2)]
    wrong = {**good, **entry} if isinstance(entry, dict) and entry else entry

    with pytest.raises(ValueError, match="`gaps`"):
        read_gaps({"gaps": [good, wrong]})


@pytest.mark.parametrize("value", [5, "x", {"a": 1}])
def test_gaps_that_are_no_list_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="`gaps` is no list"):
        read_gaps({"gaps": value})


@pytest.mark.parametrize("state", [{}, {"gaps": []}, {"gaps": None}, {"interval_start": "x"}])
def test_a_state_without_gaps_has_none(state: dict[str, Any]) -> None:
    assert read_gaps(state) == []


def test_gaps_of_a_kind_are_one_group() -> None:
    found = group([gap(0, 2), gap(0, 2, metric="x"), gap(0, 2, place="nyc3"), gap(0, 2, 0, "nyc3", "x"), gap(3, 4)])

    assert found == [
        GapGroup("insights", ("fra1", "nyc3"), ("cpu_utilization", "x"), 0, 2 * HOUR, 0),
        GapGroup("insights", ("fra1",), ("cpu_utilization",), 3 * HOUR, 4 * HOUR, 0),
    ]


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (
            GapGroup("insights", ("fra1",), ("x",), 0, HOUR, 0),
            "Insights, region fra1, metric x, 1970-01-01T00:00:00Z to 1970-01-01T01:00:00Z",
        ),
        (
            GapGroup("monitoring", ("a", "b"), ("x", "y"), 0, HOUR, 0),
            "Monitoring, resources a, b, metrics x, y, 1970-01-01T00:00:00Z to 1970-01-01T01:00:00Z",
        ),
        (
            GapGroup("monitoring", (EVERYWHERE,), ("x",), 0, HOUR, 0),
            "Monitoring, all resources, metric x, 1970-01-01T00:00:00Z to 1970-01-01T01:00:00Z",
        ),
    ],
)
def test_a_group_in_words(one: GapGroup, words: str) -> None:
    assert describe(one) == words


def test_long_lists_are_cut_and_say_so() -> None:
    assert name_some("fedcba") == "a, b, c, d, e, f"
    assert name_some("gfedcba") == "a, b, c, d, e and 2 more"
    gaps = OpenGaps(gap(2 * hour, 2 * hour + 1) for hour in range(7))

    clauses = list_gaps(gaps, gaps)

    assert len(clauses) == 6
    assert clauses[-1] == "and 2 more, which the stream's state lists"


def test_a_clause_has_the_age_and_the_reason() -> None:
    gaps = OpenGaps()
    gaps.open(gap(0, 1, 100), "HTTP 500")

    (plain,) = list_gaps(gaps, gaps)
    (aged,) = list_gaps(gaps, gaps, 100 + 2 * HOUR)

    assert plain.endswith("T01:00:00Z (HTTP 500)")
    assert aged.endswith("T01:00:00Z, missing for 2 hours (HTTP 500)")
