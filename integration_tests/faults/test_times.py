"""Times that nobody expects: whatever the times of one sync looked like, the next one misses nothing that is new."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from integration_tests.connector import Run, configured
from integration_tests.faults.account import NOW, SPEED
from integration_tests.faults.host import Warehouse, truth
from integration_tests.faults.warm import Warm
from sandbox import Sandbox
from sandbox.faults.records import TIMES

# Stream -> where it asks, and the places of its cursor.
CURSORS = {
    "actions": ("/v2/actions$", "actions.*.started_at"),
    "app_events": ("/v2/apps/*/events$", "events.*.created_at"),
    "apps": ("/v2/apps$", "apps.*.updated_at"),
    "billing_history": ("/v2/customers/my/billing_history$", "billing_history.*.date"),
    "genai_indexing_jobs": ("/v2/gen-ai/indexing_jobs$", "jobs.*.started_at"),
    "projects": ("/v2/projects$", "projects.*.updated_at"),
    "security_scans": ("/v2/security/scans$", "scans.*.created_at"),
    "vector_databases": ("/v2/vector-databases$", "vector_dbs.*.updated_at"),
}


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with Warm(SPEED) as started:
        yield started


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(droplets=20, days=20, seed=5, now=NOW, rate_limit=6_000_000) as running:
        yield running


@pytest.mark.full
@pytest.mark.parametrize("which", ["one record", "every record"])
@pytest.mark.parametrize("form", TIMES)
def test_what_comes_after_odd_times_is_read(
    warm: Warm, sandbox: Sandbox, streams: list[dict[str, Any]], form: str, which: str
) -> None:
    config = sandbox.config(start_date="2026-02-01T00:00:00Z")
    catalog = configured(streams, *CURSORS)
    warehouse = Warehouse(catalog)
    for path, place in CURSORS.values():
        at = place if which == "every record" else place.replace("*", "0")
        sandbox.fault("times", path, at=at, form=form)
    try:
        odd = warm.run("read", config=config, catalog=catalog)
    finally:
        sandbox.clear_faults()
    warehouse.land(odd)
    before = truth(warm.run("read", config=config, catalog=catalog), catalog)
    now = sandbox.advance(days=1)
    done = warm.run("read", config=config, catalog=catalog, state=warehouse.state)
    warehouse.land(done)
    whole = truth(warm.run("read", config=config, catalog=catalog), catalog)

    assert [one.exit_code for one in (odd, done)] == [0, 0], (odd.errors, done.errors)
    for name, table in whole.items():
        assert table.keys() <= warehouse.tables[name].keys(), name
        new = {key: row for key, row in table.items() if before[name].get(key) != row}
        assert new.items() <= warehouse.tables[name].items(), name
    assert any(table != before[name] for name, table in whole.items())
    for one in (odd, done):
        said = " ".join([*one.logs("WARN"), *one.logs("INFO"), *one.logs("ERROR")])
        assert "cursor field" not in said.lower(), "words of the CDK"
        assert [moment for moment in moments(one) if moment > now] == [], "a cursor passes the start of the sync"


def moments(done: Run) -> list[str]:
    """Every moment in the states that a sync left."""
    return re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", str(done.state))
