"""`source-digitalocean-quolum-models`: builds and tests the dbt package in `models/` over a warehouse that was synced.

dbt runs as a process of its own and tells what it does in JSON lines. One line a model goes to the terminal, and one
sentence for each test that fails.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from warehouse.help_text import FittedHelp
from warehouse.place import add_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PROJECT = Path(__file__).with_name("models")
EXIT_BUILT, EXIT_FAILED, EXIT_CONFIGURATION, EXIT_WAREHOUSE, EXIT_INTERRUPTED = 0, 1, 2, 4, 130
_PROFILE = "digitalocean_quolum"
# dbt leaves values of variables that begin so out of its logs.
_PASSWORD = "DBT_ENV_SECRET_DIGITALOCEAN_PASSWORD"  # noqa: S105 (the name of a variable)
_SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,55}")
_EXIT_CODES = """\
exit codes:
  0    every model is built and every test passed
  1    a model could not be built, or a test failed
  2    an argument is wrong, dbt is not installed, or the data may not be added up (another currency than USD)
  4    the warehouse cannot be opened
  130  interrupted
"""


class ModelsError(Exception):
    """A failure told to the operator as one sentence; `exit_code` is the exit code of the process."""

    def __init__(self, sentence: str, exit_code: int = EXIT_CONFIGURATION) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


@dataclass(frozen=True)
class DuckDB:
    """A DuckDB file, and how much memory DuckDB may use; what does not fit goes to disk."""

    path: Path
    memory: str = "1GB"

    def profile(self) -> tuple[dict[str, Any], dict[str, str]]:
        """The output of a dbt profile, and the environment it needs."""
        if not self.path.exists():
            raise ModelsError(f"There is no warehouse at {self.path}: sync first.", EXIT_WAREHOUSE)
        settings = {"TimeZone": "UTC", "memory_limit": self.memory, "preserve_insertion_order": False}
        return {"type": "duckdb", "path": str(self.path.absolute()), "threads": 2, "settings": settings}, {}


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL database, by its URL."""

    url: str

    def profile(self) -> tuple[dict[str, Any], dict[str, str]]:
        """The output of a dbt profile, and the environment it needs: the password is in no file."""
        parts = urlsplit(self.url)
        if parts.scheme not in {"postgresql", "postgres"}:
            raise ModelsError("The address of PostgreSQL begins with postgresql://.")
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        output: dict[str, Any] = {
            "type": "postgres",
            "host": query.get("host") or parts.hostname or "localhost",
            "port": int(query.get("port") or parts.port or 5432),
            "user": unquote(parts.username or os.environ.get("USER", "postgres")),
            "password": f"{{{{ env_var('{_PASSWORD}', '') }}}}",
            "dbname": unquote(parts.path.lstrip("/")) or "postgres",
            "threads": 2,
        }
        if "sslmode" in query:
            output["sslmode"] = query["sslmode"]
        return output, {_PASSWORD: unquote(parts.password or "")}


@dataclass
class Built:
    """What a build did: how many models, and a sentence for each thing that went wrong."""

    models: int = 0
    tests: int = 0
    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    exit_code: int = EXIT_BUILT


