"""The floor: requests, orjson, and a line for each record. python -m benchmarks.peers.floor BASE_URL LISTS."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import requests


def main(base: str, lists: str) -> None:
    """List after list, page after page, line after line; the children when their parents are known."""
    session, out = requests.Session(), sys.stdout.buffer
    names: dict[str, list[Any]] = {}
    for one in json.loads(Path(lists).read_text(encoding="utf-8")):
        parents = names[one["parent"]] if one["parent"] else [""]
        names[one["name"]] = []
        for parent in parents:
            for body in _pages(session, f"{base}/v2/{one['path'].format(id=parent)}?page=1&per_page=200"):
                now = time.time_ns() // 1_000_000
                for row in body[one["records"]]:
                    record = {"stream": one["name"], "data": row, "emitted_at": now}
                    out.write(orjson.dumps({"type": "RECORD", "record": record}) + b"\n")
                names[one["name"]] += [row[one["key"]] for row in body[one["records"]]]


def _pages(session: requests.Session, url: str | None) -> Iterator[Any]:
    while url:
        body = orjson.loads(session.get(url, timeout=60).content)
        yield body
        url = body["links"].get("pages", {}).get("next")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
