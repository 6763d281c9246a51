"""How dbt is run over a warehouse, with a scripted dbt: what is told, and what is kept from the disk."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from warehouse import build_models
from warehouse.build_models import (
    EXIT_CONFIGURATION,
    EXIT_FAILED,
    EXIT_WAREHOUSE,
    Built,
    DuckDB,
    ModelsError,
    Postgres,
)

if TYPE_CHECKING:
    from pathlib import Path

_DBT = """\
#!{python}
import json, os, pathlib, sys
given = sys.argv[1:]
option = lambda name: given[given.index(name) + 1]
pathlib.Path({folder!r}, "asked.json").write_text(json.dumps({{
    "arguments": given,
    "profile": json.loads(pathlib.Path(option("--profiles-dir"), "profiles.yml").read_text()),
    "password": os.environ.get("DBT_ENV_SECRET_DIGITALOCEAN_PASSWORD"),
}}))
script = json.loads(pathlib.Path({folder!r}, "script.json").read_text())
for line in script["lines"]:
    print(json.dumps(line) if isinstance(line, dict) else line)
for name, content in script["files"].items():
    pathlib.Path(option("--target-path"), name).write_text(json.dumps(content))
sys.exit(script["code"])
"""


class ScriptedDbt:
    """A command that says and writes what a test wants, and keeps how it was called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.command = folder / "dbt"
        self.command.write_text(_DBT.format(python=sys.executable, folder=str(folder)), encoding="utf-8")
        self.command.chmod(0o755)
        self.says([], {}, 0)

    def says(self, lines: list[Any], files: dict[str, Any], code: int) -> None:
        content = {"lines": lines, "files": files, "code": code}
        (self.folder / "script.json").write_text(json.dumps(content), encoding="utf-8")

    @property
    def asked(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "asked.json").read_text(encoding="utf-8"))
        return found

    def build(self, target: DuckDB | Postgres, *schemas: str, **more: Any) -> tuple[Built, list[str]]:
        said: list[str] = []
        built = build_models.build_models(
            target, schemas or ("digitalocean",), say=said.append, dbt=str(self.command), **more
        )
        return built, said