def build_models(
    target: DuckDB | Postgres,
    schemas: Sequence[str] = ("digitalocean",),
    *,
    say: Callable[[str], None] = print,
    full_refresh: bool = False,
    variables: Mapping[str, Any] | None = None,
    artifacts: Path | None = None,
    dbt: str | None = None,
) -> Built:
    """Build and test every model over the raw tables in `schemas`; `say` gets a line for each model.

    The marts land in `<first schema>_marts`. `artifacts` keeps dbt's own files (manifest, results, log). Raises
    ModelsError where nothing could be built at all.
    """
    if not schemas:
        raise ModelsError("At least one schema with raw tables is needed.")
    for schema in schemas:
        if not _SCHEMA_NAME.fullmatch(schema):
            raise ModelsError(f"The schema name {schema!r} cannot be used: take lower-case letters, digits and _.")
    command = dbt or find_dbt()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="digitalocean-models-")))
        output, environment = target.profile()
        profile = {_PROFILE: {"target": "warehouse", "outputs": {"warehouse": {**output, "schema": schemas[0]}}}}
        (folder / "profiles.yml").write_text(json.dumps(profile), encoding="utf-8")
        kept = (artifacts or folder / "artifacts").absolute()
        kept.mkdir(parents=True, exist_ok=True)
        arguments = [
            *(
                command,
                "--log-format",
                "json",
                "--log-level",
                "info",
                # Its log of everything, which it writes beside, costs a sixth of a build.
                *("--log-level-file", "info"),
                "--no-use-colors",
                "--no-send-anonymous-usage-stats",
            ),
            *("build", "--project-dir", str(PROJECT), "--profiles-dir", str(folder)),
            *("--target-path", str(kept), "--log-path", str(kept)),
            *("--vars", json.dumps({**(variables or {}), "digitalocean_schemas": list(schemas)})),
            *(["--full-refresh"] if full_refresh else []),
        ]
        return _run(arguments, environment, kept, say)


def find_dbt() -> str:
    """The dbt command of this environment, else the one on the path. Raises ModelsError where there is none."""
    beside = Path(sys.executable).with_name("dbt")
    found = str(beside) if beside.exists() else shutil.which("dbt")
    if found is None:
        raise ModelsError("dbt is not installed: in a clone, pip install './warehouse[models]' brings it.")
    return found


def _run(
    arguments: Sequence[str], environment: Mapping[str, str], artifacts: Path, say: Callable[[str], None]
) -> Built:
    built, complaints = Built(), list[str]()
    process = subprocess.Popen(  # noqa: S603 (dbt, with arguments made above)
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A package that is installed may be read-only, and Python's files of today's run belong to nobody.
        env={**os.environ, **environment, "PYTHONDONTWRITEBYTECODE": "1", "DO_NOT_TRACK": "1"},
    )
    assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
    try:
        for line in process.stdout:
            _follow(line, built, complaints, say)
    except BaseException:
        # Nobody reads its pipe any more: dbt would wait for ever, and we for dbt.
        process.terminate()
        raise
    finally:
        code = process.wait()
    results = artifacts / "run_results.json"
    if code == 0 or (results.exists() and (built.models or built.tests)):
        _judge(json.loads(results.read_text(encoding="utf-8")), _manifest(artifacts), built)
        built.exit_code = EXIT_FAILED if built.failures or code else EXIT_BUILT
        return built
    sentence = next(iter(complaints), f"dbt ended with exit code {code} and said nothing.")
    unreachable = "Database Error" in sentence or "Could not connect" in sentence or "Connection" in sentence
    raise ModelsError(_plain(sentence), EXIT_WAREHOUSE if unreachable else EXIT_CONFIGURATION)


