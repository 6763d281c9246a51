"""The measured resources of a world."""

from collections.abc import Callable, Iterator
from functools import cache, partial
from zlib import crc32

from sandbox.clock import parse
from sandbox.telemetry import apps, load_balancers, machines, products
from sandbox.telemetry.hosts import Host
from sandbox.telemetry.subjects import Subject, texts
from sandbox.telemetry.timeline import Timeline
from sandbox.telemetry.waves import STEP
from sandbox.world import World, catalog, grouping
from sandbox.world.plan import Record

# Where inference, which belongs to no region, is measured.
_TEAM_REGION = catalog.HOME_REGIONS[0]


class Inventory:
    """Makes the subjects of a world. `spread` gives each resource a phase of its own instead of full 120 s."""

    def __init__(self, world: World, *, spread: bool) -> None:
        self._world, self._spread = world, spread

    def subjects(self) -> list[Subject]:
        """Every resource that is or could be measured."""
        found = [*self._machines(), *self._services(), *self._products()]
        for subject in found:
            subject.work = self._world.work.get(subject.urn, 1.0)
            subject.pattern = self._world.patterns.get(subject.urn)
        return found

    def _timeline(self, urn: str, created: str, *, restarts: bool = False, silent: bool = False) -> Timeline:
        phase = crc32(urn.encode()) % STEP if self._spread else 0
        born = int(parse(created).timestamp())
        return Timeline(f"{self._world.plan.seed}/{urn}", born, phase, restarts, silent)

    def _machines(self) -> Iterator[Subject]:
        tables = self._world.tables
        nodes: dict[str, tuple[Subject, Callable[[], Host]]] = {}
        for droplet in [*tables["droplets"], *tables["gpu_droplets"]]:
            urn = f"do:droplet:{droplet['id']}"
            silent = droplet["id"] in self._world.agentless or droplet["status"] != "active"
            timeline = self._timeline(urn, droplet["created_at"], restarts=True, silent=silent)
            region = droplet["region"]["slug"]
            subject = Subject("droplet", urn, str(droplet["id"]), droplet["name"], region, timeline, droplet["tags"])
            made = _kept(subject, droplet)
            subject.parts = partial(machines.droplet_parts, made)
            nodes[subject.id] = subject, made
            yield subject
        for cluster in tables["kubernetes_clusters"]:
            urn = f"do:kubernetes:{cluster['id']}"
            timeline = self._timeline(urn, cluster["created_at"])
            about = ("kubernetes_cluster", urn, cluster["id"], cluster["name"], cluster["region"])
            yield Subject(*about, timeline, cluster["tags"], machines.api_server_parts)
            for pool in cluster["node_pools"]:
                for node in pool["nodes"]:
                    droplet_subject, made = nodes[node["droplet_id"]]
                    parts = partial(machines.node_parts, made, node["name"])
                    about = ("kubernetes_node", urn, node["id"], cluster["name"], cluster["region"])
                    yield Subject(*about, droplet_subject.timeline, cluster["tags"], parts)

    def _services(self) -> Iterator[Subject]:
        tables = self._world.tables
        for app in tables["apps"]:
            urn = f"do:app:{app['id']}"
            about = ("app", urn, app["id"], app["spec"]["name"], app["region"]["data_centers"][-1])
            yield Subject(*about, self._timeline(urn, app["created_at"]), [], partial(apps.app_parts, app))
        regions = {one["id"]: one["region"]["slug"] for one in tables["load_balancers"] if "region" in one}
        for balancer in tables["load_balancers"]:
            urn = f"do:loadbalancer:{balancer['id']}"
            region = regions.get(balancer["id"]) or regions[balancer["target_load_balancer_ids"][0]]
            about = ("load_balancer", urn, balancer["id"], balancer["name"], region)
            parts = partial(load_balancers.load_balancer_parts, _still(balancer))
            yield Subject(*about, self._timeline(urn, balancer["created_at"]), _tag_of(balancer), parts)
        for pool in tables["autoscale_pools"]:
            urn = f"do:autoscale_pool:{pool['id']}"
            about = ("autoscale_pool", urn, pool["id"], pool["name"], pool["droplet_template"]["region"])
            yield Subject(*about, self._timeline(urn, pool["created_at"]), [], partial(apps.autoscale_parts, pool))

    def _products(self) -> Iterator[Subject]:
        tables = self._world.tables
        for one in tables["databases"]:
            about = (f"do:dbaas:{one['id']}", one["id"], one["name"], one["region"])
            timeline = self._timeline(about[0], one["created_at"])
            yield Subject("database", *about, timeline, texts(one, "tags"), partial(products.database_parts, one))
        for one in tables["namespaces"]:
            about = (f"do:functions_namespace:{one['namespace']}", one["uuid"], one["label"], one["region"])
            timeline = self._timeline(about[0], one["created_at"])
            yield Subject("namespace", *about, timeline, [], products.functions_parts)
        for one in tables["registries"]:
            about = (f"do:registry:{one['name']}", one["name"], one["name"], one["region"])
            timeline = self._timeline(about[0], one["created_at"])
            yield Subject("registry", *about, timeline, [], products.registry_parts)
        for one in tables["vector_databases"]:
            about = (f"do:vector_database:{one['id']}", one["id"], one["name"], one["region"])
            timeline = self._timeline(about[0], one["created_at"])
            yield Subject("vector_database", *about, timeline, one["tags"], products.vector_database_parts)
        yield from self._inference()
        for one in tables["volumes"]:
            about = (f"do:volume:{one['id']}", one["id"], one["name"], one["region"]["slug"])
            timeline = self._timeline(about[0], one["created_at"])
            yield Subject("volume", *about, timeline, texts(one, "tags"), products.volume_parts)
        for one in tables["microvms"]:
            about = (f"do:microvm:{one['id']}", one["id"], one["name"], one["region"])
            timeline = self._timeline(about[0], one["created_at"])
            yield Subject("microvm", *about, timeline, texts(one, "tags"), products.microvm_parts)
        project = next(one for one in tables["projects"] if one["is_default"])
        for place, urn in enumerate(grouping.SPACES):
            name = urn.rsplit(":", 1)[1]
            region = catalog.HOME_REGIONS[place % 2]
            timeline = self._timeline(urn, project["created_at"])
            yield Subject("bucket", urn, name, name, region, timeline, [], products.spaces_parts)
        urn = f"do:team:{self._world.account.team_uuid}"
        timeline = self._timeline(urn, project["created_at"])
        yield Subject(
            "team", urn, self._world.account.team_uuid, "", _TEAM_REGION, timeline, [], products.inference_parts
        )

    def _inference(self) -> Iterator[Subject]:
        tables = self._world.tables
        for one in tables["dedicated_inferences"]:
            about = (f"do:dedicated_inference:{one['id']}", one["id"], one["spec"]["name"], one["region"])
            timeline = self._timeline(about[0], one["created_at"])
            yield Subject("dedicated_inference", *about, timeline, [], products.dedicated_inference_parts)
        for one in tables["genai_routers"]:
            about = (f"do:inference_router:{one['uuid']}", one["uuid"], one["name"], _TEAM_REGION)
            timeline = self._timeline(about[0], one["created_at"])
            yield Subject("inference_router", *about, timeline, [], products.router_parts)
        project = next(one for one in tables["projects"] if one["is_default"])
        urn = f"do:mars_agent:{self._world.account.team_uuid[:8]}"
        timeline = self._timeline(urn, project["created_at"])
        yield Subject(
            "agent", urn, urn.rpartition(":")[2], "concierge", _TEAM_REGION, timeline, [], products.agent_parts
        )


def _kept(subject: Subject, droplet: Record) -> Callable[[], Host]:
    """The machine of a Droplet, made once for the Droplet and for the Kubernetes node that it is."""
    return cache(partial(machines.machine, subject, droplet))


def _still(balancer: Record) -> Record:
    """A balancer's record whose backends do not change under the series already told."""
    return {**balancer, "droplet_ids": list(balancer["droplet_ids"])}


def _tag_of(balancer: Record) -> list[str]:
    return [balancer["tag"]] if balancer["tag"] else []
