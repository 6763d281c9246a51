"""One slice of a list that changes under the reader: nothing remaining is missed, nothing is emitted twice."""

from collections import Counter
from typing import Any

import pytest
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from hypothesis import given, settings
from hypothesis import strategies as st

from source_digitalocean_quolum.retrievers.page import Page, page_params, read_page
from unit_tests.retrievers.server import LISTING, SIZE, Server, emitted, small_pages

Row = dict[str, Any]

_small_pages = pytest.fixture(autouse=True, scope="module")(small_pages)


class GrowingServer(Server):
    def change(self, change: int) -> None:
        """Put this many new rows at the front."""
        made = [{"id": f"new-{self.requests}-{number}"} for number in range(change)]
        self.rows = [*made, *self.rows]


@settings(max_examples=300, deadline=None)
@given(size=st.integers(0, 60), deletions=st.lists(st.lists(st.integers(0, 99), max_size=9), max_size=25))
def test_after_deletions_every_remaining_record_was_emitted_exactly_once(size: int, deletions: list[list[int]]) -> None:
    server = Server([{"id": number} for number in range(size)], deletions)

    ids = Counter(row["id"] for row in emitted(server, LISTING, ["id"]))

    assert {row["id"] for row in server.rows} <= set(ids)
    assert set(ids.values()) <= {1}


@settings(max_examples=100, deadline=None)
@given(size=st.integers(0, 60), arrivals=st.lists(st.integers(0, 5), max_size=20))
def test_arrivals_at_the_front_neither_repeat_nor_hide_a_record(size: int, arrivals: list[int]) -> None:
    server = GrowingServer([{"id": number} for number in range(size)], arrivals)

    ids = [row["id"] for row in emitted(server, LISTING, ["id"])]

    assert set(range(size)) <= set(ids)
    assert len(ids) == len(set(ids))


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.integers(0, 3), max_size=40),
    deletions=st.lists(st.lists(st.integers(0, 99), max_size=3), max_size=12),
)
def test_rows_without_ids_keep_one_key_each_while_the_list_shrinks(rows: list[int], deletions: list[list[int]]) -> None:
    api = {**LISTING, "key": {"field": "row_hash", "of": ["kind"]}}
    # Four neighbours at most are alike: a page that repeats the one before it whole is taken for the server's fault.
    server = Server([{"kind": f"{kind}-{number // 4}"} for number, kind in enumerate(rows)], deletions)

    found = emitted(server, api, ["row_hash"])
    keys = [row["row_hash"] for row in found]
    calm = emitted(Server(server.rows, []), api, ["row_hash"])

    assert len(keys) == len(set(keys))
    assert {row["row_hash"] for row in calm} <= set(keys)


def test_what_was_emitted_is_still_known_after_going_back_many_times() -> None:
    few = [[0, 1, 2], [], [], [], []] * 60
    many_at_once = [list(range(90))]
    server = Server([{"id": number} for number in range(1_500)], few + many_at_once)

    ids = Counter(row["id"] for row in emitted(server, LISTING, ["id"]))

    assert {row["id"] for row in server.rows} <= set(ids)
    assert [number for number, count in ids.items() if count > 1] == []


class RestlessServer(Server):
    def change(self, change: None) -> None:
        """Another row comes after every request."""
        self.rows.append({"kind": 2})


def test_a_list_that_never_rests_is_a_transient_error() -> None:
    server = RestlessServer([{"kind": 1}] * 30, [None] * 1_900)

    with pytest.raises(AirbyteTracedException, match="faster than it can be read") as raised:
        emitted(server, {**LISTING, "key": {"field": "row_hash", "of": ["kind"]}}, ["row_hash"])

    assert raised.value.failure_type
    assert raised.value.failure_type.value == "transient_error"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"links": None, "meta": None},
        {"links": {}},
        {"links": {"pages": None}},
        {"links": {"pages": {"next": None}}},
        {"links": {"pages": {"next": ""}}},
        {"links": {"pages": {"last": "https://x/?page=9"}}},
        {"links": "none", "meta": "none"},
    ],
)
def test_without_a_next_link_a_page_is_the_last(body: Row) -> None:
    assert read_page(body, 4, "page", SIZE, SIZE) == Page(4, SIZE, None, has_next=False, size=SIZE)


@pytest.mark.parametrize(
    "link", ["https://elsewhere.example/v2/x?tag=a&page=7&per_page=20", "x?page=1", "http://[::1", "?"]
)
def test_a_next_link_says_that_there_is_more_and_nothing_else(link: str) -> None:
    body = {"links": {"pages": {"next": link}}, "meta": {"total": 812}}

    assert read_page(body, 4, "page", 3, SIZE) == Page(4, 3, 812, has_next=True, size=SIZE)


@pytest.mark.parametrize(
    ("written", "total"),
    [
        *((7, 7), ("7", 7), (7.0, 7), (0, 0), (-1, None), (True, None), (None, None), ("many", None), ({}, None)),
        *((float("inf"), None), (float("nan"), None)),
    ],
)
def test_a_total_is_a_count_or_unknown(written: Any, total: int | None) -> None:
    assert read_page({"meta": {"total": written}}, 1, "page", 3).total == total
    assert read_page({"total": written}, 1, "total", 3).total == total
    assert read_page({"total_items": written}, 1, "total_pages", 3).total == total


@pytest.mark.parametrize(
    ("paging", "body", "records", "more", "total"),
    [
        ("total_pages", {"total_pages": 3, "total_items": 9}, 3, True, 9),
        ("total_pages", {"total_pages": 2}, 3, False, None),
        ("total_pages", {"total_pages": 0}, 0, False, None),
        ("total_pages", {}, 3, False, None),
        ("pages", {"meta": {"pages": 3, "total": 7}}, 3, True, 7),
        ("pages", {"meta": {"pages": 2, "total": 6}}, 3, False, 6),
        ("pages", {"meta": None}, 3, False, None),
        ("total", {"total": 7}, 3, False, 7),
        ("total", {}, 3, True, None),
        ("total", {}, 2, False, None),
        ("none", {"links": {"pages": {"next": "https://x/?page=3"}}, "meta": {"total": 9}}, 3, False, None),
    ],
)
def test_other_lists_count_pages_or_records_instead(
    paging: str, body: Row, records: int, more: bool, total: int | None
) -> None:
    assert read_page(body, 2, paging, records, SIZE) == Page(2, records, total, has_next=more, size=SIZE)


@pytest.mark.parametrize(
    ("paging", "params"),
    [
        ("page", {"page": "4", "per_page": "3"}),
        ("total", {"page": "4", "per_page": "3"}),
        ("total_pages", {"page": "4", "per_page": "3"}),
        ("pages", {"page": "4", "per_page": "3"}),
        ("none", {}),
    ],
)
def test_each_way_of_paging_has_its_parameters(paging: str, params: dict[str, str]) -> None:
    assert page_params(paging, 4, SIZE) == params


def test_after_a_deletion_only_the_pages_that_moved_are_read_again() -> None:
    after_page_four = [[], [], [], [0, 0, 0, 0]]
    server = Server([{"id": number} for number in range(30)], after_page_four)

    ids = [row["id"] for row in emitted(server, LISTING, ["id"])]

    # Four records fill two pages of three.
    assert sorted(ids) == list(range(30))
    again = Counter(server.asked)
    assert {number for number, times in again.items() if times > 1} <= {3, 4, 5}
    assert server.requests <= 9 + 3
