"""What DigitalOcean says about a Kubernetes cluster: upgrades, status messages, resources it made."""

from datetime import datetime, timedelta

from sandbox.clock import parse, stamp
from sandbox.world import catalog
from sandbox.world.grouping import Tables
from sandbox.world.history import slots
from sandbox.world.plan import Plan, Record, uuid

UPGRADES: list[Record] = [
    {
        "slug": f"{version}-do.{build}",
        "kubernetes_version": version,
        "supported_features": ["cluster-autoscaler", "docr-integration", "ha-control-plane", "token-authentication"],
    }
    for version, build in (("1.33.6", 0), ("1.34.1", 0))
]
_MESSAGES = [
    "The control plane was upgraded to a new patch version",
    "Creating nodes takes longer than usual in this region",
    "Maintenance of the cluster has ended",
]


def messages(plan: Plan, cluster: Record, since: datetime | None, now: datetime) -> list[Record]:
    """Status messages from `since` on, oldest first: about one in five days."""
    made = slots(plan, f"status/{cluster['id']}", timedelta(days=5), parse(cluster["created_at"]), now)
    return [
        {"message": rng.choice(_MESSAGES), "timestamp": stamp(moment)}
        for _, moment, rng in made
        if since is None or moment.replace(microsecond=0) >= since
    ]


def build(plan: Plan, tables: Tables) -> Tables:
    """Adds what the first cluster made for itself: a load balancer, and a snapshot of a volume not attached now."""
    if not tables["kubernetes_clusters"] or not tables["load_balancers"]:
        return {}
    rng = plan.rng("clusters")
    cluster = tables["kubernetes_clusters"][0]
    nodes = [int(node["droplet_id"]) for pool in cluster["node_pools"] for node in pool["nodes"]]
    balancer = {
        **tables["load_balancers"][0],
        "id": uuid(rng),
        "name": f"{cluster['name']}-ingress",
        "ip": "146.190.254.10",
        "created_at": cluster["created_at"],
        "region": catalog.REGION[cluster["region"]],
        "vpc_uuid": cluster["vpc_uuid"],
        "droplet_ids": nodes,
    }
    snapshots = [
        {
            "id": uuid(rng),
            "name": f"{volume['name']}-claim",
            "created_at": stamp(max(parse(volume["created_at"]), plan.past(rng, 60))),
            "regions": [volume["region"]["slug"]],
            "resource_id": volume["id"],
            "resource_type": "volume",
            "min_disk_size": volume["size_gigabytes"],
            "size_gigabytes": round(volume["size_gigabytes"] * 0.4, 2),
            "tags": volume["tags"],
        }
        for volume in _volumes(tables, cluster)[:1]
    ]
    return {
        "load_balancers": [*tables["load_balancers"], balancer],
        "snapshots": [*tables["snapshots"], *snapshots],
    }


def _volumes(tables: Tables, cluster: Record) -> list[Record]:
    region = cluster["region"]
    free = [one for one in tables["volumes"] if not one["droplet_ids"] and one["region"]["slug"] == region]
    return free[:10] if tables["kubernetes_clusters"][0] is cluster else []


def associated(tables: Tables, cluster: Record) -> dict[str, list[Record]]:
    """Its load balancer, free volumes of its region and their snapshots; nothing for a second cluster."""
    volumes = _volumes(tables, cluster)
    ids = {one["id"] for one in volumes}
    name = f"{cluster['name']}-ingress"
    return {
        "load_balancers": [_named(one) for one in tables["load_balancers"] if one["name"] == name],
        "volumes": [_named(one) for one in volumes],
        "volume_snapshots": [_named(one) for one in tables["snapshots"] if one["resource_id"] in ids],
    }


def _named(record: Record) -> Record:
    return {"id": record["id"], "name": record["name"]}
