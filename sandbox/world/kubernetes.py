"""Kubernetes clusters whose nodes are Droplets of the same world."""

from datetime import timedelta

from sandbox.clock import parse, stamp
from sandbox.world.plan import Plan, Record, uuid

_DISABLED = {"enabled": False}
_PLUGINS = (
    "routing_agent",
    "amd_gpu_device_plugin",
    "amd_gpu_device_metrics_exporter_plugin",
    "nvidia_gpu_device_plugin",
    "rdma_shared_dev_plugin",
    "coredns_autoscaler",
    "p2p_oci_registry_plugin",
)
_NODES_PER_CLUSTER = 60


def build_clusters(plan: Plan, droplets: list[Record], vpcs: dict[str, str]) -> list[Record]:
    """One cluster for every 60 node Droplets (those tagged `k8s:worker`, or named like nodes)."""
    rng = plan.rng("kubernetes")
    nodes = [droplet for droplet in droplets if droplet["name"].startswith("pool-")]
    clusters = []
    for first in range(0, len(nodes), _NODES_PER_CLUSTER):
        members = nodes[first : first + _NODES_PER_CLUSTER]
        cluster_id = uuid(rng)
        # A cluster is a few minutes older than its first node.
        created = stamp(parse(min(node["created_at"] for node in members)) - timedelta(minutes=4))
        region = members[0]["region"]["slug"]
        tags = ["k8s", f"k8s:{cluster_id}"]
        split = max(1, len(members) * 2 // 3)
        pools = [("pool-general", members[:split]), ("pool-batch", members[split:])]
        for node in members:
            if node["tags"]:
                node["tags"].append(f"k8s:{cluster_id}")
        clusters.append(
            {
                "id": cluster_id,
                "name": f"doks-{region}-{first // _NODES_PER_CLUSTER:02d}",
                "region": region,
                "version": "1.33.4-do.1",
                "cluster_subnet": "10.244.0.0/16",
                "service_subnet": "10.245.0.0/16",
                "vpc_uuid": vpcs[region],
                "ipv4": "164.90.240.7",
                "endpoint": f"https://{cluster_id}.k8s.ondigitalocean.com",
                "tags": tags,
                "node_pools": [
                    {
                        "id": uuid(rng),
                        "name": name,
                        "size": pool[0]["size_slug"],
                        "count": len(pool),
                        "tags": [*tags, "k8s:worker"],
                        "labels": {"workload": name.removeprefix("pool-")} if name == "pool-batch" else None,
                        "taints": [],
                        "auto_scale": name == "pool-batch",
                        "min_nodes": 1 if name == "pool-batch" else 0,
                        "max_nodes": len(pool) + 3 if name == "pool-batch" else 0,
                        "nodes": [
                            {
                                "id": uuid(rng),
                                "name": node["name"],
                                "status": {"state": "running"},
                                "droplet_id": str(node["id"]),
                                "created_at": node["created_at"],
                                "updated_at": node["created_at"],
                            }
                            for node in pool
                        ],
                    }
                    for name, pool in pools
                    if pool
                ],
                "maintenance_policy": {"start_time": "03:00", "duration": "4h0m0s", "day": "sunday"},
                "auto_upgrade": True,
                "isolated_workers": False,
                "status": {"state": "running", "message": ""},
                "created_at": created,
                "updated_at": stamp(plan.past(rng, 20)),
                "surge_upgrade": True,
                "ha": first == 0,
                "registry_enabled": False,
                "registries": [],
                "control_plane_firewall": {"enabled": False, "allowed_addresses": []},
                "cluster_autoscaler_configuration": None,
                "sso": None,
                **dict.fromkeys(_PLUGINS, _DISABLED),
            }
        )
    return clusters
