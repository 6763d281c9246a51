"""Both sources against a plain computation: resets, gaps, resizes, deletions, late and irregular samples, to 1e-9.

Insights is answered by an evaluator of its queries as Prometheus 2 and 3 would, Monitoring with the samples themselves.
"""

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unit_tests.utilization.sources.fakes import HOUR, START, keep, merge, read, resource
from unit_tests.utilization.sources.promql_evaluator import Points

HOURS = 2
SOURCES = [("insights", True), ("insights", False), ("monitoring", True)]
sources = pytest.mark.parametrize(("source", "closed"), SOURCES, ids=["prometheus-2", "prometheus-3", "monitoring"])
quickly = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

# Seconds from one sample to the next. Levels are at least half a minute apart, counters as close as they like.
_REGULAR = [60, 60, 60, 60, 120, 120]
_ODD = [45.5, 61.37, 119.99, 240, 299.99, 300, 303, 330, 331, 1200]
level_steps = st.lists(st.sampled_from([*_REGULAR, *_ODD, 31]), min_size=5, max_size=130)
count_steps = st.lists(st.sampled_from([*_REGULAR, *_ODD, 29.9, 12.5, 5]), min_size=5, max_size=130)
# In steps of 10 ms: that a range of Prometheus 2 takes a sample of the last millisecond twice has a test of its own.
begins = st.integers(-40_000, 40_000).map(lambda hundredths: START * 1000 + hundredths * 10)

MINUTES: Points = [((START + 60 * minute) * 1000, 60.0 * minute) for minute in range(120)]


def place(begin: int, steps: list[float]) -> list[int]:
    """The moments of samples, in milliseconds."""
    moments = [begin]
    for step in steps:
        moments.append(moments[-1] + round(step * 1000))
    return moments


def levels(draw: st.DataObject, moments: list[int], odd: bool) -> Points:
    numbers = st.floats(0, 1e12, allow_nan=False)
    values = st.one_of(numbers, st.sampled_from([math.nan, math.inf, -math.inf])) if odd else numbers
    return [(at, draw.draw(values)) for at in moments]


def grown(draw: st.DataObject, moments: list[int]) -> Points:
    """A counter, which begins again now and then."""
    total, points = 0.0, []
    for at in moments:
        total = 0.0 if draw.draw(st.integers(0, 20)) == 0 else total
        total += draw.draw(st.floats(0, 1e6, allow_nan=False))
        points.append((at, total))
    return points


def hours() -> Iterator[tuple[int, int]]:
    for number in range(HOURS):
        yield (START + number * HOUR) * 1000, (START + (number + 1) * HOUR) * 1000


def expect(samples: list[tuple[int, float]], scale: float = 1) -> list[dict[str, Any]]:
    """The statistics of each hour that has samples, the plain way."""
    found = []
    for first, end in hours():
        values = [value * scale for at, value in samples if first <= at < end and math.isfinite(value)]
        if values:
            statistics = {"average": math.fsum(values) / len(values), "minimum": min(values), "maximum": max(values)}
            found.append({**statistics, "last": values[-1], "samples": len(values)})
    return found


