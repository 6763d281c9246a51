"""Utilization from the first request to the record: both sources against an independent computation, and bad days."""

import json
import math
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from integration_tests.asking import read_all
from integration_tests.connector import MAIN, Run, configured
from integration_tests.faults.warm import run
from sandbox import Sandbox
from source_digitalocean_quolum.utilization.table import load

pytestmark = pytest.mark.skipif(
    shutil.which("prometheus") is None or shutil.which("promtool") is None,
    reason="the sandbox answers Insights with Debian's package prometheus, which is not installed",
)

HOURS = 6
SOURCES = ("insights", "monitoring")
Key = tuple[str, str, str, str]


@pytest.fixture(scope="module")
def account() -> Iterator[Sandbox]:
    with Sandbox(droplets=20, days=30, seed=7, rate_limit=6_000_000, insights_days=1, sample_phase="spread") as sandbox:
        yield sandbox


def settings(sandbox: Sandbox, hours: float = HOURS, **utilization: str) -> dict[str, Any]:
    start = datetime.now(UTC) - timedelta(hours=hours)
    return {
        **sandbox.config(),
        "start_date": start.strftime("%Y-%m-%dT%H:00:00Z"),
        "utilization": {"interval": "PT1H", **utilization},
    }


def read(sandbox: Sandbox, streams: list[dict[str, Any]], *names: str, state: Any = None, **options: Any) -> Run:
    catalog = configured(streams, *names)
    return run("read", config=settings(sandbox, **options), catalog=catalog, state=state)


class Plain:
    """What the account's Droplets read like while nothing is wrong: each question is asked once."""

    def __init__(self, sandbox: Sandbox, streams: list[dict[str, Any]]) -> None:
        self._sandbox, self._streams = sandbox, streams
        self._read: dict[tuple[str, int, int], Run] = {}

    def read(self, source: str, hours: int) -> Run:
        # With the next hour there is another interval.
        asked = (source, hours, datetime.now(UTC).hour)
        if asked not in self._read:
            self._read[asked] = read(self._sandbox, self._streams, "droplet_utilization", source=source, hours=hours)
        return self._read[asked]


@pytest.fixture(scope="module")
def plain(account: Sandbox, streams: list[dict[str, Any]]) -> Plain:
    return Plain(account, streams)


def key(record: Mapping[str, Any]) -> Key:
    return (record["resource_urn"], record["metric"], record["labels_key"], record["interval_start"])


def keyed(done: Run, stream: str) -> dict[Key, dict[str, Any]]:
    records = done.records.get(stream, [])
    found = {key(record): record for record in records}
    assert len(found) == len(records), "a key occurs twice"
    return found


def seconds(written: str) -> int:
    return int(datetime.fromisoformat(written).timestamp())


def expected(samples: list[tuple[float, float]], start: int) -> dict[str, float] | None:
    """The figures of [start, start + 1 h), computed the plain way."""
    values = [value for at, value in samples if start <= at < start + 3600]
    if not values:
        return None
    return {
        "average": sum(values) / len(values),
        "minimum": min(values),
        "maximum": max(values),
        "last": values[-1],
        "samples": len(values),
    }


def close(record: Mapping[str, Any], figures: Mapping[str, float]) -> bool:
    return record["samples"] == figures["samples"] and all(
        math.isclose(record[name], figures[name], rel_tol=1e-9, abs_tol=1e-12)
        for name in ("average", "minimum", "maximum", "last")
    )


def gauge(sandbox: Sandbox, urn: str, metric: str, start: int, end: int) -> list[tuple[float, float]]:
    found = sandbox.samples(urn, metric, start, end)
    return [(at, value) for one in found for at, value in one["samples"]]


def busy(sandbox: Sandbox, urn: str, start: int, end: int) -> list[tuple[float, float]]:
    """Percent busy at each sample, from the counters of every mode."""
    modes = {
        one["labels"].get("cpu_mode") or one["labels"]["mode"]: dict(map(tuple, one["samples"]))
        for one in sandbox.samples(urn, "droplet/cpu", start - 300, end)
    }
    found = []
    for before, now in pairwise(sorted(modes.get("idle", {}))):
        if now - before > 300:
            continue
        spent = {mode: values[now] - values[before] for mode, values in modes.items()}
        if min(spent.values()) < 0:
            spent = {mode: values[now] for mode, values in modes.items()}
        idle = spent["idle"] + spent["iowait"] + spent["steal"]
        found.append((now, 100 * (1 - idle / sum(spent.values()))))
    return found


