"""Which paths the sandbox serves around Droplets: backup policies, autoscale pools, MicroVMs, volumes, file shares."""

from collections.abc import Sequence

from sandbox.auth import covers
from sandbox.endpoints import Endpoint, collection, found, matching, once_used, whole
from sandbox.paging import Ask, bounds, envelope
from sandbox.world import World, autoscale, fleet, microvms, storage
from sandbox.world.plan import Record

_DROPLETS = ("droplets", "gpu_droplets")
# Scope -> what a token without it sees empty.
_ASSOCIATED = {
    "reserved_ips": "reserved_ip:read",
    "floating_ips": "reserved_ip:read",
    "snapshots": "image:read",
    "volumes": "block_storage:read",
    "volume_snapshots": "block_storage_snapshot:read",
}


def _every_droplet(world: World) -> Sequence[Record]:
    return [*world.tables["droplets"], *world.tables["gpu_droplets"]]


def _backup_policies(world: World, ask: Ask) -> Record:
    """An object keyed by Droplet id instead of a list."""
    droplets = _every_droplet(world)
    first, last = bounds(ask)
    page = {str(one["id"]): fleet.backup_policy(one) for one in droplets[first:last]}
    return {**envelope(ask, "policies", [], len(droplets)), "policies": page}


def _neighbors(world: World, _: Ask) -> Record:
    return {"neighbor_ids": fleet.neighbors(list(_every_droplet(world)))}


def _associated(world: World, ask: Ask) -> Record:
    resources = fleet.associated(world.tables, found(world, ask, _DROPLETS, "droplet_id"))
    return {name: rows if covers(ask.scopes, _ASSOCIATED[name]) else [] for name, rows in resources.items()}


def _firewalls(world: World, ask: Ask) -> Sequence[Record]:
    return fleet.firewalls_of(world.tables["firewalls"], found(world, ask, _DROPLETS, "droplet_id"))


def _kernels(world: World, ask: Ask) -> Sequence[Record]:
    return fleet.kernels(found(world, ask, _DROPLETS, "droplet_id"))


def _pools(world: World, ask: Ask) -> Sequence[Record]:
    return matching(autoscale.pools(world.plan, world.tables, ask.now), ask, "name")


def _pool_members(world: World, ask: Ask) -> Sequence[Record]:
    pool = found(world, ask, "autoscale_pools", "autoscale_pool_id")
    return autoscale.members(world.plan, world.tables, pool, ask.now)


def _pool_history(world: World, ask: Ask) -> Sequence[Record]:
    return autoscale.history(world.plan, found(world, ask, "autoscale_pools", "autoscale_pool_id"), ask.now)


def _microvms(world: World, ask: Ask) -> Sequence[Record]:
    tag = ask.query.get("tag_name")
    records = matching(world.tables["microvms"], ask, "region", "name")
    return [one for one in records if not tag or tag in one["tags"]]


def _volume_actions(world: World, ask: Ask) -> Sequence[Record]:
    return fleet.volume_actions(world.plan, found(world, ask, "volumes", "volume_id"), ask.now)


def _shares(world: World, ask: Ask) -> Sequence[Record]:
    return matching(world.tables["nfs_shares"], ask, "region")


def _nfs_snapshots(world: World, ask: Ask) -> Sequence[Record]:
    snapshots = storage.nfs_snapshots(world.plan, world.tables["nfs_shares"], ask.now)
    return matching(snapshots, ask, "region", "share_id")


_POOL = "/v2/droplets/autoscale/{autoscale_pool_id}"
_DROPLET = "/v2/droplets/{droplet_id}"

ENDPOINTS = [
    Endpoint("/v2/droplets/backups/policies", ("droplet:read",), _backup_policies, "policies"),
    Endpoint("/v2/reports/droplet_neighbors_ids", ("droplet:read",), _neighbors),
    collection("/v2/droplets/autoscale", "droplet:read", _pools, "autoscale_pools"),
    collection(_POOL + "/members", "droplet:read", _pool_members, "droplets"),
    collection(_POOL + "/history", "droplet:read", _pool_history),
    Endpoint(_DROPLET + "/destroy_with_associated_resources", ("droplet:read",), _associated),
    collection(_DROPLET + "/firewalls", "firewall:read", _firewalls, blanks={"tag:read": ("tags",)}),
    collection(_DROPLET + "/kernels", "droplet:read", _kernels),
    once_used("microvms", collection("/v2/microvms", "microvm:read", _microvms, per_page=25)),
    once_used(
        "microvms",
        collection(
            "/v2/microvms/checkpoints",
            "microvm:read",
            lambda world, ask: matching(microvms.checkpoints(world.plan, world.tables), ask, "microvm_id"),
        ),
    ),
    once_used(
        "microvms",
        Endpoint("/v2/microvms/options", ("microvm:read",), lambda world, ask: microvms.options(world.tables)),
    ),
    collection("/v2/volumes/{volume_id}/actions", "block_storage_action:read", _volume_actions),
    whole("/v2/nfs", "nfs:list", _shares, "shares"),
    whole("/v2/nfs/snapshots", "nfs:list", _nfs_snapshots),
]
