"""A server with answers made beforehand, in a process of its own: what it costs is the same for everyone.

python -m benchmarks.server RECORDS LATENCY_MS: prints its port, serves /v2/droplets until stdin ends.
"""

import asyncio
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

PAGE_SIZE = 200
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nratelimit-limit: 100000000\r\ncontent-length: %d\r\n\r\n"
_REGIONS = ["ams3", "blr1", "fra1", "lon1", "nyc1", "nyc3", "sfo3", "sgp1", "syd1", "tor1"]
_SIZES = [f"s-{cpus}vcpu-{memory}gb" for cpus in (1, 2, 4, 8, 16) for memory in (1, 2, 4, 8, 16, 32)]


def droplet(number: int) -> dict[str, Any]:
    """A record as DigitalOcean's list of Droplets has it, of 2.5 KB."""
    made = "2026-01-01T00:00:00Z"
    image = {
        "id": 63663980,
        "name": "22.04 (LTS) x64",
        "distribution": "Ubuntu",
        "slug": "ubuntu-22-04-x64",
        "public": True,
        "regions": _REGIONS,
        "created_at": made,
        "type": "base",
        "min_disk_size": 20,
        "size_gigabytes": 2.36,
        "description": "",
        "tags": [],
        "status": "available",
        "error_message": "",
    }
    size = {
        "slug": "s-4vcpu-8gb",
        "memory": 8192,
        "vcpus": 4,
        "disk": 160,
        "transfer": 5.0,
        "price_monthly": 48.0,
        "price_hourly": 0.07143,
        "regions": _REGIONS,
        "available": True,
        "description": "Basic",
    }
    networks = {
        "v4": [
            {"ip_address": "10.128.192.124", "netmask": "255.255.0.0", "gateway": "10.128.0.1", "type": "private"},
            {"ip_address": "192.0.2.154", "netmask": "255.255.255.0", "gateway": "192.0.2.1", "type": "public"},
        ],
        "v6": [{"ip_address": "2001:db8::18a:a001", "netmask": 64, "gateway": "2001:db8::1", "type": "public"}],
    }
    region = {
        "slug": "nyc3",
        "name": "New York 3",
        "features": ["backups", "ipv6", "metadata", "storage"],
        "available": True,
        "sizes": _SIZES,
    }
    return {
        "id": number,
        "name": f"web-{number}",
        "memory": 8192,
        "vcpus": 4,
        "disk": 160,
        "locked": False,
        "status": "active",
        "kernel": None,
        "created_at": made,
        "features": ["backups", "private_networking"],
        "backup_ids": [53893572, 53893573],
        "snapshot_ids": [67512819],
        "image": image,
        "next_backup_window": {"start": made, "end": "2026-01-01T23:00:00Z"},
        "volume_ids": ["506f78a4-e098-11e5-ad9f-000f53306ae1"],
        "size": size,
        "size_slug": "s-4vcpu-8gb",
        "networks": networks,
        "region": region,
        "tags": ["web", "env:prod"],
        "vpc_uuid": "760e09ef-dc84-11e8-981e-3cfdfeaae000",
    }


class Pages:
    """Every answer, as bytes. Links are whole URLs, as DigitalOcean's are."""

    def __init__(self, records: int) -> None:
        self._records = records
        self._base = ""
        self._made: dict[int, bytes] = {}

    def make(self, port: int) -> None:
        """Render the pages, once the port is known."""
        count = max(1, -(-self._records // PAGE_SIZE))
        for number in range(1, count + 1):
            rows = [droplet(n) for n in range((number - 1) * PAGE_SIZE, min(self._records, number * PAGE_SIZE))]
            url = f"http://127.0.0.1:{port}/v2/droplets?page={number + 1}&per_page={PAGE_SIZE}"
            links = {"pages": {"next": url}} if number < count else {}
            self._made[number] = orjson.dumps({"droplets": rows, "links": links, "meta": {"total": self._records}})
        self._made[0] = orjson.dumps({"droplets": [], "links": {}, "meta": {"total": 0}})

    def answer(self, target: str) -> bytes:
        """The answer to a request line's target; GPU Droplets there are none."""
        query = parse_qs(urlsplit(target).query)
        page = 0 if query.get("type") == ["gpus"] else int(query.get("page", ["1"])[0])
        body = self._made[page]
        return _HEAD % len(body) + body


async def serve(records: int, latency: float) -> None:
    """Serve until stdin ends."""
    pages = Pages(records)

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if latency:
                    await asyncio.sleep(latency)
                writer.write(pages.answer(head.split(b" ", 2)[1].decode()))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    pages.make(port)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 1000))
