"""Which streams are synced and how each one lands: the configured catalog of a local sync."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warehouse.sync.errors import ConnectorError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from warehouse.sync.warehouse import Write


@dataclass(frozen=True)
class StreamPlan:
    """One selected stream.

    `write` is what happens to the rows in the table: `replace` swaps all of them once the stream is
    complete, `merge` replaces those with the same key, `append` adds. `state` is what the last sync
    committed, None to read from the beginning.
    """

    stream: Mapping[str, Any]
    incremental: bool
    write: Write
    key: Sequence[str]
    state: Mapping[str, Any] | None

    @property
    def name(self) -> str:
        """The stream's name."""
        return str(self.stream["name"])

    @property
    def mode(self) -> str:
        """The sync mode in Airbyte's words, e.g. `incremental | append_dedup`."""
        return f"{self._sync_mode} | {self._destination_sync_mode}"

    def configured(self) -> dict[str, Any]:
        """Return the ConfiguredAirbyteStream."""
        return {
            "stream": dict(self.stream),
            "sync_mode": self._sync_mode,
            "destination_sync_mode": self._destination_sync_mode,
            "cursor_field": self.stream.get("default_cursor_field") or [],
            "primary_key": [[part] for part in self.key],
        }

    @property
    def _sync_mode(self) -> str:
        return "incremental" if self.incremental else "full_refresh"

    @property
    def _destination_sync_mode(self) -> str:
        return {"replace": "overwrite", "merge": "append_dedup", "append": "append"}[self.write]


def plan_streams(
    discovered: Sequence[Mapping[str, Any]],
    wanted: Sequence[str] | None,
    states: Mapping[str, Mapping[str, Any]],
    *,
    full_refresh: bool,
) -> list[StreamPlan]:
    """Plan the `wanted` streams (all of them when None), in the order they were discovered.

    An incremental stream merges by its key, or appends without one. The others, and all of them with
    `full_refresh`, replace their table. Only incremental streams are given a state: a full refresh that is
    handed the state of a completed one would read nothing and empty the table.
    """
    return [
        _plan(stream, states.get(stream["name"]), full_refresh=full_refresh)
        for stream in discovered
        if wanted is None or stream["name"] in wanted
    ]


def configured_catalog(plans: Sequence[StreamPlan]) -> dict[str, Any]:
    """Return the ConfiguredAirbyteCatalog of the plans."""
    return {"streams": [plan.configured() for plan in plans]}


def _plan(stream: Mapping[str, Any], state: Mapping[str, Any] | None, *, full_refresh: bool) -> StreamPlan:
    incremental = "incremental" in (stream.get("supported_sync_modes") or ())
    path_list = stream.get("source_defined_primary_key") or []
    if any(len(path) != 1 for path in path_list):
        raise ConnectorError(f"The primary key of {stream['name']} is not made of top-level properties.")
    key = [path[0] for path in path_list]
    write: Write = "replace"
    if incremental and not full_refresh:
        write = "merge" if key else "append"
    return StreamPlan(stream, incremental, write, key, state if write != "replace" else None)
