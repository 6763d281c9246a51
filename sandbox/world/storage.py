"""Network file shares with their access points and snapshots."""

from datetime import datetime, timedelta

from sandbox.clock import parse, stamp
from sandbox.world import catalog
from sandbox.world.grouping import Tables
from sandbox.world.history import slots
from sandbox.world.network import default_vpc
from sandbox.world.plan import Plan, Record, uuid

KEPT_SNAPSHOTS = 4


def build(plan: Plan, tables: Tables) -> Tables:
    """The tables of this module."""
    return {"nfs_shares": _shares(plan, tables["vpcs"])}


def _shares(plan: Plan, vpcs: list[Record]) -> list[Record]:
    rng = plan.rng("nfs")
    home = default_vpc(vpcs)
    own = vpcs[-1]["id"]
    shares = []
    for index in range(2 + plan.droplets // 100 if plan.droplets else 0):
        region = catalog.HOME_REGIONS[index % 2]
        share_id, created = uuid(rng), stamp(plan.past(rng, 300))
        points = [("default", home[region], True)]
        if index == 0:
            points.append(("data-platform", own, False))
        shares.append(
            {
                "id": share_id,
                "name": f"share-{region}-{index:03d}",
                "size_gib": rng.choice([50, 100, 500, 1024]),
                "region": region,
                "status": "ACTIVE",
                "created_at": created,
                "vpc_ids": [vpc for _, vpc, _ in points],
                "performance_tier": "PERFORMANCE_TIER_HIGH" if index % 2 == 0 else "PERFORMANCE_TIER_STANDARD",
                "mount_path": f"/{100_000 + index}/{share_id}",
                "host": f"10.128.{index // 250}.{index % 250 + 2}",
                "access_points": [
                    {
                        "id": uuid(rng),
                        "name": name,
                        "share_id": share_id,
                        "path": f"/{name}",
                        "status": "ACCESS_POINT_ACTIVE",
                        "access_policy": {
                            "anonuid": 65534,
                            "anongid": 65534,
                            "protocols": ["NFS4"],
                            "squash_config": "ROOT_SQUASH",
                            "identity_enforcement_enabled": False,
                        },
                        "created_at": created,
                        "updated_at": created,
                        "is_default": is_default,
                        "vpc_id": vpc,
                    }
                    for name, vpc, is_default in points
                ],
            }
        )
    return shares


def nfs_snapshots(plan: Plan, shares: list[Record], now: datetime) -> list[Record]:
    """The last weekly snapshots of every share."""
    return [one for share in shares for one in snapshots_made(plan, share, now)[-KEPT_SNAPSHOTS:]]


def snapshots_made(plan: Plan, share: Record, now: datetime) -> list[Record]:
    """Every weekly snapshot of a share, oldest first; one goes when there are too many."""
    return [
        {
            "id": uuid(rng),
            "name": f"{share['name']}-{moment:%Y%m%d}",
            "size_gib": share["size_gib"],
            "region": share["region"],
            "status": "ACTIVE",
            "created_at": stamp(moment),
            "share_id": share["id"],
        }
        for _, moment, rng in slots(plan, f"nfs/{share['id']}", timedelta(days=7), parse(share["created_at"]), now)
    ]
