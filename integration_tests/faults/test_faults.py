"""Every fault of the table, in a first and in a later sync: nothing is lost, nothing incomplete is COMPLETE."""

import json
import sys
from collections.abc import Iterator
from typing import Any, Literal

import pytest

from integration_tests.connector import Run, configured
from integration_tests.faults.cases import PARENTS, PATHS, Case, rounds
from integration_tests.faults.host import Table, Warehouse, truth
from integration_tests.faults.warm import Warm
from sandbox import Sandbox

Moment = Literal["full", "incremental"]

# Waits are this much shorter: the rest of an hour takes some seconds.
SPEED = 600
# Records of a thousand levels are read by Python's own JSON here.
sys.setrecursionlimit(20_000)
NOW = "2026-03-20T12:00:00Z"


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with Warm(SPEED) as started:
        yield started


class Account:
    """A sandbox, a catalog of the suite's streams, and what the server holds at one moment."""

    def __init__(self, sandbox: Sandbox, warm: Warm, streams: list[dict[str, Any]], moment: Moment) -> None:
        self.sandbox, self.warm = sandbox, warm
        self.config = sandbox.config(start_date="2026-01-01T00:00:00Z")
        self.catalog = configured(streams, *PATHS, full_refresh=False)
        self._state: list[dict[str, Any]] = []
        self._tables: dict[str, Table] = {name: {} for name in PATHS}
        if moment == "incremental":
            before = self._warehouse()
            before.land(self.read())
            sandbox.advance(days=2)
            self._state, self._tables = before.state, before.tables
        self.whole = truth(self.read(), self.catalog)

    def read(self, state: list[dict[str, Any]] | None = None) -> Run:
        return self.warm.run("read", config=self.config, catalog=self.catalog, state=state or None)

    def sync(self) -> tuple[Run, Warehouse]:
        """One sync from the moment's state into the tables of before."""
        warehouse = self._warehouse()
        done = self.read(self._state)
        warehouse.land(done)
        return done, warehouse

    def resume(self, warehouse: Warehouse) -> None:
        warehouse.land(self.read(warehouse.state))

    def _warehouse(self) -> Warehouse:
        return Warehouse(self.catalog, self._tables, self._state)


@pytest.fixture(scope="module", params=["full", "incremental"])
def account(request: pytest.FixtureRequest, warm: Warm, streams: list[dict[str, Any]]) -> Iterator[Account]:
    with Sandbox(droplets=450, days=50, seed=5, now=NOW, rate_limit=6_000_000) as sandbox:
        yield Account(sandbox, warm, streams, request.param)


@pytest.mark.parametrize("number", range(max(len(rounds("full")), len(rounds("incremental")))))
def test_what_is_promised_under_each_fault_holds(account: Account, number: int, request: pytest.FixtureRequest) -> None:
    moment: Moment = request.node.callspec.params["account"]
    if number >= len(rounds(moment)):
        pytest.skip("fewer rounds at this moment")
    hit = {getattr(case, moment): case for case in rounds(moment)[number]}
    for stream, case in hit.items():
        account.sandbox.fault(
            case.fault, PATHS[stream], times=case.times, after=case.after, query=case.query, **case.parameters
        )
    try:
        done, warehouse = account.sync()
    finally:
        account.sandbox.clear_faults()

    problems = {}
    failing = {stream for stream, case in hit.items() if case.promise == "fails"}
    for stream in PATHS:
        if found := broken(stream, hit.get(stream), failing, done, warehouse, account.whole[stream]):
            problems[f"{stream}: {hit[stream].name if stream in hit else 'not hit'}"] = found
    assert problems == {}
    assert account.sandbox.token not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr

    account.resume(warehouse)
    late = {
        name
        for name in PATHS
        # What a fault did to a value lasts until the record changes, and what was gone does not come back.
        if (name not in hit or hit[name].promise != "fits")
        and not account.whole[name].items() <= warehouse.tables[name].items()
    }
    assert late == set(), "the next sync does not bring what is missing"


def broken(stream: str, case: Case | None, failing: set[str], done: Run, warehouse: Warehouse, whole: Table) -> str:
    """What is wrong with a stream after a sync; empty if all is as promised."""
    status, table = done.statuses.get(stream), warehouse.tables[stream]
    errors = [error for error in done.errors if (error.get("stream_descriptor") or {}).get("name") == stream]
    if case is not None and case.promise == "fails":
        if status != "INCOMPLETE":
            return f"is {status}"
        said = [error for error in errors if case.says in error["message"]]
        if not said:
            return f"says {[error['message'] for error in errors]}"
        return "" if said[0]["failure_type"] == case.type else f"is a {said[0]['failure_type']}"
    if status == "INCOMPLETE" and PARENTS.get(stream) in failing:
        # Without its parents' list a stream has nobody to ask about: it fails with it.
        return ""
    if status != "COMPLETE" or errors:
        return f"is {status}: {[error['message'] for error in errors]}"
    missing = [key for key in whole if key not in table]
    if case is not None and case.promise == "fits":
        # A fault in a value may change it; a parent that is gone takes its own children along.
        return f"lost {len(missing)} of {len(whole)}" if missing and case.fault != "gone" else ""
    wrong = [key for key in whole if key in table and json.loads(table[key]) != json.loads(whole[key])]
    return f"lost {len(missing)}, changed {len(wrong)} of {len(whole)}" if missing or wrong else ""