def three_metrics(sandbox: Sandbox, urn: str, start: int) -> dict[str, list[tuple[float, float]]]:
    """The samples of an hour behind a metric that is computed, one that is measured and one that is an endpoint's."""
    outbound = {"interface": "public", "direction": "outbound"}
    bandwidth = [
        one
        for one in sandbox.samples(urn, "droplet/bandwidth", start, start + 3600)
        if outbound.items() <= one["labels"].items()
    ]
    return {
        "cpu_utilization": busy(sandbox, urn, start, start + 3600),
        "memory_available": gauge(sandbox, urn, "droplet/memory_available", start, start + 3600),
        "public_bandwidth_outbound": [(at, value) for one in bandwidth for at, value in one["samples"]],
    }


@pytest.mark.parametrize("source", ["insights", "monitoring"])
def test_every_figure_of_a_droplet_is_what_its_samples_say(
    account: Sandbox, streams: list[dict[str, Any]], source: str
) -> None:
    done = read(account, streams, "droplet_utilization", source=source)

    assert done.exit_code == 0
    records = keyed(done, "droplet_utilization")
    hours = sorted({written for _, _, _, written in records})
    assert len(hours) in (HOURS - 1, HOURS), "the hour before may not be over yet"
    for droplet in read_all(account, "/v2/droplets", "droplets"):
        urn = f"do:droplet:{droplet['id']}"
        for written in hours:
            start = seconds(written)
            for metric, samples in three_metrics(account, urn, start).items():
                record, figures = records.get((urn, metric, "", written)), expected(samples, start)
                assert (record is None) == (figures is None), (urn, metric, written)
                assert record is None or (figures and close(record, figures)), (record, figures)
    assert all(0 <= record["average"] <= 100 for one, record in records.items() if one[1] == "cpu_utilization")
    assert {record["source"] for record in records.values()} == {source}


def test_both_sources_give_one_answer(account: Sandbox, streams: list[dict[str, Any]]) -> None:
    names = ["droplet_utilization", "app_utilization", "load_balancer_utilization", "database_utilization"]
    insights = read(account, streams, *names, source="insights")
    monitoring = read(account, streams, *names, source="monitoring")

    assert (insights.exit_code, monitoring.exit_code) == (0, 0)
    for name in names:
        one, other = keyed(insights, name), keyed(monitoring, name)
        common = one.keys() & other.keys()
        feature = load().features[name]
        both = [{metric.name for metric in feature.asked_of(source, every=False)} for source in SOURCES]
        assert {metric for _, metric, _, _ in common} == both[0] & both[1], f"{name}: the sources' common metrics"
        assert {which for which in other if which[1] in both[0]} == common, f"{name}: Monitoring alone has rows"
        for which in common:
            a, b = one[which], other[which]
            # Monitoring does not say where a global load balancer runs; Insights is asked by region.
            own = {"source"} if b.get("region") else {"source", "region"}
            differing = [field for field in a.keys() - own if not same(a[field], b[field])]
            assert differing == [], (which, {field: (a[field], b[field]) for field in differing})


def test_utilization_of_resources_that_the_token_may_not_list_is_named(
    account: Sandbox, streams: list[dict[str, Any]]
) -> None:
    config = settings(account)
    config["credentials"]["access_token"] = account.mint_token(["account:read", "app:read", "insights:read"])
    done = run("read", config=config, catalog=configured(streams, "app_utilization", "droplet_utilization"))

    assert done.exit_code == 0, done.errors
    assert set(done.records) == {"app_utilization"}
    (told,) = [text for text in done.logs("WARN") if text.startswith("Stream droplet_utilization is skipped")]
    assert "it is read through droplets" in told
    assert "the scope droplet:read" in told


def same(a: Any, b: Any) -> bool:
    if isinstance(a, float) or isinstance(b, float):
        return a is not None and b is not None and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
    return bool(a == b)


