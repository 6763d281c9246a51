"""A Droplet, 2 KB of JSON."""

from typing import Any

_REGIONS = ["ams3", "blr1", "fra1", "lon1", "nyc1", "nyc3", "sfo3", "sgp1", "syd1", "tor1"]
_SIZES = [f"s-{cpus}vcpu-{memory}gb" for cpus in (1, 2, 4, 8, 16) for memory in (1, 2, 4, 8, 16, 32)]


_PLANS = [(1, 1, 25, 6.0), (2, 4, 80, 24.0), (4, 8, 160, 48.0), (8, 16, 320, 96.0)]
_IMAGES = [("Ubuntu", "22.04 (LTS) x64"), ("Debian", "12 x64"), ("Fedora", "39 x64"), ("Rocky Linux", "9 x64")]


def droplet(number: int) -> dict[str, Any]:
    """A record as in DigitalOcean's list of Droplets; no two share more than their plan, image and region."""
    day, minute = 1 + number // 1440 % 28, number % 1440
    made = f"2026-{1 + number // 40_320 % 12:02}-{day:02}T{minute // 60:02}:{minute % 60:02}:{number * 7 % 60:02}Z"
    where, (vcpus, memory, disk, price) = _REGIONS[number % 10], _PLANS[number // 3 % 4]
    distribution, version = _IMAGES[number // 5 % 4]
    slug, low, high = f"s-{vcpus}vcpu-{memory}gb", number % 250, number // 250 % 250
    image = {
        "id": 63663980 + number // 5 % 4,
        "name": version,
        "distribution": distribution,
        "slug": f"{distribution}-{version}".lower().replace(" ", "-"),
        "public": True,
        "regions": _REGIONS,
        "created_at": f"2025-0{1 + number // 5 % 4}-01T00:00:00Z",
        "type": "base",
        "min_disk_size": 20,
        "size_gigabytes": 2.36,
        "description": "",
        "tags": [],
        "status": "available",
        "error_message": "",
    }
    size = {
        "slug": slug,
        "memory": memory * 1024,
        "vcpus": vcpus,
        "disk": disk,
        "transfer": 1.0 + vcpus,
        "price_monthly": price,
        "price_hourly": round(price / 672, 5),
        "regions": _REGIONS,
        "available": True,
        "description": "Basic",
    }
    networks = {
        "v4": [
            {
                "ip_address": f"10.128.{high}.{low}",
                "netmask": "255.255.0.0",
                "gateway": "10.128.0.1",
                "type": "private",
            },
            {"ip_address": f"192.0.{high}.{low}", "netmask": "255.255.255.0", "gateway": "192.0.2.1", "type": "public"},
        ],
        "v6": [{"ip_address": f"2001:db8::{number:x}:a001", "netmask": 64, "gateway": "2001:db8::1", "type": "public"}],
    }
    region = {
        "slug": where,
        "name": f"Region {where}",
        "features": ["backups", "ipv6", "metadata", "storage"],
        "available": True,
        "sizes": _SIZES,
    }
    return {
        "id": number,
        "name": f"web-{number}",
        "memory": memory * 1024,
        "vcpus": vcpus,
        "disk": disk,
        "locked": False,
        "status": "active",
        "kernel": None,
        "created_at": made,
        "features": ["backups", "private_networking"],
        "backup_ids": [53893572 + 2 * number, 53893573 + 2 * number],
        "snapshot_ids": [67512819 + number],
        "image": image,
        "next_backup_window": {"start": made, "end": made[:11] + "23:59:59Z"},
        "volume_ids": [f"506f78a4-e098-11e5-ad9f-{number:012x}"],
        "size": size,
        "size_slug": slug,
        "networks": networks,
        "region": region,
        "tags": ["web", f"team:{number % 40}"],
        "vpc_uuid": f"760e09ef-dc84-11e8-981e-{number % 90:012x}",
    }
