"""What DigitalOcean sells, the same for every customer: regions, Droplet sizes with list prices, images."""

from sandbox.world.plan import Record

_REGION_NAMES = {
    "nyc1": "New York 1",
    "nyc3": "New York 3",
    "sfo3": "San Francisco 3",
    "tor1": "Toronto 1",
    "ams3": "Amsterdam 3",
    "fra1": "Frankfurt 1",
    "lon1": "London 1",
    "blr1": "Bangalore 1",
    "sgp1": "Singapore 1",
    "syd1": "Sydney 1",
}
REGION_SLUGS = list(_REGION_NAMES)
GPU_REGIONS = ["nyc3", "tor1", "ams3"]
# A customer uses a few regions, not all of them.
HOME_REGIONS = ["nyc3", "fra1", "sfo3", "ams3"]

# slug, vCPUs, memory MiB, disk GiB, transfer TiB, USD a month, USD an hour, description
_SIZES: list[tuple[str, int, int, int, float, float, float, str]] = [
    ("s-1vcpu-512mb-10gb", 1, 512, 10, 0.5, 4.0, 0.00595, "Basic"),
    ("s-1vcpu-1gb", 1, 1024, 25, 1.0, 6.0, 0.00893, "Basic"),
    ("s-1vcpu-2gb", 1, 2048, 50, 2.0, 12.0, 0.01786, "Basic"),
    ("s-2vcpu-2gb", 2, 2048, 60, 3.0, 18.0, 0.02679, "Basic"),
    ("s-2vcpu-4gb", 2, 4096, 80, 4.0, 24.0, 0.03571, "Basic"),
    ("s-4vcpu-8gb", 4, 8192, 160, 5.0, 48.0, 0.07143, "Basic"),
    ("s-8vcpu-16gb", 8, 16384, 320, 6.0, 96.0, 0.14286, "Basic"),
    ("c-2", 2, 4096, 25, 4.0, 42.0, 0.0625, "CPU-Optimized"),
    ("c-4", 4, 8192, 50, 5.0, 84.0, 0.125, "CPU-Optimized"),
    ("g-2vcpu-8gb", 2, 8192, 25, 4.0, 63.0, 0.09375, "General Purpose"),
    ("g-4vcpu-16gb", 4, 16384, 50, 5.0, 126.0, 0.1875, "General Purpose"),
    ("m-2vcpu-16gb", 2, 16384, 50, 4.0, 84.0, 0.125, "Memory-Optimized"),
    ("m-4vcpu-32gb", 4, 32768, 100, 6.0, 168.0, 0.25, "Memory-Optimized"),
    ("gpu-l40sx1-48gb", 8, 65536, 500, 10.0, 1168.08, 1.57, "L40S GPU - 1X"),
    ("gpu-h100x1-80gb", 20, 245760, 720, 15.0, 2522.16, 3.39, "H100 GPU - 1X"),
]
_GPUS = {
    "gpu-l40sx1-48gb": {"count": 1, "model": "nvidia_l40s", "vram": {"amount": 48, "unit": "gib"}},
    "gpu-h100x1-80gb": {"count": 1, "model": "nvidia_h100", "vram": {"amount": 80, "unit": "gib"}},
}


def _size(row: tuple[str, int, int, int, float, float, float, str]) -> Record:
    slug, vcpus, memory, disk, transfer, monthly, hourly, description = row
    size: Record = {
        "slug": slug,
        "memory": memory,
        "vcpus": vcpus,
        "disk": disk,
        "transfer": transfer,
        "price_monthly": monthly,
        "price_hourly": hourly,
        "regions": list(GPU_REGIONS if slug in _GPUS else REGION_SLUGS),
        "available": True,
        "description": description,
        "disk_info": [{"type": "local", "size": {"amount": disk, "unit": "gib"}}],
    }
    if slug in _GPUS:
        size["gpu_info"] = _GPUS[slug]
    return size


SIZES: list[Record] = [_size(row) for row in _SIZES]
SIZE = {size["slug"]: size for size in SIZES}

REGIONS: list[Record] = [
    {
        "name": name,
        "slug": slug,
        "features": ["backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"],
        "available": True,
        "sizes": [size["slug"] for size in SIZES if slug in size["regions"]],
    }
    for slug, name in _REGION_NAMES.items()
]
REGION = {region["slug"]: region for region in REGIONS}

# slug, distribution, name, released
_IMAGES = [
    ("ubuntu-24-04-x64", "Ubuntu", "24.04 (LTS) x64", "2024-05-02T14:00:00Z"),
    ("ubuntu-22-04-x64", "Ubuntu", "22.04 (LTS) x64", "2022-04-26T14:00:00Z"),
    ("debian-12-x64", "Debian", "12 x64", "2023-06-14T14:00:00Z"),
    ("debian-13-x64", "Debian", "13 x64", "2025-08-20T14:00:00Z"),
    ("rockylinux-9-x64", "Rocky Linux", "9 x64", "2022-07-20T14:00:00Z"),
    ("fedora-42-x64", "Fedora", "42 x64", "2025-04-17T14:00:00Z"),
    ("centos-stream-9-x64", "CentOS", "9 Stream x64", "2022-03-02T14:00:00Z"),
    ("gpu-h100x1-base", "Ubuntu", "NVIDIA AI/ML Ready", "2024-09-12T14:00:00Z"),
]
# Of Droplets that boot a kernel of DigitalOcean's instead of their image's: very old ones.
KERNELS: list[Record] = [
    {"id": 7515, "name": "DigitalOcean GrubLoader v0.2 (20160714)", "version": "2016.07.13-DigitalOcean_loader_Ubuntu"},
    {"id": 7516, "name": "DigitalOcean GrubLoader v0.2 (20160714)", "version": "2016.07.13-DigitalOcean_loader_Debian"},
]

PUBLIC_IMAGES: list[Record] = [
    {
        "id": 155_133_621 + 97 * index,
        "name": name,
        "type": "base",
        "distribution": distribution,
        "slug": slug,
        "public": True,
        "regions": list(REGION_SLUGS),
        "created_at": released,
        "min_disk_size": 7,
        "size_gigabytes": 0.64,
        "tags": [],
        "status": "available",
        "description": f"{distribution} {name}",
        "error_message": "",
    }
    for index, (slug, distribution, name, released) in enumerate(_IMAGES)
]
IMAGE = {image["slug"]: image for image in PUBLIC_IMAGES}
