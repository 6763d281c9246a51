"""Records on disk: columns, internal columns, and what a state covers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from warehouse.sync.decimals import Loss
from warehouse.sync.spool import NotANumberError, Spool

if TYPE_CHECKING:
    from pathlib import Path


def lines(spool: Spool) -> list[dict[str, Any]]:
    return [json.loads(line) for line in spool.flush().read_text().splitlines()]


def add(spool: Spool, record: Any, emitted_at: float = 0) -> None:
    spool.add(json.dumps(record).encode(), emitted_at)


def test_a_row_has_the_declared_columns_and_airbytes_own(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "rows.jsonl", {"ID": "id", "Two Words": "two_words", "empty": "empty"})
    add(spool, {"ID": 7, "Two Words": {"a": None}, "empty": None, "undeclared": 1}, 1_700_000_000_500)
    (row,) = lines(spool)
    assert len(row.pop("_airbyte_raw_id")) == 36
    assert row == {
        "id": 7,
        "two_words": {"a": None},
        "empty": None,
        "_airbyte_extracted_at": "2023-11-14T22:13:20.500000+00:00",
        "_airbyte_meta": "{}",
        "_airbyte_rank": 1,
    }


def test_numbers_and_documents_are_text_with_every_digit_they_came_with(tmp_path: Path) -> None:
    types = {"amount": "DECIMAL(38, 12)", "region": "JSON", "plan": "JSONB", "size": "BIGINT", "name": "VARCHAR"}
    spool = Spool(tmp_path / "rows.jsonl", {name: name for name in types}, types)
    spool.add(
        b'{"amount": 12345678901234567890.123456789012, "region": {"price": 0.10000000000000000001}, "plan": [1.0],'
        b' "size": 1180591620717411303424, "name": "1.10"}',
        0,
    )
    (line,) = lines(spool)
    assert {name: line[name] for name in types} == {
        "amount": "12345678901234567890.123456789012",
        "region": '{"price": 0.10000000000000000001}',
        "plan": "[1.0]",
        "size": 2**70,
        "name": "1.10",
    }


def test_what_a_column_cannot_hold_is_counted_and_what_is_no_number_is_named(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "rows.jsonl", {"amount": "amount"}, {"amount": "DECIMAL(38, 12)"})
    for amount in ("0.0000000000123", "0.1", "1e26", "1e27", "null"):
        spool.add(b'{"amount": %b}' % amount.encode(), 0)
    assert [line.get("amount") for line in lines(spool)] == ["0.000000000012", "0.1", None, None, None]
    assert spool.losses == {("amount", Loss.ROUNDED): 1, ("amount", Loss.TOO_LARGE): 2}
    for value in (b'"n/a"', b'"1_000"', b'"NaN"', b"true", b"[1]"):
        with pytest.raises(NotANumberError, match="amount"):
            spool.add(b'{"amount": %b}' % value, 0)
    assert spool.rows == 5


def test_nul_characters_go_and_text_that_only_looks_like_one_stays(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "rows.jsonl", {"text": "text"})
    for text in ("a\x00\x00b", "\\u0000", "\\\x00\\u0000\x00"):
        add(spool, {"text": text})
    assert [line["text"] for line in lines(spool)] == ["ab", "\\u0000", "\\\\u0000"]


def test_records_after_the_last_state_can_be_dropped(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "rows.jsonl", {"n": "n"})
    for number in range(5):
        add(spool, {"n": number})
        if number == 2:
            spool.mark_covered()
    spool.drop_uncovered()
    add(spool, {"n": 9})
    assert [line["n"] for line in lines(spool)] == [0, 1, 2, 9]
    assert spool.rows == 4


def test_a_cleared_spool_starts_again_and_a_closed_one_leaves_no_file(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "rows.jsonl", {"n": "n"})
    add(spool, {"n": 1})
    spool.clear()
    add(spool, {"n": 2})
    assert [line["n"] for line in lines(spool)] == [2]
    spool.close()
    assert list(tmp_path.iterdir()) == []


def test_what_is_covered_counts_records_that_are_not_on_disk_yet(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "rows.jsonl", {"n": "n"})
    add(spool, {"n": 1})
    assert spool.path.stat().st_size == 0
    spool.mark_covered()
    add(spool, {"n": 2})
    spool.drop_uncovered()
    assert [line["n"] for line in lines(spool)] == [1]
