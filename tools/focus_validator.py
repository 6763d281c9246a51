"""Holds `focus_cost` to the FinOps Foundation's focus-validator, which has an environment of its own.

python -m tools.focus_validator --duckdb FILE   prints how many rules passed and did not run, and which ones failed

The environment is .venv-focus; the first run makes it, which needs Python 3.12 and 616 MB. Exit code 2: it cannot be,
or the warehouse has no `focus_cost`; 1: a rule fails for which docs/focus.md has no reason.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv-focus"
_PACKAGES = ("focus-validator==2.2.1", "pyarrow<22")
# What DigitalOcean's bills have; rules about anything else do not apply.
_CLAIMS = (
    *("USAGE_MEASUREMENT_SUPPORTED", "BILLING_BASED_ON_PROVISIONED_RESOURCES_SUPPORTED"),
    *("RESOURCE_TYPE_ASSIGNMENT_SUPPORTED", "REGION_SUPPORTED", "TAGGING_SUPPORTED", "ACCOUNT_NAMING_SUPPORTED"),
)
# The validator's own DuckDB writes the file, in the shape it reads: one text for all tags.
_EXPORT = """
import sys, duckdb
warehouse, schema, target = sys.argv[1:]
duckdb.connect(warehouse, read_only=True).sql(
    f"copy (select * replace (cast(Tags as varchar) as Tags) from {schema}.focus_cost) to '{target}' (format parquet)"
)
"""
# docs/focus.md has the reasons.
KNOWN_FAILURES = {
    *(f"ConsumedQuantity-C-00{number}-C" for number in (0, 3, 4, 5, 6)),
    *("InvoiceId-C-000-O", "InvoiceId-C-003-C", "InvoiceId-C-004-C", "InvoiceId-C-005-C"),
}
_RULE = re.compile(r"^\S+ ([\w-]+): (PASS|FAIL|SKIPPED) ", re.MULTILINE)


class Unavailable(Exception):
    """The validator cannot be asked; the text says why."""


@dataclass(frozen=True)
class Verdict:
    """How many rules passed and did not run, and the names of those that failed."""

    passed: int
    not_run: int
    failed: tuple[str, ...]

    @classmethod
    def from_output(cls, output: str) -> "Verdict":
        """Read what the validator printed. Raises Unavailable where it judged nothing."""
        verdicts = dict(_RULE.findall(output))
        if not verdicts:
            raise Unavailable("focus-validator judged no rule")
        of = {
            verdict: sorted(rule for rule, one in verdicts.items() if one == verdict)
            for verdict in ("PASS", "SKIPPED", "FAIL")
        }
        return cls(len(of["PASS"]), len(of["SKIPPED"]), tuple(of["FAIL"]))


def is_installed() -> bool:
    """Whether its environment is there."""
    return (ENVIRONMENT / "bin" / "focus-validator").is_file()


def make_environment() -> None:
    """Make .venv-focus where it is not there yet. Raises Unavailable without Python 3.12, or where pip fails."""
    if is_installed():
        return
    python = find_python()
    if python is None:
        raise Unavailable("focus-validator needs Python 3.12, which is not on this machine")
    sys.stderr.write(f"Installing {_PACKAGES[0]} into {ENVIRONMENT.name}, once (616 MB)\n")
    _run([python, "-m", "venv", str(ENVIRONMENT)])
    _run([str(ENVIRONMENT / "bin" / "pip"), "install", "--quiet", *_PACKAGES])


def find_python() -> str | None:
    """Python 3.12 that can make environments: on the path (it may be an empty shim) or of pyenv."""
    pyenv = map(str, (Path.home() / ".pyenv" / "versions").glob("3.12.*/bin/python"))
    for python in filter(None, (shutil.which("python3.12"), *pyenv)):
        tried = subprocess.run([python, "-c", "import ensurepip, venv"], capture_output=True, check=False)  # noqa: S603
        if tried.returncode == 0:
            return python
    return None


def validate(warehouse: Path, schema: str) -> Verdict:
    """Export the model and judge it. Raises Unavailable."""
    if not warehouse.is_file():
        raise Unavailable(f"There is no warehouse at {warehouse}: make demo and make models write one")
    python = str(ENVIRONMENT / "bin" / "python")
    with tempfile.TemporaryDirectory() as folder:
        rows = str(Path(folder) / "focus_cost.parquet")
        try:
            _run([python, "-c", _EXPORT, str(warehouse.absolute()), schema, rows])
        except Unavailable:
            raise Unavailable(
                f"{warehouse} has no {schema}.focus_cost that can be read: make models builds it"
            ) from None
        options = ["--data-file", rows, "--validate-version", "1.2", "--block-download", "--focus-dataset"]
        options += ["CostAndUsage", "--show-violations", "--applicability-criteria", ",".join(_CLAIMS)]
        # It looks for its list of currencies below the folder that it runs in; its log stays there, too.
        (packages,) = (ENVIRONMENT / "lib").glob("python3*/site-packages")
        command = [python, str(ENVIRONMENT / "bin" / "focus-validator"), *options]
        # It ends with 1 where a rule fails.
        done = subprocess.run(command, cwd=packages, capture_output=True, text=True, check=False)  # noqa: S603
    return Verdict.from_output(done.stdout)


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise Unavailable(f"{Path(command[0]).name} failed: {last}")


def main(arguments: list[str] | None = None) -> int:
    """Judge a warehouse and print the verdict."""
    parser = argparse.ArgumentParser(description="Hold focus_cost to the FinOps Foundation's validator.")
    parser.add_argument("--duckdb", type=Path, required=True, help="the warehouse with the marts")
    parser.add_argument("--schema", default="digitalocean_marts", help="where the marts are (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        make_environment()
        verdict = validate(options.duckdb, options.schema)
    except Unavailable as problem:
        sys.stderr.write(f"{problem}.\n")
        return 2
    total = verdict.passed + verdict.not_run + len(verdict.failed)
    print(f"{total} rules: {verdict.passed} passed, {len(verdict.failed)} failed, {verdict.not_run} did not run")
    for rule in verdict.failed:
        print(f"  {rule}" if rule in KNOWN_FAILURES else f"  {rule}, for which docs/focus.md has no reason")
    return int(bool(set(verdict.failed) - KNOWN_FAILURES))


if __name__ == "__main__":
    sys.exit(main())
