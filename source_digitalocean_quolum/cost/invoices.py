"""Which issued invoices' items, summary or CSV file are still to be read: each once, the newest once more."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from airbyte_cdk.sources.declarative.interpolation.interpolated_string import InterpolatedString
from airbyte_cdk.sources.declarative.partition_routers.substream_partition_router import SubstreamPartitionRouter
from airbyte_cdk.sources.types import StreamSlice, StreamState

from source_digitalocean_quolum.http.run_context import RunContext


@dataclass(frozen=True)
class Progress:
    """How far a stream has come with the invoices.

    - `since`: the oldest month (YYYY-MM) that was ever asked for. Kept, because the default start date moves on.
    - `read`: by invoice, a hash of its entry in the list of invoices as it was before its items were read.
    - `to_check`: invoices that were the newest when they were first read, and have to be read once more.
    """

    since: str
    read: Mapping[str, str]
    to_check: frozenset[str]

    @classmethod
    def from_state(cls, state: Any, since: str) -> "Progress":
        """From the stream's state, or from nothing where that holds none of ours; an earlier `since` wins."""
        state = state if isinstance(state, Mapping) else {}
        read, to_check = state.get("read"), state.get("to_check")
        return cls(
            since=min(since, str(state.get("since") or since)),
            read=dict(read) if isinstance(read, Mapping) else {},
            to_check=frozenset(to_check) if isinstance(to_check, list) else frozenset(),
        )

    def without(self, invoices: Collection[str]) -> "Progress":
        """The same, as if these invoices had not been read."""
        read = {id_: hash_ for id_, hash_ in self.read.items() if id_ not in invoices}
        return Progress(self.since, read, self.to_check - frozenset(invoices))

    def to_state(self) -> StreamState:
        """As it is kept between syncs."""
        return {"since": self.since, "read": dict(self.read), "to_check": sorted(self.to_check)}


@dataclass
class IssuedInvoicesRouter(SubstreamPartitionRouter):
    """The CDK's SubstreamPartitionRouter without the invoices that are done.

    An issued invoice does not change, so it is read once, whatever the start date does later. Two things say
    otherwise: a corrected invoice differs in the list of invoices (by its `extra_fields`, the amount among them),
    which is read on every sync anyway; and the newest invoice may still have been settling when it was first seen,
    so it is read once more by the next sync, also if a newer one has been issued by then.

    What is done is kept as the CDK's `parent_state`. ConcurrentPerPartitionCursor takes the new one only when all
    slices are read: what a killed sync has read is read again. `incremental_dependency` would not do, it only
    knows how far the list was read.
    """

    name: str = ""
    since: str = ""

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        super().__post_init__(parameters)
        self._run = RunContext.from_config(self.config)
        (parent,) = self.parent_stream_configs
        self._parent = parent.stream.name
        self._start = str(InterpolatedString.create(self.since, parameters=parameters).eval(self.config))[:7]
        self._done: Progress | None = None

    def stream_slices(self) -> Iterable[StreamSlice]:
        """A slice for each invoice to read, in the order of the list."""
        before = self._before()
        listed = [(str(one.partition["invoice_uuid"]), one) for one in super().stream_slices()]
        wanted = [(id_, one) for id_, one in listed if id_ in before.to_check or _period(one) >= before.since]
        newest = max((_period(one) for _, one in wanted), default="")
        read, to_check = dict(before.read), set[str]()
        for id_, one in wanted:
            read[id_] = _hash(one.extra_fields)
            if id_ not in before.read and _period(one) == newest:
                to_check.add(id_)
            if before.read.get(id_) != read[id_] or id_ in before.to_check:
                yield one
        self._done = Progress(before.since, read, frozenset(to_check))

    def get_stream_state(self) -> Mapping[str, StreamState]:
        """What to go on from: the incoming state until the last slice is made."""
        done = None if self._run.access.is_refused(self.name) else self._done
        if done is None:
            return {self._parent: self._before().to_state()}
        # What DigitalOcean refused is asked for again.
        return {self._parent: done.without(self._run.unfinished_parents(self.name)).to_state()}

    def _before(self) -> Progress:
        states = self._run.incoming_states.get(self.name, {}).get("parent_state")
        return Progress.from_state(states.get(self._parent) if isinstance(states, Mapping) else None, self._start)


def _period(invoice: StreamSlice) -> str:
    return str((invoice.extra_fields or {}).get("invoice_period") or "")


def _hash(values: Any) -> str:
    return hashlib.sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
