"""An output that ends: a reader that goes away, a disk that is full. The command ends, with one sentence."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration_tests.connector import configured
from integration_tests.faults.warm import Warm
from sandbox import Sandbox


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with Warm() as started:
        yield started


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(droplets=2000, days=5, seed=5, rate_limit=6_000_000) as running:
        yield running


def ended(warm: Warm, sandbox: Sandbox, streams: list[dict[str, Any]], stdout: str) -> tuple[int, str]:
    """The exit code and what stderr says, of a read that writes there."""
    catalog = configured(streams, "droplets", "volumes", "images")
    with warm.start("read", stdout, config=sandbox.config(), catalog=catalog) as started:
        return started.wait(30), started.said().stderr


def test_a_full_disk_ends_the_read_with_a_sentence(warm: Warm, sandbox: Sandbox, streams: list[dict[str, Any]]) -> None:
    code, said = ended(warm, sandbox, streams, "/dev/full")
    assert (code, said) == (1, "The output cannot be written, its disk is full: the command ends.\n")


def test_a_reader_that_goes_away_ends_the_read_with_a_sentence(
    warm: Warm, sandbox: Sandbox, streams: list[dict[str, Any]], tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def read_a_little() -> None:
        with pipe.open("rb") as reader:
            reader.read(100_000)

    reader = threading.Thread(target=read_a_little)
    reader.start()
    code, said = ended(warm, sandbox, streams, str(pipe))
    reader.join(10)
    assert (code, said) == (1, "Nobody reads the output any more: the command ends.\n")
