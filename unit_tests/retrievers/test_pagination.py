"""One slice of a list that changes under the reader: nothing remaining is missed, nothing is emitted twice."""

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import pytest
import requests
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from hypothesis import given, settings
from hypothesis import strategies as st

from source_digitalocean_quolum.retrievers import page_prefetcher, pagination
from source_digitalocean_quolum.retrievers.buffered_list import BufferedListRetriever
from source_digitalocean_quolum.retrievers.list_retriever import DigitalOceanRetriever
from source_digitalocean_quolum.retrievers.pagination import Page, page_params, read_page

if TYPE_CHECKING:
    from airbyte_cdk.sources.declarative.requesters.requester import Requester

SIZE = 3
LISTING = {"path": "things", "records": "things"}

Row = dict[str, Any]


@pytest.fixture(autouse=True, scope="module")
def _small_pages() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (pagination, page_prefetcher):
            patch.setattr(module, "PAGE_SIZE", SIZE)
        yield


class Server:
    """A requester that answers from `rows`, paged by offset; after each answer the next change happens."""

    def __init__(self, rows: list[Row], changes: list[Any]) -> None:
        self.rows, self.changes = list(rows), list(changes)
        self.requests = 0
        self.asked: list[int] = []
        self._lock = threading.Lock()

    def send_request(self, *, request_params: Mapping[str, str], **_: Any) -> requests.Response:
        """Pages are asked for side by side; each answer is of one moment."""
        with self._lock:
            return self._answer(request_params)

    def _answer(self, request_params: Mapping[str, str]) -> requests.Response:
        number, size = int(request_params["page"]), int(request_params["per_page"])
        self.requests += 1
        self.asked.append(number)
        assert self.requests < 2_000, "the reader never comes to an end"
        pages = {"next": f"https://x/?page={number + 1}"} if number * size < len(self.rows) else {}
        body = {
            "things": self.rows[(number - 1) * size : number * size],
            "links": {"pages": pages},
            "meta": {"total": len(self.rows)},
        }
        response = requests.Response()
        response.status_code, response._content = 200, json.dumps(body).encode()
        if self.changes:
            self.change(self.changes.pop(0))
        return response

    def change(self, change: Any) -> None:
        """Delete the rows at these places (counted from 0, modulo the list's length)."""
        for place in change:
            if self.rows:
                del self.rows[place % len(self.rows)]


class GrowingServer(Server):
    def change(self, change: int) -> None:
        """Put this many new rows at the front."""
        made = [{"id": f"new-{self.requests}-{number}"} for number in range(change)]
        self.rows = [*made, *self.rows]


def emitted(server: Server, api: dict[str, Any], key: list[str]) -> list[Row]:
    kind = BufferedListRetriever if "key" in api else DigitalOceanRetriever
    reader = kind(
        requester=cast("Requester", server),
        config={"credentials": {}},
        parameters={},
        name="things",
        api=api,
        primary_key=key,
    )
    return [dict(record.data) for record in reader.read_records({})]


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
    assert read_page(body, 4, "page", SIZE) == Page(4, None, None, records=SIZE, linked=False)


def test_a_page_tells_its_successor_and_the_size_of_the_list() -> None:
    links = {"pages": {"next": "https://elsewhere.example/v2/x?tag=a&page=7&per_page=20"}}

    assert read_page({"links": links, "meta": {"total": 812}}, 4, "page", 3) == Page(4, 7, 812, records=3)


@pytest.mark.parametrize(
    ("paging", "body", "records", "following"),
    [
        ("total_pages", {"total_pages": 3}, 3, 3),
        ("total_pages", {"total_pages": 2}, 3, None),
        ("total_pages", {"total_pages": 0}, 0, None),
        ("total_pages", {}, 3, None),
        ("limit", {"meta": {"pages": 3, "total": 7}}, 3, 3),
        ("limit", {"meta": {"pages": 2, "total": 6}}, 3, None),
        ("limit", {"meta": None}, 3, None),
        ("total", {"total": 7}, 3, 3),
        ("total", {"total": 6}, 3, None),
        ("total", {}, 3, 3),
        ("total", {}, 2, None),
        ("none", {"links": {"pages": {"next": "https://x/?page=3"}}}, 3, None),
    ],
)
def test_other_lists_count_pages_or_records_instead(
    paging: str, body: Row, records: int, following: int | None
) -> None:
    assert read_page(body, 2, paging, records).next == following


@pytest.mark.parametrize(
    ("paging", "params"),
    [
        ("page", {"page": "4", "per_page": "3"}),
        ("total", {"page": "4", "per_page": "3"}),
        ("total_pages", {"page": "4", "per_page": "3"}),
        ("limit", {"page": "4", "limit": "3"}),
        ("none", {}),
    ],
)
def test_each_way_of_paging_has_its_parameters(paging: str, params: dict[str, str]) -> None:
    assert page_params(paging, 4) == params


def test_after_a_deletion_only_the_pages_that_moved_are_read_again() -> None:
    after_page_four = [[], [], [], [0, 0, 0, 0]]
    server = Server([{"id": number} for number in range(30)], after_page_four)

    ids = [row["id"] for row in emitted(server, LISTING, ["id"])]

    # Four records fill two pages of three.
    assert sorted(ids) == list(range(30))
    again = Counter(server.asked)
    assert {number for number, times in again.items() if times > 1} <= {3, 4, 5}
    assert server.requests <= 9 + 3
