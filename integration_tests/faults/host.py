"""The host's part of a sync: it lands records, keeps each stream's last state, and starts the next run from it."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from integration_tests.connector import Run

Row = dict[str, Any]
Table = dict[str, str]


class Warehouse:
    """What a destination holds after any number of runs, finished or not.

    An incremental stream's records are merged by primary key as they come. A full refresh takes the place of the
    table when its stream says COMPLETE, and is thrown away otherwise: Airbyte's overwrite.
    """

    def __init__(
        self, catalog: Mapping[str, Any], tables: Mapping[str, Table] | None = None, state: Iterable[Row] = ()
    ) -> None:
        self._streams = {stream["stream"]["name"]: stream for stream in catalog["streams"]}
        self.tables = {name: dict((tables or {}).get(name, {})) for name in self._streams}
        self._states = {one["stream"]["stream_descriptor"]["name"]: one for one in state}

    @property
    def state(self) -> list[Row]:
        """Each stream's last state, for the next run."""
        return list(self._states.values())

    def land(self, run: Run) -> None:
        """Take over what one run said."""
        for name, stream in self._streams.items():
            rows = keyed(run, stream)
            if stream["sync_mode"] == "incremental":
                self.tables[name].update(rows)
            elif run.statuses.get(name) == "COMPLETE":
                self.tables[name] = rows
        self._states |= {state["stream"]["stream_descriptor"]["name"]: state for state in run.state}

    def keyed(self, run: Run, name: str) -> Table:
        """What one run said of a stream, complete or not."""
        return keyed(run, self._streams[name])


def keyed(run: Run, stream: Mapping[str, Any]) -> Table:
    """A stream's records by primary key, as canonical JSON; of several with one key the last one counts."""
    key = [path[0] for path in stream["stream"]["source_defined_primary_key"]]
    rows = run.records.get(stream["stream"]["name"], [])
    return {json.dumps([row.get(name) for name in key]): json.dumps(_lasting(row), sort_keys=True) for row in rows}


def _lasting(row: Row) -> Row:
    """The row without the moment it was read at."""
    return {name: value for name, value in row.items() if name != "synced_at"}


def truth(run: Run, catalog: Mapping[str, Any]) -> dict[str, Table]:
    """What an undisturbed run from the beginning says the server holds."""
    if run.exit_code != 0:
        raise AssertionError(f"the undisturbed run failed: {run.errors}")
    return {stream["stream"]["name"]: keyed(run, stream) for stream in catalog["streams"]}
