"""Secrets planted in any answer of any status leave no trace in what the connector says."""

from collections.abc import Iterator
from typing import Any

import pytest

from integration_tests.faults.account import SPEED
from integration_tests.faults.planting import HARMLESS, STATUSES, leaks, read_harmless, read_planted
from integration_tests.faults.warm import Warm
from sandbox import Sandbox


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with Warm(SPEED) as started:
        yield started


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(droplets=4, days=4, seed=3, rate_limit=6_000_000) as running:
        yield running


# Each takes a whole sync: the others are of the same kinds.
OFTEN = (201, 422)


@pytest.mark.parametrize(
    ("seed", "status"),
    [
        (0, 200),
        *(
            pytest.param(seed, status, marks=() if status in OFTEN else pytest.mark.full)
            for seed, status in enumerate(STATUSES, 1)
        ),
    ],
)
def test_no_planted_secret_leaves_the_connector(
    warm: Warm, sandbox: Sandbox, streams: list[dict[str, Any]], seed: int, status: int
) -> None:
    done = read_planted(warm, sandbox, streams, seed, status)
    assert leaks(done) == []
    assert "Traceback" not in done.stderr
    if status == 200:
        assert sum(map(len, done.records.values())) > 300, "nothing was read, so nothing could leak"
    else:
        assert len(done.statuses) > 100


def test_harmless_texts_come_whole(warm: Warm, sandbox: Sandbox, streams: list[dict[str, Any]]) -> None:
    done = read_harmless(warm, sandbox, streams)
    assert done.exit_code == 0, done.errors
    assert len(done.records) == 5
    for name, rows in done.records.items():
        assert [row["note_of_tomorrow"] for row in rows] == [list(HARMLESS)] * len(rows), name
        described = [row["description"] for row in rows if row.get("description")]
        assert described == ["\n".join(HARMLESS)] * len(described), name
