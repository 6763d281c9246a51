"""Pages asked for ahead: never more than there is room for in the whole run, and the room is given back."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore

import pytest

from source_digitalocean_quolum.records.answer import Answer
from source_digitalocean_quolum.retrievers.page import PAGE_SIZE, Page
from source_digitalocean_quolum.retrievers.page_prefetcher import PagePrefetcher

PAGES = 30
ROOM = 3


def asker(asked: list[int]) -> Callable[[int], Answer]:
    def ask(number: int) -> Answer:
        asked.append(number)
        return Answer(200, "/v2/things", {}, b"")

    return ask


def page(
    number: int, *, records: int = PAGE_SIZE, size: int = PAGE_SIZE, total: int | None = PAGES * PAGE_SIZE
) -> Page:
    return Page(number, records, total, has_next=number < PAGES, size=size)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def free(room: BoundedSemaphore) -> int:
    """How much room there is; it is given back."""
    taken = 0
    while room.acquire(blocking=False):
        taken += 1
    for _ in range(taken):
        room.release()
    return taken


def test_every_page_is_asked_for_once_and_in_the_end_all_room_is_free(pool: ThreadPoolExecutor) -> None:
    asked: list[int] = []
    room = BoundedSemaphore(ROOM)
    with PagePrefetcher(asker(asked), pool, room, most=9) as pages:
        for number in range(1, PAGES + 1):
            assert pages.fetch(number) is not None
            pages.prefetch_after(page(number))
            assert free(room) < ROOM or number == PAGES

    assert sorted(asked) == list(range(1, PAGES + 1))
    assert free(room) == ROOM


def test_lists_share_the_room_and_go_on_without_it(pool: ThreadPoolExecutor) -> None:
    first: list[int] = []
    second: list[int] = []
    room = BoundedSemaphore(1)
    with (
        PagePrefetcher(asker(first), pool, room, most=9) as one,
        PagePrefetcher(asker(second), pool, room, most=9) as other,
    ):
        one.fetch(1)
        one.prefetch_after(page(1))
        other.fetch(1)
        other.prefetch_after(page(1))
        assert second == [1], "there is no room left for a page of the second list"
        for number in range(2, 5):
            other.fetch(number)
            other.prefetch_after(page(number))

    assert second == [1, 2, 3, 4]
    assert free(room) == 1, "a page nobody came for gives its room back, too"


def test_a_list_that_is_read_anew_gives_the_room_back(pool: ThreadPoolExecutor) -> None:
    room = BoundedSemaphore(ROOM)
    with PagePrefetcher(asker([]), pool, room, most=9) as pages:
        pages.fetch(1)
        pages.prefetch_after(page(1))
        pages.forget()
        assert free(room) == ROOM - 1, "but for the page it is at"
    assert free(room) == ROOM


@pytest.mark.parametrize(
    "uncertain",
    [page(1, total=None), page(1, records=20), page(1, total=PAGE_SIZE), page(PAGES), page(1, records=0, total=0)],
    ids=["no total", "pages shorter than asked for", "one page", "the last page", "nothing"],
)
def test_nothing_is_asked_for_that_may_not_be_there(pool: ThreadPoolExecutor, uncertain: Page) -> None:
    asked: list[int] = []
    with PagePrefetcher(asker(asked), pool, BoundedSemaphore(ROOM), most=9) as pages:
        pages.prefetch_after(uncertain)

    assert asked == []


def test_a_page_that_fails_ahead_fails_when_it_is_its_turn(pool: ThreadPoolExecutor) -> None:
    def ask(number: int) -> Answer:
        if number == 2:
            raise ConnectionError
        return Answer(200, "/v2/things", {}, b"")

    room = BoundedSemaphore(ROOM)
    with PagePrefetcher(ask, pool, room, most=9) as pages:
        pages.fetch(1)
        pages.prefetch_after(page(1))
        with pytest.raises(ConnectionError):
            pages.fetch(2)
    assert free(room) == ROOM
