"""Reserved IPv6 addresses and bring-your-own-IP prefixes."""

from sandbox.clock import stamp
from sandbox.world import catalog
from sandbox.world.grouping import Tables
from sandbox.world.plan import Plan, Record, uuid


def build(plan: Plan, tables: Tables) -> Tables:
    """The tables of this module."""
    return {
        "reserved_ipv6s": _reserved_ipv6s(plan, tables["droplets"]),
        "byoip_prefixes": _byoip_prefixes(plan, tables["projects"][1]["id"]),
    }


def _reserved_ipv6s(plan: Plan, droplets: list[Record]) -> list[Record]:
    rng = plan.rng("reserved_ipv6s")
    addresses = []
    for index in range(1 + plan.droplets // 20 if droplets else 0):
        droplet: Record | None = None if index % 3 == 1 else rng.choice(droplets)
        addresses.append(
            {
                "ip": f"2604:a880:cad:d0::{index + 1:x}:{rng.randrange(4096, 65536):x}",
                "region_slug": droplet["region"]["slug"] if droplet else rng.choice(catalog.HOME_REGIONS),
                "reserved_at": stamp(plan.past(rng, 200)),
                "droplet": droplet,
            }
        )
    return addresses


def _byoip_prefixes(plan: Plan, project_id: str) -> list[Record]:
    rng = plan.rng("byoip_prefixes")
    prefixes: list[Record] = []
    for prefix, active in (("203.0.113.0/24", True), ("198.51.100.0/24", False)) if plan.droplets >= 20 else ():
        passed = {"status": "SUCCESS" if active else "FAILED", "note": "" if active else "no signed statement found"}
        prefixes.append(
            {
                "uuid": uuid(rng),
                "name": "office-range" if active else "lab-range",
                "prefix": prefix,
                "status": "active" if active else "failed",
                "region": catalog.HOME_REGIONS[0],
                "validations": [{"name": "SIGNATURE HASH", **passed}],
                "failure_reason": "" if active else "validation failed",
                "locked": False,
                "advertised": active,
                "project_id": project_id,
            }
        )
    return prefixes


def byoip_ips(plan: Plan, prefix: Record, droplets: list[Record]) -> list[Record]:
    """The assigned addresses of a prefix: each belongs to a Droplet of the prefix's region."""
    if prefix["status"] != "active":
        return []
    near = [one for one in droplets if one["region"]["slug"] == prefix["region"] and one["id"] % 5 == 0]
    network = prefix["prefix"].rsplit(".", 1)[0]
    return [
        {
            "id": droplet["id"] - 400_000_000,
            "byoip": f"{network}.{index + 2}",
            "region": prefix["region"],
            "resource": f"do:droplet:{droplet['id']}",
            "assigned_at": stamp(plan.past(plan.rng(f"byoip/{droplet['id']}"), 90)),
        }
        for index, droplet in enumerate(near[:250])
    ]
