"""Pages several streams need: asked for once, however many ask at once, and only good answers are kept."""

import threading

import pytest
import requests

from source_digitalocean_quolum.http.page_cache import PageCache


def answer(status: int = 200, body: bytes = b'{"projects": []}') -> requests.Response:
    response = requests.Response()
    response.status_code, response._content = status, body
    response.headers["ratelimit-remaining"] = "7"
    response.url = "https://api.digitalocean.com/v2/projects"
    return response


def test_ten_threads_that_need_a_page_at_once_send_one_request() -> None:
    cache, fetched, together = PageCache(), [], threading.Barrier(10)
    bodies = []

    def fetch() -> requests.Response:
        fetched.append(threading.get_ident())
        return answer()

    def ask() -> None:
        together.wait()
        page = cache.get("page 1", fetch)
        assert page is not None
        bodies.append((page.status_code, page.content, page.ok, page.headers["Ratelimit-Remaining"], page.url))

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(fetched) == 1
    assert bodies == [(200, b'{"projects": []}', True, "7", "https://api.digitalocean.com/v2/projects")] * 10


def test_a_page_is_another_one_under_another_key() -> None:
    cache = PageCache()
    cache.get("page 1", lambda: answer(body=b"1"))
    second = cache.get("page 2", lambda: answer(body=b"2"))

    assert second is not None
    assert second.content == b"2"


def test_a_page_that_changed_is_asked_for_again_and_takes_the_old_ones_place() -> None:
    cache = PageCache()
    cache.get("page 1", lambda: answer(body=b"old"))

    changed = cache.get("page 1", lambda: answer(body=b"new"), again=True)
    later = cache.get("page 1", lambda: answer(body=b"newer"))

    assert changed is not None
    assert later is not None
    assert [changed.content, later.content] == [b"new", b"new"]


@pytest.mark.parametrize("refused", [answer(403), None])
def test_a_refused_page_is_asked_for_again(refused: requests.Response | None) -> None:
    cache = PageCache()

    assert cache.get("page 1", lambda: refused) is refused
    again = cache.get("page 1", answer)

    assert again is not None
    assert again.status_code == 200


def test_a_failed_fetch_frees_the_page_for_the_next_caller() -> None:
    cache = PageCache()

    def fail() -> requests.Response:
        raise requests.ConnectionError

    with pytest.raises(requests.ConnectionError):
        cache.get("page 1", fail)
    assert cache.get("page 1", answer) is not None
