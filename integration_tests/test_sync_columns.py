"""What the columns of a warehouse hold, and what becomes of those an earlier version made."""

from __future__ import annotations

import json
from decimal import Decimal, localcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unit_tests.warehouse.sync.account import Account, actions, droplets
from unit_tests.warehouse.sync.target import Target, postgres_url, report, sync, target
from warehouse.sync.opening import open_duckdb, open_postgres
from warehouse.sync.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from warehouse.sync.warehouse import Warehouse

__all__ = ["postgres_url", "target"]

BILLED = ["0.00000001232", "9007199254740993.123456789012", "-12345678901234567890.5", "1.232E-8", '"0.00000001232"']
AS_BILLED = [
    "0.00000001232",
    "9007199254740993.123456789012",
    "-12345678901234567890.5",
    "0.00000001232",
    "0.00000001232",
]


def priced(*prices: str, region: str = "null") -> dict[str, Any]:
    """Droplets whose prices are JSON, digit for digit."""
    rows = [f'{{"id":{number},"price":{price},"region":{region}}}' for number, price in enumerate(prices)]
    return {**droplets(0), "rows": rows}


def column_types(target: Target, table: str = "droplets") -> dict[str, str]:
    if target.kind == "duckdb":
        rows = target.sql(f"SELECT column_name, column_type FROM (DESCRIBE {{s}}.{table})")  # noqa: S608
    else:
        rows = target.sql(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"  # noqa: S608
            f" WHERE attrelid = '{{s}}.{table}'::regclass AND attnum > 0 AND NOT attisdropped"
        )
    return {str(name): str(kind).upper() for name, kind in rows}


def test_money_arrives_digit_for_digit(tmp_path: Path, target: Target) -> None:
    account = Account(tmp_path, priced(*BILLED))
    assert sync(account, target) == 0
    rows = target.sql("SELECT price FROM {s}.droplets ORDER BY id")
    assert [row[0] for row in rows] == [Decimal(amount) for amount in AS_BILLED]
    with localcontext(prec=60):
        total = sum(map(Decimal, AS_BILLED))
    assert target.sql("SELECT sum(price) FROM {s}.droplets") == [(total,)]


def test_what_a_column_cannot_hold_is_told_with_stream_column_and_count(
    tmp_path: Path, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    account = Account(tmp_path, priced("0.0000000000001", "0.0000000000009", "1e30", "7"))
    assert sync(account, target) == 0
    told = [
        "droplets: 2 values of price have more than 12 decimals and are rounded.",
        "droplets: 1 values of price have more than 26 digits before the point and are NULL.",
    ]
    said = capsys.readouterr().err
    assert all(f"WARN: {text}" in said for text in told)
    assert report(account)["droplets"]["warnings"] == told
    rows = target.sql("SELECT price FROM {s}.droplets ORDER BY id")
    assert [row[0] for row in rows] == [Decimal(0), Decimal("1e-12"), None, Decimal(7)]


def test_numbers_inside_json_keep_their_digits(tmp_path: Path, target: Target) -> None:
    account = Account(tmp_path, priced("1", region='{"price":0.10000000000000000001,"ids":[12345678901234567890123]}'))
    assert sync(account, target) == 0
    if target.kind == "duckdb":
        rows = target.sql("SELECT CAST(region AS VARCHAR) FROM {s}.droplets")
        assert rows == [('{"price":0.10000000000000000001,"ids":[12345678901234567890123]}',)]
    else:
        rows = target.sql(
            "SELECT region ->> 'price', region #>> '{{ids,0}}' FROM {s}.droplets".replace("{{", "{").replace("}}", "}")
        )
        assert rows == [("0.10000000000000000001", "12345678901234567890123")]


def test_a_record_of_many_megabytes_is_landed(tmp_path: Path, target: Target) -> None:
    region = json.dumps({"quotes": '"' * 5_000_000})
    account = Account(tmp_path, priced("1", "2", region=region))
    assert sync(account, target) == 0
    length = "length(CAST(region AS VARCHAR))"
    assert target.sql(f"SELECT min({length}) > 10000000 FROM {{s}}.droplets") == [(True,)]  # noqa: S608


@pytest.fixture
def warehouse(target: Target, tmp_path: Path, postgres_url: str) -> Iterator[Warehouse]:
    if target.kind == "duckdb":
        opened = open_duckdb(Path(target.arguments[1]), target.schema, tmp_path, pytest.fail)
    else:
        opened = open_postgres(postgres_url, target.schema, tmp_path, pytest.fail)
    with opened:
        opened.states()
        yield opened


amounts = st.integers(-(10**38) + 1, 10**38 - 1).map(lambda number: Decimal(f"{number}E-12"))
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
documents = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), texts),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(amounts, st.booleans(), texts, documents), min_size=1, max_size=12))
def test_whatever_is_landed_is_read_back_as_it_was(
    tmp_path: Path, warehouse: Warehouse, rows: list[tuple[Decimal, bool, str, Any]]
) -> None:
    properties = {
        "id": {"type": "integer"},
        "amount": {"type": ["null", "number"]},
        "name": {"type": ["null", "string"]},
        "region": {"type": ["null", "object"]},
    }
    table = warehouse.table("lines", {"properties": properties}, ["id"])
    spool = Spool(tmp_path / "lines.jsonl", table.columns, table.types)
    for number, (amount, is_scientific, name, region) in enumerate(rows):
        text = f"{amount:E}" if is_scientific else f"{amount:f}"
        rest = json.dumps({"id": number, "name": name, "region": region})[1:]
        spool.add(f'{{"amount":{text},{rest}'.encode(), 0)
    assert warehouse.land(table, spool.flush(), "replace", None) == len(rows)
    spool.close()
    with warehouse._processor.get_sql_connection() as connection:
        found = connection.exec_driver_sql(
            f"SELECT amount, name, CAST(region AS VARCHAR) FROM {warehouse._schema}.lines ORDER BY id"  # noqa: S608
        ).fetchall()
    assert [(amount, name, None if text is None else json.loads(text)) for amount, name, text in found] == [
        (amount, name, region) for amount, _, name, region in rows
    ]


