"""Answers that others wrote become the records they hold, whatever was known of them when the schemas were written."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from integration_tests.answers_of_others import CHECK

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHECK.is_file(), reason="the answers of others are not here")]


def test_every_answer_that_clients_are_tested_with_is_read_whole() -> None:
    command = [sys.executable, "-m", "integration_tests.answers_of_others", "--strict"]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)

    found = [line.strip() for line in done.stdout.splitlines() if line.startswith("  ")]
    assert found == []
    assert done.returncode == 0, done.stdout
    assert "(0 of 24 wanted ones)" in done.stdout, done.stderr
    assert re.search(r"\b7[89]\d reads\b", done.stdout)
