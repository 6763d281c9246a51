"""Which paths the sandbox serves for networks: addresses, VPC, partner attachments, DNS, certificates, clusters."""

from collections.abc import Sequence

from sandbox.auth import covers
from sandbox.clock import parse
from sandbox.endpoints import Endpoint, collection, found, matching, whole
from sandbox.paging import Ask
from sandbox.problems import bad_request
from sandbox.world import World, addresses, clusters, dns, private
from sandbox.world.plan import Record

_ASSOCIATED = {
    "load_balancers": "load_balancer:read",
    "volumes": "block_storage:read",
    "volume_snapshots": "block_storage_snapshot:read",
}


def _byoip_ips(world: World, ask: Ask) -> Sequence[Record]:
    prefix = found(world, ask, "byoip_prefixes", "byoip_prefix_uuid", "uuid")
    return addresses.byoip_ips(world.plan, prefix, world.tables["droplets"])


def _vpc_members(world: World, ask: Ask) -> Sequence[Record]:
    vpc = found(world, ask, "vpcs", "vpc_id")
    kind = ask.query.get("resource_type")
    return private.members(world.tables, vpc, kind, lambda scope: covers(ask.scopes, scope))


def _subnets(world: World, ask: Ask) -> Sequence[Record]:
    return private.subnets(world.plan, world.tables, found(world, ask, "vpcs", "vpc_id"))


def _nat_gateways(world: World, ask: Ask) -> Sequence[Record]:
    return matching(world.tables["vpc_nat_gateways"], ask, "state", "region", "type", "name")


def _remote_routes(world: World, ask: Ask) -> Sequence[Record]:
    return private.remote_routes(world.plan, found(world, ask, "partner_attachments", "attachment_id"))


def _domain_records(world: World, ask: Ask) -> Sequence[Record]:
    zone = dns.zone(world.plan, found(world, ask, "domains", "domain_name", "name"), ask.now)
    return matching(dns.records(zone), ask, "type", "name")


def _certificates(world: World, ask: Ask) -> Sequence[Record]:
    return matching(world.tables["certificates"], ask, "name")


def _cluster(world: World, ask: Ask) -> Record:
    return found(world, ask, "kubernetes_clusters", "cluster_id")


def _cluster_associated(world: World, ask: Ask) -> Record:
    resources = clusters.associated(world.tables, _cluster(world, ask))
    return {name: rows if covers(ask.scopes, _ASSOCIATED[name]) else [] for name, rows in resources.items()}


def _routes(world: World, ask: Ask) -> Sequence[Record]:
    return private.routes(world.plan, world.tables, found(world, ask, "vpcs", "vpc_id"))


def _upgrades(world: World, ask: Ask) -> Sequence[Record]:
    _cluster(world, ask)
    return clusters.UPGRADES


def _messages(world: World, ask: Ask) -> Sequence[Record]:
    since = ask.query.get("since")
    try:
        begin = parse(since) if since else None
    except ValueError as error:
        raise bad_request("since must be a time in RFC 3339") from error
    return clusters.messages(world.plan, _cluster(world, ask), begin, ask.now)


_ATTACHMENTS = "/v2/partner_network_connect/attachments"
_CLUSTER = "/v2/kubernetes/clusters/{cluster_id}"

ENDPOINTS = [
    collection(
        "/v2/reserved_ipv6", "reserved_ip:read", "reserved_ipv6s", "reserved_ipv6s", {"droplet:read": ("droplet",)}
    ),
    collection("/v2/byoip_prefixes", "byoip_prefix:read", "byoip_prefixes"),
    collection("/v2/byoip_prefixes/{byoip_prefix_uuid}/ips", "byoip_prefix:read", _byoip_ips),
    collection("/v2/vpcs/{vpc_id}/members", "vpc:read", _vpc_members),
    collection("/v2/vpcs/{vpc_id}/subnets", "vpc:read", _subnets, "vpc_subnet"),
    collection("/v2/vpcs/{vpc_id}/routes", "vpc:read", _routes),
    collection("/v2/vpc_peerings", "vpc_peering:read", "vpc_peerings"),
    collection("/v2/vpc_nat_gateways", "nat_gateway:read", _nat_gateways),
    collection(_ATTACHMENTS, "partner_network_connect:read", "partner_attachments", "partner_attachments"),
    collection(_ATTACHMENTS + "/{attachment_id}/remote_routes", "partner_network_connect:read", _remote_routes),
    collection("/v2/domains/{domain_name}/records", "domain:read", _domain_records, "domain_records"),
    collection("/v2/certificates", "certificate:read", _certificates),
    Endpoint(_CLUSTER + "/destroy_with_associated_resources", ("kubernetes:read",), _cluster_associated),
    whole(_CLUSTER + "/upgrades", "kubernetes:read", _upgrades, "available_upgrade_versions"),
    whole(_CLUSTER + "/status_messages", "kubernetes:read", _messages, "messages"),
]
