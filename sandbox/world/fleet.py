"""What surrounds the Droplets: backup policies, neighbours, associated resources, volume actions, MicroVMs."""

from datetime import datetime, timedelta
from zlib import crc32

from sandbox.clock import parse, stamp
from sandbox.world import autoscale, catalog
from sandbox.world.grouping import Tables
from sandbox.world.history import slots
from sandbox.world.network import default_vpc
from sandbox.world.plan import Plan, Record, uuid

_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
# Ids of Droplets are 137 apart: about six that follow each other share a server, if their region is the same.
_SERVER = 822
# USD per GiB and month: volumes, and snapshots of either kind (DigitalOcean price list).
_VOLUME_PRICE, _SNAPSHOT_PRICE = 0.10, 0.06
_RESERVED_IP_PRICE = 5.0
_ACTION_SLOT = timedelta(days=20)


def build(plan: Plan, tables: Tables) -> Tables:
    """The tables of this module."""
    return {
        "autoscale_pools": autoscale.build_pools(plan, tables),
        "microvms": _microvms(plan, default_vpc(tables["vpcs"])),
    }


def backup_policy(droplet: Record) -> Record:
    """The backup policy of a Droplet, backed up or not."""
    window = droplet["next_backup_window"]
    if window is None:
        return {"droplet_id": droplet["id"], "backup_enabled": False}
    start = parse(window["start"])
    weekly = droplet["id"] % 3 != 0
    policy: Record = {"plan": "weekly" if weekly else "daily", "hour": start.hour, "window_length_hours": 4}
    if weekly:
        policy["weekday"] = _DAYS[start.isoweekday() % 7]
    policy["retention_period_days"] = 28 if weekly else 7
    window = {"start": window["start"], "end": stamp(start + timedelta(hours=4))}
    return {
        "droplet_id": droplet["id"],
        "backup_enabled": True,
        "backup_policy": policy,
        "next_backup_window": window,
    }


def neighbors(droplets: list[Record]) -> list[list[int]]:
    """The ids of the Droplets on every server that has more than one of them."""
    servers: dict[tuple[str, int], list[int]] = {}
    for droplet in droplets:
        servers.setdefault((droplet["region"]["slug"], droplet["id"] // _SERVER), []).append(droplet["id"])
    return [ids for ids in servers.values() if len(ids) > 1]


def associated(tables: Tables, droplet: Record) -> dict[str, list[Record]]:
    """What would be billed on if the Droplet went; `cost` is USD a month, in text."""
    ips = [one["ip"] for one in tables["reserved_ips"] if one["droplet"] and one["droplet"]["id"] == droplet["id"]]
    addresses = [_costing(ip, ip, _RESERVED_IP_PRICE) for ip in ips]
    volume_ids, image_ids = set(droplet["volume_ids"]), {str(id_) for id_ in droplet["snapshot_ids"]}
    volumes = [one for one in tables["volumes"] if one["id"] in volume_ids] if volume_ids else []
    snapshots: dict[str, list[Record]] = {"droplet": [], "volume": []}
    for one in tables["snapshots"] if volume_ids or image_ids else []:
        if one["id"] in image_ids or one["resource_id"] in volume_ids:
            snapshots[one["resource_type"]].append(
                _costing(one["id"], one["name"], one["size_gigabytes"] * _SNAPSHOT_PRICE)
            )
    return {
        "reserved_ips": addresses,
        "floating_ips": addresses,
        "snapshots": snapshots["droplet"],
        "volumes": [_costing(one["id"], one["name"], one["size_gigabytes"] * _VOLUME_PRICE) for one in volumes],
        "volume_snapshots": snapshots["volume"],
    }


def _costing(id_: str, name: str, cost: float) -> Record:
    return {"id": id_, "name": name, "cost": f"{cost:.2f}"}


def firewalls_of(firewalls: list[Record], droplet: Record) -> list[Record]:
    """The firewalls that protect a Droplet, by its id or by one of its tags."""
    tags = set(droplet["tags"])
    return [one for one in firewalls if droplet["id"] in one["droplet_ids"] or not tags.isdisjoint(one["tags"])]


def kernels(droplet: Record) -> list[Record]:
    """The kernels a Droplet could boot: only an old image lets its owner choose."""
    return catalog.KERNELS if droplet["kernel"] else []


def volume_actions(plan: Plan, volume: Record, now: datetime) -> list[Record]:
    """What was done to a volume, newest first: attached, and resized until it had the size that its list tells."""
    created = parse(volume["created_at"])
    first = 2_000_000_000 + crc32(volume["id"].encode()) * 1000
    steps = [(first, "attach_volume", created + timedelta(seconds=40))] if volume["droplet_ids"] else []
    family, begin = f"volume/{volume['id']}", created + timedelta(minutes=2)
    steps += [
        (first + 1 + number, "resize_volume", moment)
        for number, moment, rng in slots(plan, family, _ACTION_SLOT, begin, min(now, plan.anchor))
        if rng.random() < 0.3
    ]
    return [_volume_action(volume, *step, now) for step in reversed(steps)]


def _volume_action(volume: Record, id_: int, type_: str, start: datetime, now: datetime) -> Record:
    end = start + timedelta(seconds=30)
    return {
        "id": id_,
        "status": "completed" if end <= now else "in-progress",
        "type": type_,
        "started_at": stamp(start),
        "completed_at": stamp(end) if end <= now else None,
        "resource_id": None,
        "resource_type": "volume",
        "region": volume["region"],
        "region_slug": volume["region"]["slug"],
    }


def _microvms(plan: Plan, vpcs: dict[str, str]) -> list[Record]:
    """MicroVMs (fields: `pydo` 0.44; the specification does not have them yet)."""
    rng = plan.rng("microvms")
    region = catalog.HOME_REGIONS[0]
    microvms = []
    for index in range(min(200, plan.droplets // 4)):
        private = index % 3 == 2
        name = f"{rng.choice(['preview', 'runner', 'agent'])}-{index:04d}"
        microvms.append(
            {
                "id": uuid(rng),
                "name": name,
                "state": rng.choice(["running", "running", "paused"]),
                "region": region,
                "failure_reason": "",
                "size": {"cpu": 1, "memory": rng.choice([512, 1024, 2048]), "disk": 10},
                "source": {"checkpoint_id": "", "oci_ref": "registry.example.com/platform/runner:1.4"},
                "networking": "vpc" if private else "public",
                # DigitalOcean's own examples of public networking do not have the field.
                **({"vpc_uuid": vpcs[region]} if private else {}),
                "ports": [8080],
                "http_protocol": "http",
                "urls": [
                    {"port": 8080, "hostname": f"{name}.microvm.example.com", "status": "ACTIVE", "default": True}
                ],
                "auto_pause": {"enabled": True, "idle_timeout": "5m0s"},
                "auto_resume": True,
                "tags": ["env:dev"] if index % 2 else [],
                "created_at": stamp(plan.past(rng, 40)),
            }
        )
    return microvms
