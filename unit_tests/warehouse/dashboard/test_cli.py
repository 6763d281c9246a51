"""The command: one file, or one sentence that says what to do."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import duckdb
import pytest

from unit_tests.warehouse.dashboard.marts import make_marts, small_team
from warehouse.dashboard.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "team.duckdb"
    with duckdb.connect(str(path)) as connection:
        make_marts(connection, small_team())
    return path


def run(*arguments: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main([str(one) for one in arguments])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return code, said.err.strip() if code else said.out.strip()


def test_one_file_for_its_owner(warehouse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "report.html"
    code, said = run("--duckdb", warehouse, "--out", out, capsys=capsys)
    assert (code, str(out) in said) == (0, True)
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [path.name for path in out.parent.iterdir()] == ["report.html"]


def test_a_warehouse_without_models_names_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "raw.duckdb"
    duckdb.connect(str(path)).close()
    code, said = run("--duckdb", path, "--out", tmp_path / "r.html", capsys=capsys)
    command = f"source-digitalocean-quolum-models --duckdb {path}"
    assert code == 3
    assert said == f"The warehouse has no models in the schema digitalocean_marts: build them with `{command}`."
    assert not (tmp_path / "r.html").exists()


def test_another_schema_is_in_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "raw.duckdb"
    duckdb.connect(str(path)).close()
    _, said = run("--duckdb", path, "--schema", "team_a", "--out", tmp_path / "r.html", capsys=capsys)
    assert f"--duckdb {path} --schema team_a`" in said


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("DROP TABLE digitalocean_marts.cost_by_owner", "lacks the model cost_by_owner"),
        ("ALTER TABLE digitalocean_marts.use_and_pay DROP unused_amount", "of another version than this page"),
    ],
)
def test_models_of_another_version_are_to_be_built_again(
    warehouse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str, named: str
) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(change)
    code, said = run("--duckdb", warehouse, "--out", tmp_path / "r.html", capsys=capsys)
    assert code == 3
    assert named in said
    assert f"source-digitalocean-quolum-models --duckdb {warehouse}" in said


def test_a_file_that_is_not_there_or_no_duckdb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    absent, text = tmp_path / "absent.duckdb", tmp_path / "text.duckdb"
    text.write_text("Not a database.", encoding="utf-8")
    for path, words in ((absent, "There is no warehouse at"), (text, "cannot be opened as a DuckDB file")):
        code, said = run("--duckdb", path, "--out", tmp_path / "r.html", capsys=capsys)
        assert code == 4
        assert words in said
        assert str(path) in said
    assert not absent.exists()


def test_an_address_that_cannot_be_used_keeps_its_password(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = ("mysql://quolum:hunter2@127.0.0.1/db", 2), ("postgresql://quolum:hunter2@127.0.0.1:1/db", 4)
    for url, expected in wrong:
        code, said = run("--postgres", url, "--out", tmp_path / "r.html", capsys=capsys)
        assert (code, "hunter2" in said) == (expected, False)


def test_a_schema_that_is_no_name_is_refused(
    warehouse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = run("--duckdb", warehouse, "--schema", 'x"; drop', "--out", tmp_path / "r.html", capsys=capsys)
    assert (code, "cannot be used" in said) == (2, True)


def test_a_place_that_cannot_be_written_is_named(
    warehouse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    for out in (tmp_path / "file" / "r.html", tmp_path / "folder"):
        code, said = run("--duckdb", warehouse, "--out", out, capsys=capsys)
        assert code == 2
        assert f"cannot be written to {out}" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder", "team.duckdb"]
