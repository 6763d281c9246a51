"""An async client with ten connections and orjson. python -m benchmarks.peers.ten_connections BASE_URL."""

import asyncio
import sys
import time

import httpx
import orjson

_CONNECTIONS = 10


async def main(base: str) -> None:
    """The first page says how many there are; ten at a time are asked for, lines are written as they come."""
    out, limits = sys.stdout.buffer, asyncio.Semaphore(_CONNECTIONS)
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=_CONNECTIONS), timeout=60) as client:

        async def page(number: int) -> int:
            async with limits:
                response = await client.get(f"{base}/v2/droplets?page={number}&per_page=200")
            body = orjson.loads(response.content)
            now = time.time_ns() // 1_000_000
            for row in body["droplets"]:
                record = {"stream": "droplets", "data": row, "emitted_at": now}
                out.write(orjson.dumps({"type": "RECORD", "record": record}) + b"\n")
            return int(body["meta"]["total"])

        total = await page(1)
        await asyncio.gather(*(page(number) for number in range(2, -(-total // 200) + 1)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
