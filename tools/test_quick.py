"""A verdict in under a minute on what a change most likely broke: the tests of the rooms that it touches.

python tools/test_quick.py [--against REVISION] [--seconds 55]

What changed is asked of git: against a revision, else in the working tree, else in the last commit. The tests of a room
come first, then those at the boundary that pass through it, and in every run the ones that start the connector whole.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Exit code where the time was not enough for a verdict; pytest's own end at 5.
STOPPED = 9
CONNECTOR = "source_digitalocean_quolum"
MOCK = "unit_tests/mock_server"
# Whatever changed: the connector starts, its streams stand, a sync of the small account goes through.
ALWAYS = ("unit_tests/test_run.py", "unit_tests/test_config.py", f"{MOCK}/test_lists.py")
# Beginning of a path -> tests, the likeliest first. Every beginning that fits counts.
TESTS: dict[str, tuple[str, ...]] = {
    f"{CONNECTOR}/http/": ("unit_tests/http", f"{MOCK}/test_errors.py", f"{MOCK}/test_oauth.py"),
    f"{CONNECTOR}/retrievers/": ("unit_tests/retrievers", f"{MOCK}/test_paging.py", f"{MOCK}/test_changed_parents.py"),
    f"{CONNECTOR}/records/": ("unit_tests/records", f"{MOCK}/test_bodies.py", f"{MOCK}/test_secrets.py"),
    f"{CONNECTOR}/redaction/": ("unit_tests/redaction", "unit_tests/test_logs.py", f"{MOCK}/test_secrets.py"),
    f"{CONNECTOR}/protocol/": ("unit_tests/protocol", f"{MOCK}/test_bodies.py"),
    f"{CONNECTOR}/cdk_ext/": ("unit_tests/cdk_ext", "unit_tests/test_state.py"),
    f"{CONNECTOR}/utilization/": ("unit_tests/utilization", f"{MOCK}/test_utilization.py"),
    f"{CONNECTOR}/cost/": ("unit_tests/cost", f"{MOCK}/test_cost.py"),
    f"{CONNECTOR}/connect/": ("unit_tests/connect",),
    f"{CONNECTOR}/streams/": ("unit_tests/test_manifest.py", "unit_tests/test_catalog.py", "unit_tests/test_docs.py"),
    f"{CONNECTOR}/schemas/": ("unit_tests/test_schema_coverage.py", "unit_tests/records/test_schema_loader.py"),
    f"{CONNECTOR}/check.py": ("unit_tests/test_check.py",),
    f"{CONNECTOR}/run.py": ("unit_tests/test_command_line.py",),
    f"{CONNECTOR}/commands.py": ("unit_tests/test_command_line.py", "unit_tests/protocol/test_way_out.py"),
    f"{CONNECTOR}/specification.py": ("unit_tests/test_stream_definition.py", "unit_tests/test_command_line.py"),
    f"{CONNECTOR}/manifest.py": ("unit_tests/test_manifest.py", "unit_tests/test_stream_definition.py"),
    f"{CONNECTOR}/command_line.py": ("unit_tests/test_command_line.py",),
    f"{CONNECTOR}/configured_catalog.py": ("unit_tests/test_command_line.py",),
    f"{CONNECTOR}/state.py": ("unit_tests/test_state.py",),
    f"{CONNECTOR}/config": ("unit_tests/test_config_file.py", "unit_tests/test_check.py"),
    "warehouse/": ("unit_tests/warehouse",),
    "sandbox/": ("integration_tests/test_sandbox_process.py", "integration_tests/test_sandbox_faults.py"),
    "docs/": ("unit_tests/test_docs.py", "unit_tests/test_docs_queries.py", "unit_tests/test_metrics_docs.py"),
    "deploy/": ("unit_tests/test_terraform.py",),
    "pyproject.toml": ("unit_tests/test_packaging.py", "unit_tests/test_repository.py"),
    "metadata.yaml": ("unit_tests/test_repository.py",),
}


def changed_files(against: str | None) -> list[str]:
    """The files that changed, as paths from the root; empty if nothing did or this is no checkout."""
    git = shutil.which("git")
    if git is None:
        return []

    def lines(*arguments: str) -> list[str]:
        done = subprocess.run([git, "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)  # noqa: S603
        return done.stdout.splitlines() if done.returncode == 0 else []

    if against is not None:
        return lines("diff", "--name-only", against)
    edited = [*lines("diff", "--name-only", "HEAD"), *lines("ls-files", "--others", "--exclude-standard")]
    return edited or lines("diff", "--name-only", "HEAD~1", "HEAD")


def chosen(changed: Iterable[str]) -> list[str]:
    """The tests to run, the likeliest to fail first: those that changed, those of the rooms, those of every run."""
    files = sorted(changed)
    tests = [file for file in files if file.startswith("unit_tests/") and "/test_" in file]
    for depth in range(max(map(len, TESTS.values()))):
        for beginning, those in TESTS.items():
            if depth < len(those) and any(file.startswith(beginning) for file in files):
                tests.append(those[depth])
    present = [test for test in dict.fromkeys((*tests, *ALWAYS)) if (ROOT / test).exists()]
    # A folder runs its files already.
    return [test for test in present if not any(test.startswith(f"{other}/") for other in present)]


def run(tests: Sequence[str], seconds: float) -> int:
    """Run the tests, two files at a time; pytest's exit code, or STOPPED after so many seconds."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "--maxfail", "5", *tests]
    begun = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT)  # noqa: S603
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        process.wait(10)
        sys.stdout.write(f"\nNo verdict: stopped after {seconds:.0f} s. `make test` runs everything.\n")
        return STOPPED
    except KeyboardInterrupt:
        process.wait(10)
        return 130
    verdict = "Nothing failed" if code == 0 else "Something failed"
    sys.stdout.write(f"\n{verdict} in {time.monotonic() - begun:.0f} s, in: {' '.join(tests)}\n")
    return code


def main(arguments: list[str] | None = None) -> int:
    """Choose and run; the exit code is that of `run`."""
    parser = argparse.ArgumentParser(prog="tools/test_quick.py", description="Tests of what changed, in a minute.")
    parser.add_argument(
        "--against", metavar="REVISION", help="what changed since then (default: since the last commit)"
    )
    parser.add_argument("--seconds", type=float, default=55.0, help="stop after so long (default 55)")
    options = parser.parse_args(arguments)
    return run(chosen(changed_files(options.against)), options.seconds)


if __name__ == "__main__":
    sys.exit(main())
