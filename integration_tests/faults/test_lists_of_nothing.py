"""Null and empty are the same nothing: for every list that the connector reads."""

from collections.abc import Iterator
from typing import Any

import pytest

from integration_tests.connector import configured
from integration_tests.faults.account import NOW, SPEED
from integration_tests.faults.warm import Warm
from sandbox import Sandbox

# A minute or more, of what other tests try in part.
pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with Warm(SPEED) as started:
        yield started


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(droplets=12, days=10, seed=5, now=NOW, rate_limit=6_000_000) as running:
        yield running


@pytest.fixture(scope="module")
def filled(warm: Warm, sandbox: Sandbox, streams: list[dict[str, Any]]) -> set[str]:
    """The streams that have records as long as nobody interferes."""
    done = warm.run("read", config=config(sandbox), catalog=configured(streams))
    return {name for name, records in done.records.items() if records}


def config(sandbox: Sandbox) -> dict[str, Any]:
    return sandbox.config(start_date="2026-03-10T00:00:00Z")


@pytest.mark.parametrize("form", ["empty", "null"])
def test_every_list_of_nothing_completes_without_records(
    warm: Warm, sandbox: Sandbox, streams: list[dict[str, Any]], filled: set[str], form: str
) -> None:
    sandbox.fault("no_records", form=form)
    try:
        done = warm.run("read", config=config(sandbox), catalog=configured(streams))
    finally:
        sandbox.clear_faults()

    assert [error["message"] for error in done.errors] == []
    assert set(done.statuses.values()) == {"COMPLETE"}
    # What is left are objects, not lists: the account, the balance, options.
    left = {name for name, records in done.records.items() if records}
    assert left < filled
    assert len(filled - left) > 90
