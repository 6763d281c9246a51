"""Pages several streams need: asked for once, however many ask at once, and only good answers are kept."""

import threading

import pytest

from source_digitalocean_quolum.http.page_cache import PageCache
from source_digitalocean_quolum.records.answer import Answer

LIST = b'{"projects": [{"id": "a"}]}'


def answer(content: bytes = LIST) -> Answer:
    return Answer.from_content(200, "/v2/projects", {"ratelimit-remaining": "7"}, content, "projects")


def test_ten_threads_that_need_a_page_at_once_send_one_request() -> None:
    cache, fetched, together = PageCache(), [], threading.Barrier(10)
    found: list[Answer | None] = []

    def fetch() -> Answer:
        fetched.append(threading.get_ident())
        return answer()

    def ask() -> None:
        together.wait()
        found.append(cache.get("page 1", "projects", fetch))

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(fetched) == 1
    assert found == [answer()] * 10


def test_a_page_is_another_one_under_another_key() -> None:
    cache = PageCache()
    cache.get("page 1", "projects", lambda: answer(b"{}"))
    second = cache.get("page 2", "projects", lambda: answer(LIST))

    assert second == answer(LIST)


def test_a_page_that_changed_is_asked_for_again_and_takes_the_old_ones_place() -> None:
    cache = PageCache()
    cache.get("page 1", "", lambda: answer(b'"old"'))

    changed = cache.get("page 1", "", lambda: answer(b'"new"'), again=True)
    later = cache.get("page 1", "", lambda: answer(b'"newer"'))

    assert changed is not None
    assert later is not None
    assert [changed.body, later.body] == ["new", "new"]


def test_a_refused_page_is_asked_for_again() -> None:
    cache = PageCache()

    assert cache.get("page 1", "projects", lambda: None) is None
    assert cache.get("page 1", "projects", answer) == answer()


def test_a_failed_fetch_frees_the_page_for_the_next_caller() -> None:
    cache = PageCache()

    def fail() -> Answer:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        cache.get("page 1", "projects", fail)
    assert cache.get("page 1", "projects", answer) is not None


def test_what_an_answer_reads_as_does_not_depend_on_who_asked_first() -> None:
    """Of one page, one stream takes the records in their bytes and another needs the whole of it (issue 17, D7)."""
    cache = PageCache()
    cache.get("page 1", "projects", answer)

    whole = cache.get("page 1", "", answer)
    unread = cache.get("page 1", "projects", answer)

    assert whole is not None
    assert unread is not None
    assert whole.body == {"projects": [{"id": "a"}]}
    assert [bytes(one) for one in unread.body["projects"]] == [b'{"id": "a"}']
    with pytest.raises(AttributeError):
        whole.body = {}  # type: ignore[misc]
