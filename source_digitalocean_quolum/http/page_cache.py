"""Pages that several streams of one run need, read from DigitalOcean once."""

import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import requests
from requests.structures import CaseInsensitiveDict


@dataclass(frozen=True)
class _Page:
    status: int
    headers: CaseInsensitiveDict[str]
    body: bytes
    url: str

    @classmethod
    def of(cls, response: requests.Response) -> "_Page":
        # A list of resources shrinks to a tenth: parents of a large account stay small in memory.
        body = zlib.compress(response.content, level=1)
        return cls(response.status_code, response.headers, body, response.url)

    def response(self) -> requests.Response:
        response = requests.Response()
        response.status_code, response.headers, response.url = self.status, self.headers, self.url
        response._content = zlib.decompress(self.body)  # noqa: SLF001 (requests offers no public way)
        return response


class PageCache:
    """Answers of parent lists, kept for the run.

    Unlike the CDK's request cache it never asks twice: children that start at the same moment wait for the
    one request that is under way. And it keeps only answers that the error handler found good.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key_locks: dict[str, threading.Lock] = {}
        self._pages: dict[str, _Page] = {}

    def get(
        self, key: str, fetch: Callable[[], requests.Response | None], *, again: bool = False
    ) -> requests.Response | None:
        """The answer for this key, fetched by the first caller. A refused or failed fetch is not kept.

        `again` asks DigitalOcean in any case, and the new answer takes the place of the old one.
        """
        with self._lock:
            key_lock = self._key_locks.setdefault(key, threading.Lock())
        with key_lock:
            if not again and (page := self._pages.get(key)):
                return page.response()
            response = fetch()
            if response is not None and response.status_code == 200:
                self._pages[key] = _Page.of(response)
            return response