def test_a_healthy_server_is_asked_once_for_a_feature_and_region(
    account: Sandbox, streams: list[dict[str, Any]]
) -> None:
    names = [stream["name"] for stream in streams if stream["name"].endswith("_utilization")]
    done = read(account, streams, *names, source="insights", hours=2)

    assert done.exit_code == 0
    regions = {droplet["region"]["slug"] for droplet in read(account, streams, "droplets").records["droplets"]}
    asked = {name: number for name, number in done.requests.items() if name in names}
    assert set(asked) == set(names), "the account has some of everything"
    assert asked["droplet_utilization"] == len(regions)
    told = [line for line in done.logs("INFO") if "will take" in line]
    assert any(line.startswith(f"droplet_utilization will take {len(regions)} requests") for line in told)
    assert len(told) == len(names) + 1


def test_hourly_syncs_and_a_killed_one_give_the_intervals_of_one_uninterrupted_sync(
    streams: list[dict[str, Any]],
) -> None:
    # Its clock is behind ours, so that it can be moved: the earlier of the two closes intervals.
    begun = datetime.now(UTC) - timedelta(hours=4)
    with Sandbox(droplets=9, days=30, seed=3, rate_limit=6_000_000, insights_days=1, now=begun.isoformat()) as sandbox:
        started = settings(sandbox, hours=10)
        catalog = configured(streams, "droplet_utilization")

        def sync(state: Any) -> Run:
            return run("read", config={**started, "utilization": {"source": "insights"}}, catalog=catalog, state=state)

        first = sync(None)
        sandbox.advance(seconds=3600)
        second = sync(first.state)
        sandbox.advance(seconds=7200)
        sandbox.fault("slow", "/v2/insights/query", after=1, seconds=5)
        said = killed_in_mid_window(sandbox, started, catalog, second.state)
        sandbox.clear_faults()
        retried = sync(second.state)
        whole = sync(None)

    assert [first.exit_code, second.exit_code, retried.exit_code, whole.exit_code] == [0, 0, 0, 0]
    assert '"STATE"' not in said, "the window was not finished"
    again = retried.requests["droplet_utilization"]
    assert again == first.requests["droplet_utilization"], "one slice is repeated, no more"
    parts = [keyed(done, "droplet_utilization") for done in (first, second, retried)]
    assert not parts[0].keys() & parts[1].keys(), "an interval came twice"
    assert not parts[1].keys() & parts[2].keys(), "an interval came twice"
    together = {which: record for part in parts for which, record in part.items()}
    assert together == keyed(whole, "droplet_utilization")


def killed_in_mid_window(sandbox: Sandbox, config: dict[str, Any], catalog: dict[str, Any], state: Any) -> str:
    """Run a read and kill it when its first region has been answered; answers what it had said."""
    asked = len(sandbox.requests("/v2/insights"))
    with tempfile.TemporaryDirectory() as folder:
        files = {"config": {**config, "utilization": {"source": "insights"}}, "catalog": catalog, "state": state}
        arguments = []
        for option, content in files.items():
            path = Path(folder) / f"{option}.json"
            path.write_text(json.dumps(content), encoding="utf-8")
            arguments += [f"--{option}", str(path)]
        with subprocess.Popen(
            [sys.executable, str(MAIN), "read", *arguments], stdout=subprocess.PIPE, text=True
        ) as process:
            while len(sandbox.requests("/v2/insights")) == asked:
                time.sleep(0.05)
            process.kill()
            said, _ = process.communicate()
    return said


def test_a_team_on_trial_is_read_from_monitoring(streams: list[dict[str, Any]]) -> None:
    with Sandbox(droplets=6, days=30, seed=3, rate_limit=6_000_000) as sandbox:
        sandbox.quirk("trial")
        done = read(sandbox, streams, "droplet_utilization", "spaces_utilization", hours=3)

    assert done.exit_code == 0
    assert {record["source"] for record in done.records["droplet_utilization"]} == {"monitoring"}
    told = [line for line in done.logs("WARN") if "insights:read" in line]
    assert len(told) == 1
    assert any("spaces_utilization has no source" in line for line in done.logs("WARN"))


