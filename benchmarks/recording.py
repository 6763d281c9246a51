"""Answers of the sandbox, recorded once so that utilization is measured without what a Prometheus costs.

python -m benchmarks.recording UPSTREAM FILE: a proxy on loopback that records; prints its port and ends with stdin.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import requests

_PASSED_ON = ("authorization", "content-type")


class Asked(NamedTuple):
    """A request: method, path with query, body."""

    method: str
    target: str
    body: str


class Answered(NamedTuple):
    """An answer: its body, and the moment it was given at, as its `Date` says (the connector believes that clock)."""

    body: bytes
    date: str


def recorded(path: Path) -> dict[Asked, Answered]:
    """A recording, in the order in which it was made; nothing for an empty file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {Asked(*asked): Answered(body.encode(), date) for asked, body, date in map(json.loads, lines)}


def asked(path: Path) -> Iterator[Asked]:
    """The requests of a recording, without their answers in memory."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield Asked(*json.loads(line)[0])


@contextmanager
def recording(upstream: str, path: Path) -> Iterator[str]:
    """The base URL of the proxy, in a process of its own, for the length of a `with` block."""
    command = [sys.executable, "-m", "benchmarks.recording", upstream, str(path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip() if process.stdout else ''}"
    finally:
        process.communicate()


def main(upstream: str, path: str) -> None:
    """Pass on every request, and write it and its answer to the file."""
    lock = threading.Lock()
    with Path(path).open("w", encoding="utf-8") as file:

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name: value for name, value in self.headers.items() if name.lower() in _PASSED_ON}
                answer = requests.request(self.command, upstream + self.path, data=body, headers=headers, timeout=120)
                with lock:
                    asked = [self.command, self.path, body.decode()]
                    file.write(json.dumps([asked, answer.text, answer.headers["date"]]) + "\n")
                self.send_response_only(answer.status_code)
                self.send_header("Date", answer.headers["date"])
                self.send_header("Content-Type", answer.headers["content-type"])
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_POST = _pass  # noqa: N815 (the names http.server calls)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name http.server calls)
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        sys.stdout.write(f"{server.server_address[1]}\n")
        sys.stdout.flush()
        sys.stdin.read()
        server.shutdown()
        thread.join()
        server.server_close()


if __name__ == "__main__":
    main(*sys.argv[1:])
