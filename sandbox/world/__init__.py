"""The sandbox's world: one team's resources, a function of seed, size, history and the current moment."""

from collections.abc import Callable, Iterable
from datetime import datetime

from sandbox.world import (
    addresses,
    alerts,
    business,
    catalog,
    clusters,
    compute,
    dns,
    fleet,
    functions,
    genai,
    genai_evaluations,
    genai_models,
    grouping,
    inference,
    insights,
    knowledge,
    network,
    patterns,
    private,
    registry,
    storage,
    vector_databases,
    waste,
)
from sandbox.world.account import build_account, build_ssh_keys
from sandbox.world.actions import ActionLog
from sandbox.world.apps import build_apps
from sandbox.world.bill import Bill
from sandbox.world.billing import Ledger
from sandbox.world.databases import build_databases
from sandbox.world.kubernetes import build_clusters
from sandbox.world.plan import Plan, Record
from sandbox.world.resizes import list_resizes

# What identifies a record where it is not `id`.
_IDENTITY = {
    "reserved_ips": "ip",
    "reserved_ipv6s": "ip",
    "domains": "name",
    **dict.fromkeys(("byoip_prefixes", "namespaces", "genai_agents", "genai_knowledge_bases"), "uuid"),
}
# Each builds further tables from those that are there; a later one may use the tables of an earlier one.
_BUILDERS: list[Callable[[Plan, grouping.Tables], grouping.Tables]] = [
    clusters.build,
    addresses.build,
    private.build,
    dns.build,
    fleet.build,
    storage.build,
    registry.build,
    alerts.build,
    business.build,
    vector_databases.build,
    functions.build,
    insights.build,
    inference.build,
    genai_models.build,
    genai.build,
    knowledge.build,
    genai_evaluations.build,
]


class World:
    """Every resource of the team. `tables` maps a resource's name to its records, in list order.

    `unused` are those of the `products` that the team has never used: their endpoints answer 404 or 412.
    """

    products = frozenset({"microvms", "monitoring_sinks", "organizations", "prepayment", "registry", "security"})

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.unused = {"organizations"}
        self.account = build_account(plan)
        self.tables: grouping.Tables = {
            "ssh_keys": build_ssh_keys(plan),
            "regions": catalog.REGIONS,
            "sizes": catalog.SIZES,
            "public_images": catalog.PUBLIC_IMAGES,
            "projects": grouping.build_projects(plan),
            "vpcs": network.build_vpcs(plan),
            "domains": network.build_domains(plan),
            "endpoints": network.build_cdn_endpoints(plan),
        }
        projects = [project["id"] for project in self.tables["projects"]]
        vpcs = network.default_vpc(self.tables["vpcs"])
        droplets = compute.build_droplets(plan, vpcs)
        kubernetes_clusters = build_clusters(plan, droplets, vpcs)
        volumes = compute.build_volumes(plan, droplets)
        images = compute.build_images(plan, droplets)
        balancers = network.build_load_balancers(plan, droplets, self.tables["vpcs"], projects[1])
        self.tables |= {
            "droplets": droplets,
            "gpu_droplets": compute.build_gpu_droplets(plan, vpcs),
            "volumes": volumes,
            "images": images,
            "snapshots": compute.build_snapshots(plan, droplets, volumes, images),
            "load_balancers": balancers,
            "reserved_ips": network.build_reserved_ips(plan, droplets, projects[1]),
            "firewalls": network.build_firewalls(plan, droplets, balancers),
            "kubernetes_clusters": kubernetes_clusters,
            "databases": build_databases(plan, vpcs, projects[1]),
            "apps": build_apps(plan, projects[2]),
        }
        for build in _BUILDERS:
            self.tables |= build(plan, self.tables)
        self.agentless = waste.agentless(self.tables)
        # URN -> the share of its usual work that a resource does, where it is not all of it.
        self.work: dict[str, float] = waste.seed(self.tables, self.agentless) if plan.waste else {}
        # URN -> how the work of a Droplet is spread over time, where it is not as usual.
        self.patterns: dict[str, patterns.Pattern] = (
            patterns.seed_patterns(self.tables, self.agentless) if plan.waste else {}
        )
        self._actions = ActionLog(plan, droplets, list_resizes(plan, self.tables))
        self.ledger = Ledger(plan, self.account, Bill(plan, self.tables).lines())
        self._tags: list[Record] | None = None

    def actions(self, now: datetime) -> list[Record]:
        """Every action started by `now`, newest first."""
        return self._actions.records(now)

    def tags(self) -> list[Record]:
        """Every tag in use."""
        if self._tags is None:
            self._tags = grouping.tags(self.tables)
        return self._tags

    def project_resources(self, project_id: str, sees: Callable[[str], bool]) -> list[Record] | None:
        """The resources of a project that a token sees; None when there is no such project."""
        if all(project["id"] != project_id for project in self.tables["projects"]):
            return None
        return grouping.project_resources(self.tables, project_id, sees)

    def delete(self, resource: str, ids: Iterable[int | str], now: datetime) -> int:
        """Remove records by id; answers how many were there. Raises KeyError for an unknown resource.

        What pointed at a deleted Droplet lets go of it, and its billing stops.
        """
        wanted = {str(id_) for id_ in ids}
        identity = _IDENTITY.get(resource, "id")
        removed = 0
        for name in ["droplets", "gpu_droplets"] if resource == "droplets" else [resource]:
            kept = [record for record in self.tables[name] if str(record[identity]) not in wanted]
            removed += len(self.tables[name]) - len(kept)
            self.tables[name] = kept
        if resource == "droplets":
            self._let_go(wanted)
        self.ledger.end(wanted, now)
        self._tags = None
        return removed

    def _let_go(self, droplets: set[str]) -> None:
        for table in ("volumes", "load_balancers", "firewalls"):
            for record in self.tables[table]:
                record["droplet_ids"] = [id_ for id_ in record["droplet_ids"] if str(id_) not in droplets]
        for address in (*self.tables["reserved_ips"], *self.tables["reserved_ipv6s"]):
            if address["droplet"] and str(address["droplet"]["id"]) in droplets:
                address["droplet"] = None
        for cluster in self.tables["kubernetes_clusters"]:
            for pool in cluster["node_pools"]:
                pool["nodes"] = [node for node in pool["nodes"] if node["droplet_id"] not in droplets]
                pool["count"] = len(pool["nodes"])