@pytest.fixture
def dbt(tmp_path: Path) -> ScriptedDbt:
    return ScriptedDbt(tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> DuckDB:
    path = tmp_path / "warehouse.duckdb"
    path.touch()
    return DuckDB(path)


def result(kind: str, name: str, index: int) -> dict[str, Any]:
    node = {"resource_type": kind, "node_name": name, "node_status": "success"}
    data = {"node_info": node, "index": index, "total": 3, "execution_time": 0.25, "status": "OK"}
    return {"info": {"name": f"Log{kind.title()}Result", "level": "info"}, "data": data}


def results(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"run_results.json": {"results": list(entries)}, "manifest.json": {"nodes": _NODES}}


_NODES = {
    "model.x.waste_findings": {"name": "waste_findings", "resource_type": "model"},
    "test.x.unique": {
        "resource_type": "test",
        "attached_node": "model.x.waste_findings",
        "test_metadata": {"name": "unique", "kwargs": {"column_name": "finding_key"}},
    },
    "test.x.relationships": {
        "resource_type": "test",
        "attached_node": "model.x.waste_findings",
        "test_metadata": {
            "name": "relationships",
            "kwargs": {"column_name": "urn", "to": "ref('resource_inventory')", "field": "urn"},
        },
    },
    "test.x.sums": {
        "resource_type": "test",
        "name": "invoices_add_up",
        "raw_code": "-- To the cent.\nselect 1",
    },
}


def test_a_line_for_each_model_and_none_for_tests(dbt: ScriptedDbt, file: DuckDB) -> None:
    lines = [result("seed", "waste_rules", 1), result("model", "waste_findings", 2), result("test", "unique", 3)]
    dbt.says(lines, results(), 0)
    built, said = dbt.build(file)
    assert said == ["1/3 waste_rules: OK, 0.2 s", "2/3 waste_findings: OK, 0.2 s"]
    assert (built.models, built.tests, built.failures, built.exit_code) == (2, 1, [], 0)


def test_a_sentence_for_each_test_that_fails(dbt: ScriptedDbt, file: DuckDB) -> None:
    failed: list[dict[str, Any]] = [
        {"unique_id": "test.x.unique", "status": "fail", "failures": 2},
        {"unique_id": "test.x.relationships", "status": "fail", "failures": 3},
        {"unique_id": "test.x.sums", "status": "fail", "failures": 1},
        {"unique_id": "model.x.waste_findings", "status": "skipped"},
    ]
    dbt.says([result("model", "one", 1)], results(*failed), 1)
    built, _ = dbt.build(file)
    assert built.exit_code == EXIT_FAILED
    assert built.failures == [
        "waste_findings.finding_key holds 2 values more than once.",
        "3 rows of waste_findings.urn name something that resource_inventory does not have.",
        "invoices_add_up: 1 rows say otherwise than: To the cent.",
        "1 models and tests were left out because what they need failed.",
    ]


def test_what_is_refused_before_anything_is_built_is_one_sentence(dbt: ScriptedDbt, file: DuckDB) -> None:
    message = "Compilation Error in operation x (./dbt_project.yml)\n  It holds EUR.\n  \n  > in macro y (macros/y.sql)"
    dbt.says([{"info": {"name": "MainEncounteredError", "level": "error", "msg": message}, "data": {}}], {}, 2)
    with pytest.raises(ModelsError, match=r"^It holds EUR\.$") as refused:
        dbt.build(file)
    assert refused.value.exit_code == EXIT_CONFIGURATION


def test_a_reader_that_goes_away_ends_the_build(dbt: ScriptedDbt, file: DuckDB) -> None:
    """As `| head` does: dbt, with more to say than its pipe holds, must not be waited for."""
    dbt.says([result("model", "droplets", 1)] * 2000, {}, 0)

    def refuse(_: str) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        build_models.build_models(file, say=refuse, dbt=str(dbt.command))


def test_a_password_is_in_the_environment_only(dbt: ScriptedDbt) -> None:
    dbt.says([], results(), 0)
    dbt.build(Postgres("postgresql://ada:s%40cret@db.example.com:5433/shop?sslmode=require"))
    output = dbt.asked["profile"]["digitalocean_quolum"]["outputs"]["warehouse"]
    assert "s@cret" not in json.dumps([output, dbt.asked["arguments"]])
    assert dbt.asked["password"] == "s@cret"
    assert (output["host"], output["port"], output["user"], output["dbname"]) == ("db.example.com", 5433, "ada", "shop")
    assert output["sslmode"] == "require"


def test_several_connections_are_one_variable(dbt: ScriptedDbt, file: DuckDB) -> None:
    dbt.says([], results(), 0)
    dbt.build(file, "shop", "lab")
    asked = dbt.asked
    variables = json.loads(asked["arguments"][asked["arguments"].index("--vars") + 1])
    assert variables["digitalocean_schemas"] == ["shop", "lab"]
    assert asked["profile"]["digitalocean_quolum"]["outputs"]["warehouse"]["schema"] == "shop"


def test_a_schema_that_would_need_quotes_is_refused(dbt: ScriptedDbt, file: DuckDB) -> None:
    with pytest.raises(ModelsError, match="'My Schema'"):
        dbt.build(file, "My Schema")


def test_a_warehouse_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build_models.main(["--duckdb", str(tmp_path / "none.duckdb")]) in {EXIT_WAREHOUSE, EXIT_CONFIGURATION}
    assert capsys.readouterr().err.count("\n") == 1


def test_without_dbt_the_way_to_it_is_told(tmp_path: Path, file: DuckDB, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    with pytest.raises(ModelsError, match=r"pip install .\./warehouse\[models\]"):
        build_models.build_models(file)
