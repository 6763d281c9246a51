"""`num_workers` is how many requests are under way, whoever sends them: lists, utilization, check, renewed access."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integration_tests.connector import configured
from integration_tests.faults.warm import run
from integration_tests.gate import TOKEN_PATH, Gate
from integration_tests.test_oauth import PAST, connected
from sandbox import Sandbox

# Each asks for many things that could be asked for side by side: pages, children, and metrics by their resource.
STREAMS = ("droplets", "volumes", "database_backups", "kubernetes_node_pools")
MEASURED = ("app_utilization", "load_balancer_utilization")


@pytest.fixture
def gate(sandbox: Sandbox) -> Iterator[Gate]:
    with Gate(sandbox, side_by_side=True).open() as opened:
        # Long enough that those who could be under way are.
        opened.asked = lambda _: time.sleep(0.01)
        yield opened


def through(gate: Gate, config: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return {**config, "api_base_url": gate.base_url, "oauth_base_url": f"{gate.base_url}/v1/oauth", **settings}


@pytest.mark.parametrize("source", ["insights", "monitoring"])
def test_a_read_has_no_more_requests_under_way_than_it_may(
    gate: Gate, sandbox: Sandbox, streams: list[dict[str, Any]], source: str
) -> None:
    since = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    config = connected(sandbox, token_expiry_date=PAST)
    config = through(gate, config, num_workers=2, start_date=since, utilization={"source": source})
    done = run("read", config=config, catalog=configured(streams, *STREAMS, *MEASURED))

    assert done.exit_code == 0, done.errors
    assert {*STREAMS, *MEASURED} <= done.records.keys()
    assert TOKEN_PATH in gate.paths
    assert gate.most_under_way == 2


def test_a_check_has_no_more_requests_under_way_than_it_may(gate: Gate, sandbox: Sandbox) -> None:
    done = run("check", config=through(gate, sandbox.config(), num_workers=2))

    (status,) = done.of("CONNECTION_STATUS")
    assert status["status"] == "SUCCEEDED"
    assert gate.most_under_way == 2


def test_more_may_be_under_way_where_more_is_allowed(
    gate: Gate, sandbox: Sandbox, streams: list[dict[str, Any]]
) -> None:
    done = run("read", config=through(gate, sandbox.config(), num_workers=8), catalog=configured(streams, *STREAMS))

    assert done.exit_code == 0, done.errors
    assert 2 < gate.most_under_way <= 8
