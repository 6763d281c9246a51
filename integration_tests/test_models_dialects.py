"""The models compiled for engines that are not here: a project takes the package in and answers for another engine.

Compiled SQL is parsed by sqlglot. That a statement parses says nothing about what it returns: nothing is run.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlglot
from sqlglot import exp

from integration_tests.models_team.dbt import DBT, needs_dbt
from integration_tests.models_team.landing import land
from integration_tests.models_team.tables import team

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [needs_dbt, pytest.mark.slow, pytest.mark.full, pytest.mark.timeout(900)]

PACKAGE = Path(__file__).resolve().parents[1] / "warehouse" / "models"
_QUESTION = re.compile(r"{% macro (\w+)\(([^)]*)\) %}(?:(?!endmacro).)*adapter\.dispatch\('\1'", re.DOTALL)
# What an engine does not know, or writes in another way.
_FOREIGN = {
    "snowflake": r"at time zone|->|\bstring_agg\b|with time zone|\binterval\b|\bepoch\b|json_extract|unnest|hugeint",
    "bigquery": r"at time zone|->|split_part|with time zone|percentile_cont|double precision|\bdecimal\b|\btext\b|::"
    # A name in quotation marks is a text there.
    r'|hugeint|"\w+"',
}


def compiled(engine: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Every model and test as (name, SQL) of an engine; the columns that landed are read from a DuckDB file."""
    warehouse = folder / "team.duckdb"
    land(team(), warehouse, "digitalocean")
    written = "".join(path.read_text(encoding="utf-8") for path in (PACKAGE / "macros").glob("engine*.sql"))
    macros = []
    for question, given in _QUESTION.findall(written):
        names = [one.partition("=")[0].strip() for one in given.split(",") if one]
        answer = engine if f"macro {engine}__{question}(" in written else "default"
        call = f"digitalocean_quolum.{answer}__{question}({', '.join(names)})"
        macros.append(f"{{% macro duckdb__{question}({', '.join(names)}) %}}{{{{ return({call}) }}}}{{% endmacro %}}\n")
    assert len(macros) > 20
    (folder / "macros").mkdir()
    (folder / "macros" / "other_engine.sql").write_text("".join(macros), encoding="utf-8")
    (folder / "dbt_packages").mkdir()
    (folder / "dbt_packages" / "digitalocean_quolum").symlink_to(PACKAGE)
    order = {"macro_namespace": "digitalocean_quolum", "search_order": ["other_engine", "digitalocean_quolum"]}
    project = {"name": "other_engine", "version": "1.0", "config-version": 2, "profile": "here", "dispatch": [order]}
    (folder / "dbt_project.yml").write_text(json.dumps(project), encoding="utf-8")
    output = {"type": "duckdb", "path": str(warehouse), "schema": "digitalocean", "threads": 2}
    profile = {"here": {"target": "file", "outputs": {"file": output}}}
    (folder / "profiles.yml").write_text(json.dumps(profile), encoding="utf-8")
    assert DBT is not None
    done = subprocess.run(
        [
            DBT,
            "--no-send-anonymous-usage-stats",
            "compile",
            "--project-dir",
            str(folder),
            "--profiles-dir",
            str(folder),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    for path in sorted((folder / "target" / "compiled").rglob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        if engine == "bigquery":
            sql = re.sub(r'"(\w+)"\."(\w+)"\."(\w+)"', r"`\1`.`\2`.`\3`", sql)
        yield path.stem, sql


@pytest.mark.parametrize("engine", ["snowflake", "bigquery"])
def test_every_model_compiles_and_parses_in_another_engine(engine: str, tmp_path: Path) -> None:
    found = dict(compiled(engine, tmp_path))
    assert {"focus_cost", "int_utilization_daily", "waste_findings", "invoices_add_up"} <= set(found)
    unknown: dict[str, set[str]] = {}
    for name, sql in found.items():
        (statement,) = sqlglot.parse(sql, read=engine)
        assert isinstance(statement, exp.Query), name
        for call in statement.find_all(exp.Anonymous):
            unknown.setdefault(call.name.lower(), set()).add(name)
    assert unknown == {}
    # dbt's own tests have the quotes of the adapter that compiled them.
    ours = {
        name: sql for name, sql in found.items() if not re.match("accepted_values|not_null|unique|relationships", name)
    }
    words = {name: re.sub(r"--[^\n]*|'[^']*'", " ", sql) for name, sql in ours.items()}
    assert {n: m for n, sql in words.items() if (m := re.findall(_FOREIGN[engine], sql, re.IGNORECASE))} == {}
