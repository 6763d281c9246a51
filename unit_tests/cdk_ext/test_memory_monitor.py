"""The memory is looked at every 5,000 records, however many of them are one message."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from airbyte_cdk.models import AirbyteMessage, FailureType, Type
from airbyte_cdk.utils import memory_monitor
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.cdk_ext.concurrent_read import RecordBatch
from source_digitalocean_quolum.cdk_ext.entrypoint import BatchEntrypoint

LIMIT = 1_000_000


class Container:
    """The files by which a container's memory is known."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        for name in ("CURRENT", "MAX", "STAT"):
            patch.setattr(memory_monitor, f"_CGROUP_V2_{name}", folder / name)
        (folder / "MAX").write_text(str(LIMIT))
        self.uses(0.5)

    def uses(self, share: float) -> None:
        (self._folder / "CURRENT").write_text(str(int(LIMIT * share)))
        (self._folder / "STAT").write_text(f"anon {int(LIMIT * share)}\n")


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Container:
    return Container(tmp_path, monkeypatch)


def records_before_the_end(container: Container, sizes: Iterator[int], full_after: int) -> int:
    """How many records were read when the command ended; the memory is full after some of them."""
    read = 0

    def messages(*_: Any) -> Iterator[AirbyteMessage]:
        nonlocal read
        for size in sizes:
            read += size
            if read > full_after:
                container.uses(0.97)
            yield RecordBatch(Type.RECORD, stream="droplets", count=size)

    source = Mock(check_config_against_spec=False, message_repository=None, read=messages)
    entrypoint = BatchEntrypoint(source)
    with pytest.raises(AirbyteTracedException) as ended:
        for _ in entrypoint.read(Mock(connectionSpecification={}), {}, None, []):
            pass
    assert ended.value.failure_type == FailureType.system_error
    return read


@pytest.mark.parametrize("size", [1, 7, 64, 999, 5_000])
def test_a_full_memory_ends_the_read_at_the_next_5000_records(container: Container, size: int) -> None:
    many = iter([size] * (30_000 // size))

    read = records_before_the_end(container, many, full_after=12_000)

    assert 15_000 <= read < 15_000 + size


def test_when_memory_is_short_it_is_looked_at_every_100_records(container: Container) -> None:
    container.uses(0.91)

    read = records_before_the_end(container, iter([30] * 1_000), full_after=6_000)

    assert 6_000 < read <= 6_000 + 100 + 30
