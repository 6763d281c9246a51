"""The floor: requests, orjson, and a line for each record. python -m benchmarks.peers.floor BASE_URL."""

import sys
import time

import orjson
import requests


def main(base: str) -> None:
    """Ask page after page, write line after line."""
    session, out = requests.Session(), sys.stdout.buffer
    url: str | None = f"{base}/v2/droplets?page=1&per_page=200"
    while url:
        body = orjson.loads(session.get(url, timeout=60).content)
        now = time.time_ns() // 1_000_000
        for row in body["droplets"]:
            record = {"stream": "droplets", "data": row, "emitted_at": now}
            out.write(orjson.dumps({"type": "RECORD", "record": record}) + b"\n")
        url = body["links"].get("pages", {}).get("next")


if __name__ == "__main__":
    main(sys.argv[1])
