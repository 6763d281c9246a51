"""Droplets (ordinary and GPU), their volumes, snapshots, backups and custom images."""

from datetime import timedelta
from random import Random

from sandbox.clock import stamp
from sandbox.world import catalog
from sandbox.world.plan import Plan, Record, uuid

_ROLES = ["web", "api", "worker", "cache", "etl", "queue", "search", "bastion"]
_ENVIRONMENTS = ["prod", "prod", "prod", "staging", "dev"]
_COMMON_SIZES = [size["slug"] for size in catalog.SIZES[:13]]
_SIZE_WEIGHTS = [4, 18, 16, 8, 16, 9, 3, 6, 3, 6, 3, 2, 1]
_NODE_SIZE = "s-2vcpu-4gb"


def node_count(plan: Plan) -> int:
    """How many Droplets are Kubernetes nodes: about an eighth, none in a very small team."""
    return 0 if plan.droplets < 6 else max(3, min(plan.droplets // 8, 300))


def build_droplets(plan: Plan, vpcs: dict[str, str]) -> list[Record]:
    """Every ordinary Droplet, oldest first; the first `node_count` of each world are Kubernetes nodes."""
    rng = plan.rng("droplets")
    nodes = node_count(plan)
    births = sorted(plan.past(rng) for _ in range(plan.droplets))
    droplets = []
    for index, born in enumerate(births):
        is_node = index < nodes
        environment = "prod" if is_node else rng.choice(_ENVIRONMENTS)
        role = "pool-general" if is_node else rng.choice(_ROLES)
        size = _NODE_SIZE if is_node else rng.choices(_COMMON_SIZES, _SIZE_WEIGHTS)[0]
        region = catalog.HOME_REGIONS[0] if is_node else rng.choice(catalog.HOME_REGIONS)
        tags = ["k8s", "k8s:worker"] if is_node else [f"env:{environment}", role]
        if rng.random() < 0.1:
            tags = tags[: len(tags) if is_node else 0]
        record = _droplet(rng, 401_000_000 + 137 * index, f"{role}-{environment}-{region}-{index:05d}", size, region)
        record |= {"created_at": stamp(born), "tags": tags, "vpc_uuid": vpcs[region]}
        if not is_node and rng.random() < 0.06:
            record["status"] = "off"
        droplets.append(record)
    return droplets


def build_gpu_droplets(plan: Plan, vpcs: dict[str, str]) -> list[Record]:
    """A few GPU Droplets, which only `type=gpus` lists."""
    rng = plan.rng("gpu_droplets")
    droplets = []
    for index in range(0 if plan.droplets < 6 else 2 + plan.droplets // 400):
        size = "gpu-h100x1-80gb" if index % 3 == 0 else "gpu-l40sx1-48gb"
        region = catalog.GPU_REGIONS[0]
        record = _droplet(rng, 399_000_000 + 41 * index, f"train-{region}-{index:03d}", size, region)
        record |= {
            "created_at": stamp(plan.past(rng, 60)),
            "tags": ["env:prod", "ml"],
            "vpc_uuid": vpcs[region],
            "gpu_info": catalog.SIZE[size]["gpu_info"],
        }
        droplets.append(record)
    return droplets


def _droplet(rng: Random, id_: int, name: str, size_slug: str, region: str) -> Record:
    size = catalog.SIZE[size_slug]
    image = catalog.IMAGE["gpu-h100x1-base"] if "gpu_info" in size else rng.choice(catalog.PUBLIC_IMAGES[:5])
    low = id_ % 65_000
    public = f"{rng.choice((134, 157, 164, 178))}.{rng.randrange(16, 250)}.{low >> 8}.{low & 255}"
    return {
        "id": id_,
        "name": name,
        "memory": size["memory"],
        "vcpus": size["vcpus"],
        "disk": size["disk"],
        "disk_info": size["disk_info"],
        "locked": False,
        "status": "active",
        "kernel": catalog.KERNELS[0] if image["slug"] == "ubuntu-22-04-x64" and id_ % 9 == 0 else None,
        "created_at": "",
        "features": ["droplet_agent", "private_networking"],
        "backup_ids": [],
        "next_backup_window": None,
        "snapshot_ids": [],
        "image": image,
        "volume_ids": [],
        "size": size,
        "size_slug": size_slug,
        "networks": {
            "v4": [
                {
                    "ip_address": f"10.{100 + low % 20}.{low >> 8}.{low & 255}",
                    "netmask": "255.255.240.0",
                    "gateway": f"10.{100 + low % 20}.0.1",
                    "type": "private",
                },
                {
                    "ip_address": public,
                    "netmask": "255.255.240.0",
                    "gateway": public.rsplit(".", 1)[0] + ".1",
                    "type": "public",
                },
            ],
            "v6": [],
        },
        "region": catalog.REGION[region],
        "tags": [],
        "vpc_uuid": "",
    }


def build_volumes(plan: Plan, droplets: list[Record]) -> list[Record]:
    """Volumes for about 40 % of the Droplets; every eighth is attached to nothing. Fills `volume_ids`."""
    rng = plan.rng("volumes")
    owners = [droplet for droplet in droplets if "k8s" not in droplet["tags"]] or droplets
    volumes = []
    for index in range(plan.droplets * 2 // 5):
        owner = rng.choice(owners)
        attached = index % 8 != 7
        volume = {
            "id": uuid(rng),
            "region": owner["region"],
            "droplet_ids": [owner["id"]] if attached else [],
            "name": f"data-{owner['name']}-{index:05d}",
            "description": "" if rng.random() < 0.6 else f"Data of {owner['name']}",
            "size_gigabytes": rng.choice([10, 20, 50, 100, 100, 250, 500]),
            "created_at": max(owner["created_at"], stamp(plan.past(rng, 300))),
            "filesystem_type": "ext4",
            "filesystem_label": "data",
            "tags": [tag for tag in owner["tags"] if tag.startswith("env:")],
        }
        if attached:
            owner["volume_ids"].append(volume["id"])
        volumes.append(volume)
    return volumes


def build_images(plan: Plan, droplets: list[Record]) -> list[Record]:
    """The team's own images: Droplet snapshots, backups and custom images. Fills the Droplets' id lists."""
    rng = plan.rng("images")
    images: list[Record] = []
    for index, droplet in enumerate(droplets):
        if "k8s" in droplet["tags"]:
            continue
        if index % 10 == 3:
            droplet["snapshot_ids"].append(_image(plan, rng, images, droplet, "snapshot"))
        if index % 4 == 1:
            droplet["features"] = [*droplet["features"], "backups"]
            start = (plan.anchor + timedelta(days=index % 7)).replace(hour=index % 6 * 4)
            droplet["next_backup_window"] = {
                "start": stamp(start),
                "end": stamp(start + timedelta(hours=23)),
            }
            droplet["backup_ids"] += [_image(plan, rng, images, droplet, "backup") for _ in range(2)]
    for name in ("golden-web", "golden-worker")[: plan.droplets]:
        image_id = _image(plan, rng, images, droplets[-1], "custom")
        images[-1] |= {"name": name, "id": image_id, "tags": ["golden"]}
    return images


def _image(plan: Plan, rng: Random, images: list[Record], droplet: Record, kind: str) -> int:
    made = plan.past(rng, 28 if kind == "backup" else 200)
    image_id = 172_000_000 + 53 * len(images)
    images.append(
        {
            "id": image_id,
            "name": f"{droplet['name']}-{made:%Y%m%d%H%M}",
            "type": kind,
            "distribution": droplet["image"]["distribution"],
            "slug": None,
            "public": False,
            "regions": [droplet["region"]["slug"]],
            "created_at": stamp(made),
            "min_disk_size": droplet["disk"],
            "size_gigabytes": round(droplet["disk"] * rng.uniform(0.1, 0.6), 2),
            "tags": list(droplet["tags"]),
            "status": "available",
            "description": "",
            "error_message": "",
        }
    )
    return image_id


def build_snapshots(plan: Plan, droplets: list[Record], volumes: list[Record], images: list[Record]) -> list[Record]:
    """Droplet snapshots (the same ids as their images) and volume snapshots, in one list."""
    rng = plan.rng("snapshots")
    owner = {id_: droplet["id"] for droplet in droplets for id_ in droplet["snapshot_ids"]}
    snapshots = [
        {
            "id": str(image["id"]),
            "name": image["name"],
            "created_at": image["created_at"],
            "regions": image["regions"],
            "resource_id": str(owner[image["id"]]),
            "resource_type": "droplet",
            "min_disk_size": image["min_disk_size"],
            "size_gigabytes": image["size_gigabytes"],
            "tags": image["tags"],
        }
        for image in images
        if image["type"] == "snapshot"
    ]
    snapshots += [
        {
            "id": uuid(rng),
            "name": f"{volume['name']}-snap",
            "created_at": stamp(plan.past(rng, 120)),
            "regions": [volume["region"]["slug"]],
            "resource_id": volume["id"],
            "resource_type": "volume",
            "min_disk_size": volume["size_gigabytes"],
            "size_gigabytes": round(volume["size_gigabytes"] * rng.uniform(0.2, 0.9), 2),
            "tags": volume["tags"],
        }
        for volume in volumes[::6]
    ]
    return snapshots
