"""Partitions that are not being read are kept as their state, and not as the machinery that makes it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from airbyte_cdk.sources.declarative.incremental.concurrent_partition_cursor import ConcurrentPerPartitionCursor
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import StreamSlice

# Partitions without a parent that a state may hold. Some cost nothing, and a parent that was missing in one answer goes
# on where it was; but thousands make the CDK (SWITCH_TO_GLOBAL_LIMIT) keep one date for all of them.
_MOST_GONE = 1_000


class PartitionState:
    """In the place of a partition's ConcurrentCursor: its state, and that cursor again when slices are asked for.

    ConcurrentPerPartitionCursor (airbyte_cdk 7.39) has one for each partition that it knows from the state or has
    read, until the end of the sync: a lock, a date parser, a converter and the slices it has seen take 2.7 KB, where
    the state takes 0.5.
    """

    __slots__ = ("_cursor", "_key", "state")

    def __init__(self, cursor: ConcurrentPerPartitionCursor, key: str, state: Mapping[str, Any]) -> None:
        self._cursor, self._key, self.state = cursor, key, state

    def stream_slices(self) -> Iterable[StreamSlice]:
        """See ConcurrentCursor; the partition is about to be read."""
        # The CDK offers no way in: these two are what it makes cursors with, and where it keeps them.
        again = self._cursor._create_cursor(self.state)  # noqa: SLF001
        self._cursor._cursor_per_partition[self._key] = again  # noqa: SLF001
        return again.stream_slices()


def keep_known_states(cursor: Cursor) -> None:
    """Let go of the cursors that were made of an incoming state; before anything is read.

    They do not count as partitions of this sync: most of them may be of parents that are gone.
    """
    if isinstance(cursor, ConcurrentPerPartitionCursor):
        for key in cursor._cursor_per_partition:  # noqa: SLF001
            _keep(cursor, key)
        cursor._number_of_partitions = 0  # noqa: SLF001
        router = cursor._partition_router  # noqa: SLF001
        if is_gone := getattr(router, "is_gone", None):
            list_slices = router.stream_slices

            def stream_slices() -> Iterable[StreamSlice]:
                yield from list_slices()
                _forget_gone(cursor, is_gone)

            router.stream_slices = stream_slices  # type: ignore[method-assign]


def _forget_gone(cursor: ConcurrentPerPartitionCursor, is_gone: Callable[[Mapping[str, Any]], bool]) -> None:
    with cursor._lock:  # noqa: SLF001
        known = cursor._cursor_per_partition  # noqa: SLF001
        gone = [key for key in known if is_gone(cursor._to_dict(key))]  # noqa: SLF001
        if len(gone) > _MOST_GONE:
            for key in gone:
                del known[key]


def keep_state(cursor: Cursor, partition: Partition) -> None:
    """Let go of a partition's own cursor if all its slices are closed; call it behind `cursor.close_partition`."""
    stream_slice = partition.to_slice()
    if not isinstance(cursor, ConcurrentPerPartitionCursor) or not isinstance(stream_slice, StreamSlice):
        return
    # What the CDK's close_partition looks at, under the same lock.
    key = cursor._to_partition_key(stream_slice.partition)  # noqa: SLF001
    with cursor._lock:  # noqa: SLF001
        if key in cursor._cursor_per_partition and key not in cursor._partition_key_to_index:  # noqa: SLF001
            _keep(cursor, key)


def _keep(cursor: ConcurrentPerPartitionCursor, key: str) -> None:
    cursors = cursor._cursor_per_partition  # noqa: SLF001
    cursors[key] = PartitionState(cursor, key, cursors[key].state)  # type: ignore[assignment]