def test_what_is_too_much_is_asked_for_in_halves(account: Sandbox, streams: list[dict[str, Any]], plain: Plain) -> None:
    whole = plain.read("insights", 4)
    try:
        account.quirk("size_limit", terms=20, steps=2, status=503)
        halved = read(account, streams, "droplet_utilization", source="insights", hours=4)
    finally:
        account.clear_quirks()

    assert halved.exit_code == 0
    assert keyed(halved, "droplet_utilization") == keyed(whole, "droplet_utilization")


# A minute of waiting and trying again; what it asks of gaps is asked of a made-up server in test_utilization_gaps.py.
@pytest.mark.full
def test_a_region_under_maintenance_is_named_and_read_later_and_the_others_are_read(
    account: Sandbox, streams: list[dict[str, Any]], plain: Plain
) -> None:
    whole = plain.read("insights", 4)
    try:
        account.quirk("maintenance", regions=["fra1"])
        done = read(account, streams, "droplet_utilization", source="insights", hours=4)
        again = read(account, streams, "droplet_utilization", state=done.state, source="insights", hours=4)
    finally:
        account.clear_quirks()
    healed = read(account, streams, "droplet_utilization", state=again.state, source="insights", hours=4)

    assert [one.exit_code for one in (done, again, healed)] == [1, 0, 0]
    assert any("region fra1," in str(error["message"]) for error in done.errors)
    assert len([line for line in again.logs("WARN") if "still no answer" in line and "region fra1," in line]) == 1
    everything = keyed(whole, "droplet_utilization")
    kept = {w: r for w, r in everything.items() if r["region"] != "fra1"}
    assert kept
    assert keyed(done, "droplet_utilization") == kept
    assert {**kept, **keyed(again, "droplet_utilization"), **keyed(healed, "droplet_utilization")} == everything


def test_samples_out_of_order_and_twice_change_nothing(
    account: Sandbox, streams: list[dict[str, Any]], plain: Plain
) -> None:
    whole = plain.read("monitoring", 3)
    try:
        account.quirk("disorder")
        done = read(account, streams, "droplet_utilization", source="monitoring", hours=3)
    finally:
        account.clear_quirks()

    assert keyed(done, "droplet_utilization") == keyed(whole, "droplet_utilization")


def test_samples_that_are_no_numbers_are_left_out(account: Sandbox, streams: list[dict[str, Any]]) -> None:
    try:
        account.quirk("odd_numbers", share=0.05)
        runs = [
            read(account, streams, "droplet_utilization", source=source, hours=3)
            for source in ("monitoring", "insights")
        ]
    finally:
        account.clear_quirks()

    for done in runs:
        assert done.exit_code == 0
        records = done.records["droplet_utilization"]
        assert records
        assert all(math.isfinite(record[name]) for record in records for name in ("average", "minimum", "last"))


def test_a_renamed_droplet_is_one_series(account: Sandbox, streams: list[dict[str, Any]], plain: Plain) -> None:
    whole = keyed(plain.read("insights", 4), "droplet_utilization")
    at = int((datetime.now(UTC) - timedelta(hours=2)).timestamp()) // 3600 * 3600 + 1860
    try:
        account.quirk("relabel", at=at, labels={"service_name": "renamed"})
        done = keyed(read(account, streams, "droplet_utilization", source="insights", hours=4), "droplet_utilization")
    finally:
        account.clear_quirks()

    gauges = {which for which, record in whole.items() if record["unit"] in ("percent", "bytes", "Mbps")}
    assert gauges <= done.keys() | set()
    for which in gauges:
        for name in ("average", "minimum", "maximum", "last", "samples"):
            assert math.isclose(done[which][name], whole[which][name], rel_tol=1e-9), (which, name)


def test_a_price_above_the_hour_is_told_beforehand(account: Sandbox, streams: list[dict[str, Any]]) -> None:
    config = {**settings(account), "start_date": "2023-01-01T00:00:00Z"}
    config["utilization"] = {"source": "monitoring", "metrics": "all"}
    account.fault("forbid", "/v2/monitoring")
    try:
        done = run("read", config=config, catalog=configured(streams, "droplet_utilization"))
    finally:
        account.clear_faults()

    (warning,) = [line for line in done.logs("WARN") if "more requests than DigitalOcean allows in an hour" in line]
    assert "`insights`" in warning
    assert "`useful`" in warning
