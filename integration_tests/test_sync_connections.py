"""PostgreSQL's connections are cut in mid-sync: those that write, and the one that holds the schema."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest

from unit_tests.warehouse.sync.account import Account, actions, droplets
from unit_tests.warehouse.sync.target import Target, postgres_url, sync
from warehouse.sync.loaders import PostgresLoader
from warehouse.sync.opening import open_postgres
from warehouse.sync.warehouse import Warehouse

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["postgres_url"]

OURS = "application_name LIKE 'source-digitalocean-quolum-sync%'"


def cut_connections(url: str) -> None:
    """End every connection of a sync, as a server that stops does."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OURS}"  # noqa: S608
        )


@pytest.mark.parametrize("moment", ["land", "save_state", "document", "register"])
def test_a_postgres_that_goes_away_is_one_sentence_and_exit_code_4(
    tmp_path: Path,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    moment: str,
) -> None:
    target = Target("postgres", tmp_path, postgres_url)
    account = Account(tmp_path, actions(3, state_after_status=True))
    original = getattr(Warehouse, moment)

    def cut(self: Warehouse, *arguments: Any, **options: Any) -> Any:
        cut_connections(postgres_url)
        return original(self, *arguments, **options)

    monkeypatch.setattr(Warehouse, moment, cut)
    assert sync(account, target) == 4
    captured = capsys.readouterr()
    assert ("cannot be used: " if moment == "register" else "went away: ") in captured.err
    assert "--full-refresh" not in captured.err
    assert "Traceback" not in captured.out + captured.err
    assert captured.err.splitlines()[-1].startswith("The warehouse PostgreSQL ")
    gc.collect()
    assert [entry.name for entry in caplog.records if entry.exc_info] == [], "logged, a traceback is printed, too"


def test_a_postgres_connection_cut_in_a_transaction_leaves_neither_rows_nor_traceback(
    tmp_path: Path,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    target = Target("postgres", tmp_path, postgres_url)
    account = Account(tmp_path, actions(3))
    load = PostgresLoader.load

    def cut(*arguments: Any) -> None:
        cut_connections(postgres_url)
        load(*arguments)

    monkeypatch.setattr(PostgresLoader, "load", cut)
    assert sync(account, target) == 4
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    assert "went away: " in captured.err.splitlines()[-1]
    assert "refused" not in captured.err
    gc.collect()
    assert [entry.name for entry in caplog.records if entry.exc_info] == [], "logged, a traceback is printed, too"
    assert "actions" not in target.tables()


def cut_the_lock(url: str) -> None:
    """End only the connection that holds a schema."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'")
        assert cursor.fetchall() == [(True,)]


def holders(url: str) -> int:
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        ((count,),) = cursor.fetchall()
    return int(count)


def test_a_sync_whose_lock_was_cut_takes_it_again_and_goes_on(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = Target("postgres", tmp_path, postgres_url)
    account = Account(tmp_path, droplets(3), actions(3))
    land, held = Warehouse.land, []

    def cut(self: Warehouse, *arguments: Any) -> int:
        cut_the_lock(postgres_url)
        count = land(self, *arguments)
        held.append(holders(postgres_url))
        return count

    monkeypatch.setattr(Warehouse, "land", cut)
    assert sync(account, target) == 0
    assert held == [1, 1], "the schema was open to another sync"
    assert target.ids("droplets") == target.ids("actions") == [0, 1, 2]
    assert "Traceback" not in capsys.readouterr().err
    assert holders(postgres_url) == 0


def test_a_sync_that_lost_its_schema_to_another_one_writes_nothing_more_and_says_so(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = Target("postgres", tmp_path, postgres_url)
    account = Account(tmp_path, droplets(3))
    assert sync(account, target) == 0
    account.write(droplets(5))
    capsys.readouterr()
    land, others = Warehouse.land, []

    def lose(self: Warehouse, *arguments: Any) -> int:
        cut_the_lock(postgres_url)
        others.append(open_postgres(postgres_url, target.schema, tmp_path, pytest.fail))
        return land(self, *arguments)

    monkeypatch.setattr(Warehouse, "land", lose)
    assert sync(account, target) == 4
    others[0].__exit__()
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("The connection that held the schema for this sync was cut, and nothing more is written: ")
    assert "is in use by another sync (source-digitalocean-quolum-sync" in last
    assert target.ids("droplets") == [0, 1, 2]
