"""The truth about waste: which resources of a world cost money and serve nobody, to hold an analysis against."""

from collections.abc import Iterator

from sandbox.world.grouping import Tables
from sandbox.world.plan import Record


def waste(tables: Tables) -> list[Record]:
    """Each finding as `{rule, urn}`; a resource may stand under several rules.

    Rules: `powered_off`, `gpu_droplet` (the dearest that runs), `unattached_volume`, `unassigned_reserved_ip`,
    `load_balancer_without_backends`, `snapshot_without_resource`.
    """
    return [{"rule": rule, "urn": urn} for rule, urn in _findings(tables)]


def _findings(tables: Tables) -> Iterator[tuple[str, str]]:
    for droplet in (*tables["droplets"], *tables["gpu_droplets"]):
        if droplet["status"] == "off":
            yield "powered_off", f"do:droplet:{droplet['id']}"
    for droplet in tables["gpu_droplets"]:
        if droplet["status"] == "active":
            yield "gpu_droplet", f"do:droplet:{droplet['id']}"
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
