"""What focus-validator printed is counted; without it, or the Python that it needs, there is a sentence."""

import re
from pathlib import Path

import pytest

from tools import focus_validator

PRINTED = """
=== Validation Results ===
Total: 4 | Pass: 1 | Fail: 2 | Skipped: 1
⏭️ AvailabilityZone-C-000-C: SKIPPED  (violations=0, reason=rule not applicable)
✅ Tags-C-001-M: PASS  (violations=0, 6.2ms)
❌ InvoiceId-C-004-C: FAIL  (violations=123, msg=InvoiceId MUST be NULL., 1.8ms)
❌ ConsumedQuantity-C-006-C: FAIL  (violations=1, msg=Validation rule ConsumedQuantity-C-006-C failed, 0.7ms)

--- Failures ---
- InvoiceId-C-004-C: violations=123; InvoiceId MUST be NULL.
"""


def test_a_verdict_counts_rules_and_names_those_that_failed() -> None:
    verdict = focus_validator.Verdict.from_output(PRINTED)

    assert verdict == focus_validator.Verdict(1, 1, ("ConsumedQuantity-C-006-C", "InvoiceId-C-004-C"))


def test_no_rule_is_no_verdict() -> None:
    with pytest.raises(focus_validator.Unavailable, match="judged no rule"):
        focus_validator.Verdict.from_output("Total: 0\n")


def test_without_python_3_12_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(focus_validator, "ENVIRONMENT", tmp_path / "none")
    monkeypatch.setattr(focus_validator, "find_python", lambda: None)

    assert focus_validator.main(["--duckdb", "warehouse.duckdb"]) == 2
    assert capsys.readouterr().err == "focus-validator needs Python 3.12, which is not on this machine.\n"


def test_without_a_warehouse_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(focus_validator.Unavailable, match=r"no warehouse at .*: make demo and make models write one"):
        focus_validator.validate(tmp_path / "none.duckdb", "digitalocean_marts")


def test_the_page_says_why_each_rule_fails_that_is_known_to() -> None:
    page = (Path(__file__).parents[1] / "docs" / "focus.md").read_text(encoding="utf-8")
    named = set()
    for line in re.findall(r"^\| (`\w+-C-.*?) \|", page, re.MULTILINE):
        first, *rest = re.findall(r"`([\w-]+)`", line)
        column = first.partition("-")[0]
        named |= {first, *(f"{column}-{rule}" for rule in rest)}

    assert named == focus_validator.KNOWN_FAILURES
