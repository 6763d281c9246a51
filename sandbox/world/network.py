"""VPCs, load balancers, reserved IPs, firewalls, domains and CDN endpoints."""

from collections.abc import Iterator
from random import Random
from typing import Any

from sandbox.clock import stamp
from sandbox.world import catalog
from sandbox.world.plan import Plan, Record, uuid


def build_vpcs(plan: Plan) -> list[Record]:
    """A default VPC for every region, and one network of the team's own."""
    rng = plan.rng("vpcs")
    vpcs: list[Record] = []
    for index, region in enumerate([*catalog.REGION_SLUGS, catalog.HOME_REGIONS[0]]):
        own = index == len(catalog.REGION_SLUGS)
        vpc_id = uuid(rng)
        vpcs.append(
            {
                "id": vpc_id,
                "urn": f"do:vpc:{vpc_id}",
                "name": "data-platform" if own else f"default-{region}",
                "description": "Private network of the data platform" if own else "",
                "region": region,
                "ip_range": f"10.{100 + index}.0.0/20",
                "created_at": stamp(plan.past(rng, 900)),
                "default": not own,
            }
        )
    return vpcs


def default_vpc(vpcs: list[Record]) -> dict[str, str]:
    """Region slug -> id of its default VPC."""
    return {vpc["region"]: vpc["id"] for vpc in vpcs if vpc["default"]}


def _members(droplets: list[Record], count: int, rng: Random) -> Iterator[tuple[str, list[int]]]:
    """`count` groups of up to four Droplets of one region; every sixth group is empty."""
    for index in range(count):
        region = rng.choice(catalog.HOME_REGIONS)
        near = [one["id"] for one in rng.sample(droplets, min(40, len(droplets))) if one["region"]["slug"] == region]
        yield region, [] if index % 6 == 5 else near[:4]


