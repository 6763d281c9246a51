"""Insights in the sandbox: a real Prometheus that tells what Monitoring tells, behind DigitalOcean's manners."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from math import fsum, isfinite, isnan
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from sandbox import Sandbox
from sandbox.telemetry.prometheus import installed
from sandbox.telemetry.promql import steps, terms, underscored
from tools.openapi import FACTS

NOW = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
END = int(NOW.timestamp())
HOUR = 3600
# The last whole hour that every sample of has arrived.
LAST = END // HOUR * HOUR - HOUR
REFERENCE = Path(__file__).parents[1] / "unit_tests" / "utilization" / "reference_series.yaml"
REGIONS = ("nyc3", "fra1", "sfo3", "ams3")

needs_prometheus = pytest.mark.skipif(not installed(), reason="the programs prometheus and promtool are not installed")


@pytest.fixture(scope="module")
def team() -> Iterator[Sandbox]:
    with Sandbox(droplets=20, days=30, seed=3, now=NOW.isoformat(), rate_limit=600_000, insights_days=0.5) as running:
        yield running


def call(sandbox: Sandbox, path: str, region: str = "nyc3", token: str = "", **form: Any) -> requests.Response:
    url = f"{sandbox.api_base_url}/v2/insights/query/{region}/prom/api/v1/{path}"
    headers = {"Authorization": f"Bearer {token or sandbox.token}"}
    return requests.post(url, headers=headers, data=form, timeout=60)


def matrix(sandbox: Sandbox, query: str, region: str = "nyc3", **form: Any) -> list[dict[str, Any]]:
    form = {"start": LAST - 6 * HOUR, "end": LAST, "step": "1h", **form}
    response = call(sandbox, "query_range", region, query=query, **form)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["data"]["result"]
    return found


def values(element: dict[str, Any]) -> dict[int, float]:
    return {moment: float(value) for moment, value in element["values"]}


def hourly(samples: list[list[float]], figure: Callable[[list[float]], float]) -> dict[int, float]:
    """The figure of the samples in (hour - 1 h, hour] for the hours of `matrix`, as PromQL's ranges are cut."""
    found = {}
    for hour in range(LAST - 6 * HOUR, LAST + 1, HOUR):
        within = [value for moment, value in samples if hour - HOUR <= moment <= hour]
        if within:
            found[hour] = figure(within)
    return found


def told(sandbox: Sandbox, urn: str, name: str) -> list[dict[str, Any]]:
    return sandbox.samples(urn, name, LAST - 8 * HOUR, LAST)


FIGURES: dict[str, Callable[[list[float]], float]] = {
    "avg": lambda found: fsum(found) / len(found),
    "min": min,
    "max": max,
    "last": lambda found: found[-1],
    "count": len,
}


@needs_prometheus
@pytest.mark.parametrize(
    "name",
    [
        *("do.droplets.cpu_utilization", "do.droplets.memory_available", "do.droplets.public_network_rx"),
        *("do.apps.app_cpu_utilization", "do.load_balancers.connections_active", "do.databases.network_rx"),
        *("do.kubernetes.node_load_avg_1m", "do.functions.avg_duration", "do.spaces.requests"),
        *("do.container_registry.storage_used", "do.vector_database.objects_count"),
    ],
)
def test_prometheus_computes_what_the_samples_say(team: Sandbox, name: str) -> None:
    compared = 0
    for region in REGIONS:
        for figure, compute in FIGURES.items():
            for element in matrix(team, f"{figure}_over_time({name}[1h])", region):
                labels = {label: value for label, value in element["metric"].items() if label != "__name__"}
                family = told(team, labels["resource_urn"], name)
                (series,) = [one for one in family if one["labels"] == labels]
                assert values(element) == pytest.approx(hourly(series["samples"], compute), rel=1e-9)
                compared += 1
    assert compared >= len(FIGURES)


@needs_prometheus
def test_cpu_utilization_follows_from_monitorings_counters_over_reboots_too(team: Sandbox) -> None:
    start, restarts, samples = LAST - 150 * HOUR, 0, 0
    for urn in {
        element["metric"]["resource_urn"]
        for region in REGIONS
        for element in matrix(team, "do.droplets.cpu_utilization", region)
    }:
        query = {"host_id": urn.rsplit(":", 1)[1], "start": start, "end": LAST}
        url = f"{team.api_base_url}/v2/monitoring/metrics/droplet/cpu"
        answer = requests.get(url, headers={"Authorization": f"Bearer {team.token}"}, params=query, timeout=30).json()
        modes = {one["metric"]["mode"]: values(one) for one in answer["data"]["result"]}
        expected = {}
        for before, now in pairwise(modes["idle"]):
            if now - before > 300:
                continue
            restarted = any(mode[now] < mode[before] for mode in modes.values())
            spent = {name: mode[now] - (0 if restarted else mode[before]) for name, mode in modes.items()}
            expected[now] = 100 * (1 - fsum(spent[mode] for mode in ("idle", "iowait", "steal")) / fsum(spent.values()))
            restarts += restarted
        (series,) = team.samples(urn, "do.droplets.cpu_utilization", start + 300, LAST)
        assert dict(series["samples"]) == pytest.approx(
            {moment: value for moment, value in expected.items() if moment >= start + 300}, rel=1e-9
        )
        assert all(0 < value < 100 for _, value in series["samples"])
        samples += len(expected)
    assert samples > 40_000
    assert restarts >= 3


