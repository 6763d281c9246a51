"""Every fault of the table, in a first and in a later sync: nothing is lost, nothing incomplete is COMPLETE."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from integration_tests.faults.account import MOST_MEMORY, NOW, SPEED, Account, broken, not_ended, odd_times
from integration_tests.faults.cases import Case, Moment, rounds
from integration_tests.faults.warm import Warm
from sandbox import Sandbox

# Records of a thousand levels are read by Python's own JSON here.
sys.setrecursionlimit(20_000)
# The sandbox plants it wherever DigitalOcean returns a secret.
SECRET = "PLANTED-SECRET"


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with Warm(SPEED) as started:
        yield started


@pytest.fixture(scope="module")
def account(request: pytest.FixtureRequest, warm: Warm, streams: list[dict[str, Any]]) -> Iterator[Account]:
    with Sandbox(droplets=410, days=50, seed=5, now=NOW, rate_limit=6_000_000) as sandbox:
        yield Account(sandbox, warm, streams, request.param)


# The rounds that every change runs, by their moment: those beyond hold a few faults each.
OFTEN: dict[Moment, int] = {"full": 4, "incremental": 1}


@pytest.mark.parametrize(
    ("account", "number"),
    [
        pytest.param(moment, number, marks=() if number < often else pytest.mark.full)
        for moment, often in OFTEN.items()
        for number in range(len(rounds(moment)))
    ],
    indirect=["account"],
)
def test_what_is_promised_under_each_fault_holds(account: Account, number: int) -> None:
    prove(account, rounds(account.moment)[number])


def prove(account: Account, cases: list[Case]) -> None:
    """One sync under these faults, and the next one without."""
    account.sandbox.reset_requests()
    try:
        hits = {hit.stream: hit for hit in map(account.hit, cases)}
        done, warehouse = account.sync()
        asked = {stream: account.asked(hit.path) for stream, hit in hits.items() if hit.case.most is not None}
    finally:
        account.sandbox.clear_faults()

    problems = {}
    failing = {stream for stream, hit in hits.items() if done.statuses.get(stream) != "COMPLETE"}
    if ends := any(hit.case.promise == "ends" for hit in hits.values()):
        problems["the sync"] = not_ended(hits.values(), done)
    else:
        for stream in account.names:
            named = f"{stream}: {hits[stream].case.name if stream in hits else 'not hit'}"
            problems[named] = broken(stream, hits.get(stream), failing, done, warehouse, account.whole[stream])
    problems |= {
        f"{stream}: {hits[stream].case.name}": f"takes {number} requests"
        for stream, number in asked.items()
        if number > (hits[stream].case.most or 0)
    }
    for stream, hit in hits.items():
        schema = account.schemas[stream]
        if odd := sorted({at for row in done.records.get(stream, []) for at in odd_times(row, schema)}):
            problems[f"{stream}: {hit.case.name}"] = f"has times that no warehouse reads: {odd[:3]}"
    broken_promises = {named: problem for named, problem in problems.items() if problem}
    assert not broken_promises, broken_promises
    assert account.sandbox.token not in done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.peak <= MOST_MEMORY

    account.resume(warehouse)
    late = {
        name
        for name in account.names
        # What a fault did to a value lasts until the record changes, and what was gone does not come back.
        if (ends or name not in hits or hits[name].case.promise != "fits")
        and not account.whole[name].items() <= warehouse.tables[name].items()
    }
    assert not late, f"{late}: the next sync does not bring what is missing"