def build_load_balancers(plan: Plan, droplets: list[Record], vpcs: list[Record], project_id: str) -> list[Record]:
    """Regional load balancers for about a twentieth of the Droplets, and a global one in a larger team."""
    rng = plan.rng("load_balancers")
    home = default_vpc(vpcs)
    balancers: list[Record] = []
    count = max(2, plan.droplets // 20) if droplets else 0
    for index, (region, ids) in enumerate(_members(droplets, count, rng)):
        balancers.append(
            {
                "id": uuid(rng),
                "name": f"lb-{region}-{index:04d}",
                "ip": f"146.190.{index // 250}.{index % 250 + 1}",
                "ipv6": "",
                "size_unit": rng.choice([1, 1, 1, 2, 3]),
                "algorithm": "round_robin",
                "status": "active",
                "created_at": stamp(plan.past(rng)),
                "forwarding_rules": [_rule("https", 443, "http", 8080), _rule("http", 80, "http", 8080)],
                "health_check": {
                    "protocol": "http",
                    "port": 8080,
                    "path": "/healthz",
                    "check_interval_seconds": 10,
                    "response_timeout_seconds": 5,
                    "unhealthy_threshold": 3,
                    "healthy_threshold": 5,
                },
                "sticky_sessions": {"type": "none"},
                "region": catalog.REGION[region],
                "tag": "",
                "droplet_ids": ids,
                "redirect_http_to_https": True,
                "enable_proxy_protocol": False,
                "enable_backend_keepalive": index % 2 == 0,
                "http_idle_timeout_seconds": 60,
                "vpc_uuid": home[region],
                "disable_lets_encrypt_dns_records": False,
                "project_id": project_id,
                "firewall": {"deny": [], "allow": []},
                "network": "EXTERNAL",
                "network_stack": "IPV4",
                "type": "REGIONAL",
                "tls_cipher_policy": "DEFAULT",
            }
        )
    if len(balancers) >= 2 and plan.droplets >= 20:
        balancers.append(_global_balancer(plan, rng, [one["id"] for one in balancers[:2]], project_id))
    return balancers


def _rule(entry: str, entry_port: int, target: str, target_port: int) -> Record:
    return {
        "entry_protocol": entry,
        "entry_port": entry_port,
        "target_protocol": target,
        "target_port": target_port,
        "certificate_id": "",
        "tls_passthrough": False,
    }


def _global_balancer(plan: Plan, rng: Random, targets: list[str], project_id: str) -> Record:
    return {
        "id": uuid(rng),
        "name": "glb-main",
        "ip": "146.190.255.10",
        "ipv6": "",
        "size_unit": 1,
        "algorithm": "round_robin",
        "status": "active",
        "created_at": stamp(plan.past(rng)),
        "forwarding_rules": [_rule("https", 443, "https", 443)],
        "health_check": {"protocol": "https", "port": 443, "path": "/"},
        "sticky_sessions": {"type": "none"},
        "tag": "",
        "droplet_ids": [],
        "project_id": project_id,
        "network": "EXTERNAL",
        "network_stack": "IPV4",
        "type": "GLOBAL",
        "domains": [{"name": "www.example.com", "is_managed": True, "certificate_id": ""}],
        "glb_settings": {
            "target_protocol": "https",
            "target_port": 443,
            "cdn": {"is_enabled": True},
            "region_priorities": {"nyc3": 1, "fra1": 2},
            "failover_threshold": 50,
        },
        "target_load_balancer_ids": targets,
        "tls_cipher_policy": "STRONG",
    }


def build_reserved_ips(plan: Plan, droplets: list[Record], project_id: str) -> list[Record]:
    """Reserved IPs for about a tenth of the Droplets; every third is assigned to none, and so is billed."""
    rng = plan.rng("reserved_ips")
    count = 1 + plan.droplets // 10 if droplets else 0
    addresses = []
    for index in range(count):
        droplet: Record | None = None if index % 3 == 1 else rng.choice(droplets)
        region = droplet["region"] if droplet else catalog.REGION[rng.choice(catalog.HOME_REGIONS)]
        addresses.append(
            {
                "ip": f"138.197.{index // 250}.{index % 250 + 1}",
                "region": region,
                "droplet": droplet,
                "locked": False,
                "project_id": project_id,
            }
        )
    return addresses


def build_firewalls(plan: Plan, droplets: list[Record], balancers: list[Record]) -> list[Record]:
    """Cloud firewalls, by Droplet and by tag."""
    rng = plan.rng("firewalls")
    anywhere: Record = {"addresses": ["0.0.0.0/0", "::/0"]}
    uids = [one["id"] for one in balancers[:1]]
    firewalls = []
    for index, (region, ids) in enumerate(_members(droplets, 1 + plan.droplets // 15 if droplets else 0, rng)):
        sources: dict[str, Any] = {"load_balancer_uids": uids} if uids else anywhere
        firewalls.append(
            {
                "id": uuid(rng),
                "name": f"fw-{region}-{index:04d}",
                "status": "succeeded",
                "inbound_rules": [
                    {"protocol": "tcp", "ports": "22", "sources": {"addresses": ["203.0.113.0/24"]}},
                    {"protocol": "tcp", "ports": "8080", "sources": sources},
                ],
                "outbound_rules": [
                    {"protocol": "tcp", "ports": "0", "destinations": anywhere},
                    {"protocol": "icmp", "ports": "0", "destinations": anywhere},
                ],
                "created_at": stamp(plan.past(rng)),
                "droplet_ids": ids,
                "tags": ["web"] if index % 4 == 0 else [],
                "pending_changes": [],
            }
        )
    return firewalls


def build_domains(plan: Plan) -> list[Record]:
    """DNS zones with their zone files."""
    rng = plan.rng("domains")
    names = ["example.com", "example.net", "example.org"]
    count = plan.count("domains", 3 + plan.droplets // 50)
    names += [f"team-{index:03d}.example" for index in range(count - len(names))]
    return [{"name": name, "ttl": 1800, "zone_file": _zone_file(name, rng)} for name in names]


def _zone_file(name: str, rng: Random) -> str:
    records = [
        f"$ORIGIN {name}.",
        "$TTL 1800",
        f"{name}. IN SOA ns1.digitalocean.com. hostmaster.{name}. {rng.randrange(10**9)} 10800 3600 604800 1800",
        *(f"{name}. 1800 IN NS ns{number}.digitalocean.com." for number in (1, 2, 3)),
        f"{name}. 3600 IN A 146.190.0.1",
        f"www.{name}. 3600 IN CNAME {name}.",
        f'{name}. 3600 IN TXT "v=spf1 -all"',
    ]
    return "\n".join(records) + "\n"


def build_cdn_endpoints(plan: Plan) -> list[Record]:
    """CDN endpoints in front of Spaces buckets."""
    rng = plan.rng("cdn")
    return [
        {
            "id": uuid(rng),
            "origin": f"{bucket}.nyc3.digitaloceanspaces.com",
            "endpoint": f"{bucket}.nyc3.cdn.digitaloceanspaces.com",
            "ttl": 3600,
            "created_at": stamp(plan.past(rng)),
        }
        for bucket in ("assets", "downloads")
    ]
