"""The table and the totals at the end, and the JSON report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from unit_tests.warehouse.sync.runs import run_of
from warehouse.sync.report import result_text, stream_entry
from warehouse.sync.text import duration

if TYPE_CHECKING:
    from pathlib import Path


def test_the_report_has_every_field(tmp_path: Path) -> None:
    run = run_of(tmp_path, rows=12, status="incomplete", requests=3, error="broke", started=100.0, ended=101.5)
    run.warnings.append("droplets: 2 values of price have more than 12 decimals and are rounded.")
    assert stream_entry(run) == {
        "name": "droplets",
        "mode": "full_refresh | overwrite",
        "rows": 12,
        "seconds": 1.5,
        "status": "incomplete",
        "requests": 3,
        "error": "broke",
        "warnings": ["droplets: 2 values of price have more than 12 decimals and are rounded."],
    }


def test_the_table_is_aligned_and_errors_and_totals_follow_it(tmp_path: Path) -> None:
    failed = run_of(tmp_path, rows=1234567, status="incomplete", error="broke", requests=7)
    good = run_of(tmp_path, "volumes", rows=2, status="complete", requests=1_000)
    heading, _, row, _, error, totals = result_text([failed, good], 72.4).splitlines()
    assert "1,234,567" in row
    assert heading.index("rows") + len("rows") == row.index("1,234,567") + len("1,234,567")
    assert error == "droplets: broke"
    assert totals == "1 of 2 streams complete: 1,234,569 rows with 1,007 requests in 1 min 12 s."


@pytest.mark.parametrize(
    ("width", "headings"),
    [
        (200, "stream mode rows seconds status requests"),
        (100, "stream rows seconds status requests"),
        (60, "stream rows status"),
    ],
)
def test_a_narrow_terminal_does_without_columns_and_never_wraps(tmp_path: Path, width: int, headings: str) -> None:
    name = "dedicated_inference_accelerators_of_all"
    runs = [run_of(tmp_path, name, rows=1_234_567, status="incomplete", requests=99_999), run_of(tmp_path, name[:9])]
    runs[0].started, runs[0].ended = 0.0, 123_456_789.0
    lines = result_text(runs, 0, width).splitlines()
    assert lines[0].split() == headings.split()
    assert all(len(line) <= width for line in lines[:4])


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (312, "5 min 12 s"),
        (3600, "1 h 00 min"),
        (90_061, "25 h 01 min"),
    ],
)
def test_a_duration_is_said_as_a_person_says_it(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_one_is_no_plural(tmp_path: Path) -> None:
    run = run_of(tmp_path, "balance", status="complete", rows=1, requests=1)
    assert result_text([run], 0).splitlines()[-1] == "1 of 1 stream complete: 1 row with 1 request in 0 s."
