"""Completes the descriptions of the dbt models: every model and every column has one, and none is written twice.

A column of staging that is a column of a raw table has the description that the connector's schema gives it. Any other
has a block in `models/docs.md`, by its name or, where the name means something else there, by `<model>__<column>`.
Tests and descriptions of models are written by hand into the same files and kept.

`python tools/models_docs.py` writes the files, `--check` only tells whether they are up to date.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "warehouse" / "models" / "models"
SCHEMAS = ROOT / "source_digitalocean_quolum" / "schemas"
_FOLDERS = {"staging": "_staging.yml", "intermediate": "_intermediate.yml", "marts": "_marts.yml"}
_PREFIX = "stg_digitalocean__"
_UTILIZATION = "What one metric of one resource read in one closed interval, in UTC."
_QUOTED = re.compile(r"\{\{ digitalocean_quolum\.quoted\('(\w+)'\) \}\}")
_BARE = re.compile(r'"?(\w+)"?(?:\s+as\s+"?(\w+)"?)?')
_LAST_NAME = re.compile(r'(?:\bas\s+)?(?:\w+\.)?"?(\w+)"?\s*$')
# A mustache expression, a Jinja statement or comment, a quoted text.
_SKIPPED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|'[^']*'|--[^\n]*", re.DOTALL)


def main(arguments: list[str] | None = None) -> int:
    """Write the files, or check them. Returns 1 when something is missing or out of date."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file would change")
    check: bool = parser.parse_args(arguments).check
    blocks = set(re.findall(r"\{% docs (\w+) %\}", (MODELS / "docs.md").read_text(encoding="utf-8")))
    missing: list[str] = []
    stale: list[str] = []
    for folder, name in _FOLDERS.items():
        path = MODELS / folder / name
        text = _file(folder, path, blocks, missing)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(str(path.relative_to(ROOT)))
            if not check:
                path.write_text(text, encoding="utf-8")
    for one in missing:
        print(f"No description: {one}", file=sys.stderr)
    if check and stale:
        print(f"Out of date, run `make docs`: {', '.join(stale)}", file=sys.stderr)
    return 1 if missing or (check and stale) else 0


def columns(sql: str) -> Iterator[tuple[str, str]]:
    """The columns of a model's last SELECT, as (name, expression)."""
    blanked = _SKIPPED.sub(lambda found: " " * len(found.group()), sql)
    start = [found.end() for found in re.finditer(r"^select\b(?: distinct)?", blanked, re.MULTILINE)][-1]
    depth, begin = 0, start
    for place in range(start, len(blanked)):
        letter = blanked[place]
        depth += (letter in "(") - (letter in ")")
        ends = depth == 0 and re.match(r"\sfrom\s", blanked[place:])
        if ends or (depth == 0 and letter == ","):
            expression = re.sub(r"--[^\n]*", "", sql[begin:place]).strip()
            name = _LAST_NAME.search(blanked[begin:place].rstrip())
            if name is None:
                raise ValueError(f"A column without a name: {expression}")
            yield name.group(1), expression
            begin = place + 1
        if ends:
            return


def _file(folder: str, path: Path, blocks: set[str], missing: list[str]) -> str:
    written = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    known = {model["name"]: model for model in written.get("models", [])}
    models = [_model(sql, known.get(sql.stem, {}), blocks, missing) for sql in sorted((MODELS / folder).rglob("*.sql"))]
    head = "# Descriptions of columns are completed by tools/models_docs.py; tests are written by hand.\n"
    return head + yaml.safe_dump({"version": 2, "models": models}, sort_keys=False, width=110, allow_unicode=True)


def _sql(path: Path) -> str:
    """A model's text; of one that is a single call of a macro, the macro's."""
    text = _QUOTED.sub(r'"\1"', path.read_text(encoding="utf-8"))
    call = re.fullmatch(r"\{\{ digitalocean_quolum\.(\w+)\([^{}]*\) \}\}\s*", text)
    if call is None:
        return text
    macros = "".join(one.read_text(encoding="utf-8") for one in sorted((MODELS.parent / "macros").glob("*.sql")))
    return macros.partition(f"{{% macro {call[1]}(")[2].partition("{% endmacro %}")[0]


def _model(path: Path, known: Mapping[str, Any], blocks: set[str], missing: list[str]) -> dict[str, Any]:
    stream = path.stem.removeprefix(_PREFIX) if path.stem.startswith(_PREFIX) else None
    schema = _schema(stream) if stream else {}
    described = {column["name"]: column for column in known.get("columns", [])}
    found = []
    for name, expression in columns(_sql(path)):
        description = _described(path.stem, name, expression, schema, blocks)
        if description is None:
            missing.append(f"{path.stem}.{name}")
        column = {"name": name, "description": description or ""}
        if name != name.lower():
            column["quote"] = True  # type: ignore[assignment]  # the values are texts but for this one
        column.update({key: value for key, value in described.get(name, {}).items() if key not in column})
        found.append(column)
    description = schema.get("description") or known.get("description")
    if not description:
        missing.append(path.stem)
    rest = {key: value for key, value in known.items() if key not in {"name", "description", "columns"}}
    return {"name": path.stem, "description": description or "", **rest, "columns": found}


def _described(model: str, name: str, expression: str, schema: Mapping[str, Any], blocks: set[str]) -> str | None:
    for block in (f"{model}__{name}", name):
        if block in blocks and (block != name or not schema or not _raw(expression, schema)):
            return f'{{{{ doc("{block}") }}}}'
    return _raw(expression, schema)


def _raw(expression: str, schema: Mapping[str, Any]) -> str | None:
    bare = _BARE.fullmatch(expression)
    described: str | None = schema.get("columns", {}).get(bare.group(1)) if bare else None
    return described


def _schema(stream: str) -> dict[str, Any]:
    """The description of a stream and of its properties."""
    utilization = stream.endswith("_utilization")
    path = SCHEMAS / f"{'utilization' if utilization else stream}.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    described = {name: _resolved(one).get("description") for name, one in schema["properties"].items()}
    return {"description": _UTILIZATION if utilization else schema["description"], "columns": described}


def _resolved(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """A property, or what it refers to in `schemas/shared`."""
    reference = definition.get("$ref")
    if reference is None:
        return definition
    file, _, pointer = reference.partition("#")
    found = json.loads((SCHEMAS / "shared" / file).read_text(encoding="utf-8"))
    for step in pointer.strip("/").split("/") if pointer else []:
        found = found[step]
    return {**found, **definition} if isinstance(found, dict) else definition


if __name__ == "__main__":
    sys.exit(main())
