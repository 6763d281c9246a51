"""How each stream lands."""

from __future__ import annotations

from typing import Any

import pytest

from warehouse.sync.errors import ConnectorError
from warehouse.sync.listing import plan_text
from warehouse.sync.plan import configured_catalog, plan_streams

DISCOVERED: list[dict[str, Any]] = [
    {"name": "droplets", "supported_sync_modes": ["full_refresh"], "source_defined_primary_key": [["id"]]},
    {
        "name": "actions",
        "supported_sync_modes": ["full_refresh", "incremental"],
        "source_defined_primary_key": [["id"], ["region"]],
        "default_cursor_field": ["started_at"],
    },
    {"name": "events", "supported_sync_modes": ["incremental"]},
]
STATES = {name: {"type": "STREAM", "of": name} for name in ("droplets", "actions", "events")}


def plans(wanted: list[str] | None = None, *, full_refresh: bool = False) -> dict[str, Any]:
    found = plan_streams(DISCOVERED, wanted, STATES, full_refresh=full_refresh)
    return {plan.name: plan for plan in found}


def test_modes_follow_what_the_stream_supports() -> None:
    assert {name: plan.mode for name, plan in plans().items()} == {
        "droplets": "full_refresh | overwrite",
        "actions": "incremental | append_dedup",
        "events": "incremental | append",
    }


def test_only_incremental_streams_are_given_their_state() -> None:
    assert {name: plan.state for name, plan in plans().items()} == {
        "droplets": None,
        "actions": STATES["actions"],
        "events": STATES["events"],
    }


def test_a_full_refresh_reads_everything_from_the_beginning_but_keeps_collecting_state() -> None:
    found = plans(full_refresh=True)
    assert {plan.write for plan in found.values()} == {"replace"}
    assert {plan.state for plan in found.values()} == {None}
    assert found["actions"].mode == "incremental | overwrite"


def test_the_configured_catalog_is_airbytes() -> None:
    catalog = configured_catalog(plan_streams(DISCOVERED, ["actions"], STATES, full_refresh=False))
    assert catalog == {
        "streams": [
            {
                "stream": DISCOVERED[1],
                "sync_mode": "incremental",
                "destination_sync_mode": "append_dedup",
                "cursor_field": ["started_at"],
                "primary_key": [["id"], ["region"]],
            }
        ]
    }


@pytest.mark.parametrize("width", [60, 100])
def test_a_plan_fits_the_terminal_and_nothing_of_it_is_cut(width: int) -> None:
    streams = [{"name": name, "supported_sync_modes": ["full_refresh"]} for name in ("droplets", "droplet_utilization")]
    planned = plan_streams(streams, None, {}, full_refresh=False)
    whole, fitted = (plan_text(planned, {}, "DuckDB warehouse.duckdb", columns) for columns in (1000, width))
    assert [line for line in fitted.splitlines() if len(line) > width] == []
    assert "…" not in fitted
    lost = set(whole.split()) - set(fitted.split()) - {"mode", "full", "refresh"}
    assert {word for word in lost if word.strip("-")} == set()
    column = fitted.splitlines()[2].index("requests")
    goes_on = [line for line in fitted.splitlines() if line.startswith(" " * column)]
    assert goes_on
    assert all(line[column] != " " for line in goes_on)


def test_a_nested_key_is_refused_rather_than_merged_wrongly() -> None:
    nested = {"name": "x", "supported_sync_modes": ["full_refresh"], "source_defined_primary_key": [["a", "b"]]}
    with pytest.raises(ConnectorError, match="primary key of x"):
        plan_streams([nested], None, {}, full_refresh=False)