def rates(points: Points) -> list[tuple[int, float]]:
    """A counter's rates by the rule of docs/utilization.md: one for a half minute, none across a gap."""
    half = 30_000
    found = []
    for at in sorted({moment // half * half for moment, _ in points}):
        within = [one for one in points if at + half - 330_000 <= one[0] < at + half]
        if within[0][0] < at:
            (before, old), (now, new) = within[-2:]
            found.append((now, (new - old if new >= old else new) / ((now - before) / 1000)))
    return found


def agree(records: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    assert len(records) == len(expected)
    for record, wanted in zip(records, expected, strict=True):
        for name, value in wanted.items():
            assert math.isclose(record[name], value, rel_tol=1e-9, abs_tol=1e-9), (name, record[name], value)


@sources
@quickly
@given(st.data(), begins, level_steps, st.booleans())
def test_levels_are_what_their_samples_say_and_a_sample_that_is_no_number_is_none(
    source: str, closed: bool, data: st.DataObject, begin: int, steps: list[float], odd: bool
) -> None:
    points = levels(data, place(begin, steps), odd)
    records = read(source, keep("size", {}, points), HOURS, closed)

    agree(records, expect(points))


@sources
@quickly
@given(st.data(), begins, count_steps)
def test_counters_are_rates_between_neighbouring_samples(
    source: str, closed: bool, data: st.DataObject, begin: int, steps: list[float]
) -> None:
    points = grown(data, place(begin, steps))
    records = read(source, keep("count", {"disk_device": "vda"}, points), HOURS, closed)

    agree(records, expect(rates(points), scale=8))
    assert {record["labels_key"] for record in records} <= {"device=vda"}
    assert all(record["minimum"] >= 0 for record in records)


@pytest.mark.parametrize("closed", [True, False])
@quickly
@given(st.data(), begins, level_steps, st.booleans())
def test_the_amount_of_a_delta_counter_is_the_sum_of_its_samples(
    closed: bool, data: st.DataObject, begin: int, steps: list[float], odd: bool
) -> None:
    points = levels(data, place(begin, steps), odd)
    records = read("insights", keep("events", {}, points), HOURS, closed)

    totals = [
        math.fsum(value for at, value in points if first <= at < end and math.isfinite(value))
        for first, end in hours()
        if any(first <= at < end and math.isfinite(value) for at, value in points)
    ]
    assert [record["kind"] for record in records] == ["delta"] * len(totals)
    agree(records, [{"total": total} for total in totals])


@sources
@quickly
@given(st.data(), begins, level_steps, st.integers(0, HOURS * 3600), st.integers(1, 64), st.integers(1, 64))
def test_percent_is_of_what_there_was_in_that_hour_also_after_a_resize(
    source: str, closed: bool, data: st.DataObject, begin: int, steps: list[float], resized: int, old: int, new: int
) -> None:
    moments = place(begin, steps)
    free = [data.draw(st.floats(0, 1)) for _ in moments]
    sizes = [(at, float(old if at < (START + resized) * 1000 else new)) for at in moments]
    left = [(at, share * size) for share, (at, size) in zip(free, sizes, strict=True)]
    records = read(source, merge(keep("level", {}, left), keep("size", {}, sizes)), HOURS, closed)

    records = [record for record in records if record["metric"] == "level"]
    for record, wanted, size in zip(records, expect(left), expect(sizes), strict=True):
        assert math.isclose(record["capacity"], size["average"], rel_tol=1e-9)
        percent = 100 * (1 - wanted["average"] / size["average"])
        assert math.isclose(record["utilization_percent"], max(0, percent), rel_tol=1e-9, abs_tol=1e-9)
        assert 0 <= record["utilization_percent"] <= 100


@sources
@quickly
@given(st.data(), begins, count_steps, st.integers(1, 4))
def test_processors_are_added_up_over_their_cores(
    source: str, closed: bool, data: st.DataObject, begin: int, steps: list[float], cores: int
) -> None:
    moments = place(begin, steps)
    parts = [[(at, at / 1000 * data.draw(st.floats(0, 1))) for at in moments[:1]] for _ in range(cores)]
    for part in parts:
        for before, now in pairwise(moments):
            part.append((now, part[-1][1] + (now - before) / 1000 * data.draw(st.floats(0, 1))))
    whole = [(at, math.fsum(part[number][1] for part in parts)) for number, at in enumerate(moments)]
    own = {"cpu_mode": "user"}
    by_core = [keep("cores", {**own, "cpu_id": str(number)}, part) for number, part in enumerate(parts)]
    store = merge(*({name: series for name, series in one.items() if name.startswith("do.")} for one in by_core))
    store["monitoring/cores"] = keep("cores", own, whole)["monitoring/cores"]
    records = read(source, store, HOURS, closed)

    # Differences of large sums: what the tenth digit of a counter is decides.
    wanted = expect(rates(whole))
    assert [record["samples"] for record in records] == [one["samples"] for one in wanted]
    for record, one in zip(records, wanted, strict=True):
        assert math.isclose(record["average"], one["average"], rel_tol=1e-6, abs_tol=1e-6)
        assert record["labels"] == {"mode": "user"}


@sources
@quickly
@given(st.data(), begins, count_steps, st.integers(0, HOURS * 3600))
def test_a_series_that_goes_on_under_another_name_is_one(
    source: str, closed: bool, data: st.DataObject, begin: int, steps: list[float], renamed: int
) -> None:
    """A rate is lost where it changes, in both sources: the new series has no sample before its first."""
    points = grown(data, place(begin, steps))
    middle = (START + renamed) * 1000
    before, after = [one for one in points if one[0] < middle], [one for one in points if one[0] >= middle]
    store = merge(keep("count", {}, before), keep("count", {"service_name": "new"}, after))
    records = read(source, store, HOURS, closed)

    agree(records, expect(sorted(rates(before) + rates(after)), scale=8))
    assert len({(record["metric"], record["interval_start"]) for record in records}) == len(records)


@quickly
@given(st.data(), begins, level_steps)
def test_what_was_deleted_has_the_same_rows_as_while_it_existed(
    data: st.DataObject, begin: int, steps: list[float]
) -> None:
    moments = place(begin, steps)
    store = merge(*(keep(name, {}, levels(data, moments, odd=False)) for name in ("level", "size", "share", "events")))

    assert read("insights", store, HOURS, resources=[]) == read("insights", store, HOURS)


def test_a_size_from_the_inventory_counts_since_it_is_known_and_not_before() -> None:
    points = [(START * 1000 + minute * 60_000, minute * 90.0) for minute in range(-6, 120)]
    store = keep("cores", {"cpu_mode": "user"}, points)
    since = START + HOUR
    for source in ("insights", "monitoring"):
        known = [resource(unchanged_since=since)]
        assert [record["capacity"] for record in read(source, store, HOURS, resources=known)] == [None, 2]
        assert [record["capacity"] for record in read(source, store, HOURS)] == [None, None]


def test_a_measured_size_comes_before_the_inventorys_and_that_before_nothing() -> None:
    points = [(START * 1000 + minute * 60_000, 1024.0) for minute in range(120)]
    known = [resource(unchanged_since=0.0)]
    measured = merge(keep("level", {}, points), keep("size", {}, [(at, 2048.0) for at, _ in points]))
    for source in ("insights", "monitoring"):
        for store, capacity, percent in ((measured, 2048, 50), (keep("level", {}, points), 4096, 75)):
            records = [one for one in read(source, store, HOURS, resources=known) if one["metric"] == "level"]
            assert [(one["capacity"], one["utilization_percent"]) for one in records] == [(capacity, percent)] * 2


@sources
def test_an_hour_of_nothing_but_nan_is_a_missing_row_and_the_next_one_is_whole(source: str, closed: bool) -> None:
    points = [(at, math.nan if at < (START + HOUR) * 1000 else value) for at, value in MINUTES]
    for metric in ("size", "count", *(["events"] if source == "insights" else [])):
        (record,) = read(source, keep(metric, {}, points), HOURS, closed)
        assert record["samples"] >= 59, metric
        assert record["interval_start"] == "2025-11-20T01:00:00Z"


@sources
def test_a_resize_in_mid_interval_gives_the_average_of_both_sizes(source: str, closed: bool) -> None:
    sizes = [(at, 4096.0 if at < (START + 900) * 1000 else 1024.0) for at, _ in MINUTES]
    store = merge(keep("level", {}, [(at, 448.0) for at, _ in MINUTES]), keep("size", {}, sizes))
    records = [one for one in read(source, store, HOURS, closed) if one["metric"] == "level"]
    assert [(one["capacity"], one["utilization_percent"]) for one in records] == [(1792, 75), (1024, 56.25)]


# ---------------------------------------------------------------------------- differences that are documented
def test_prometheus_2_counts_a_level_of_the_last_millisecond_of_an_hour_twice() -> None:
    """docs/utilization.md: one sample more, of 60; not in Prometheus 3, not in Monitoring, and not of counters."""
    points = [((START + minute * 60) * 1000 - 1, float(minute)) for minute in range(1, 120)]
    counts = {
        (source, closed): [one["samples"] for one in read(source, keep("size", {}, points), HOURS, closed)]
        for source, closed in SOURCES
    }
    assert counts == {("insights", True): [60, 60], ("insights", False): [60, 59], ("monitoring", True): [60, 59]}
    for source, closed in SOURCES:
        records = read(source, keep("count", {}, points), HOURS, closed)
        assert [one["samples"] for one in records] == [59, 59]


def test_insights_passes_over_a_number_that_shares_its_half_minute_with_something_that_is_none() -> None:
    """docs/utilization.md: where a series holds NaN, what is closer together than half a minute may be lost."""
    points = [((START + 60 * minute) * 1000, 1.0) for minute in range(120)]
    points = sorted([*points, ((START + 75) * 1000, math.nan)])
    assert [one["samples"] for one in read("insights", keep("size", {}, points))] == [59, 60]
    assert [one["samples"] for one in read("monitoring", keep("size", {}, points))] == [60, 60]


def test_insights_knows_when_to_half_a_minute_where_a_counter_holds_nan() -> None:
    """docs/utilization.md: at worst (samples astride the half minute) an average is 7 % off and a rate a third."""
    points: Points = []
    for number in range(-4, 61):
        at = (START + 120 * number + (29 if number % 2 else 31)) * 1000
        points += [(at, 120.0 * number + 1000), (at + 60_000, math.nan)]
    records = read("insights", keep("count", {}, points))
    assert len(records) == 2
    for record in records:
        assert math.isclose(record["average"], 8, rel_tol=0.07)
        assert 8 * 0.75 <= record["minimum"] <= record["maximum"] <= 8 * 4 / 3
