"""Everyone in the benchmarks reads the same records in as few requests; how fast is nobody's business here."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.contestants import CONNECTOR, FLOOR, TEN, of_lists
from benchmarks.first_sync import measure
from benchmarks.measure import server
from benchmarks.report import picture, table
from benchmarks.scenarios import SCENARIOS, Scenario
from sandbox.telemetry.prometheus import installed
from source_digitalocean_quolum.utilization.table import load

# A minute or more, of what other tests try in part.
pytestmark = pytest.mark.full

OWN_ENVIRONMENT = (FLOOR, TEN, CONNECTOR, "plain CDK manifest")


@pytest.fixture(autouse=True)
def _without_peers_that_need_another_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.contestants._peers", lambda: sys.executable)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_everyone_reads_the_same_records(scenario: Scenario, tmp_path: Path) -> None:
    keys = {one.name: one.key for one in scenario.lists}
    read, requests = {}, {}
    with server(scenario.name, 420, 0) as served:
        for one in of_lists(scenario):
            if one.name in OWN_ENVIRONMENT:
                command = one.command(served.base, tmp_path)
                output = subprocess.run(command, capture_output=True, check=True, cwd=Path(__file__).parents[1]).stdout
                messages = [json.loads(line) for line in output.splitlines()]
                records = [message["record"] for message in messages if message["type"] == "RECORD"]
                read[one.name] = Counter((each["stream"], each["data"][keys[each["stream"]]]) for each in records)
                requests[one.name] = served.requests()

    assert read[FLOOR].total() == scenario.held(420) > 0
    assert all(found == read[FLOOR] for found in read.values())
    assert requests[CONNECTOR] <= min(requests.values()) + _GPU_LIST.get(scenario.name, 0)


# GPU Droplets are a list of their own, which only the connector knows of.
_GPU_LIST = {"lists": 1}


@pytest.mark.skipif(not installed(), reason="it asks Debian's package prometheus, which is not installed")
def test_a_first_sync_is_measured_by_a_window_that_has_a_row_of_each_metric_and_hour() -> None:
    metrics = len(load().features["droplet_utilization"].asked_of("insights", every=False))

    cells = [cell.strip() for cell in measure(droplets=2, days=1).strip("|").split("|")]

    assert cells[:4] == ["2", "2", "24", str(24 * metrics)]
    assert all(float(cell) >= 0 for cell in cells[4:])


def test_the_table_and_the_picture_tell_what_was_measured() -> None:
    figures = {"wall": 2.0, "cpu": 1.0, "net": 0.5, "memory": 40.0, "requests": 5.0}
    ours = {**figures, "net": 0.75}
    scenario = {"name": "lists", "title": "one list", "latency": 0, "records": 1000}
    results = {
        "runs": 5,
        "scenarios": [{**scenario, "found": {FLOOR: figures, TEN: figures, CONNECTOR: ours}}],
        "starts": {"import airbyte_cdk": 1.0, "check": 1.25},
    }

    assert f"| {CONNECTOR} | 2.0 | 1.0 | 500 | 1.0 | 750 | 1.50 | 40 | 5 |" in table(results)
    assert "| check | 1.25 | 0.25 |" in table(results)
    assert ">1.5</text>" in picture(results)
