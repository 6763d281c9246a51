"""A Droplet, 2.5 KB of JSON."""

from typing import Any

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
