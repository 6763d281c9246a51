"""Tells the operator and the platform that a run waits for DigitalOcean's rate limit, until when and why."""

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteStreamStatus,
    AirbyteStreamStatusReason,
    AirbyteStreamStatusReasonType,
    StreamDescriptor,
)
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message
from airbyte_protocol_dataclasses.models import AirbyteStreamStatusRateLimitedReason

from source_digitalocean_quolum.http.budget import Wait

logger = logging.getLogger("airbyte")

# Seconds. Shorter waits are a matter of pacing, and nobody needs to know.
_NOTABLE = 5.0


class WaitNotices:
    """One line of the log for each wait of the run, and for each stream that waits a status for the platform."""

    def __init__(self, epoch: Callable[[], float]) -> None:
        self._epoch = epoch
        self._lock = threading.Lock()
        self._emit: Callable[[AirbyteMessage], None] | None = None
        self._selected: Collection[str] = ()
        self._parents: Mapping[str, Sequence[str]] = {}
        # Until when waits have been told, by the log and by stream.
        self._told = 0.0
        self._told_of: dict[str, float] = {}

    def watch(
        self, emit: Callable[[AirbyteMessage], None], selected: Collection[str], parents: Mapping[str, Sequence[str]]
    ) -> None:
        """From now on the platform is told, too; `parents` names the lists that each stream is read through."""
        self._emit, self._selected, self._parents = emit, selected, parents

    def tell(self, stream: str, wait: Wait) -> None:
        """A request of this stream has to wait; called again and again while it does."""
        if wait.seconds < _NOTABLE:
            return
        now = self._epoch()
        until = now + wait.seconds
        with self._lock:
            log = now >= self._told
            if log:
                self._told = until
            # A wait that has become longer is another one.
            streams = [name for name in self._readers(stream) if self._told_of.get(name, 0.0) < until - _NOTABLE]
            self._told_of.update(dict.fromkeys(streams, until))
        if log:
            logger.info(
                "Waiting for DigitalOcean's rate limit: the next request goes out at %s UTC, in %.0f s. %s.",
                datetime.fromtimestamp(until, UTC).strftime("%H:%M:%S"),
                wait.seconds,
                wait.reason,
            )
        if self._emit is not None:
            for name in streams:
                self._emit(_rate_limited(name, until))

    def _readers(self, stream: str) -> Iterator[str]:
        """The selected streams that wait when this one does: itself, or those that are read through it."""
        if stream in self._selected:
            yield stream
            return
        for name in self._selected:
            if self._is_read_through(name, stream):
                yield name

    def _is_read_through(self, name: str, stream: str) -> bool:
        above = self._parents.get(name, ())
        return stream in above or any(self._is_read_through(parent, stream) for parent in above)


def _rate_limited(stream: str, until: float) -> AirbyteMessage:
    reason = AirbyteStreamStatusReason(
        type=AirbyteStreamStatusReasonType.RATE_LIMITED,
        rate_limited=AirbyteStreamStatusRateLimitedReason(quota_reset=int(until * 1000)),
    )
    return as_airbyte_message(StreamDescriptor(name=stream), AirbyteStreamStatus.RUNNING, [reason])
