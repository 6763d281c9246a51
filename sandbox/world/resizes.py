"""The Droplets that were resized once: their bills and their actions tell of the same moment."""

from datetime import datetime, timedelta

from sandbox.clock import parse
from sandbox.world import catalog
from sandbox.world.grouping import Tables
from sandbox.world.plan import Plan, Record

# What all of them were before.
SMALLER = catalog.SIZE["s-1vcpu-1gb"]


def resized_at(plan: Plan, droplet: Record) -> datetime | None:
    """The hour in the middle of last month in which a Droplet got its size; None where it always had it."""
    number = int(droplet["id"])
    at = plan.anchor.replace(day=1) - timedelta(days=16) + timedelta(hours=number % 24)
    is_resized = number % 5 == 0 and droplet["size"]["slug"] != SMALLER["slug"] and parse(droplet["created_at"]) < at
    return at if is_resized else None


def list_resizes(plan: Plan, tables: Tables) -> list[tuple[datetime, Record]]:
    """When which Droplet was resized; a node of Kubernetes never is."""
    pools = [pool for cluster in tables["kubernetes_clusters"] for pool in cluster["node_pools"]]
    nodes = {int(node["droplet_id"]) for pool in pools for node in pool["nodes"]}
    droplets = [one for one in [*tables["droplets"], *tables["gpu_droplets"]] if one["id"] not in nodes]
    return [(at, one) for one in droplets if (at := resized_at(plan, one))]
