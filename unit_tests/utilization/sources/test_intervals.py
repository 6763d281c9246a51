"""Samples to statistics, against plain computations over random series with gaps and resets."""

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_digitalocean_quolum.utilization.samples import clean_samples
from source_digitalocean_quolum.utilization.sources.intervals import (
    LONGEST_STEP,
    LOOK_BACK,
    RESOLUTION,
    aggregate,
    compute_busy_percent,
    compute_rates,
    compute_used_percent,
    merge_samples,
)

HOUR = 3600

steps = st.lists(
    st.tuples(
        st.sampled_from([60, 120, 120, 120, 180, 299, 300, 301, 315, 331, 4000]), st.floats(0, 1e6, allow_nan=False)
    ),
    min_size=1,
    max_size=120,
)


def series(pieces: list[tuple[int, float]], begin: int = 0) -> list[tuple[float, float]]:
    samples, time = [], float(begin)
    for step, value in pieces:
        time += step
        samples.append((time, value))
    return samples


@given(steps, st.sampled_from([300, 900, 3600]))
def test_the_statistics_of_an_interval_are_those_of_its_samples(pieces: list[tuple[int, float]], interval: int) -> None:
    samples = series(pieces)
    end = -(-int(samples[-1][0] + 1) // interval) * interval

    found = {one.start: one for one in aggregate(samples, 0, end, interval)}

    for start in range(0, end, interval):
        values = [value for time, value in samples if start <= time < start + interval]
        assert (start in found) == bool(values), "a gap is a missing row"
        if values:
            one = found[start]
            assert (one.minimum, one.maximum, one.last, one.samples) == (
                min(values),
                max(values),
                values[-1],
                len(values),
            )
            assert math.isclose(one.average, sum(values) / len(values), rel_tol=1e-9)


def test_a_sample_at_the_end_belongs_to_the_next_interval() -> None:
    found = list(aggregate([(0, 1.0), (3600, 2.0), (7200, 3.0)], 0, 7200, HOUR))
    assert [(one.start, one.average, one.samples) for one in found] == [(0, 1.0, 1), (3600, 2.0, 1)]


@given(steps)
def test_a_rate_is_never_negative_and_never_a_spike(pieces: list[tuple[int, float]]) -> None:
    samples = series(pieces)
    at = dict(samples)
    times = [time for time, _ in samples]
    found = dict(compute_rates(samples))
    for before, now in pairwise(times):
        if before < now // RESOLUTION * RESOLUTION + RESOLUTION - LOOK_BACK:
            assert now not in found, "nothing is known across a gap"
            assert now - before > LONGEST_STEP
        else:
            risen = at[now] - at[before] if at[now] >= at[before] else at[now]
            assert math.isclose(found[now], risen / (now - before), rel_tol=1e-12)
            assert 0 <= found[now] <= at[now] / (now - before) + 1e-9


@given(st.lists(st.tuples(st.floats(0, 120), st.floats(0, 120)), min_size=2, max_size=40), st.integers(0, 39))
def test_busy_percent_survives_a_reboot(spent: list[tuple[float, float]], reboot: int) -> None:
    idle, user = 0.0, 0.0
    modes: dict[str, list[tuple[float, float]]] = {"idle": [], "user": []}
    expected: dict[float, float] = {}
    for number, (more_idle, more_user) in enumerate(spent):
        before = idle, user
        if number == reboot:
            idle = user = 0.0
        idle, user = idle + more_idle, user + more_user
        time = 120.0 * number
        modes["idle"].append((time, idle))
        modes["user"].append((time, user))
        restarted = idle < before[0] or user < before[1]
        d_idle, d_user = (idle, user) if restarted else (idle - before[0], user - before[1])
        if number and d_idle + d_user > 0:
            expected[time] = 100 * d_user / (d_idle + d_user)

    found = dict(compute_busy_percent(modes, ("idle",)))

    assert found.keys() == expected.keys()
    assert all(0 <= value <= 100 for value in found.values())
    assert all(math.isclose(found[time], expected[time], rel_tol=1e-6, abs_tol=1e-6) for time in found)


@pytest.mark.parametrize(
    ("times", "with_rate"),
    [
        # Samples in one half minute: the later one has the rate, since the one before it.
        ([0, 60, 65], [65]),
        ([0, 60, 89, 90], [89, 90]),
        # The half minute in which a series begins has none.
        ([1, 20, 50], [50]),
        # 330 s before the end of the half minute, and more.
        ([0, 329], [329]),
        ([0, 330], []),
        ([29, 330], []),
        ([30, 330], [330]),
    ],
)
def test_which_samples_of_a_counter_have_a_rate(times: list[int], with_rate: list[int]) -> None:
    assert [time for time, _ in compute_rates([(float(time), 1.0) for time in times])] == with_rate


def test_used_percent_needs_everything_that_is_left_at_the_same_moment() -> None:
    whole = [(0.0, 100.0), (60.0, 100.0), (120.0, 0.0), (180.0, 200.0)]
    free, cached = [(0.0, 10.0), (60.0, 20.0), (120.0, 0.0), (180.0, 50.0)], [(0.0, 30.0), (120.0, 0.0), (180.0, 50.0)]
    assert compute_used_percent(whole, [free, cached]) == [(0.0, 60.0), (180.0, 50.0)]


def test_waiting_for_a_disk_and_time_given_to_others_are_no_work() -> None:
    modes = {
        "idle": [(0.0, 0.0), (120.0, 60.0)],
        "iowait": [(0.0, 0.0), (120.0, 24.0)],
        "steal": [(0.0, 0.0), (120.0, 6.0)],
        "user": [(0.0, 0.0), (120.0, 30.0)],
    }
    assert compute_busy_percent(modes, ("idle", "iowait", "steal")) == [(120.0, 25.0)]
    assert compute_busy_percent(modes, ("idle",)) == [(120.0, 50.0)]


def test_busy_needs_every_mode_and_knows_nothing_without_idle() -> None:
    assert compute_busy_percent({"user": [(0, 1.0), (120, 2.0)]}, ("idle",)) == []
    modes = {"idle": [(0, 0.0), (120, 60.0), (240, 120.0)], "user": [(0, 0.0), (240, 120.0)]}
    assert compute_busy_percent(modes, ("idle",)) == [(240, 50.0)]


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([[0, "NaN"], [60, "+Inf"], [120, "1"]], [(120, 1.0)]),
        ([[120, "2"], [60, "1"], [120, "3"]], [(60, 1.0), (120, 3.0)]),
        ([[60, "1"], [60, "1"]], [(60, 1.0)]),
        ([None, "x", [60], ["y", "1"], [60, None], [60, "1"]], [(60, 1.0)]),
        ([], []),
    ],
    ids=["no-numbers", "unsorted", "twice", "no-pairs", "empty"],
)
def test_what_a_server_may_send(values: list[Any], kept: list[tuple[float, float]]) -> None:
    assert clean_samples(values) == kept


def test_parts_of_one_series_are_put_together_by_time() -> None:
    assert merge_samples([[(0, 1.0), (60, 2.0)], [(60, 2.0), (30, 5.0)]]) == [(0, 1.0), (30, 5.0), (60, 2.0)]