@needs_prometheus
def test_bandwidth_is_the_growth_of_the_counters(team: Sandbox) -> None:
    (one, *_) = matrix(team, "do.droplets.public_network_tx")
    urn = one["metric"]["resource_urn"]
    selector = f'do.droplets.network_tx{{resource_urn="{urn}",network_device="eth0"}}'
    form: dict[str, Any] = {"start": LAST - HOUR, "end": LAST, "step": "2m"}
    (rate,) = matrix(team, f"irate({selector}[5m]) * 8e-6", **form)
    (series,) = team.samples(urn, "droplet/bandwidth", LAST - HOUR, LAST)[2:3]
    assert series["labels"] | {"interface": "public", "direction": "outbound"} == series["labels"]
    assert values(rate) == pytest.approx(dict(series["samples"]), rel=1e-9)


@needs_prometheus
def test_every_known_name_is_told_somewhere(team: Sandbox) -> None:
    wanted = set(json.loads(FACTS.read_text(encoding="utf-8"))["insights"])
    window: dict[str, Any] = {"start": LAST - HOUR, "end": LAST}
    names = [call_values(team, region, "__name__", **window) for region in REGIONS]
    # Since then DigitalOcean has documented more, of products that the observed region did not have.
    documented = yaml.safe_load(REFERENCE.read_text(encoding="utf-8"))
    found = set().union(*names)
    assert wanted <= found
    assert found - wanted <= {name.replace(".", "_") for name in documented}


def call_values(sandbox: Sandbox, region: str, label: str, **query: Any) -> set[str]:
    url = f"{sandbox.api_base_url}/v2/insights/query/{region}/prom/api/v1/label/{label}/values"
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    answer = requests.get(url, headers=headers, params=query, timeout=60)
    assert answer.json()["status"] == "success"
    return set(answer.json()["data"])


@needs_prometheus
def test_labels_are_those_observed(team: Sandbox) -> None:
    def labels(name: str) -> set[str]:
        element = matrix(team, name)[0]["metric"]
        assert element["__name__"] == name.replace(".", "_")
        return set(element) - {"__name__"}

    common = {"resource_urn", "service_name", "do_tags"}
    assert labels("do.droplets.cpu_utilization") == common
    assert labels("do.droplets.memory_total") == common | {"resource_region_slug"}
    assert labels("do.droplets.cpu_time") == common | {"resource_region_slug", "cpu_id", "cpu_mode"}
    assert labels("do.kubernetes.node_load_avg_5m") == common | {"resource_region_slug", "node_name"}
    assert labels("do.serverless_inference.http_requests_total") == {"model", "route", "status"}
    functions = [element for region in REGIONS for element in matrix(team, "do.functions.activations", region)]
    assert set(functions[0]["metric"]) == {"__name__", "resource_urn"}
    assert functions[0]["metric"]["resource_urn"].startswith("do:functions_namespace:fn-")


