"""Monitoring's metrics in the sandbox: DigitalOcean's contract, and figures that fit the team they are measured on."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests
from jsonschema import Draft4Validator

from sandbox import Sandbox
from sandbox.resources_metrics import PRODUCTS
from sandbox.telemetry import Measurements
from sandbox.telemetry.signals import Frame
from sandbox.world import World
from sandbox.world.plan import Plan
from tools.openapi import SPECIFICATION

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
END = int(NOW.timestamp())
DAY = 86_400
MATRIX = {
    "type": "object",
    "required": ["status", "data"],
    "additionalProperties": False,
    "properties": {
        "status": {"enum": ["success"]},
        "data": {
            "type": "object",
            "required": ["resultType", "result"],
            "properties": {
                "resultType": {"enum": ["matrix"]},
                "result": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["metric", "values"],
                        "properties": {
                            "metric": {"type": "object", "additionalProperties": {"type": "string"}},
                            "values": {
                                "type": "array",
                                "minItems": 1,
                                "items": {
                                    "type": "array",
                                    "items": [{"type": "integer"}, {"type": "string"}],
                                    "minItems": 2,
                                    "additionalItems": False,
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}
# A list, its key, and which of its records to ask the metrics of a product about.
EXAMPLES: dict[str, tuple[str, str, Callable[[dict[str, Any]], object]]] = {
    "droplet": ("/v2/droplets", "droplets", lambda one: one["status"] == "active"),
    "apps": ("/v2/apps", "apps", lambda one: True),
    "load_balancer": ("/v2/load_balancers", "load_balancers", lambda one: one["droplet_ids"]),
    "droplet_autoscale": ("/v2/droplets/autoscale", "autoscale_pools", lambda one: True),
    "database/mysql": ("/v2/databases", "databases", lambda one: one["engine"] == "mysql"),
}
PATHS = [(product, metric) for product in PRODUCTS for metric in product.metrics]


@pytest.fixture(scope="module")
def team() -> Iterator[Sandbox]:
    with Sandbox(droplets=20, days=30, seed=3, now=NOW.isoformat(), rate_limit=600_000) as running:
        yield running


def get(sandbox: Sandbox, path: str, token: str | None = None, **query: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {token or sandbox.token}"}
    return requests.get(sandbox.api_base_url + path, headers=headers, params=query, timeout=30)


def listed(sandbox: Sandbox, path: str, key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get(sandbox, path, per_page=200).json()[key]
    return found


def metric(sandbox: Sandbox, path: str, **query: Any) -> list[dict[str, Any]]:
    query = {"start": END - 3600, "end": END, **query}
    response = get(sandbox, f"/v2/monitoring/metrics/{path}", **query)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["data"]["result"]
    return found


def samples(element: dict[str, Any]) -> list[tuple[int, float]]:
    return [(moment, float(value)) for moment, value in element["values"]]


def example(sandbox: Sandbox, product: str) -> dict[str, Any]:
    path, key, fits = EXAMPLES[product]
    agent = [one for one in listed(sandbox, path, key) if fits(one)]
    if product == "droplet":
        return next(one for one in agent if metric(sandbox, "droplet/load_1", host_id=one["id"]))
    return agent[0]


def droplets(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [one for one in listed(sandbox, "/v2/droplets", "droplets") if one["status"] == "active"]


def test_the_paths_are_those_of_the_specification() -> None:
    paths = json.loads(SPECIFICATION.read_text())["paths"]
    wanted = {path for path in paths if path.startswith("/v2/monitoring/metrics/")}
    assert {f"/v2/monitoring/metrics/{product.path}/{one.path}" for product, one in PATHS} == wanted
    assert len(wanted) == 58


@pytest.mark.parametrize(("product", "one"), PATHS, ids=lambda one: one.path)
def test_every_path_answers_a_matrix_of_what_was_measured(team: Sandbox, product: Any, one: Any) -> None:
    resource = example(team, product.path)
    choices = {name: (values or ("defaultdb",))[-1] for name, values in one.required.items()}
    path = f"/v2/monitoring/metrics/{product.path}/{one.path}"
    query = {product.parameter: resource["id"], "start": END - 7200, "end": END, **choices}
    response = get(team, path, **query)
    assert response.status_code == 200
    Draft4Validator(MATRIX).validate(response.json())
    result = response.json()["data"]["result"]
    kinds = {"droplet": "droplet", "apps": "app", "load_balancer": "loadbalancer", "database/mysql": "dbaas"}
    urn = f"do:{kinds.get(product.path, 'autoscale_pool')}:{resource['id']}"
    # How far the answer reaches depends on the sandbox's clock, which goes on while tests run.
    newest = max(at for element in result for at, _ in samples(element))
    assert END - newest < 400
    measured = [
        [tuple(pair) for pair in series["samples"]]
        for series in team.samples(urn, f"{product.path}/{one.path}", END - 7200, newest)
        if choices.items() <= series["labels"].items()
    ]
    assert measured
    assert [samples(element) for element in result] == measured
    identity = {"apps": "app_uuid"}.get(product.path, product.parameter)
    assert {element["metric"][identity] for element in result} == {str(resource["id"])}
    for name in one.required:
        assert get(team, path, **{**query, name: ""}).status_code == 400
    for name, values in one.required.items():
        if values:
            assert get(team, path, **{**query, name: "odd"}).json()["id"] == "bad_request"


@pytest.mark.parametrize(
    "wrong",
    [
        {"host_id": None},
        {"start": None},
        {"end": None},
        {"start": "2026-11-23T00:00:00Z"},
        {"end": END - 7200},
    ],
)
def test_a_missing_or_odd_parameter_is_refused(team: Sandbox, wrong: dict[str, Any]) -> None:
    query = {"host_id": droplets(team)[0]["id"], "start": END - 3600, "end": END, **wrong}
    response = get(team, "/v2/monitoring/metrics/droplet/load_1", **query)
    assert response.status_code == 400
    assert set(response.json()) == {"id", "message"}


def test_who_may_ask_and_about_what(team: Sandbox) -> None:
    path = "/v2/monitoring/metrics/droplet/cpu"
    query: dict[str, Any] = {"start": END - 3600, "end": END}
    id_ = droplets(team)[0]["id"]
    assert get(team, path, team.mint_token(["droplet:read"]), host_id=id_, **query).status_code == 403
    assert get(team, path, team.mint_token(["monitoring:read"]), host_id=id_, **query).status_code == 200
    assert get(team, path, host_id=1, **query).status_code == 404
    databases = listed(team, "/v2/databases", "databases")
    other = next(one["id"] for one in databases if one["engine"] != "mysql")
    path = "/v2/monitoring/metrics/database/mysql/threads_active"
    assert get(team, path, db_id=other, **query).status_code == 404


def test_the_labels_are_the_documented_ones(team: Sandbox) -> None:
    id_ = example(team, "droplet")["id"]
    host = {"host_id": str(id_)}
    cpu = metric(team, "droplet/cpu", host_id=id_)
    assert sorted(one["metric"]["mode"] for one in cpu) == [
        *("idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user")
    ]
    assert all(one["metric"] == {**host, "mode": one["metric"]["mode"]} for one in cpu)
    (disk,) = metric(team, "droplet/filesystem_free", host_id=id_)
    assert disk["metric"] == {**host, "device": "/dev/vda1", "fstype": "ext4", "mountpoint": "/"}
    asked = {"interface": "public", "direction": "outbound"}
    (traffic,) = metric(team, "droplet/bandwidth", host_id=id_, **asked)
    assert traffic["metric"] == {**host, **asked}
    app = listed(team, "/v2/apps", "apps")[0]
    every = metric(team, "apps/cpu_percentage", app_id=app["id"])
    assert {one["metric"]["app_component"] for one in every} == {"web", "jobs"}
    web = metric(team, "apps/cpu_percentage", app_id=app["id"], app_component="web")
    assert web == [one for one in every if one["metric"]["app_component"] == "web"]
    assert set(web[0]["metric"]) == {"app_uuid", "app_component", "app_component_instance"}


def test_samples_lie_in_the_window_and_some_minutes_back(team: Sandbox) -> None:
    id_ = example(team, "droplet")["id"]
    (whole,) = metric(team, "droplet/load_1", host_id=id_, start=END - 4 * 3600, end=END + 3600)
    times = [moment for moment, _ in samples(whole)]
    assert all(moment % 120 == 0 for moment in times)
    assert 180 <= END - times[-1] <= 300
    (part,) = metric(team, "droplet/load_1", host_id=id_, start=times[3], end=times[-3])
    assert part["values"] == whole["values"][3:-2]
    assert metric(team, "droplet/load_1", host_id=id_, start=times[-1] + 1, end=END) == []


def test_what_is_off_has_no_agent_or_is_not_born_has_no_samples(team: Sandbox) -> None:
    all_ = listed(team, "/v2/droplets", "droplets")
    told = {one["id"]: bool(metric(team, "droplet/load_1", host_id=one["id"], start=END - DAY)) for one in all_}
    assert not any(told[one["id"]] for one in all_ if one["status"] == "off")
    without = [one for one in droplets(team) if not told[one["id"]]]
    assert 1 <= len(without) <= len(all_) / 5
    assert not any(one["name"].startswith("pool-") for one in without)
    young = max(droplets(team), key=lambda one: (told[one["id"]], one["created_at"]))
    born = int(datetime.fromisoformat(young["created_at"]).timestamp())
    (first,) = metric(team, "droplet/load_1", host_id=young["id"], start=born - DAY, end=born + 3 * DAY)
    assert born < first["values"][0][0] < born + DAY


def test_cpu_seconds_are_those_of_every_core_since_the_last_boot(team: Sandbox) -> None:
    reboots_seen = 0
    start = END - 20 * DAY
    for one in droplets(team)[:4]:
        born = int(datetime.fromisoformat(one["created_at"]).timestamp())
        modes = [dict(samples(element)) for element in metric(team, "droplet/cpu", host_id=one["id"], start=start)]
        # The last boot before the window lies at most some weeks before it.
        boots = [born, *team.reboots(f"do:droplet:{one['id']}", start - 60 * DAY, END)]
        for moment in modes[0] if modes else ():
            booted = max(boot for boot in boots if boot <= moment)
            assert sum(mode[moment] for mode in modes) == pytest.approx(one["vcpus"] * (moment - booted), abs=0.05)
        for mode in modes:
            reboots_seen += sum(new < old for old, new in pairwise(mode.values()))
    assert reboots_seen >= 8 * 4


def test_samples_are_missing_around_a_reboot_and_now_and_then(team: Sandbox) -> None:
    one = next(one for one in droplets(team) if len(team.reboots(f"do:droplet:{one['id']}", END - 20 * DAY, END)) > 2)
    (load,) = metric(team, "droplet/load_1", host_id=one["id"], start=END - 20 * DAY)
    steps = [(old, new) for (old, _), (new, _) in pairwise(samples(load)) if new - old > 120]
    reboots = team.reboots(f"do:droplet:{one['id']}", END - 20 * DAY, END - 3600)
    assert all(any(old < boot < new for old, new in steps) for boot in reboots)
    gaps = [(old, new) for old, new in steps if not any(old < boot < new for boot in reboots)]
    assert 3 <= len(gaps) <= 12
    assert max(new - old for old, new in gaps) < 3600


def test_memory_and_disk_fit_the_plan(team: Sandbox) -> None:
    one = example(team, "droplet")
    names = ("memory_total", "memory_available", "memory_free", "memory_cached", "filesystem_size", "filesystem_free")
    figures = {name: dict(samples(metric(team, f"droplet/{name}", host_id=one["id"])[0])) for name in names}
    for moment, total in figures["memory_total"].items():
        available = figures["memory_available"][moment]
        assert 0.9 * one["memory"] * 2**20 < total < one["memory"] * 2**20
        assert figures["memory_free"][moment] + figures["memory_cached"][moment] <= available < total
        assert 0.9 * one["disk"] * 2**30 < figures["filesystem_size"][moment] < one["disk"] * 2**30
        assert 0 < figures["filesystem_free"][moment] < figures["filesystem_size"][moment]
    assert len(set(figures["memory_available"].values())) > len(figures["memory_available"]) / 2


def test_days_have_a_rhythm(team: Sandbox) -> None:
    one = example(team, "droplet")
    (load,) = metric(team, "droplet/memory_available", host_id=one["id"], start=END - 14 * DAY)
    halves: dict[int, list[float]] = {}
    for moment, value in samples(load):
        halves.setdefault(moment % DAY // 10_800, []).append(value)
    means = [sum(values) / len(values) for values in halves.values()]
    assert max(means) - min(means) > 0.2 * (max(map(max, halves.values())) - min(map(min, halves.values())))


def test_a_deleted_resource_is_unknown_and_keeps_what_was_measured() -> None:
    with Sandbox(droplets=8, now=NOW.isoformat()) as sandbox:
        one = example(sandbox, "droplet")
        sandbox.delete("droplets", [one["id"]])
        query = {"host_id": one["id"], "start": END - 3600, "end": END}
        assert get(sandbox, "/v2/monitoring/metrics/droplet/load_1", **query).status_code == 404
        sandbox.advance(seconds=7200)
        (series,) = sandbox.samples(f"do:droplet:{one['id']}", "droplet/load_1", END - 3600, END + 7200)
        assert END - 120 <= series["samples"][-1][0] <= END + 5


def test_the_same_whatever_process_window_and_size_of_history() -> None:
    code = """
