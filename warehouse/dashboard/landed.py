"""What a sync left beside the marts: which streams landed when, which did not, and the open gaps of utilization."""

from __future__ import annotations

import datetime as dt
import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warehouse.dashboard.figures import moment

if TYPE_CHECKING:
    from warehouse.dashboard.marts import Marts, Row

# Streams that the page is made of, each with the scope that opens it; `python -m tools.stream_sets` writes the file.
STREAMS: dict[str, str] = json.loads(Path(__file__).with_name("streams.json").read_text(encoding="utf-8"))
_EXTRACTED = "_airbyte_extracted_at"
_CONNECTIONS = """
SELECT source_relation, max(team_name) AS team_name FROM {marts}.resource_inventory GROUP BY source_relation
UNION ALL
SELECT DISTINCT source_relation, NULL FROM {marts}.feature_cost_monthly
UNION ALL
SELECT DISTINCT source_relation, NULL FROM {marts}.feature_cost_daily
"""


class Landed:
    """The raw tables of every connection that the marts were made of."""

    def __init__(self, marts: Marts) -> None:
        self._marts = marts
        self.teams: dict[str, str | None] = {}
        for row in marts.rows(_CONNECTIONS):
            name = row["source_relation"]
            self.teams[name] = self.teams.get(name) or row["team_name"]

    @property
    def read_at(self) -> dt.datetime | None:
        """When the newest row of all was read."""
        times = [time for tables in self._read.values() for time in tables.values() if time]
        return max(times) if times else None

    def connections(self) -> list[dict[str, Any]]:
        """Each connection: its team, its streams that landed with rows, and its oldest and newest reading."""
        found = []
        for name, tables in self._read.items():
            times = sorted((time, stream) for stream, time in tables.items() if time)
            found.append(
                {
                    "connection": name,
                    "team": self.teams[name],
                    "streams": len(times),
                    "newest": moment(times[-1][0]) if times else None,
                    "oldest": moment(times[0][0]) if times else None,
                    "oldest_stream": times[0][1] if times else None,
                }
            )
        return found

    def missing_streams(self) -> list[list[Any]]:
        """Connection, stream, what is the matter with it, and the scope that opens it."""
        return [
            [name, stream, "empty" if stream in tables else "missing", scope]
            for name, tables in self._read.items()
            for stream, scope in STREAMS.items()
            if not tables.get(stream)
        ]

    def has_states(self) -> bool:
        """Whether the states are in the warehouse, as source-digitalocean-quolum-sync keeps them."""
        return any(self._state_table(name) for name in self.teams)

    def gaps(self) -> list[list[Any]]:
        """Utilization that was not answered and is asked for again: connection, stream, where, metrics, from, to."""
        found = []
        for name in self.teams:
            for row in self._states(name):
                message = json.loads(row["state_json"])
                for gap in message.get("stream", {}).get("stream_state", {}).get("gaps", []):
                    places = gap.get("regions") or gap.get("resources") or []
                    found.append(
                        [
                            name,
                            row["stream_name"],
                            f"{gap['source']}: {', '.join(places) if places else 'everywhere'}",
                            ", ".join(gap["metrics"]),
                            gap["from"],
                            gap["to"],
                        ]
                    )
        return found

    def _states(self, schema: str) -> list[Row]:
        table = self._state_table(schema)
        if table is None:
            return []
        return self._marts.rows(
            f"SELECT stream_name, state_json FROM {table} WHERE stream_name LIKE '%utilization' ORDER BY stream_name"  # noqa: S608
        )

    def _state_table(self, schema: str) -> str | None:
        return self._marts.raw_table(schema, "_airbyte_state", "stream_name", "state_json")

    @cached_property
    def _read(self) -> dict[str, dict[str, dt.datetime | None]]:
        """For each connection and each stream of the page that has a table: when its newest row was read."""
        return {name: self._read_times(name) for name in sorted(self.teams)}

    def _read_times(self, schema: str) -> dict[str, dt.datetime | None]:
        tables = {name: table for name in STREAMS if (table := self._marts.raw_table(schema, name, _EXTRACTED))}
        if not tables:
            return {}
        # One statement for all of them; a table of months of utilization is read for its times alone.
        statement = " UNION ALL ".join(
            f"SELECT '{stream}' AS stream, max({_EXTRACTED}) AS read_at FROM {table}"  # noqa: S608
            for stream, table in tables.items()
        )
        return {row["stream"]: _in_utc(row["read_at"]) for row in self._marts.rows(statement)}


def _in_utc(value: dt.datetime | None) -> dt.datetime | None:
    """A time without a zone is in UTC; which of both a table has depends on who landed it."""
    return value.replace(tzinfo=dt.UTC) if value is not None and value.tzinfo is None else value