def make_old(target: Target) -> None:
    """The tables of an earlier version: nine decimals, and json in PostgreSQL."""
    for column, kind in (("price", "DECIMAL(38, 9)"), ("region", "json"), ("tags", "json"), ("_airbyte_meta", "json")):
        if target.kind == "postgres" or column == "price":
            using = f'USING "{column}"::{kind}' if target.kind == "postgres" else ""
            target.sql(f"ALTER TABLE {{s}}.droplets ALTER COLUMN {column} TYPE {kind} {using}")


def of_older_version(account: Account, target: Target) -> None:
    assert sync(account, target) == 0
    make_old(target)


@pytest.mark.parametrize("cursor", [None, "created_at"])
def test_columns_of_an_older_warehouse_are_widened_and_keep_their_rows(
    tmp_path: Path, target: Target, cursor: str | None
) -> None:
    old = {**priced("1.5"), "cursor": cursor, "rows": [{"id": 1, "price": 1.5, "created_at": "2026-01-01T00:00:00Z"}]}
    account = Account(tmp_path, old)
    of_older_version(account, target)
    new = {**old, "rows": [{"id": 2, "price": 1.232e-8, "created_at": "2026-01-02T00:00:00Z", "tags": ["a"]}]}
    account.write(new)
    assert sync(account, target) == 0
    kinds = column_types(target)
    decimal = "DECIMAL(38,12)" if target.kind == "duckdb" else "NUMERIC(38,12)"
    assert kinds["price"] == decimal
    assert (
        kinds["tags"] == kinds["region"] == kinds["_airbyte_meta"] == ("JSON" if target.kind == "duckdb" else "JSONB")
    )
    kept = [(1, Decimal("1.5"))] if cursor else []
    assert target.sql("SELECT id, price FROM {s}.droplets ORDER BY id") == [*kept, (2, Decimal("0.00000001232"))]
    assert target.sql("SELECT count(*) FROM (SELECT tags FROM {s}.droplets GROUP BY tags) AS kinds") == [
        (1 + len(kept),)
    ]


def test_a_view_that_keeps_a_column_narrow_is_named_and_the_sync_goes_on(
    tmp_path: Path, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    target = Target("postgres", tmp_path, postgres_url)
    account = Account(tmp_path, priced("1.5"))
    of_older_version(account, target)
    target.sql("CREATE VIEW {s}.prices AS SELECT price FROM {s}.droplets")
    account.write(priced("2.5", region='{"a":1}'))
    assert sync(account, target) == 0
    said = capsys.readouterr().err
    assert "The column price of droplets stays as it is, and does not become numeric(38,12), because view" in said
    assert "prices uses it" in said
    assert column_types(target)["price"] == "NUMERIC(38,9)"
    assert column_types(target)["region"] == "JSONB", "what the view does not use is widened"
    assert target.sql("SELECT price FROM {s}.prices") == [(Decimal("2.5"),)]


def with_text_ids(stream: dict[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(stream))
    changed["properties"]["id"] = {"type": ["null", "string"]}
    changed["rows"] = [{**row, "id": f"id-{row['id']}"} for row in changed["rows"]]
    return changed


@pytest.mark.parametrize("change", ["type", "column", "decimals"])
def test_a_view_of_duckdb_is_made_again_when_the_columns_of_its_table_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    target = Target("duckdb", tmp_path, "")
    account = Account(tmp_path, droplets(2), actions(2))
    of_older_version(account, target)
    target.sql("CREATE VIEW {s}.all_of_it AS SELECT * FROM {s}.droplets")
    target.sql("CREATE VIEW {s}.ids AS SELECT id FROM {s}.all_of_it")
    target.sql("COMMENT ON VIEW {s}.ids IS 'what we report on'")
    changed = droplets(2)
    if change == "type":
        changed = with_text_ids(changed)
    elif change == "column":
        changed["properties"]["disk"] = {"type": ["null", "integer"]}
    account.write(changed, actions(2))
    assert sync(account, target, "--full-refresh") == 0
    assert "WARN" not in capsys.readouterr().err
    ids = ["id-0", "id-1"] if change == "type" else [0, 1]
    assert target.ids("ids") == ids
    assert target.sql("SELECT count(*) FROM {s}.all_of_it") == [(2,)]
    assert target.sql("SELECT comment FROM duckdb_views() WHERE view_name = 'ids'") == [("what we report on",)]


def test_a_view_of_duckdb_that_does_not_fit_a_new_type_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = Target("duckdb", tmp_path, "")
    account = Account(tmp_path, droplets(2))
    assert sync(account, target) == 0
    target.sql("CREATE VIEW {s}.halves AS SELECT id / 2 AS half FROM {s}.droplets")
    target.sql("CREATE VIEW {s}.broken_before AS SELECT id FROM {s}.droplets")
    target.sql("CREATE TABLE {s}.gone (x INTEGER)")
    target.sql("CREATE OR REPLACE VIEW {s}.broken_before AS SELECT x FROM {s}.gone")
    target.sql("DROP TABLE {s}.gone")
    account.write(with_text_ids(droplets(2)))
    assert sync(account, target, "--full-refresh") == 0
    said = capsys.readouterr().err
    assert f'The view "{target.schema}"."halves" does not fit the new columns' in said
    assert "broken_before" not in said, "it was no view to read before this sync either"
    assert target.ids("droplets") == ["id-0", "id-1"]
