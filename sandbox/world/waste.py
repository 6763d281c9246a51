"""The truth about waste: which resources of a world cost money and serve nobody, to hold an analysis against."""

from collections.abc import Iterator, Mapping

from sandbox.world import catalog
from sandbox.world.grouping import Tables
from sandbox.world.plan import Record

# Every ninth Droplet has no agent: enough that a team of twenty has one.
_AGENTLESS_EVERY, _AGENTLESS_PLACE = 9, 4
# The share of its usual work that an idle resource does, and one that is far too large.
_IDLE, _LIGHT = 1e-6, 0.25
# A size that has a cheaper one with the same disk and as many processors.
_TOO_LARGE = "g-2vcpu-8gb"


def agentless(tables: Tables) -> frozenset[int]:
    """The Droplets without a metrics agent, by id. Nodes of clusters all have one."""
    machines = [*tables["droplets"], *tables["gpu_droplets"]]
    return frozenset(one["id"] for one in machines[_AGENTLESS_PLACE::_AGENTLESS_EVERY] if not _is_node(one))


def seed(tables: Tables, unmeasured: frozenset[int]) -> dict[str, float]:
    """Makes some resources idle and a Droplet far too large: URN -> the share of its usual work that each does.

    The Droplets are the first two that run alone and are measured (`patterns.py` takes the next two); of the other
    products it is the last one, of load balancers the last that is regional, so that a team of a few Droplets has them
    all.
    """
    alone = measured_alone(tables, unmeasured)
    gpus = _measured(tables["gpu_droplets"], unmeasured)
    work = {f"do:droplet:{droplet['id']}": _IDLE for droplet in [*alone[:1], *gpus[:1]]}
    for droplet in alone[1:2]:
        enlarge(droplet)
        work[f"do:droplet:{droplet['id']}"] = _LIGHT
    regional = [one for one in tables["load_balancers"] if one["type"] == "REGIONAL" and one["droplet_ids"]]
    work |= {f"do:loadbalancer:{one['id']}": _IDLE for one in regional[-1:]}
    # Two engines tell who is connected: MySQL in Monitoring, PostgreSQL in Insights.
    for engine in ("mysql", "pg"):
        idle = [one for one in tables["databases"] if one["engine"] == engine]
        work |= {f"do:dbaas:{one['id']}": _IDLE for one in idle[-1:]}
    work |= {f"do:app:{one['id']}": _IDLE for one in tables["apps"][-1:]}
    return work


def measured_alone(tables: Tables, unmeasured: frozenset[int]) -> list[Record]:
    """The Droplets that run, are measured, and belong to no cluster and no autoscale pool, in list order."""
    found = _measured(tables["droplets"], unmeasured)
    return [one for one in found if not _is_node(one) and not one["name"].startswith("worker-")]


def enlarge(droplet: Record) -> None:
    """Gives a Droplet a size that has a cheaper one with the same disk and as many processors."""
    size = catalog.SIZE[_TOO_LARGE]
    droplet |= {"size": size, "size_slug": _TOO_LARGE, "disk_info": size["disk_info"]}
    droplet |= {name: size[name] for name in ("memory", "vcpus", "disk")}


def waste(tables: Tables, unmeasured: frozenset[int], work: Mapping[str, float]) -> list[Record]:
    """Each finding as `{rule, urn}`; a resource may stand under several rules.

    Rules: `powered_off`, `gpu_droplet` (the dearest that runs), `unattached_volume`, `unassigned_reserved_ip`,
    `load_balancer_without_backends`, `snapshot_without_resource`, `unmeasured_droplet`; of a world with seeded waste
    also `idle_droplet`, `idle_gpu_droplet`, `oversized_droplet`, `idle_load_balancer`, `database_without_connections`,
    `idle_app`.
    """
    return [
        {"rule": rule, "urn": urn}
        for rule, urn in (*_machines(tables, unmeasured), *_others(tables), *_seeded(tables, work))
    ]


def _measured(droplets: list[Record], unmeasured: frozenset[int]) -> list[Record]:
    return [one for one in droplets if one["status"] == "active" and one["id"] not in unmeasured]


def _is_node(droplet: Record) -> bool:
    return str(droplet["name"]).startswith("pool-")


def _seeded(tables: Tables, work: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    rules = {"loadbalancer": "idle_load_balancer", "dbaas": "database_without_connections", "app": "idle_app"}
    gpus = {f"do:droplet:{droplet['id']}" for droplet in tables["gpu_droplets"]}
    there = {f"do:droplet:{droplet['id']}" for droplet in (*tables["droplets"], *tables["gpu_droplets"])}
    for urn, share in work.items():
        kind = urn.split(":")[1]
        if kind != "droplet":
            yield rules[kind], urn
        elif urn in there:
            yield "idle_gpu_droplet" if urn in gpus else "idle_droplet" if share == _IDLE else "oversized_droplet", urn


def _machines(tables: Tables, unmeasured: frozenset[int]) -> Iterator[tuple[str, str]]:
    for droplet in (*tables["droplets"], *tables["gpu_droplets"]):
        urn = f"do:droplet:{droplet['id']}"
        if droplet["status"] == "off":
            yield "powered_off", urn
        elif droplet["id"] in unmeasured:
            yield "unmeasured_droplet", urn
    for droplet in tables["gpu_droplets"]:
        if droplet["status"] == "active":
            yield "gpu_droplet", f"do:droplet:{droplet['id']}"


def _others(tables: Tables) -> Iterator[tuple[str, str]]:
    for volume in tables["volumes"]:
        if not volume["droplet_ids"]:
            yield "unattached_volume", f"do:volume:{volume['id']}"
    for address in tables["reserved_ips"]:
        if address["droplet"] is None:
            yield "unassigned_reserved_ip", f"do:floatingip:{address['ip']}"
    for balancer in tables["load_balancers"]:
        if balancer["type"] == "REGIONAL" and not balancer["droplet_ids"] and not balancer["tag"]:
            yield "load_balancer_without_backends", f"do:loadbalancer:{balancer['id']}"
    alive = {str(one["id"]) for table in ("droplets", "gpu_droplets", "volumes") for one in tables[table]}
    for snapshot in tables["snapshots"]:
        if str(snapshot["resource_id"]) not in alive:
            yield "snapshot_without_resource", f"do:snapshot:{snapshot['id']}"
