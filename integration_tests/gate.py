"""A gate before the sandbox: every request passes it, and a test decides when, or whether, it goes on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import requests

from sandbox import Sandbox

TOKEN_PATH = "/v1/oauth/token"
_PASSED_ON = ("authorization", "content-type", "user-agent")


class Stopped(Exception):
    """The request does not go on; its connection is closed."""


class Gate:
    """A proxy on loopback. `asked` runs before a request goes on, `answered` before its answer does.

    Both get the path and may raise Stopped. `paths` are the requests so far, `base_url` the gate's address. One request
    goes on after the other; with `side_by_side` all do, and `most_under_way` is how many were there at the same time.
    """

    def __init__(self, sandbox: Sandbox, *, side_by_side: bool = False) -> None:
        self.asked: Callable[[str], None] = lambda _: None
        self.answered: Callable[[str], None] = lambda _: None
        self.paths: list[str] = []
        self.most_under_way = self._under_way = 0
        self._counting = threading.Lock()
        self._turn = nullcontext() if side_by_side else threading.Lock()
        gate, upstream = self, requests.Session()
        upstream.trust_env = False

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                path = self.path.partition("?")[0]
                if path == TOKEN_PATH:
                    # A test may give the application a secret of any length; the sandbox need not know it.
                    form = dict(parse_qsl(body.decode()))
                    body = "&".join(f"{name}={form[name]}" for name in ("grant_type", "refresh_token")).encode()
                try:
                    with gate._counted(), gate._turn:
                        gate.paths.append(path)
                        gate.asked(path)
                        answer = requests.request(
                            self.command,
                            sandbox.api_base_url + self.path,
                            data=body,
                            headers={n: v for n, v in self.headers.items() if n.lower() in _PASSED_ON},
                            timeout=30,
                        )
                        gate.answered(path)
                except Stopped:
                    self.close_connection = True
                    return
                self.send_response(answer.status_code)
                self.send_header("Content-Type", answer.headers["content-type"])
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def do_GET(self) -> None:
                self._pass()

            def do_POST(self) -> None:
                self._pass()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name http.server calls)
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._counting:
            self._under_way += 1
            self.most_under_way = max(self.most_under_way, self._under_way)
        try:
            yield
        finally:
            with self._counting:
                self._under_way -= 1

    @contextmanager
    def open(self) -> Iterator["Gate"]:
        """Serve for the length of a `with` block."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()
