"""What an operator sees before a sync: its plan, its streams, and what the default leaves out."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit_tests.warehouse.sync.account import Account, actions, droplets
from unit_tests.warehouse.sync.target import Target, postgres_url, report, sync, target

__all__ = ["postgres_url", "target"]


def test_a_plan_tells_what_the_last_sync_took_and_reads_nothing(
    tmp_path: Path, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    account = Account(tmp_path, droplets(1_200), actions(3, error="403"), requests={"droplets": 6, "actions": 1})
    assert sync(account, target) == 1
    account.write(droplets(2), actions(5))
    account.path.with_suffix(".state.json").unlink()
    capsys.readouterr()

    assert sync(account, target, "--plan") == 0

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["droplets", "full", "refresh", "1,200", "6"] in lines
    assert ["actions", "incremental", "?", "1", "per", "200,", "back", "to", "the", "cursor"] in lines
    assert not account.path.with_suffix(".state.json").exists(), "the connector was asked to read"
    assert len(target.ids("droplets")) == 1_200


def test_a_plan_of_a_warehouse_that_is_not_there_makes_none(
    tmp_path: Path, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    account = Account(tmp_path, droplets(2))
    assert sync(account, target, "--plan") == 0
    assert "1 streams into" in capsys.readouterr().out
    if target.kind == "duckdb":
        assert not Path(target.arguments[1]).exists()
    else:
        assert target.sql("SELECT 1 FROM information_schema.schemata WHERE schema_name = '{s}'") == []


def test_the_streams_are_listed_without_a_warehouse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = Target("duckdb", tmp_path, "")
    account = Account(tmp_path, droplets(2), actions(1))
    assert sync(account, target, "--list-streams") == 0
    shown = capsys.readouterr().out.splitlines()
    assert any(line.startswith("* droplets") for line in shown)
    assert any(line.startswith("  actions") for line in shown)
    assert not Path(target.arguments[1]).exists()


def test_by_default_the_recommended_streams_are_read_and_the_others_are_named(
    tmp_path: Path, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    account = Account(tmp_path, droplets(2), actions(2))
    assert sync(account, target) == 0
    account.write(droplets(3), actions(4))
    capsys.readouterr()
    assert sync(account, target, "--streams", "recommended") == 0
    said = capsys.readouterr().err
    assert "1 of 2 streams into " in said
    assert "Not selected this time, and left as the last sync had them: actions" in said
    assert set(report(account)) == {"droplets"}
    assert target.ids("actions") == [0, 1]


@pytest.mark.parametrize("arguments", [["--plan", "--streams", "droplet"], ["--plan", "--list-streams"]])
def test_what_is_wrong_with_a_plan_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    account = Account(tmp_path, droplets(2))
    try:
        code = sync(account, Target("duckdb", tmp_path, ""), *arguments)
    except SystemExit as ended:
        code = int(str(ended.code))
    assert code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert "nearest are droplets" in last or "not allowed with argument --plan" in last