def _manifest(artifacts: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((artifacts / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def _follow(line: str, built: Built, complaints: list[str], say: Callable[[str], None]) -> None:
    """One line of dbt's log: a model that is done is told, an error is kept."""
    try:
        event = json.loads(line)
    except ValueError:
        if line.strip():
            complaints.append(line.strip())
        return
    info, data = event.get("info", {}), event.get("data", {})
    node = data.get("node_info") or {}
    kind, done = node.get("resource_type"), info.get("name", "").startswith("Log") and "Result" in info.get("name", "")
    if done and kind in {"model", "seed", "snapshot"}:
        built.models += 1
        state = str(data.get("status", node.get("node_status", "")))
        seconds = float(data.get("execution_time") or 0)
        say(f"{data.get('index', built.models)}/{data.get('total', '?')} {node['node_name']}: {state}, {seconds:.1f} s")
    elif done and kind == "test":
        built.tests += 1
    elif info.get("level") == "error":
        complaints.append(str(info.get("msg", "")))


def _judge(results: Mapping[str, Any], manifest: Mapping[str, Any], built: Built) -> None:
    """A sentence for everything that is not as it should be."""
    skipped = 0
    for result in results["results"]:
        status, node = result["status"], manifest["nodes"].get(result["unique_id"], {})
        if status == "skipped":
            skipped += 1
        elif status in {"fail", "warn"} and node.get("resource_type") == "test":
            sentences = built.failures if status == "fail" else built.warnings
            sentences.append(_test_sentence(node, int(result.get("failures") or 0), manifest))
        elif status in {"error", "fail", "runtime error"}:
            built.failures.append(f"{node.get('name', result['unique_id'])}: {_plain(result.get('message') or status)}")
    if skipped:
        built.failures.append(f"{skipped} models and tests were left out because what they need failed.")


def _test_sentence(node: Mapping[str, Any], rows: int, manifest: Mapping[str, Any]) -> str:
    metadata = node.get("test_metadata") or {}
    arguments = metadata.get("kwargs") or {}
    attached = manifest["nodes"].get(node.get("attached_node") or "", {}).get("name", "")
    place = f"{attached}.{arguments.get('column_name', '')}"
    match metadata.get("name"):
        case "unique":
            return f"{place} holds {rows:,} values more than once."
        case "not_null":
            return f"{place} is empty in {rows:,} rows."
        case "relationships":
            to = re.sub(r"\W+", "", str(arguments.get("to", "")).removeprefix("ref"))
            return f"{rows:,} rows of {place} name something that {to} does not have."
        case "accepted_values":
            return f"{place} holds {rows:,} values that these models do not know."
    comment = " ".join(part.removeprefix("--").strip() for part in _comment(node.get("raw_code", "")))
    return f"{node.get('name', 'A test')}: {rows:,} rows say otherwise than: {comment}"


def _comment(sql: str) -> Iterator[str]:
    """The lines of the comment at the head of a test, which says what is promised."""
    for line in sql.splitlines():
        if not line.startswith("--"):
            return
        yield line


def _plain(message: str) -> str:
    """The last sentence of dbt's message, without the names of its stages and files."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    lines = [
        line for line in lines if not line.startswith((">", "compiled code at", "Compilation Error", "Runtime Error"))
    ]
    return re.sub(r"^(Database|Compilation|Runtime) Error.*?:\s*", "", " ".join(lines)) or message.strip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the models; return the exit code (see --help)."""
    options = _parser().parse_args(arguments)
    target = DuckDB(options.duckdb) if options.duckdb else Postgres(options.postgres)
    try:
        built = build_models(
            target,
            options.schema or ["digitalocean"],
            say=(lambda _: None) if options.quiet else print,
            full_refresh=options.full_refresh,
            artifacts=options.artifacts,
        )
    except ModelsError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("Interrupted. Models that were built are kept.", file=sys.stderr)
        return EXIT_INTERRUPTED
    for sentence in built.warnings:
        print(f"Warning: {sentence}", file=sys.stderr)
    for sentence in built.failures:
        print(sentence, file=sys.stderr)
    print(f"{built.models} models built, {built.tests} tests run, {len(built.failures)} failures.")
    return built.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="source-digitalocean-quolum-models",
        usage="%(prog)s\n       (--duckdb FILE | --postgres URL) [options]",
        description="Build and test the models over a warehouse that a sync, or Airbyte, has filled.",
        epilog=_EXIT_CODES,
        formatter_class=FittedHelp,
    )
    add_place(parser, "the raw tables")
    parser.add_argument(
        "--schema", action="append", help="schema with raw tables (digitalocean); once for each connection"
    )
    parser.add_argument("--full-refresh", action="store_true", help="build what is incremental from the beginning")
    parser.add_argument("--artifacts", type=Path, metavar="FOLDER", help="keep dbt's files there")
    parser.add_argument("--quiet", action="store_true", help="no line for each model")
    return parser


if __name__ == "__main__":
    sys.exit(main())
