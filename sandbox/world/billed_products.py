"""The billed lines of the products that came after Droplets, volumes, databases and apps.

What the API itself tells the price of (MicroVMs, Dedicated Inference, add-ons) is charged at that price. Others: prices
of https://www.digitalocean.com/pricing, as copies of it had them on 2026-11-29. Vector databases, a public preview,
start at 20 USD a month (https://www.digitalocean.com/blog/public-preview-managed-weaviate): that is a small one. No
price could be read of a medium one and of partner attachments: they are charged at an assumed one, so that a bill has
their lines. Free of charge, and on no bill: reserved IPv6 addresses, BYOIP prefixes, autoscale pools, VPCs, domains.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

from sandbox.clock import parse
from sandbox.world import database_children, microvms, storage
from sandbox.world.billables import Billable, by_hour, by_month
from sandbox.world.databases import SIZES as DATABASE_SIZES
from sandbox.world.grouping import Tables
from sandbox.world.plan import Plan, Record
from sandbox.world.reference import accelerator_price

Line = Callable[..., Billable]

# Cents a month: a gateway for each unit of its size, a GiB, a check after the first one.
_NAT_CENTS, _NFS_GIB_CENTS, _NFS_SNAPSHOT_GIB_CENTS, _UPTIME_CENTS = 4000, 30, 6, 100
_SMALL_VECTOR_CENTS = 2000
_ASSUMED_MEDIUM_VECTOR_CENTS, _ASSUMED_PARTNER_CENTS = 6000, 5000
# Snapshots of shares are made as the clock moves on; so far their lines are laid out.
_AHEAD = timedelta(days=400)


def newer_lines(plan: Plan, tables: Tables, line: Line) -> Iterator[Billable]:
    """Every line of these products."""
    yield from _network(tables, line)
    yield from _files(plan, tables, line)
    yield from _data(plan, tables, line)
    yield from _machines(tables, line)
    yield from _services(tables, line)


def _network(tables: Tables, line: Line) -> Iterator[Billable]:
    for one in tables["vpc_nat_gateways"]:
        text = f"{one['name']} (size {one['size']})"
        price = by_month(_NAT_CENTS * one["size"])
        yield line(one, "VPC NAT Gateway", "1-VP-NATG-0001", price, description=text, region=one["region"])
    for one in tables["partner_attachments"]:
        text = f"{one['name']} ({one['connection_bandwidth_in_mbps']} Mbps)"
        price = by_month(_ASSUMED_PARTNER_CENTS)
        yield line(one, "Partner Network Connect", "1-PNC-ATCH-0001", price, description=text, region=one["region"])


def _files(plan: Plan, tables: Tables, line: Line) -> Iterator[Billable]:
    for share in tables["nfs_shares"]:
        price = by_month(_NFS_GIB_CENTS * share["size_gib"])
        text = f"{share['name']} ({share['size_gib']} GiB)"
        more = {"region": share["region"], "group": share["name"]}
        yield line(share, "Network File Storage", "1-NF-SHAR-0001", price, description=text, **more)
        made = storage.snapshots_made(plan, share, plan.anchor + _AHEAD)
        followers = [*made[storage.KEPT_SNAPSHOTS :], *[None] * storage.KEPT_SNAPSHOTS]
        for one, follower in zip(made, followers, strict=False):
            price = by_month(_NFS_SNAPSHOT_GIB_CENTS * one["size_gib"])
            text = f"{one['name']} (snapshot, {one['size_gib']} GiB)"
            snapshot = line(one, "Network File Storage", "1-NF-SNAP-0001", price, description=text, **more)
            if follower is not None:
                snapshot.end_at(parse(follower["created_at"]))
            yield snapshot


def _data(plan: Plan, tables: Tables, line: Line) -> Iterator[Billable]:
    for cluster in tables["databases"]:
        for one in database_children.replicas(plan, cluster):
            monthly, hourly, _ = DATABASE_SIZES[one["size"]]
            sku = f"1-DB-{cluster['engine'].upper()}-{list(DATABASE_SIZES).index(one['size']):05d}"
            more = {"region": one["region"], "group": cluster["name"]}
            text = f"{one['name']} (read-only, {one['size']})"
            yield line(one, "Database Clusters", sku, by_hour(hourly, monthly), description=text, **more)
    for one in tables["vector_databases"]:
        text = f"{one['name']} ({one['size']})"
        price = by_month(_SMALL_VECTOR_CENTS if one["size"] == "small" else _ASSUMED_MEDIUM_VECTOR_CENTS)
        yield line(one, "Vector Databases", "1-VDB-WEAV-0001", price, description=text, region=one["region"])


def _machines(tables: Tables, line: Line) -> Iterator[Billable]:
    for one in tables["microvms"]:
        text = f"{one['name']} ({one['size']['memory']} MiB, {one['state']})"
        price = by_hour(*microvms.price(one))
        yield line(one, "MicroVMs", "1-MV-INST-0001", price, description=text, region=one["region"])
    for one in tables["dedicated_inferences"]:
        accelerators = [each for model in one["spec"]["model_deployments"] for each in model["accelerators"]]
        hourly = sum(accelerator_price(each["accelerator_slug"]) * each["scale"] for each in accelerators)
        name = one["spec"]["name"]
        text = f"{name} ({sum(each['scale'] for each in accelerators)} x {accelerators[0]['accelerator_slug']})"
        yield line(
            one,
            "Dedicated Inference",
            "1-DI-GPUH-0001",
            by_hour(hourly, 672 * hourly),
            description=text,
            region=one["region"],
        )


def _services(tables: Tables, line: Line) -> Iterator[Billable]:
    # The first check is free of charge.
    for one in [check for check in tables["uptime_checks"] if check["enabled"]][1:]:
        yield line(
            one, "Uptime Checks", "1-UP-CHCK-0001", by_month(_UPTIME_CENTS), description=one["name"], region="global"
        )
    for one in tables["add_ons"]:
        if one["state"] == "provisioned":
            record: Record = {"id": one["uuid"], "name": one["name"]}
            text = f"{one['name']} ({one['plan_name']})"
            price = by_month(100 * one["plan_price_per_month"])
            yield line(record, "Add-Ons", "1-ADD-SAAS-0001", price, description=text)
