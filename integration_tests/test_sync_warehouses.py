"""How the local sync lands rows in DuckDB and PostgreSQL, with a scripted connector."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pytest

from unit_tests.warehouse.sync.account import Account, action_rows, actions, droplets, events
from unit_tests.warehouse.sync.target import Target, postgres_url, report, sync, target

__all__ = ["postgres_url", "target"]

RAW_COLUMNS = {"_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta"}


def utc(text: str) -> dt.datetime:
    """A TIMESTAMP of the warehouse: UTC, without saying so."""
    return dt.datetime.fromisoformat(text)


def test_the_first_sync_lands_every_stream_with_its_types(tmp_path: Path, target: Target) -> None:
    stream = droplets(0)
    stream["rows"] = [
        {
            "id": 2**53 + 1,
            "name": "1.10",
            "price": 19.99,
            "created_at": "2026-03-01T00:30:00.25+05:30",
            "locked": True,
            "tags": ["a", {"b": None}],
            "region": {"slug": "nyc3"},
            "undeclared": "dropped",
        },
        {"id": 2, "name": 'quote " back \\ line \n tab \t nul \x00 ü 😀', "price": None, "tags": []},
        {"id": 3, "name": "007", "price": 0.1},
    ]
    account = Account(tmp_path, stream, actions(3), events(2), requests={"droplets": 4})

    assert sync(account, target) == 0

    rows = target.sql("SELECT id, name, price, created_at, locked, region FROM {s}.droplets ORDER BY id")
    assert rows[0][:4] == (2, 'quote " back \\ line \n tab \t nul  ü 😀', None, None)
    assert rows[1][:3] == (3, "007", Decimal("0.1"))
    region = rows[2][5] if isinstance(rows[2][5], dict) else json.loads(rows[2][5])
    assert rows[2][:5] == (2**53 + 1, "1.10", Decimal("19.99"), utc("2026-02-28T19:00:00.250"), True)
    assert region == {"slug": "nyc3"}
    columns = target.sql(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = '{s}' AND table_name = 'droplets'"
    )
    assert {row[0] for row in columns} == {*stream["properties"], *RAW_COLUMNS}
    assert len(target.sql("SELECT DISTINCT _airbyte_raw_id FROM {s}.droplets")) == 3
    assert target.sql("SELECT min(_airbyte_extracted_at) FROM {s}.droplets") == [(utc("2023-11-14T22:13:20"),)]
    assert {name: (entry["rows"], entry["status"], entry["requests"]) for name, entry in report(account).items()} == {
        "droplets": (3, "complete", 4),
        "actions": (3, "complete", None),
        "events": (2, "complete", None),
    }
    leftovers = {name for name in target.tables() if not name.startswith("_airbyte_")}
    assert leftovers == {"droplets", "actions", "events"}


def test_the_second_sync_goes_on_from_the_state_and_merges_what_changed(tmp_path: Path, target: Target) -> None:
    account = Account(tmp_path, actions(100))
    assert sync(account, target) == 0
    assert target.states() == {"actions": {"started_at": "2026-01-01T00:01:39Z"}}

    later = actions(105)
    later["rows"][99]["status"] = "errored"
    account.write(later)
    assert sync(account, target) == 0

    assert account.states_received == {"actions": {"started_at": "2026-01-01T00:01:39Z"}}
    assert report(account)["actions"]["rows"] == 6, "only the last second and what is newer is read again"
    assert target.ids("actions") == list(range(105))
    assert target.sql("SELECT status FROM {s}.actions WHERE id = 99") == [("errored",)]


def test_an_unchanged_second_sync_appends_nothing_without_new_records(tmp_path: Path, target: Target) -> None:
    account = Account(tmp_path, events(5))
    assert sync(account, target) == 0
    account.write({**events(5), "rows": []})
    assert sync(account, target) == 0
    assert target.ids("events") == [0, 1, 2, 3, 4]


def test_a_full_refresh_drops_what_is_gone_and_keeps_views(tmp_path: Path, target: Target) -> None:
    account = Account(tmp_path, droplets(10))
    assert sync(account, target) == 0
    target.sql("CREATE VIEW {s}.few AS SELECT id FROM {s}.droplets WHERE id < 3")

    account.write({**droplets(10), "rows": [{"id": 1}, {"id": 12}]})
    assert sync(account, target) == 0

    assert target.ids("droplets") == [1, 12]
    assert target.sql("SELECT id FROM {s}.few") == [(1,)]


def test_a_complete_full_refresh_of_nothing_empties_the_table(tmp_path: Path, target: Target) -> None:
    account = Account(tmp_path, droplets(10))
    assert sync(account, target) == 0
    account.write(droplets(0))
    assert sync(account, target) == 0
    assert target.ids("droplets") == []


def test_the_same_key_twice_in_one_sync_is_one_row_the_later_one(tmp_path: Path, target: Target) -> None:
    twice = [{"id": 1, "name": "first"}, {"id": 2, "name": "other"}, {"id": 1, "name": "last"}]
    changed = [*action_rows(3), {"id": 1, "status": "errored", "started_at": "2026-01-02T00:00:00Z"}]
    account = Account(tmp_path, {**droplets(0), "rows": twice}, {**actions(0), "rows": changed})
    assert sync(account, target) == 0
    assert target.sql("SELECT id, name FROM {s}.droplets ORDER BY id") == [(1, "last"), (2, "other")]
    assert target.sql("SELECT status FROM {s}.actions WHERE id = 1") == [("errored",)]
    assert report(account)["droplets"]["rows"] == 2


def test_a_missing_part_of_a_key_is_still_one_key(tmp_path: Path, target: Target) -> None:
    stream = {**actions(0), "key": ["id", "status"]}
    rows = [
        {"id": 1, "status": None, "started_at": "2026-01-01T00:00:00Z"},
        {"id": 1, "status": "x", "started_at": "2026-01-01T00:00:00Z"},
    ]
    account = Account(tmp_path, {**stream, "rows": rows})
    assert sync(account, target) == 0
    assert sync(account, target) == 0
    assert target.sql("SELECT count(*) FROM {s}.actions") == [(2,)]


@pytest.mark.parametrize("column", ["disk", "default", "end", "Order By"])
def test_a_new_column_is_added_whatever_it_is_called(tmp_path: Path, target: Target, column: str) -> None:
    account = Account(tmp_path, droplets(2), actions(2))
    assert sync(account, target) == 0
    for stream in (wider := [droplets(2), actions(3)]):
        stream["properties"][column] = {"type": ["null", "integer"]}
        stream["rows"][-1][column] = 25
    account.write(*wider)
    assert sync(account, target) == 0
    name = column.lower().replace(" ", "_")
    select = f'SELECT id, "{name}" FROM {{s}}'  # noqa: S608
    assert target.sql(f"{select}.droplets ORDER BY id") == [(0, None), (1, 25)]
    assert target.sql(f"{select}.actions ORDER BY id") == [(0, None), (1, None), (2, 25)]


def test_a_column_that_is_no_longer_declared_stays_with_its_old_values(tmp_path: Path, target: Target) -> None:
    account = Account(tmp_path, actions(2))
    assert sync(account, target) == 0
    narrower = actions(3)
    del narrower["properties"]["status"]
    account.write(narrower)
    assert sync(account, target) == 0
    statuses = target.sql("SELECT status FROM {s}.actions ORDER BY id")
    assert statuses == [("completed",), (None,), (None,)], "1 was read again, as the cursor is inclusive"


def test_a_changed_type_is_refused_with_the_way_out_and_a_full_refresh_takes_it(
    tmp_path: Path, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    account = Account(tmp_path, actions(2), events(1))
    assert sync(account, target) == 0
    renamed = actions(4)
    renamed["properties"]["id"] = {"type": ["null", "string"]}
    for row in renamed["rows"]:
        row["id"] = f"act-{row['id']}"
    account.write(renamed, events(2))

    assert sync(account, target) == 4
    assert "--full-refresh --streams actions" in capsys.readouterr().err
    assert target.ids("actions") == [0, 1]
    assert report(account)["events"]["status"] == "complete"

    assert sync(account, target, "--full-refresh", "--streams", "actions") == 0
    assert target.ids("actions") == ["act-0", "act-1", "act-2", "act-3"]
    assert target.states()["actions"] == {"started_at": "2026-01-01T00:00:03Z"}


def test_a_value_of_another_type_fails_its_stream_only(tmp_path: Path, target: Target) -> None:
    account = Account(tmp_path, {**droplets(0), "rows": [{"id": 1, "price": "n/a"}]}, actions(3))
    assert sync(account, target) == 4
    entries = report(account)
    assert entries["droplets"]["status"] == "incomplete"
    assert entries["actions"]["status"] == "complete"
    assert target.ids("actions") == [0, 1, 2]


def test_a_full_refresh_of_an_incremental_stream_drops_what_is_gone_and_restarts_its_state(
    tmp_path: Path, target: Target
) -> None:
    account = Account(tmp_path, actions(10), droplets(1))
    assert sync(account, target) == 0
    account.write({**actions(0), "rows": action_rows(8)[2:]}, droplets(1))
    assert sync(account, target, "--full-refresh") == 0
    assert account.states_received == {}
    assert target.ids("actions") == [2, 3, 4, 5, 6, 7]
    assert target.states() == {"actions": {"started_at": "2026-01-01T00:00:07Z"}}


def test_a_stream_that_is_no_longer_incremental_forgets_its_state(tmp_path: Path, target: Target) -> None:
    account = Account(tmp_path, actions(3))
    assert sync(account, target) == 0
    account.write({**actions(3), "cursor": None})
    assert sync(account, target) == 0
    assert target.states() == {}


def test_pyairbyte_opens_the_result_as_its_own_cache(tmp_path: Path, target: Target) -> None:
    account = Account(tmp_path, droplets(3), actions(2))
    assert sync(account, target) == 0
    if target.kind == "duckdb":
        from airbyte.caches import DuckDBCache  # noqa: PLC0415

        cache = DuckDBCache(db_path=Path(target.arguments[1]), schema_name=target.schema)
    else:
        from sqlalchemy.engine import make_url  # noqa: PLC0415

        from warehouse.sync.postgres_cache import PostgresUrlCache  # noqa: PLC0415

        cache = PostgresUrlCache.at(make_url(target.arguments[1]), target.schema, tmp_path, "test")
    with cache:
        assert len(cache["droplets"].to_pandas()) == 3
        state = cache.get_state_provider("source-digitalocean-quolum").get_stream_state("actions")
        assert state.stream.stream_state.started_at == "2026-01-01T00:00:01Z"
