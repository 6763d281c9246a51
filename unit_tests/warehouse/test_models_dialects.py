"""What differs between engines stands in one place: another engine is a file, and not a rewrite of the models."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "warehouse" / "models"
ENGINES = ("duckdb", "postgres", "snowflake", "bigquery")
# What not all of them write the same way.
_PARTICULAR = re.compile(
    r"""
    \b(?:split_part|md5|string_agg|listagg|group_concat|array_agg|any_value|percentile_cont|approx_quantiles|date_trunc
      |date_add|date_diff|datediff|dateadd|last_day|to_json|to_char|to_date|to_timestamp|regexp_\w+|generate_series|unnest
      |flatten|greatest_ignore_nulls|strftime|epoch|json_\w+|jsonb_\w+|parse_json|get_path|current_timestamp|bool_or
      |bool_and|mode|arg_max|max_by)\s*\(
    | \bcurrent_timestamp\b | \binterval\s+' | \bat\s+time\s+zone\b | ::\w | ->
    | \b(?:double\s+precision|timestamptz|timestamp\s+with|jsonb|float64|int64|variant|hugeint|bigint|numeric|string)\b
    | \bdecimal\s*\( | \bas\s+text\b | \bunion\s+(?!all\b) | \bgroup\s+by\s+all\b | \bqualify\b | \bdistinct\s+on\b
    | \bilike\b | \blateral\b | "\w+"
    """,
    re.VERBOSE | re.IGNORECASE,
)
_COMMENT = re.compile(r"\{#.*?#\}|--[^\n]*", re.DOTALL)
_CALL = re.compile(r"digitalocean_quolum\.\w+|adapter\.\w+|\b(?:ref|source|var)\('\w+'\)")
_JINJA = re.compile(r"\{[{%].*?[}%]\}", re.DOTALL)
_TEXT = re.compile(r"'[^'\n]*'")
_QUESTION = re.compile(r"adapter\.dispatch\('(\w+)', 'digitalocean_quolum'\)")
_ANSWER = re.compile(r"{% macro (\w+?)__(\w+)\(")


def files() -> list[Path]:
    """Everything with SQL that is no engine's own file."""
    found = [path for folder in ("models", "tests", "snapshots") for path in (PACKAGE / folder).rglob("*.sql")]
    assert len(found) > 100
    return found


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_a_model_holds_nothing_that_only_some_engines_understand(path: Path) -> None:
    text = _CALL.sub(" ", _COMMENT.sub(" ", path.read_text(encoding="utf-8")))
    # What a macro is given is SQL, too.
    given = " ".join(_TEXT.findall(" ".join(_JINJA.findall(text)))).replace("'", " ")
    assert _PARTICULAR.findall(_TEXT.sub(" ", _JINJA.sub(" ", text)) + given) == []


def test_shared_macros_hold_nothing_that_only_some_engines_understand() -> None:
    for path in (PACKAGE / "macros").glob("*.sql"):
        if path.stem.startswith("engine"):
            continue
        # Here the SQL stands in the texts of Jinja.
        texts = _CALL.sub(" ", _COMMENT.sub(" ", path.read_text(encoding="utf-8")))
        found = [one for one in _PARTICULAR.findall(texts) if not re.fullmatch(r'"\w+"', one)]
        assert found == [], path.name


def test_every_engine_answers_every_question_and_no_other() -> None:
    questions = set(_QUESTION.findall((PACKAGE / "macros" / "engine.sql").read_text(encoding="utf-8")))
    answers: dict[str, set[str]] = {engine: set() for engine in ("default", *ENGINES)}
    for path in (PACKAGE / "macros").glob("engine*.sql"):
        for engine, question in _ANSWER.findall(path.read_text(encoding="utf-8")):
            assert path.stem == ("engine" if engine == "default" else f"engine_{engine}")
            answers[engine].add(question)
    assert len(questions) > 20
    for engine in ENGINES:
        assert answers[engine] | answers["default"] == questions, engine