@needs_prometheus
def test_a_region_tells_its_own_resources_and_no_others(team: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {team.token}"}
    answer = requests.get(f"{team.api_base_url}/v2/droplets?per_page=200", headers=headers, timeout=30).json()
    where = {f"do:droplet:{one['id']}": one["region"]["slug"] for one in answer["droplets"]}
    active = {f"do:droplet:{one['id']}" for one in answer["droplets"] if one["status"] == "active"}
    seen = set()
    for region in REGIONS:
        urns = call_values(team, region, "resource_urn", **{"match[]": "do.droplets.memory_total"})
        assert all(where.get(urn, "nyc3") == region for urn in urns)
        seen |= urns & set(where)
    assert seen < active
    assert len(seen) >= len(active) - 3
    assert call(team, "query", "syd1", query="do.droplets.memory_total").json()["data"]["result"] == []


@needs_prometheus
def test_every_way_to_ask(team: Sandbox) -> None:
    base = f"{team.api_base_url}/v2/insights/query/nyc3/prom/api/v1/"
    headers = {"Authorization": f"Bearer {team.token}"}
    form: dict[str, Any] = {"query": "sum(do.droplets.memory_total)", "start": LAST - HOUR, "end": LAST, "step": "1h"}
    get = requests.get(base + "query_range", headers=headers, params=form, timeout=30).json()
    assert get == call(team, "query_range", **form).json()
    assert get["data"]["resultType"] == "matrix"
    assert get == call(team, "query_range", **{**form, "query": "sum(do_droplets_memory_total)"}).json()
    instant = call(team, "query", query=form["query"], time=LAST).json()["data"]
    assert instant["resultType"] == "vector"
    assert instant["result"][0]["value"] == get["data"]["result"][0]["values"][-1]
    assert "cpu_mode" in call(team, "labels", start=LAST - HOUR, end=LAST).json()["data"]
    form = {"match[]": "do.droplets.load_avg_1m", "start": LAST, "end": LAST}
    series = call(team, "series", **form).json()["data"]
    assert {one["__name__"] for one in series} == {"do_droplets_load_avg_1m"}


@needs_prometheus
def test_errors_are_prometheus_own_or_digitaloceans(team: Sandbox) -> None:
    wrong = call(team, "query_range", query="sum(", start=LAST, end=LAST, step="1h")
    assert (wrong.status_code, wrong.json()["status"], wrong.json()["errorType"]) == (400, "error", "bad_data")
    missing = call(team, "query_range", query="up", start=LAST, end=LAST)
    assert missing.json()["errorType"] == "bad_data"
    ambiguous = "do.droplets.load_avg_1m * on (resource_region_slug) do.droplets.load_avg_5m"
    assert call(team, "query", query=ambiguous, time=LAST).json()["errorType"] == "execution"
    unknown = call(team, "query", "mars1", query="up")
    assert (unknown.status_code, unknown.json()["id"]) == (404, "not_found")
    stranger = call(team, "query", token=team.mint_token(["monitoring:read"]), query="up")
    assert (stranger.status_code, stranger.json()["id"]) == (403, "forbidden")
    assert call(team, "query", token=team.mint_token(["insights:read"]), query="up").status_code == 200


@needs_prometheus
def test_the_last_minutes_have_not_arrived_and_come_with_the_clock() -> None:
    newest = "max(max_over_time(timestamp(do.droplets.memory_total)[10m:1m]))"
    with Sandbox(droplets=8, now=NOW.isoformat(), insights_days=0.2) as sandbox:
        before = matrix(sandbox, "do.droplets.memory_available", start=END - 2 * HOUR, end=END - 300, step="2m")
        (seen,) = call(sandbox, "query", query=newest, time=END).json()["data"]["result"]
        assert 180 <= END - float(seen["value"][1]) <= 300
        sandbox.advance(HOUR)
        (seen,) = call(sandbox, "query", query=newest, time=END + HOUR).json()["data"]["result"]
        assert 180 <= END + HOUR + 5 - float(seen["value"][1]) <= 305
        again = matrix(sandbox, "do.droplets.memory_available", start=END - 2 * HOUR, end=END - 300, step="2m")
        assert again == before
        one = before[0]["metric"]["resource_urn"]
        count = f'count_over_time(do.droplets.memory_available{{resource_urn="{one}"}}[1h])'
        (grown,) = call(sandbox, "query", query=count, time=END + HOUR - 300).json()["data"]["result"]
        (truth,) = sandbox.samples(one, "do.droplets.memory_available", END - 300, END + HOUR - 300)
        assert int(grown["value"][1]) == len(truth["samples"])


@needs_prometheus
def test_a_deleted_droplet_ends(team: Sandbox) -> None:
    with Sandbox(droplets=8, now=NOW.isoformat(), insights_days=0.1) as sandbox:
        query = "count by (resource_urn) (do.droplets.memory_total)"
        urns = {one["metric"]["resource_urn"] for one in matrix(sandbox, query, start=LAST, end=LAST)}
        gone = sorted(urns)[0]
        sandbox.delete("droplets", [gone.rsplit(":", 1)[1]])
        sandbox.advance(HOUR)
        later = {one["metric"]["resource_urn"] for one in matrix(sandbox, query, start=END + 1800, end=END + 1800)}
        assert later == urns - {gone}
        assert urns == {one["metric"]["resource_urn"] for one in matrix(sandbox, query, start=LAST, end=LAST)}


@needs_prometheus
def test_quirks_of_the_server(team: Sandbox) -> None:
    query = 'label_replace(do.droplets.load_avg_1m, "a", "1", "", "") or label_replace(up, "a", "2", "", "")'
    try:
        team.quirk("trial")
        refused = call(team, "query", query="up")
        assert (refused.status_code, refused.json()["id"]) == (403, "forbidden")
        team.clear_quirks()
        team.quirk("maintenance", regions=["fra1"])
        page = call(team, "query", "fra1", query="up")
        assert (page.status_code, page.headers["content-type"].split(";")[0]) == (200, "text/html")
        assert call(team, "query", "nyc3", query="up").json()["status"] == "success"
        team.clear_quirks()
        for status, kind in ((503, "timeout"), (422, "execution")):
            team.quirk("size_limit", terms=1, status=status)
            large = call(team, "query_range", query=query, start=LAST, end=LAST, step="1h")
            assert (large.status_code, large.json()["errorType"]) == (status, kind)
            assert matrix(team, "avg_over_time(do.droplets.load_avg_1m[1h])")
        team.quirk("size_limit", steps=3, status=504)
        assert call(team, "query_range", query="up", start=LAST - 3 * HOUR, end=LAST, step="1h").status_code == 504
        assert matrix(team, "do.droplets.load_avg_1m", start=LAST - 2 * HOUR)
    finally:
        team.clear_quirks()
    assert matrix(team, query)


@needs_prometheus
def test_quirks_of_the_series(team: Sandbox) -> None:
    name = "do.droplets.filesystem_free"
    form: dict[str, Any] = {"start": LAST - HOUR, "end": LAST, "step": "2m"}
    good = matrix(team, name, **form)
    try:
        team.quirk("relabel", at=LAST - 1800, labels={"filesystem_type": "xfs"})
        changed = matrix(team, name, **form)
        assert len(changed) == 2 * len(good)
        assert {one["metric"]["filesystem_type"] for one in changed} == {"ext4", "xfs"}
        team.clear_quirks()
        team.quirk("no_urn", prefixes=["do_droplets_filesystem"])
        assert all("resource_urn" not in one["metric"] for one in matrix(team, name, **form))
        assert all("resource_urn" in one["metric"] for one in matrix(team, "do.droplets.memory_total", **form))
        team.clear_quirks()
        team.quirk("odd_numbers", share=0.2)
        odd = [value for one in matrix(team, name, **form) for value in values(one).values()]
        assert any(map(isnan, odd))
        assert any(not isfinite(value) and not isnan(value) for value in odd)
        assert sum(map(isfinite, odd)) > len(odd) / 2
    finally:
        team.clear_quirks()
    assert matrix(team, name, **form) == good


@needs_prometheus
def test_faults_hit_insights_as_they_hit_the_rest(team: Sandbox) -> None:
    try:
        team.fault("html", "/v2/insights/query/fra1")
        assert call(team, "query", "fra1", query="up").headers["content-type"].startswith("text/html")
        team.fault("truncated_json", "/v2/insights/query/nyc3", times=1)
        with pytest.raises(requests.JSONDecodeError):
            call(team, "query", "nyc3", query="up").json()
        assert call(team, "query", "nyc3", query="up").json()["status"] == "success"
    finally:
        team.clear_faults()


@needs_prometheus
def test_a_posted_query_is_in_the_log(team: Sandbox) -> None:
    team.reset_requests()
    call(team, "query", query="sum(do.droplets.load_avg_1m)", time=LAST)
    (entry,) = team.requests("/v2/insights")
    assert entry["query"] == {"query": "sum(do.droplets.load_avg_1m)", "time": str(LAST)}
    assert entry["path"] == "/v2/insights/query/nyc3/prom/api/v1/query"


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("do.droplets.cpu_time", "do_droplets_cpu_time"),
        ('rate(do.a.b_c{x="do.a.b"}[5m]) > 1.5', 'rate(do_a_b_c{x="do.a.b"}[5m]) > 1.5'),
        ("sum by (a)(x.y{b=~'p.q\\'.r'}) # do.not.touch", "sum by (a)(x_y{b=~'p.q\\'.r'}) # do.not.touch"),
        (
            "avg_over_time(do.a.b[3600s] offset 1ms) * 8e-06 / .5",
            "avg_over_time(do_a_b[3600s] offset 1ms) * 8e-06 / .5",
        ),
        ("`do.a.b` + 1.e2", "`do.a.b` + 1.e2"),
    ],
)
def test_dots_become_underscores_in_names_only(query: str, wanted: str) -> None:
    assert underscored(query) == wanted


def test_the_size_of_a_query() -> None:
    assert terms('label_replace(avg_over_time(a[1h]), "x", "y", "", "") or max_over_time(b[1h])') == 2
    assert steps({"start": "0", "end": "7200", "step": "1h"}) == 3
    assert steps({"start": "2026-11-23T00:00:00Z", "end": "2026-11-23T01:30:00Z", "step": "1h30m"}) == 2
    assert steps({"start": "0", "end": "60"}) == 0
