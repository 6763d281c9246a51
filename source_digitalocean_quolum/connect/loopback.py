"""Where the browser comes back to: a web server on 127.0.0.1 that waits for one redirect (RFC 8252, section 7.3)."""

import errno
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from source_digitalocean_quolum.connect import pages
from source_digitalocean_quolum.connect.errors import ConnectError, Exit

PATH = "/callback"
_HOST = "127.0.0.1"
_SENDING_SECONDS = 5


@dataclass
class Callback:
    """One redirect: its parameters, and a browser that waits for a page."""

    parameters: dict[str, str] = field(repr=False)
    _page: str = ""
    _decided: threading.Event = field(default_factory=threading.Event)
    _sent: threading.Event = field(default_factory=threading.Event)

    def answer(self, page: str) -> None:
        """Show a page; later pages for the same redirect are dropped."""
        if not self._decided.is_set():
            self._page = page
            self._decided.set()
            self._sent.wait(_SENDING_SECONDS)

    def page(self) -> str:
        """The page, once there is one."""
        self._decided.wait()
        return self._page

    def sent(self) -> None:
        """Note that the browser has the page."""
        self._sent.set()


@dataclass
class Receiver:
    """The listening server: `redirect_uri` is its address, `wait` its one result.

    Any page that the browser shows can call this address, too. So a redirect counts only when it is the answer that is
    expected; `strayed` tells that there was another.
    """

    redirect_uri: str = ""
    strayed: bool = False
    _owns: Callable[[Mapping[str, str]], bool] = field(default=lambda _: False)
    _taken: threading.Lock = field(default_factory=threading.Lock)
    _callbacks: "queue.Queue[Callback]" = field(default_factory=queue.Queue)

    def expect(self, owns: Callable[[Mapping[str, str]], bool]) -> None:
        """From now on the redirect that `owns` knows is ours."""
        self._owns = owns

    def wait(self, seconds: float) -> Callback | None:
        """The redirect that is expected, or None when it does not come in time."""
        try:
            return self._callbacks.get(timeout=seconds)
        except queue.Empty:
            return None

    def take(self, parameters: dict[str, str]) -> Callback | None:
        """The callback to be answered for a redirect that is ours; None when one was taken before."""
        if not self._taken.acquire(blocking=False):
            return None
        callback = Callback(parameters)
        self._callbacks.put(callback)
        return callback

    def is_ours(self, parameters: Mapping[str, str]) -> bool:
        """Whether a redirect is the one that is expected."""
        ours = self._owns(parameters)
        self.strayed = self.strayed or not ours
        return ours


@contextmanager
def listen(port: int) -> Iterator[Receiver]:
    """Listen on 127.0.0.1 (port 0: a free one); ConnectError PORT_IN_USE when that is not possible."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        timeout = 30

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            parameters = dict(parse_qsl(address.query))
            # Browsers also ask for icons, and people open the bare address.
            if address.path != PATH or not {"code", "error", "state"} & parameters.keys():
                self._show(404, pages.nothing_here())
            elif not receiver.is_ours(parameters):
                self._show(400, pages.other_attempt())
            elif (callback := receiver.take(parameters)) is None:
                self._show(409, pages.already_answered())
            else:
                try:
                    self._show(200, callback.page())
                finally:
                    callback.sent()

        def _show(self, status: int, page: str) -> None:
            body = page.encode()
            self.send_response(status)
            for name, value in pages.HEADERS.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name http.server calls)
            # The request line holds the code.
            return

    try:
        server = ThreadingHTTPServer((_HOST, port), Handler)
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            why = "is in use by another program" if error.errno == errno.EADDRINUSE else "may not be used by you"
            raise ConnectError(
                Exit.PORT_IN_USE,
                f"Port {port} on {_HOST} {why}: free it, or choose another with --port and register its redirect URI.",
            ) from None
        raise ConnectError(Exit.PORT_IN_USE, f"Cannot listen on {_HOST}:{port}: {error.strerror or error}.") from None
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        receiver.redirect_uri = f"http://{_HOST}:{server.server_address[1]}{PATH}"
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
