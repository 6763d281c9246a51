"""Pages asked for ahead: never more than there is room for in the whole run, and the room is given back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore

import pytest
import requests

from source_digitalocean_quolum.retrievers.page_prefetcher import Answer, PagePrefetcher
from source_digitalocean_quolum.retrievers.pagination import PAGE_SIZE, Page

PAGES = 30
ROOM = 3


def asker(asked: list[int]) -> Callable[[int], Answer]:
    def ask(number: int) -> Answer:
        asked.append(number)
        return requests.Response()

    return ask


def page(number: int) -> Page:
    return Page(number, number + 1 if number < PAGES else None, PAGES * PAGE_SIZE, PAGE_SIZE)


@pytest.fixture
def pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(4)


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
            assert pages.page(number) is not None
            pages.expect(page(number))
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
        one.page(1)
        one.expect(page(1))
        other.page(1)
        other.expect(page(1))
        assert second == [1], "there is no room left for a page of the second list"
        for number in range(2, 5):
            other.page(number)
            other.expect(page(number))

    assert second == [1, 2, 3, 4]
    assert free(room) == 1, "a page nobody came for gives its room back, too"


def test_a_list_that_is_read_anew_gives_the_room_back(pool: ThreadPoolExecutor) -> None:
    room = BoundedSemaphore(ROOM)
    with PagePrefetcher(asker([]), pool, room, most=9) as pages:
        pages.page(1)
        pages.expect(page(1))
        pages.forget()
        assert free(room) == ROOM - 1, "but for the page it is at"
    assert free(room) == ROOM
