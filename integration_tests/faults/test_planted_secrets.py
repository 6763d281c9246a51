"""Secrets planted in any answer of any status leave no trace in what the connector says."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from integration_tests.connector import MAIN, configured
from integration_tests.faults.account import SPEED
from integration_tests.faults.planting import HARMLESS, STATUSES, leaks, plant, read_harmless, read_planted
from integration_tests.faults.warm import Warm
from sandbox import Sandbox
from sandbox.faults.planting import MARK


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


def test_no_secret_is_in_a_file_or_in_the_process_list(
    sandbox: Sandbox, streams: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Looked at while it reads, not only at the end: what is deleted again was there."""
    names = ("apps", "database_clusters", "droplets", "invoices", "kubernetes_clusters", "monitoring_destinations")
    options = []
    for name, content in (("config", sandbox.config()), ("catalog", configured(streams, *names))):
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
        options += [f"--{name}", str(tmp_path / name)]
    places = {name: tmp_path / name.lower() for name in ("HOME", "TMPDIR", "PWD")}
    for place in places.values():
        place.mkdir()
    environment = {**os.environ, **{name: str(place) for name, place in places.items()}}
    secrets = (MARK.encode(), sandbox.token.encode())
    plant(sandbox, seed=5)
    looks, seen = 0, []
    try:
        with (tmp_path / "stdout").open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, str(MAIN), "read", *options], stdout=out, env=environment, cwd=places["PWD"]
            )
            while process.poll() is None:
                looks += 1
                told = [Path(f"/proc/{process.pid}/cmdline"), *(at for one in places.values() for at in one.rglob("*"))]
                for path in told:
                    with suppress(OSError):
                        seen += [path.name for secret in secrets if secret in path.read_bytes()]
                time.sleep(0.02)
    finally:
        sandbox.clear_faults()

    assert looks > 10
    assert b'"type":"RECORD"' in (tmp_path / "stdout").read_bytes()
    assert seen == []


def test_harmless_texts_come_whole(warm: Warm, sandbox: Sandbox, streams: list[dict[str, Any]]) -> None:
    done = read_harmless(warm, sandbox, streams)
    assert done.exit_code == 0, done.errors
    assert len(done.records) == 5
    for name, rows in done.records.items():
        assert [row["note_of_tomorrow"] for row in rows] == [list(HARMLESS)] * len(rows), name
        described = [row["description"] for row in rows if row.get("description")]
        assert described == ["\n".join(HARMLESS)] * len(described), name
