"""What a warehouse says of itself: comments, keys, and a file no larger than it need be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import psycopg2.errors
import pytest

from unit_tests.warehouse.sync.account import Account, actions, droplets
from unit_tests.warehouse.sync.target import Target, postgres_url, sync, target

__all__ = ["postgres_url", "target"]

DESCRIBED = {
    "id": {"type": ["null", "integer"], "description": "Number of the Droplet; 100% its own."},
    "name": {"type": ["null", "string"], "description": "The Droplet's name, such as `web:1`."},
    "price": {"type": ["null", "number"]},
}


def described(description: str = "One row for each Droplet.") -> dict[str, Any]:
    return {**droplets(3), "properties": DESCRIBED, "description": description}


def comments(target: Target, table: str) -> dict[str, str | None]:
    if target.kind == "duckdb":
        where = f"WHERE schema_name = '{{s}}' AND table_name = '{table}'"
        return dict(
            target.sql(
                f"SELECT '', comment FROM duckdb_tables() {where} UNION ALL"  # noqa: S608
                f" SELECT column_name, comment FROM duckdb_columns() {where}"
            )
        )
    of = f"'{{s}}.{table}'::regclass"
    return dict(
        target.sql(
            f"SELECT '', obj_description({of}, 'pg_class') UNION ALL SELECT attname, col_description(attrelid, attnum)"  # noqa: S608
            f" FROM pg_attribute WHERE attrelid = {of} AND attnum > 0"
        )
    )


def test_every_table_and_column_says_what_it_is(tmp_path: Path, target: Target) -> None:
    account = Account(tmp_path, described(), {**actions(1), "key": []})
    assert sync(account, target) == 0
    found = comments(target, "droplets")
    assert found[""] == "One row for each Droplet. Key: id."
    assert found["id"] == "Number of the Droplet; 100% its own."
    assert found["name"] == "The Droplet's name, such as `web:1`."
    assert found["price"] is None
    assert comments(target, "actions")[""] == "No key."
    assert {name for name in target.tables() if comments(target, name)[""] is None} == set()
    for table in target.tables() - {"actions"}:
        documented = comments(target, table)
        assert [name for name in documented if documented[name] is None and name not in DESCRIBED] == []

    account.write(described("One row for each machine."), {**actions(1), "key": []})
    assert sync(account, target) == 0
    assert comments(target, "droplets")[""] == "One row for each machine. Key: id."


def unique_indexes(target: Target, table: str) -> list[str]:
    rows = target.sql(
        f"SELECT indexdef FROM pg_indexes WHERE schemaname = '{{s}}' AND tablename = '{table}'"  # noqa: S608
    )
    return [str(sql).replace('"', "").partition("(")[2].partition(")")[0] for (sql,) in rows]


@pytest.fixture
def postgres(tmp_path: Path, postgres_url: str) -> Target:
    return Target("postgres", tmp_path, postgres_url)


def test_the_key_of_a_table_is_a_unique_index_that_no_later_sync_trips_over(tmp_path: Path, postgres: Target) -> None:
    account = Account(tmp_path, droplets(5), actions(5), {**actions(2), "name": "events", "key": []})
    for count in (5, 5, 7):
        account.write(droplets(count), actions(count), {**actions(2), "name": "events", "key": []})
        assert sync(account, postgres) == 0
        assert postgres.ids("droplets") == postgres.ids("actions") == list(range(count))
        assert unique_indexes(postgres, "droplets") == unique_indexes(postgres, "actions") == ["id"]
        assert unique_indexes(postgres, "events") == []
    with pytest.raises(psycopg2.errors.UniqueViolation):
        postgres.sql("INSERT INTO {s}.droplets (id) VALUES (1)")


def test_a_key_that_changes_has_an_index_of_its_own(tmp_path: Path, postgres: Target) -> None:
    account = Account(tmp_path, actions(2))
    assert sync(account, postgres) == 0
    rows = [{**row, "id": 1} for row in actions(2)["rows"]]
    account.write({**actions(2), "key": ["id", "started_at"], "rows": rows})
    assert sync(account, postgres) == 0
    assert unique_indexes(postgres, "actions") == ["id, started_at"]


def test_a_table_with_rows_of_the_same_key_is_told_and_stays(
    tmp_path: Path, postgres: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    account = Account(tmp_path, {**actions(2), "key": []})
    assert sync(account, postgres) == 0
    postgres.sql("INSERT INTO {s}.actions SELECT * FROM {s}.actions WHERE id = 0")
    account.write({**actions(2), "rows": [actions(2)["rows"][1]]})
    assert sync(account, postgres) == 0
    said = capsys.readouterr().err
    assert "WARN: actions is complete, but its table has no" in said
    assert "uplicate" in said
    assert postgres.ids("actions") == [0, 0, 1]


def test_a_duckdb_file_does_not_grow_with_every_sync_by_its_tables(tmp_path: Path) -> None:
    target = Target("duckdb", tmp_path, "")
    account = Account(tmp_path, *({**droplets(20), "name": f"stream_{number}"} for number in range(20)))
    used = []
    for _ in range(4):
        assert sync(account, target) == 0
        with duckdb.connect(target.arguments[1], read_only=True) as connection:
            used += connection.execute("SELECT used_blocks FROM pragma_database_size()").fetchall()
    # PyAirbyte's own tables have keys, and so indexes, which take a block or two each time.
    assert used[-1][0] - used[1][0] <= 10, used


def test_a_duckdb_file_of_many_small_tables_is_small(tmp_path: Path) -> None:
    target = Target("duckdb", tmp_path, "")
    account = Account(tmp_path, *({**droplets(20), "name": f"stream_{number}"} for number in range(40)))
    assert sync(account, target) == 0
    path = Path(target.arguments[1])
    with duckdb.connect(str(path), read_only=True) as connection:
        (size,) = connection.execute("SELECT block_size FROM pragma_database_size()").fetchall()[0]
    assert size == 16384
    assert path.stat().st_size < 4_000_000