import sys, json
from sandbox import Sandbox
with Sandbox(droplets=8, days=int(sys.argv[1]), now=sys.argv[2]) as sandbox:
    print(json.dumps([sandbox.samples("do:droplet:401000000", metric, int(sys.argv[3]), int(sys.argv[4]))
        for metric in ("do.droplets.cpu_time", "do.droplets.cpu_utilization", "do.droplets.public_network_rx")]))
"""

    def asked(hash_seed: str, days: int, start: int) -> Any:
        command = [sys.executable, "-c", code, str(days), NOW.isoformat(), str(start), str(END)]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    long, short = asked("1", 90, END - 9 * DAY), asked("2", 3, END - 3 * DAY)
    for family, later in zip(long, short, strict=True):
        assert [one["labels"] for one in family] == [one["labels"] for one in later]
        for one, part in zip(family, later, strict=True):
            assert part["samples"] == [sample for sample in one["samples"] if sample[0] >= END - 3 * DAY]
            assert len(part["samples"]) > 1000


def test_no_sample_depends_on_the_window_it_is_asked_in() -> None:
    world = World(Plan(5, 12, 30, NOW.replace(hour=0, minute=0, second=0)))
    for subject in Measurements(world, spread=True).subjects:
        start, middle = END - DAY, END - 40_000
        whole, first, rest = (
            Frame(subject.timeline, *window) for window in ((start, END), (start, middle), (middle + 1, END))
        )
        for signal in (*(row.signal for row in subject.series), *(row.signal for row in subject.matrices)):
            assert whole.samples(signal) == first.samples(signal) + rest.samples(signal)


def test_each_resource_can_have_its_own_second() -> None:
    with Sandbox(droplets=8, now=NOW.isoformat(), sample_phase="spread") as sandbox:
        phases = set()
        for one in droplets(sandbox):
            found = metric(sandbox, "droplet/load_1", host_id=one["id"])
            phases |= {moment % 120 for element in found for moment, _ in samples(element)}
            assert len({moment % 120 for element in found for moment, _ in samples(element)}) <= 1
        assert len(phases) >= 4


def test_quirks_of_monitoring(team: Sandbox) -> None:
    one = example(team, "droplet")
    (good,) = metric(team, "droplet/filesystem_free", host_id=one["id"])
    try:
        team.quirk("disorder")
        (mixed,) = metric(team, "droplet/filesystem_free", host_id=one["id"])
        assert len(mixed["values"]) > len(good["values"])
        assert mixed["values"] != sorted(mixed["values"])
        assert sorted({tuple(pair) for pair in mixed["values"]}) == [tuple(pair) for pair in good["values"]]
        team.clear_quirks()

        team.quirk("odd_numbers", share=0.3)
        (odd,) = metric(team, "droplet/filesystem_free", host_id=one["id"])
        replaced = [value for (_, value), kept in zip(odd["values"], good["values"], strict=True) if value != kept[1]]
        assert set(replaced) <= {"NaN", "+Inf", "-Inf"}
        assert 0.1 < len(replaced) / len(good["values"]) < 0.6
        # How far the answer reaches depends on the sandbox's clock, which goes on while tests run.
        newest = samples(good)[-1][0]
        assert END - newest < 400
        (truth,) = team.samples(f"do:droplet:{one['id']}", "droplet/filesystem_free", END - 3600, newest)
        assert [tuple(pair) for pair in truth["samples"]] == samples(good)
        team.clear_quirks()

        at = good["values"][10][0]
        team.quirk("relabel", at=at, labels={"fstype": "xfs"})
        before, after = metric(team, "droplet/filesystem_free", host_id=one["id"])
        assert (before["metric"]["fstype"], after["metric"]["fstype"]) == ("ext4", "xfs")
        assert before["values"] == good["values"][:10]
        assert after["values"] == good["values"][10:]
    finally:
        team.clear_quirks()
    assert metric(team, "droplet/filesystem_free", host_id=one["id"]) == [good]


def test_an_unknown_quirk_is_refused(team: Sandbox) -> None:
    with pytest.raises(OSError, match="400"):
        team.quirk("gremlins")


def test_every_answer_carries_the_sandboxs_own_time(team: Sandbox) -> None:
    for path in ("/v2/account", "/v2/nothing", "/v1/oauth/authorize"):
        date = parsedate_to_datetime(get(team, path).headers["date"])
        assert 0 <= date.timestamp() - END < 300
