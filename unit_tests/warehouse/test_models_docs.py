"""The models' descriptions are in step with the models, and every waste rule is told wherever rules are listed."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from tools import models_docs

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "warehouse" / "models"


def test_the_descriptions_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert models_docs.main(["--check"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("select\n    a,\n    b.c,\n    coalesce(d, 'x, y') as e\nfrom f", ["a", "c", "e"]),
        ("with x as (\n    select 1 as y\n    from z\n)\n\nselect y, {{ f('a, b') }} as g from x", ["y", "g"]),
        ('select\n    -- a, b\n    case when a from_b then 1 end as "Tags"\nfrom f', ["Tags"]),
    ],
)
def test_columns_are_those_of_the_last_select(sql: str, names: list[str]) -> None:
    assert [name for name, _ in models_docs.columns(sql)] == names


def test_every_waste_rule_is_told_wherever_rules_are_listed() -> None:
    files = {path.stem.removeprefix("waste_") for path in (MODELS / "models/intermediate/waste").glob("*.sql")}
    with (MODELS / "seeds/waste_rules.csv").open(encoding="utf-8") as seed:
        rows = {row["rule"] for row in csv.DictReader(seed)}
    findings = (MODELS / "models/marts/waste_findings.sql").read_text(encoding="utf-8")
    listed = set(re.findall(r"'(\w+)'", findings.partition("%}")[0]))
    page = (ROOT / "docs/models.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(\w+)` \|", page.partition("## The waste rules")[2], re.MULTILINE))
    assert files == rows == listed == told


def test_every_threshold_is_a_variable_of_the_project() -> None:
    declared = (MODELS / "dbt_project.yml").read_text(encoding="utf-8")
    for path in (MODELS / "models").rglob("*.sql"):
        for name in re.findall(r"var\('(\w+)'", path.read_text(encoding="utf-8")):
            assert f"\n  {name}:" in declared, f"{name} in {path.name}"
