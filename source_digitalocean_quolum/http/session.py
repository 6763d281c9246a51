"""One session for all requests of a run: shared sockets, no redirects, no cookies, no ~/.netrc, answers that end."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import version
from typing import Any

import requests
from airbyte_cdk.sources.streams.http.tcp_keepalive import TcpKeepaliveHTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from source_digitalocean_quolum.http.addresses import is_loopback

USER_AGENT = f"airbyte-source-digitalocean-quolum/{version('source-digitalocean-quolum')}"

# Of a decoded answer, in bytes. A page of 200 apps is 4 MB; the hours of a large region from Insights are 20.
LARGEST_ANSWER = 32 * 1024 * 1024
# Of a whole answer, in seconds, from the request sent to its last byte. A server may be silent for 60 of them.
LONGEST_ANSWER = 120.0
CONNECT_TIMEOUT, READ_TIMEOUT = 10.0, 60.0

# The value of the Authorization header, or what signs a request that is ready to be sent.
Signature = str | Callable[[requests.PreparedRequest], requests.PreparedRequest]

# requests reads 10 KB at a time, and a thread that reads a page of 440 KB must get the interpreter back 43 times from
# those that parse: beside one of them a page took 200 ms.
_PIECE = 1 << 20


class AnswerTooLargeError(requests.RequestException):
    """The answer, decoded, is larger than any that the API gives."""


class AnswerTooSlowError(requests.Timeout):
    """The answer had not ended after LONGEST_ANSWER seconds, though bytes kept coming."""


@dataclass(eq=False, slots=True)
class _Watch:
    """A request under way: the socket its answer comes through, and when that is closed."""

    ends: float
    used_socket: socket.socket | None = None
    expired: bool = False


@dataclass
class _AnswerDeadlines:
    """Closes the sockets of answers that take too long: time-outs of sockets begin anew with every byte."""

    _changed: threading.Condition = field(default_factory=threading.Condition)
    _watched: list[_Watch] = field(default_factory=list)
    _thread: threading.Thread | None = None
    _own: threading.local = field(default_factory=threading.local)

    @contextmanager
    def limit(self, seconds: float) -> Iterator[_Watch]:
        """Limit the request that this thread sends."""
        watch = self._own.watch = _Watch(time.monotonic() + seconds)
        with self._changed:
            self._watched.append(watch)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="answer-deadlines", daemon=True)
                self._thread.start()
            self._changed.notify()
        try:
            yield watch
        finally:
            self._own.watch = None
            with self._changed:
                self._watched.remove(watch)

    def note_socket(self, used: socket.socket | None) -> None:
        """Remember which socket this thread's answer comes through."""
        watch: _Watch | None = getattr(self._own, "watch", None)
        if watch is not None:
            watch.used_socket = used

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for watch in self._watched:
                    if watch.ends <= now and not watch.expired:
                        watch.expired = True
                        _shut_down(watch.used_socket)
                waiting = [watch.ends - now for watch in self._watched if not watch.expired]
                self._changed.wait(min(waiting) if waiting else None)


def _shut_down(used: socket.socket | None) -> None:
    if used is None:
        return
    try:
        # An SSLSocket's own shutdown would take the session from under the thread that reads from it.
        socket.socket.shutdown(used, socket.SHUT_RDWR)
    except OSError:
        # It has ended by itself.
        return


_deadlines = _AnswerDeadlines()


class _Connection(HTTPConnection):
    def getresponse(self) -> Any:
        _deadlines.note_socket(self.sock)
        return super().getresponse()


class _SecureConnection(HTTPSConnection):
    def getresponse(self) -> Any:
        _deadlines.note_socket(self.sock)
        return super().getresponse()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(TcpKeepaliveHTTPAdapter):
    """The CDK's adapter with TCP keepalive, whose connections tell which socket an answer comes through."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)  # type: ignore[no-untyped-call]
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)  # type: ignore[no-untyped-call]
        if type(manager).__name__ == "ProxyManager":
            manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return manager


class _Session(requests.Session):
    def merge_environment_settings(self, url: Any, *settings: Any) -> Any:
        """See requests. What goes to this machine itself passes no proxy: it would see the token.

        (Given `no_proxy` as an argument, requests changes the environment of all threads for the time of the call.)
        """
        merged = super().merge_environment_settings(url, *settings)
        return {**merged, "proxies": {}} if is_loopback(str(url)) else merged

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Follow no redirect, and do not look where it leads: the token goes nowhere else."""
        return None


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer as it came, decompressed and whole."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class HttpSession:
    """Sends requests, each with its authorization and nothing that this machine would add.

    Proxies and certificates are those of the environment (HTTPS_PROXY, REQUESTS_CA_BUNDLE), except that what goes to
    this machine itself passes no proxy: it would see the token.
    """

    def __init__(self, connections: int) -> None:
        """`connections` sockets are kept open to a host."""
        self._session = _Session()
        self._session.headers["User-Agent"] = USER_AGENT
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = _Adapter(pool_connections=4, pool_maxsize=connections)
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, adapter)

    def exchange(
        self,
        method: str,
        url: str,
        *,
        authorization: Signature = "",
        headers: Mapping[str, str] | None = None,
        **sent: Any,
    ) -> RawAnswer:
        """Send one request and read its answer to the end; `sent` is `params`, `json` or `data` as requests has them.

        Raises requests.RequestException (AnswerTooLargeError and AnswerTooSlowError among them), OSError for
        certificates that are not there, and ValueError for what cannot be written into a request.
        """

        def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
            # Also without one: given no `auth`, requests would send what ~/.netrc has for this host.
            if callable(authorization):
                return authorization(request)
            if authorization:
                request.headers["Authorization"] = authorization
            return request

        with _deadlines.limit(LONGEST_ANSWER) as watch:
            try:
                response = self._session.request(
                    method,
                    url,
                    auth=sign,
                    headers=dict(headers or {}),
                    timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                    stream=True,
                    **sent,
                )
                with response:
                    content = _read_whole(response)
            except (requests.RequestException, OSError) as error:
                if watch.expired:
                    raise AnswerTooSlowError(f"no end after {LONGEST_ANSWER:.0f} s") from error
                raise
            # A body without a length ends where its socket does.
            if watch.expired:
                raise AnswerTooSlowError(f"no end after {LONGEST_ANSWER:.0f} s")
        return RawAnswer(response.status_code, response.headers, content)


def _read_whole(response: requests.Response) -> bytes:
    pieces: list[bytes] = []
    size = 0
    for piece in response.iter_content(_PIECE):
        size += len(piece)
        if size > LARGEST_ANSWER:
            # The exception keeps this frame, and is kept while the request waits for its next try.
            pieces.clear()
            raise AnswerTooLargeError(f"more than {LARGEST_ANSWER >> 20} MB")
        pieces.append(piece)
    return b"".join(pieces)
