"""DigitalOcean for unit tests: answers by address and exact query parameters, remembers what it was asked."""

import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests_mock

API = "https://api.digitalocean.com"
OAUTH = "https://cloud.digitalocean.com/v1/oauth"
PAGE = {"page": "1", "per_page": "200"}
ACCOUNT_PATH = "/v2/account"
ACCOUNT = {"uuid": "u", "email": "ops@example.com", "status": "active", "team": {"uuid": "t", "name": "Quolum"}}


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    method: str
    address: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: str

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form body."""
        return dict(parse_qsl(self.body))


@dataclass(frozen=True)
class Reply:
    """One answer: its body as bytes or as what becomes JSON."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The bytes on the wire."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Answer = Reply | Exception | Callable[[Request], Reply]


class DigitalOcean:
    """The mocked service. A request nobody announced is remembered in `unexpected` and refused.

    Two addresses answer by themselves: /v2/account, which is asked, once a run, when a stream is refused before any was
    answered, and /v2/actions, which utilization asks for resizes: nothing was ever done.
    """

    def __init__(self, mocker: requests_mock.Mocker) -> None:
        self.requests: list[Request] = []
        self.unexpected: list[str] = []
        self._answers: dict[tuple[str, str, tuple[tuple[str, str], ...] | None], list[Answer]] = {}
        self.otherwise: Callable[[Request], Reply | None] = lambda _: None
        self._lock = threading.Lock()
        mocker.register_uri(requests_mock.ANY, requests_mock.ANY, content=self._respond)

    def on(
        self, path: str, query: Mapping[str, str] | None, *answers: Answer | dict[str, Any], method: str = "GET"
    ) -> None:
        """Answer requests for exactly this address and query (None: any); the last answer is repeated."""
        address = path if path.startswith("http") else API + path
        wanted = None if query is None else tuple(sorted(query.items()))
        replies = [Reply(answer) if isinstance(answer, dict) else answer for answer in answers]
        self._answers[method, address, wanted] = replies

    def lists(
        self, path: str, records: str, rows: list[dict[str, Any]], query: Mapping[str, str] | None = None
    ) -> None:
        """A list of one page."""
        self.on(path, {**PAGE, **(query or {})}, {records: rows, "links": {}, "meta": {"total": len(rows)}})

    def asked(self, path: str) -> list[dict[str, str]]:
        """The query parameters of every request for a path, in order."""
        address = path if path.startswith("http") else API + path
        return [request.query for request in self.requests if request.address == address]

    def counts(self) -> Counter[str]:
        """Requests per path."""
        return Counter(urlsplit(request.address).path for request in self.requests)

    def _respond(self, request: Any, context: Any) -> bytes:
        parts = urlsplit(str(request.url))
        body = request.body.decode() if isinstance(request.body, bytes) else request.body or ""
        seen = Request(
            method=str(request.method),
            address=f"{parts.scheme}://{parts.netloc}{parts.path}",
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers=request.headers,
            body=body,
        )
        with self._lock:
            self.requests.append(seen)
            answer = self._next_answer(seen)
        if isinstance(answer, Exception):
            raise answer
        reply = answer if isinstance(answer, Reply) else answer(seen)
        context.status_code = reply.status
        context.headers.update({"Content-Type": "application/json", **reply.headers})
        return reply.content

    def _next_answer(self, request: Request) -> Answer:
        for query in (tuple(sorted(request.query.items())), None):
            answers = self._answers.get((request.method, request.address, query))
            if answers:
                return answers.pop(0) if len(answers) > 1 else answers[0]
        if (reply := self.otherwise(request)) is not None:
            return reply
        if (request.method, request.address) == ("GET", API + ACCOUNT_PATH):
            return Reply({"account": ACCOUNT})
        if (request.method, request.address) == ("GET", API + "/v2/actions"):
            return Reply({"actions": [], "links": {}, "meta": {"total": 0}})
        self.unexpected.append(f"{request.method} {request.address} {request.query}")
        return Reply({"id": "teapot", "message": f"nobody announced {request.address}"}, status=418)


@contextmanager
def digitalocean() -> Iterator[DigitalOcean]:
    """DigitalOcean, mocked; no socket is opened, and what no one announced is an error at the end."""

    def refuse(*_: Any) -> NoReturn:
        raise AssertionError("a unit test opened a socket")

    with pytest.MonkeyPatch.context() as patch, requests_mock.Mocker() as mocker:
        patch.setattr(socket.socket, "connect", refuse)
        service = DigitalOcean(mocker)
        yield service
    assert service.unexpected == []


def error(status: int, id_: str = "error", message: str = "no reason", **headers: str) -> Reply:
    """DigitalOcean's error object; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply({"id": id_, "message": message, "request_id": "r-1"}, status, named)


def page_of(
    records: str, rows: list[dict[str, Any]], number: int, total: int, *, more: bool, base: str = API
) -> dict[str, Any]:
    """One page of a list as DigitalOcean writes it; `base` is where its next link points."""
    pages = {"next": f"{base}/v2/{records}?page={number + 1}&per_page=200"} if more else {}
    return {records: rows, "links": {"pages": pages} if pages else {}, "meta": {"total": total}}
