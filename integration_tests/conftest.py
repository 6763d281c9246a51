"""Fixtures shared by the integration tests."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from integration_tests import connector
from sandbox import Sandbox

# They import what comes with the host, which Python 3.13 lacks; others skip by unit_tests/warehouse/__init__.py.
_OF_THE_HOST = ["test_models*.py", "test_sync_connections.py", "test_sync_documentation.py", "test_sync_failures.py"]
collect_ignore_glob = [] if find_spec("airbyte") else _OF_THE_HOST


@pytest.fixture(scope="session")
def streams() -> list[dict[str, Any]]:
    """The connector's catalog; it is the same for every account."""
    token = {"credentials": {"auth_type": "access_token", "access_token": "dop_v1_" + "a" * 64}}
    return connector.discover(token)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A small account, shared by the tests of a module; each test leaves it as it found it."""
    # Two days in Insights: with all forty, reading utilization would take minutes more.
    with Sandbox(droplets=12, days=40, seed=3, rate_limit=600_000, insights_days=2) as running:
        yield running
