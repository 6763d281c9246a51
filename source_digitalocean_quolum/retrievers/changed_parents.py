"""Children of parents that have not changed since their last sync are not asked for again."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson
from airbyte_cdk.sources.declarative.interpolation.interpolated_string import InterpolatedString
from airbyte_cdk.sources.declarative.partition_routers.substream_partition_router import SubstreamPartitionRouter
from airbyte_cdk.sources.types import StreamSlice, StreamState

from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.records.times import parse_time

# What was under way when the history begins may have ended a little later.
_BEFORE_HISTORY = timedelta(days=1)


@dataclass
class ChangedParentsRouter(SubstreamPartitionRouter):
    """The CDK's SubstreamPartitionRouter without the parents whose children cannot have changed.

    A parent is passed on if it differs, in the `extra_fields` of its configuration, from when its children were
    last read, or if one of the `always` fields stands anywhere in them: then children change without it. It is, too,
    where one of the `known` fields is absent or empty, since nothing can be told from it. Of the parents only those
    are looked at whose fields have one of the values in `only`.

    A first sync leaves out what has been at rest since before the history begins (`since`): a parent all of whose
    `times` lie before it. One that lacks one of them is asked about.

    A short hash of each parent is kept as the CDK's `parent_state`: `{"apps": {"<id>": "<hash>"}}`. The hash is
    that of the parent as it was read before its children, and ConcurrentPerPartitionCursor takes the new hashes
    only once all children are read: what changes in between, or is lost with a sync that ends early, is asked
    for again. `incremental_dependency` would not do: a time is not exact for parents read over several pages.
    """

    name: str = ""
    always: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    since: str = ""
    only: Mapping[str, list[Any]] = field(default_factory=dict)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        super().__post_init__(parameters)
        self._run = RunContext.from_config(self.config)
        parent = self.parent_stream_configs[-1]
        self._parent = parent.stream.name
        self._partition_field = parent.partition_field.eval(self.config)  # type: ignore[union-attr]
        begin = parse_time(InterpolatedString.create(self.since, parameters=parameters).eval(self.config))
        self._history = begin - _BEFORE_HISTORY if begin else None
        self._read: dict[str, str] | None = None
        self._listed: set[str] = set()

    def stream_slices(self) -> Iterable[StreamSlice]:
        """A slice for each parent to ask about, in the parents' order."""
        seen: dict[str, str] = {}
        yield from self._list_changed(self._before(), seen)
        self._read = seen

    def is_gone(self, partition: Mapping[str, Any]) -> bool:
        """Whether the parent of a partition is in no list any more: known once all slices are made."""
        is_known = self._read is not None and not self._run.access.is_refused(self._parent)
        return is_known and str(partition.get(self._partition_field)) not in self._listed

    def _list_parents(self) -> Iterable[StreamSlice]:
        """Every parent, whether it has changed or not."""
        for stream_slice in super().stream_slices():
            self._listed.add(str(stream_slice.partition[self._partition_field]))
            yield stream_slice

    def _list_changed(self, before: dict[str, str], seen: dict[str, str]) -> Iterable[StreamSlice]:
        """The parents to ask about, by the hashes of the last sync; `seen` takes the hashes of this one."""
        for stream_slice in self._list_parents():
            fields = stream_slice.extra_fields or {}
            if any(fields.get(name) not in values for name, values in self.only.items()):
                continue
            identity = str(stream_slice.partition[self._partition_field])
            seen[identity] = hash_fields(fields)
            if self._changes_unseen(fields) or (
                before.get(identity) != seen[identity] and not self._is_at_rest(fields)
            ):
                yield StreamSlice(partition=stream_slice.partition, cursor_slice={})

    def _changes_unseen(self, fields: Mapping[str, Any]) -> bool:
        """Whether the children of a parent may change without it."""
        return _holds(fields, self.always) or not all(fields.get(name) for name in self.known)

    def _is_at_rest(self, fields: Mapping[str, Any]) -> bool:
        """Whether a parent has no children in the history that a first sync reads.

        Only in a first one: the default start date moves on, past what a sync could not read.
        """
        if self._history is None or self._run.incoming_states.get(self.name):
            return False
        moments = [parse_time(fields.get(name)) for name in self.times]
        return bool(moments) and all(moment is not None and moment < self._history for moment in moments)

    def get_stream_state(self) -> Mapping[str, StreamState]:
        """The hashes to go on from, by the parent's id: the incoming ones until the last slice is made."""
        if self._read is None or self._run.access.is_refused(self.name):
            return {self._parent: self._before()}
        unfinished = self._run.unfinished_parents(self.name)
        return {self._parent: {id_: hash_ for id_, hash_ in self._read.items() if id_ not in unfinished}}

    def _before(self) -> dict[str, str]:
        states = self._run.incoming_states.get(self.name, {}).get("parent_state")
        hashes = states.get(self._parent) if isinstance(states, Mapping) else None
        return dict(hashes) if isinstance(hashes, Mapping) else {}


def hash_fields(values: Any) -> str:
    """A short hash of what is known of a parent: 16 hexadecimal digits."""
    return hashlib.sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _holds(value: Any, names: list[str]) -> bool:
    """Whether one of these fields stands anywhere in a value and is not empty."""
    if isinstance(value, Mapping):
        return any((member and name in names) or _holds(member, names) for name, member in value.items())
    return isinstance(value, list) and any(_holds(member, names) for member in value)
