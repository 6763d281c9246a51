"""An async client with ten connections and orjson. python -m benchmarks.peers.ten_connections BASE_URL LISTS."""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import orjson

_CONNECTIONS = 10


async def main(base: str, lists: str) -> None:
    """First pages say how many there are; ten at a time are asked for, lines are written as they come."""
    out, limits = sys.stdout.buffer, asyncio.Semaphore(_CONNECTIONS)
    described = json.loads(Path(lists).read_text(encoding="utf-8"))
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=_CONNECTIONS), timeout=60) as client:

        async def page(one: Any, path: str, number: int) -> tuple[int, list[Any]]:
            async with limits:
                response = await client.get(f"{base}/v2/{path}?page={number}&per_page=200")
            body = orjson.loads(response.content)
            now = time.time_ns() // 1_000_000
            for row in body[one["records"]]:
                record = {"stream": one["name"], "data": row, "emitted_at": now}
                out.write(orjson.dumps({"type": "RECORD", "record": record}) + b"\n")
            return int(body["meta"]["total"]), [row[one["key"]] for row in body[one["records"]]]

        async def whole(one: Any, parent: str = "") -> None:
            path = one["path"].format(id=parent)
            total, names = await page(one, path, 1)
            rest = await asyncio.gather(*(page(one, path, number) for number in range(2, -(-total // 200) + 1)))
            names += [name for _, more in rest for name in more]
            children = [child for child in described if child["parent"] == one["name"]]
            await asyncio.gather(*(whole(child, name) for child in children for name in names))

        await asyncio.gather(*(whole(one) for one in described if not one["parent"]))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
