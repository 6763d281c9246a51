"""Records on disk: columns, internal columns, and what a state covers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from warehouse.sync.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path


def lines(spool: Spool) -> list[dict[str, Any]]:
    return [json.loads(line) for line in spool.flush().read_text().splitlines()]


def test_a_row_has_the_declared_columns_and_airbytes_own(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "rows.jsonl", {"ID": "id", "Two Words": "two_words", "empty": "empty"})
    spool.add({"ID": 7, "Two Words": {"a": None}, "empty": None, "undeclared": 1}, 1_700_000_000_500)
    (row,) = lines(spool)
    assert len(row.pop("_airbyte_raw_id")) == 36
    assert row == {
        "id": 7,
        "two_words": {"a": None},
        "_airbyte_extracted_at": "2023-11-14T22:13:20.500000+00:00",
        "_airbyte_meta": {},
        "_airbyte_rank": 1,
    }


def test_money_keeps_its_digits(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "rows.jsonl", {"amount": "amount"})
    spool.add({"amount": 0.1}, 0)
    spool.add({"amount": 1234567.890123456}, 0)
    assert [line["amount"] for line in lines(spool)] == [0.1, 1234567.890123456]
    assert '"amount":1234567.890123456' in spool.path.read_text()


def test_values_beyond_64_bits_are_kept(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "rows.jsonl", {"n": "n"})
    spool.add({"n": 2**70}, 0)
    assert [line["n"] for line in lines(spool)] == [2**70]


def test_nul_characters_go_and_text_that_only_looks_like_one_stays(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "rows.jsonl", {"text": "text"})
    for text in ("a\x00\x00b", "\\u0000", "\\\x00\\u0000\x00"):
        spool.add({"text": text}, 0)
    assert [line["text"] for line in lines(spool)] == ["ab", "\\u0000", "\\\\u0000"]


def test_records_after_the_last_state_can_be_dropped(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "rows.jsonl", {"n": "n"})
    for number in range(5):
        spool.add({"n": number}, 0)
        if number == 2:
            spool.mark_covered()
    spool.drop_uncovered()
    spool.add({"n": 9}, 0)
    assert [line["n"] for line in lines(spool)] == [0, 1, 2, 9]
    assert spool.rows == 4


def test_a_cleared_spool_starts_again_and_a_closed_one_leaves_no_file(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "rows.jsonl", {"n": "n"})
    spool.add({"n": 1}, 0)
    spool.clear()
    spool.add({"n": 2}, 0)
    assert [line["n"] for line in lines(spool)] == [2]
    spool.close()
    assert list(tmp_path.iterdir()) == []


def test_what_is_covered_counts_records_that_are_not_on_disk_yet(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "rows.jsonl", {"n": "n"})
    spool.add({"n": 1}, 0)
    assert spool.path.stat().st_size == 0
    spool.mark_covered()
    spool.add({"n": 2}, 0)
    spool.drop_uncovered()
    assert [line["n"] for line in lines(spool)] == [1]
