"""A server with answers made beforehand, in a process of its own: what it costs is the same for everyone.

python -m benchmarks.server SCENARIO RECORDS LATENCY_MS, or RECORDING LATENCY_MS (see recording.py): prints its port.
To each line on stdin it answers how many requests there were since the last one; it ends with stdin.
"""

import asyncio
import sys
from collections import defaultdict
from email.utils import formatdate
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import orjson

from benchmarks.recording import Answered, Asked, recorded
from benchmarks.scenarios import SCENARIOS

PAGE_SIZE = 200
_HEAD = (
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nratelimit-limit: 100000000\r\n"
    "date: {date}\r\ncontent-length: {length}\r\n\r\n"
)
_NONE = orjson.dumps({"message": "not there", "links": {}, "meta": {"total": 0}})
_NO_DROPLETS = orjson.dumps({"droplets": [], "links": {}, "meta": {"total": 0}})


class Pages:
    """The answers of a scenario, as bytes. Links are whole URLs, as DigitalOcean's are."""

    def __init__(self, scenario: str, records: int) -> None:
        self._scenario = next(one for one in SCENARIOS if one.name == scenario)
        self._records = records
        self._made: defaultdict[str, dict[int, bytes]] = defaultdict(dict)

    def make(self, port: int) -> None:
        """Render the pages, once the port is known."""
        for path, key, rows in self._scenario.answers(self._records):
            for number in range(1, max(1, -(-len(rows) // PAGE_SIZE)) + 1):
                page = rows[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
                url = f"http://127.0.0.1:{port}/v2/{path}?page={number + 1}&per_page={PAGE_SIZE}"
                links = {"pages": {"next": url}} if number * PAGE_SIZE < len(rows) else {}
                self._made[path][number] = orjson.dumps({key: page, "links": links, "meta": {"total": len(rows)}})
            self._made[path][0] = orjson.dumps({key: [], "links": {}, "meta": {"total": 0}})

    def answer(self, asked: Asked) -> Answered:
        """The answer to a request; GPU Droplets there are none."""
        parts = urlsplit(asked.target)
        query = parse_qs(parts.query)
        page = 0 if query.get("type") == ["gpus"] else int(query.get("page", ["1"])[0])
        return Answered(self._made[parts.path.removeprefix("/v2/")].get(page, _NONE), formatdate(usegmt=True))


class Recording:
    """The answers of a recording. An empty one is of an account that has nothing."""

    def __init__(self, path: Path) -> None:
        self._answers = recorded(path)

    def make(self, port: int) -> None:
        """Everything is there."""

    def answer(self, asked: Asked) -> Answered:
        """What was answered then."""
        return self._answers[asked] if self._answers else Answered(_NO_DROPLETS, formatdate(usegmt=True))


async def serve(pages: Pages | Recording, latency: float) -> None:
    """Serve until stdin ends."""
    requests = 0

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                requests += 1
                method, target, _ = head.decode().split(" ", 2)
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
                body = await reader.readexactly(int(length or 0))
                if latency:
                    await asyncio.sleep(latency)
                answer = pages.answer(Asked(method, target, body.decode()))
                writer.write(_HEAD.format(date=answer.date, length=len(answer.body)).encode() + answer.body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    pages.make(port)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    while await asyncio.to_thread(sys.stdin.readline):
        sys.stdout.write(f"{requests}\n")
        sys.stdout.flush()
        requests = 0
    server.close()


def main(arguments: list[str]) -> None:
    """Choose the answers and serve them."""
    *what, latency = arguments
    pages = Pages(what[0], int(what[1])) if len(what) > 1 else Recording(Path(what[0]))
    asyncio.run(serve(pages, float(latency) / 1000))


if __name__ == "__main__":
    main(sys.argv[1:])
