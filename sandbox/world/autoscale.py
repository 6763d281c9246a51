"""Droplet autoscale pools: their members are Droplets of the world, their history grows with the clock."""

from datetime import datetime, timedelta

from sandbox.clock import parse, stamp
from sandbox.world import catalog
from sandbox.world.databases import PLANTED
from sandbox.world.grouping import Tables
from sandbox.world.history import slots
from sandbox.world.network import default_vpc
from sandbox.world.plan import Plan, Record, uuid

_SLOT = timedelta(hours=6)


def build_pools(plan: Plan, tables: Tables) -> list[Record]:
    """Pools without what changes by the hour; `members` says which Droplets are in them."""
    rng = plan.rng("autoscale")
    vpcs = default_vpc(tables["vpcs"])
    pools: list[Record] = []
    for index in range(0 if plan.droplets < 10 else 2 + plan.droplets // 400):
        region = catalog.HOME_REGIONS[index % len(catalog.HOME_REGIONS)]
        fixed = index % 3 == 1
        created = plan.past(rng, 200)
        pools.append(
            {
                "id": uuid(rng),
                "name": f"workers-{region}-{index:03d}",
                "config": {"target_number_instances": 3}
                if fixed
                else {
                    "min_instances": 1,
                    "max_instances": 20,
                    "target_cpu_utilization": 0.6,
                    "target_memory_utilization": 0.7,
                    "cooldown_minutes": 10,
                },
                "droplet_template": {
                    "name": f"worker-{region}",
                    "region": region,
                    "size": "s-2vcpu-4gb",
                    "image": "ubuntu-24-04-x64",
                    "ssh_keys": [tables["ssh_keys"][3]["fingerprint"]],
                    "tags": ["worker"],
                    "vpc_uuid": vpcs[region],
                    "with_droplet_agent": True,
                    "project_id": tables["projects"][1]["id"],
                    "ipv6": False,
                    "user_data": f"#cloud-config\nwrite_files:\n  - content: {PLANTED}-autoscale-user-data\n",
                    "public_networking": True,
                },
                "created_at": stamp(created),
                "updated_at": stamp(max(created, plan.past(rng, 30))),
                "status": "active",
            }
        )
    return pools


def pools(plan: Plan, tables: Tables, now: datetime) -> list[Record]:
    """Every pool with its load of this hour, which does not move `updated_at`."""
    return [
        {
            **pool,
            "current_utilization": _load(plan, pool["id"], now),
            "active_resources_count": len(_droplets(tables, pool)),
        }
        for pool in tables["autoscale_pools"]
    ]


def _droplets(tables: Tables, pool: Record) -> list[Record]:
    """The worker Droplets of the pool's region, shared out among the pools of that region."""
    region = pool["droplet_template"]["region"]
    siblings = [one["id"] for one in tables["autoscale_pools"] if one["droplet_template"]["region"] == region]
    place = siblings.index(pool["id"])
    workers = [one for one in tables["droplets"] if one["name"].startswith("worker-")]
    near = [one for one in workers if one["region"]["slug"] == region and one["id"] % len(siblings) == place]
    return near[:20]


def _load(plan: Plan, what: str, now: datetime) -> Record:
    rng = plan.rng(f"load/{what}/{now:%Y%m%d%H}")
    return {"memory": round(rng.uniform(0.2, 0.8), 4), "cpu": round(rng.uniform(0.05, 0.9), 4)}


def members(plan: Plan, tables: Tables, pool: Record, now: datetime) -> list[Record]:
    """The Droplets of a pool with their load of this hour."""
    return [
        {
            "droplet_id": droplet["id"],
            "created_at": droplet["created_at"],
            "updated_at": droplet["created_at"],
            "health_status": "healthy",
            "unhealthy_reason": "",
            "status": "active" if droplet["status"] == "active" else "off",
            "current_utilization": _load(plan, str(droplet["id"]), now),
        }
        for droplet in _droplets(tables, pool)
    ]


def history(plan: Plan, pool: Record, now: datetime) -> list[Record]:
    """What the pool did, newest first. `updated_at` moves once: when an event ends."""
    events = []
    for _, moment, rng in slots(plan, f"autoscale/{pool['id']}", _SLOT, parse(pool["created_at"]), now):
        ends = moment + timedelta(seconds=rng.randrange(60, 2400))
        up = rng.random() < 0.5
        size = rng.randrange(1, 10)
        events.append(
            {
                "history_event_id": uuid(rng),
                "current_instance_count": size,
                "desired_instance_count": size + (1 if up else -1),
                "reason": rng.choice(["SCALE_UP" if up else "SCALE_DOWN"] * 9 + ["CONFIGURATION_CHANGE"]),
                "status": "in_progress" if ends > now else ("error" if rng.random() < 0.05 else "success"),
                "created_at": stamp(moment),
                "updated_at": stamp(moment if ends > now else ends),
            }
        )
    return events[::-1]
