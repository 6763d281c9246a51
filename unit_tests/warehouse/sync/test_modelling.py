"""`--models`: the models are built over what was synced, and a missing dbt is told before anything is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from unit_tests.warehouse.sync.account import CONNECTOR, Account, droplets
from unit_tests.warehouse.test_build_models import ScriptedDbt
from warehouse import build_models
from warehouse.sync import modelling
from warehouse.sync.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    account = Account(tmp_path, droplets(2))
    target = ["--duckdb", str(tmp_path / "warehouse.duckdb"), "--schema", "team_one"]
    return ["--config", str(account.config_path), "--connector", CONNECTOR, "--streams", "all", "--models", *target]


@pytest.fixture
def dbt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScriptedDbt:
    scripted = ScriptedDbt(tmp_path)
    monkeypatch.setattr(build_models, "find_dbt", lambda: str(scripted.command))
    monkeypatch.setattr(modelling, "find_dbt", lambda: str(scripted.command))
    scripted.says([], {"run_results.json": {"results": []}, "manifest.json": {"nodes": {}}}, 0)
    return scripted


def test_models_are_built_over_the_schema_that_was_synced(
    command: list[str], dbt: ScriptedDbt, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 0

    asked: dict[str, Any] = dbt.asked
    output = asked["profile"]["digitalocean_quolum"]["outputs"]["warehouse"]
    assert output["path"] == str(tmp_path / "warehouse.duckdb")
    assert output["schema"] == "team_one"
    variables = asked["arguments"][asked["arguments"].index("--vars") + 1]
    assert '"raw_tables_have_duplicates": false' in variables
    assert "0 models built, 0 tests run, 0 failures." in capsys.readouterr().out


def test_why_nothing_could_be_built_is_told_in_a_sentence(
    command: list[str], dbt: ScriptedDbt, capsys: pytest.CaptureFixture[str]
) -> None:
    dbt.says([], {}, 2)

    assert main(command) == 2
    assert "The models were not built. dbt ended with exit code 2 and said nothing." in capsys.readouterr().err


def test_a_missing_dbt_is_told_before_anything_is_read(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", "")

    assert main(command) == 2
    assert "dbt is not installed: in a clone, pip install './warehouse[models]'" in capsys.readouterr().err
    assert not (tmp_path / "warehouse.duckdb").exists()
