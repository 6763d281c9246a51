"""What hangs on a VPC: members, subnets, peerings, NAT gateways, partner attachments."""

from collections.abc import Callable

from sandbox.clock import parse, stamp
from sandbox.world import catalog
from sandbox.world.databases import PLANTED
from sandbox.world.grouping import Tables
from sandbox.world.network import default_vpc
from sandbox.world.plan import Plan, Record, uuid

# Type in a URN, table, scope that lets a token see it, field that holds the VPC.
_MEMBERS = [
    ("droplet", "droplets", "droplet:read", "vpc_uuid"),
    ("droplet", "gpu_droplets", "droplet:read", "vpc_uuid"),
    ("loadbalancer", "load_balancers", "load_balancer:read", "vpc_uuid"),
    ("kubernetes", "kubernetes_clusters", "kubernetes:read", "vpc_uuid"),
    ("dbaas", "databases", "database:read", "private_network_uuid"),
]


def build(plan: Plan, tables: Tables) -> Tables:
    """The tables of this module."""
    vpcs = default_vpc(tables["vpcs"])
    return {
        "vpc_peerings": _peerings(plan, vpcs),
        "vpc_nat_gateways": _nat_gateways(plan, tables["vpcs"], tables["projects"][1]["id"]),
        "partner_attachments": _attachments(plan, vpcs),
    }


def members(tables: Tables, vpc: Record, kind: str | None, sees: Callable[[str], bool]) -> list[Record]:
    """What is in a VPC, of one kind or of every kind, as far as the token sees it."""
    return [
        {"name": one["name"], "urn": f"do:{type_}:{one['id']}", "created_at": one["created_at"]}
        for type_, table, scope, field in _MEMBERS
        if kind in {None, type_} and sees(scope)
        for one in tables[table]
        if one.get(field) == vpc["id"]
    ]


def subnet_id(plan: Plan, vpc_id: str, index: int) -> str:
    """The id of a VPC's subnet; 0 is the default one."""
    return uuid(plan.rng(f"subnet/{vpc_id}/{index}"))


def subnets(plan: Plan, tables: Tables, vpc: Record) -> list[Record]:
    """The default subnet of a VPC, which holds its members, and a second one in the team's own VPC.

    Fields: `pydo` 0.44 (the specification does not have subnets yet).
    """
    inside = members(tables, vpc, None, lambda _: True)
    counts: dict[str, int] = {}
    for member in inside:
        type_ = member["urn"].split(":")[1]
        counts[type_] = counts.get(type_, 0) + 1
    network = vpc["ip_range"].rsplit(".", 2)[0]
    rows = [(0, "default", vpc["ip_range"], {"members": len(inside), "resources": counts})]
    if not vpc["default"]:
        rows.append((1, "batch", f"{network}.16.0/24", {"members": 0, "resources": {}}))
    return [
        {
            "id": subnet_id(plan, vpc["id"], index),
            "urn": f"do:vpc_subnet:{subnet_id(plan, vpc['id'], index)}",
            "name": name,
            "type": "REGULAR",
            "region": vpc["region"],
            "ip_range": ip_range,
            "default": index == 0,
            "meta": {"stats": stats},
            "created_at": vpc["created_at"],
        }
        for index, name, ip_range, stats in rows
    ]


def _peerings(plan: Plan, vpcs: dict[str, str]) -> list[Record]:
    rng = plan.rng("vpc_peerings")
    home, *others = catalog.HOME_REGIONS
    return [
        {
            "id": uuid(rng),
            "name": f"{home}-{region}-peering",
            "vpc_ids": [vpcs[home], vpcs[region]],
            "created_at": stamp(plan.past(rng, 300)),
            "status": "ACTIVE",
        }
        for region in others[: plan.droplets // 20]
    ]


def _nat_gateways(plan: Plan, vpcs: list[Record], project_id: str) -> list[Record]:
    rng = plan.rng("vpc_nat_gateways")
    used = [vpc for vpc in vpcs if vpc["region"] in catalog.HOME_REGIONS and vpc["default"]]
    gateways = []
    for index, vpc in enumerate(used[: min(4, 1 + plan.droplets // 60) if plan.droplets else 0]):
        created = plan.past(rng, 300)
        gateways.append(
            {
                "id": uuid(rng),
                "name": f"nat-{vpc['region']}-{index:02d}",
                "type": "PUBLIC",
                "state": "ACTIVE",
                "region": vpc["region"],
                "size": rng.choice([1, 1, 2]),
                "vpcs": [
                    {
                        "vpc_uuid": vpc["id"],
                        "gateway_ip": vpc["ip_range"].rsplit(".", 1)[0] + ".5",
                        "subnet_uuid": subnet_id(plan, vpc["id"], 0),
                        "default_gateway": index == 0,
                    }
                ],
                "egresses": {"public_gateways": [{"ipv4": f"174.138.113.{10 + index}"}]},
                "udp_timeout_seconds": 30,
                "icmp_timeout_seconds": 30,
                "tcp_timeout_seconds": 300,
                "created_at": stamp(created),
                "updated_at": stamp(max(created, plan.past(rng, 60))),
                "project_id": project_id,
            }
        )
    return gateways


def _attachments(plan: Plan, vpcs: dict[str, str]) -> list[Record]:
    """A connection and its backup, in a team that is not small."""
    rng = plan.rng("partner_attachments")
    ids = [uuid(rng), uuid(rng)] if plan.droplets >= 20 else []
    attachments: list[Record] = [
        {
            "id": id_,
            "name": f"datacentre-{name}",
            "state": "active",
            "connection_bandwidth_in_mbps": 1000,
            "region": "nyc",
            "naas_provider": "megaport",
            "vpc_ids": [vpcs["nyc3"]],
            "bgp": {
                "local_asn": 64532,
                "peer_asn": 65001,
                "local_router_ip": f"169.254.{number}.1/29",
                "peer_router_ip": f"169.254.{number}.2/29",
                "auth_key": f"{PLANTED}-partner-{name}-auth-key",
            },
            "created_at": stamp(plan.past(rng, 200)),
            "parent_uuid": "",
        }
        for number, (id_, name) in enumerate(zip(ids, ("main", "backup"), strict=False))
    ]
    if attachments:
        main, backup = attachments
        backup["created_at"] = max(main["created_at"], backup["created_at"])
        main["children"], backup["parent_uuid"] = [backup["id"]], main["id"]
    return attachments


def remote_routes(plan: Plan, attachment: Record) -> list[Record]:
    """The networks behind an attachment."""
    rng = plan.rng("remote_routes")
    count = 3 + min(40, plan.droplets // 100)
    third = parse(attachment["created_at"]).day if attachment["parent_uuid"] else 0
    return [{"cidr": f"172.{16 + rng.randrange(16)}.{third + index}.0/24"} for index in range(count)]


def routes(plan: Plan, tables: Tables, vpc: Record) -> list[Record]:
    """A route out through each NAT gateway of a VPC (fields: `pydo` 0.44)."""
    gateways = [one for one in tables["vpc_nat_gateways"] if any(each["vpc_uuid"] == vpc["id"] for each in one["vpcs"])]
    return [
        {
            "id": uuid(plan.rng(f"route/{gateway['id']}/{vpc['id']}")),
            "destination_cidr": "0.0.0.0/0",
            "type": "CUSTOM",
            "target_urns": [f"do:vpc_nat_gateway:{gateway['id']}"],
            "modifiable": True,
            "created_at": gateway["created_at"],
        }
        for gateway in gateways
    ]
