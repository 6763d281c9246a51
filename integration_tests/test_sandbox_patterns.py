"""The sandbox's Droplets that look like waste and are none: how their work is spread over time, in both sources."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from math import fsum
from typing import Any

import pytest
import requests

from sandbox import Sandbox
from sandbox.telemetry import Measurements
from sandbox.telemetry.prometheus import installed
from sandbox.telemetry.signals import Frame
from sandbox.telemetry.subjects import Subject
from sandbox.telemetry.waves import Wave, WorkingHours
from sandbox.world import World
from sandbox.world.plan import Plan

# A Monday, so that the weekend is in the days just before it.
NOW = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
END = int(NOW.timestamp())
HOUR, DAY = 3_600, 86_400
SATURDAY = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp())


@pytest.fixture(scope="module")
def measured() -> Measurements:
    return Measurements(World(Plan(7, 40, 60, NOW.replace(hour=0, minute=0, second=0), waste=True)))


@pytest.fixture(scope="module")
def team() -> Iterator[Sandbox]:
    with Sandbox(
        droplets=12, days=30, now=NOW.isoformat(), rate_limit=600_000, waste="seeded", insights_days=2.7
    ) as running:
        yield running


def subject(measured: Measurements, pattern: str) -> Subject:
    (found,) = [one for one in measured.subjects if one.pattern == pattern and one.kind == "droplet"]
    return found


def samples(measured: Measurements, urn: str, metric: str, start: float, end: float) -> list[tuple[int, float]]:
    return [sample for _, series in measured.truth(urn, metric, start, end) for sample in series]


def busy(measured: Measurements, pattern: str, start: float, end: float) -> list[float]:
    urn = subject(measured, pattern).urn
    return [percent for _, percent in samples(measured, urn, "do.droplets.cpu_utilization", start, end)]


def test_the_world_tells_its_patterns_and_they_are_no_waste(team: Sandbox) -> None:
    told = team.patterns()
    assert [one["pattern"] for one in told] == ["spiky", "quiet_at_weekends"]
    assert not {one["urn"] for one in told} & {one["urn"] for one in team.waste()}
    assert World(Plan(7, 40, 60, NOW)).patterns == {}


def test_a_deleted_droplet_has_no_pattern() -> None:
    with Sandbox(droplets=12, now=NOW.isoformat(), waste="seeded") as mutable:
        spiky = mutable.patterns()[0]["urn"]
        mutable.delete("droplets", [int(spiky.rpartition(":")[2])])
        assert [one["pattern"] for one in mutable.patterns()] == ["quiet_at_weekends"]


def test_a_spiky_droplet_is_idle_but_for_short_high_peaks(measured: Measurements) -> None:
    percents = sorted(busy(measured, "spiky", END - 28 * DAY, END))
    assert fsum(percents) / len(percents) < 5
    assert percents[int(0.95 * len(percents))] < 5
    assert 80 < percents[-1] < 100
    urn = subject(measured, "spiky").urn
    rates = [
        [rate for _, rate in samples(measured, urn, f"do.droplets.{side}_network_{way}", END - 7 * DAY, END)]
        for side in ("public", "private")
        for way in ("rx", "tx")
    ]
    assert sum(fsum(one) / len(one) for one in rates) < 1000


def test_a_spiky_droplet_is_busy_in_one_hour_of_a_day(measured: Measurements) -> None:
    urn = subject(measured, "spiky").urn
    cpu = samples(measured, urn, "do.droplets.cpu_utilization", END - 21 * DAY, END)
    hours = {moment // HOUR % 24 for moment, percent in cpu if percent > 50}
    assert len(hours) == 1


def test_a_droplet_quiet_at_weekends_works_from_monday_to_friday(measured: Measurements) -> None:
    for weeks in (0, 1, 2):
        weekend = busy(
            measured, "quiet_at_weekends", SATURDAY + 240 - weeks * 7 * DAY, SATURDAY + (2 - weeks * 7) * DAY
        )
        week = busy(measured, "quiet_at_weekends", SATURDAY - (5 + weeks * 7) * DAY + 240, SATURDAY - weeks * 7 * DAY)
        assert max(weekend) < 1
        assert fsum(week) / len(week) > 5


@pytest.mark.parametrize("pattern", ["spiky", "quiet_at_weekends"])
def test_no_sample_of_a_pattern_depends_on_the_window_it_is_asked_in(measured: Measurements, pattern: str) -> None:
    one = subject(measured, pattern)
    # From Thursday to Monday, cut within a weekend and at each of its ends.
    cuts = [END - 4 * DAY, SATURDAY, SATURDAY + DAY + 40_000, SATURDAY + 2 * DAY, END]
    windows = [(start + (start != cuts[0]), end) for start, end in pairwise(cuts)]
    whole, parts = Frame(one.timeline, cuts[0], END), [Frame(one.timeline, *window) for window in windows]
    for signal in (*(row.signal for row in one.series), *(row.signal for row in one.matrices)):
        assert whole.samples(signal) == [sample for part in parts for sample in part.samples(signal)]


@pytest.mark.parametrize(
    "hours", [WorkingHours(DAY, 30_000, 1_200, 0.01), WorkingHours(7 * DAY, 5 * DAY, 5 * DAY, 0.0)], ids=str
)
def test_a_counter_is_the_integral_of_what_is_done_in_its_hours(hours: WorkingHours) -> None:
    wave = Wave(3.0, (0.5, 1.0, 0.2, 0.0, 0.0), (0.1, 0.2, 0.3, 0.4, 0.5), hours)
    first, count = END - 14 * DAY, 14 * 720
    values, integral = wave.at(first, count), wave.integral_at(first, count + 1)
    assert (integral[1:] >= integral[:-1]).all()
    assert integral[-1] - integral[0] == pytest.approx(120 * values.sum(), rel=2e-3)
    # What is done within each step is what is done at its begin, but where the hours begin or end within it.
    differences = abs(integral[1:] - integral[:-1] - 120 * values)
    assert (differences > 10).sum() <= 2 * 14 + 2
    assert integral[-1] - integral[0] == pytest.approx(wave.integral_until(END) - wave.integral_until(first), rel=1e-9)


@pytest.mark.skipif(not installed(), reason="the programs prometheus and promtool are not installed")
def test_monitoring_and_insights_tell_the_same_of_a_pattern(team: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {team.token}"}
    last = END // HOUR * HOUR

    def told(path: str, **query: Any) -> list[dict[str, Any]]:
        answer = requests.get(team.api_base_url + path, headers=headers, params=query, timeout=120)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    listed = requests.get(f"{team.api_base_url}/v2/droplets", headers=headers, timeout=30).json()["droplets"]
    regions = {f"do:droplet:{droplet['id']}": droplet["region"]["slug"] for droplet in listed}
    for one in team.patterns():
        id_ = one["urn"].rpartition(":")[2]
        modes = told("/v2/monitoring/metrics/droplet/cpu", host_id=id_, start=last - 2 * DAY, end=last)
        grown: dict[str, float] = {}
        for element in modes:
            counts = [float(value) for _, value in element["values"]]
            grown[element["metric"]["mode"]] = sum(new - old if new >= old else new for old, new in pairwise(counts))
        monitoring = 100 * (1 - sum(grown[mode] for mode in ("idle", "iowait", "steal")) / sum(grown.values()))
        query = f'avg_over_time(do_droplets_cpu_utilization{{resource_urn="{one["urn"]}"}}[2d])'
        path = f"/v2/insights/query/{regions[one['urn']]}/prom/api/v1/query_range"
        (series,) = told(path, query=query, start=last, end=last, step="1h")
        assert float(series["values"][0][1]) == pytest.approx(monitoring, rel=0.05)
