"""What is read: three accounts of lists, the same for everyone, and their answers."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.droplet import droplet

Row = dict[str, Any]

# Children of each parent.
_CHILDREN = 20


@dataclass(frozen=True)
class Listed:
    """A list as DigitalOcean has it: where, under which key its records stand, and which field names a record.

    A list with a `parent` is asked for once for each record of that one: `{id}` in its path.
    """

    name: str
    path: str
    records: str
    key: str
    parent: str = ""


@dataclass(frozen=True)
class Scenario:
    """An account: its lists, and how many records they hold together at full size."""

    name: str
    title: str
    records: int
    lists: tuple[Listed, ...]

    def described(self) -> str:
        """The lists as JSON, for peers that run in another environment."""
        return json.dumps([asdict(one) for one in self.lists])

    def answers(self, records: int) -> Iterator[tuple[str, str, list[Row]]]:
        """Each list of the account with so many records: its path, its key and all its rows."""
        parents, children, each = self._shape(records)
        for one in parents:
            make = droplet if one.name == "droplets" else _row
            yield one.path, one.records, [make(number) | {one.key: _key(one, number)} for number in range(each)]
        for child in children:
            for parent in range(each):
                rows = [_row(number) | {child.key: f"do:volume:{parent}-{number}"} for number in range(_CHILDREN)]
                yield child.path.format(id=f"id-{parent}"), child.records, rows

    def held(self, records: int) -> int:
        """How many rows `answers` has in all."""
        parents, children, each = self._shape(records)
        return each * (len(parents) + _CHILDREN * len(children))

    def _shape(self, records: int) -> tuple[list[Listed], list[Listed], int]:
        parents = [one for one in self.lists if not one.parent]
        children = [one for one in self.lists if one.parent]
        return parents, children, records // (_CHILDREN + 1) if children else records // len(parents)


def _key(one: Listed, number: int) -> Any:
    return number if one.name == "droplets" else f"{one.key}-{number}"


def _row(number: int) -> Row:
    text = "A record of the size that most have: some hundred bytes, two dates, a few words."
    return {"name": f"name-{number}", "created_at": "2026-01-01T00:00:00Z", "description": text, "status": "active"}


def _same(name: str, key: str = "id") -> Listed:
    return Listed(name, name, name, key)


_SMALL = (
    *(_same("volumes"), _same("snapshots"), _same("tags", "name"), _same("domains", "name"), _same("certificates")),
    *(_same("reserved_ips", "ip"), _same("firewalls"), _same("load_balancers"), _same("vpcs"), _same("vpc_peerings")),
    *(_same("vpc_nat_gateways"), _same("byoip_prefixes", "uuid"), _same("regions", "slug"), _same("sizes", "slug")),
    Listed("reserved_ipv6s", "reserved_ipv6", "reserved_ipv6s", "ip"),
    Listed("uptime_checks", "uptime/checks", "checks", "id"),
    Listed("alert_policies", "monitoring/alerts", "policies", "uuid"),
    Listed("kubernetes_clusters", "kubernetes/clusters", "kubernetes_clusters", "id"),
    Listed("database_clusters", "databases", "databases", "id"),
    Listed("droplet_autoscale_pools", "droplets/autoscale", "autoscale_pools", "id"),
    Listed("partner_attachments", "partner_network_connect/attachments", "partner_attachments", "id"),
    Listed("genai_agents", "gen-ai/agents", "agents", "uuid"),
    Listed("genai_knowledge_bases", "gen-ai/knowledge_bases", "knowledge_bases", "uuid"),
    Listed("genai_custom_models", "gen-ai/custom_models", "models", "uuid"),
    Listed("dedicated_inferences", "dedicated-inferences", "dedicated_inferences", "id"),
)

SCENARIOS = (
    Scenario("lists", "one long list of Droplets", 60_000, (_same("droplets"),)),
    Scenario("small", f"{len(_SMALL)} small streams", 2_500, _SMALL),
    Scenario(
        "children",
        "parents with children",
        4_200,
        (_same("projects"), Listed("project_resources", "projects/{id}/resources", "resources", "urn", "projects")),
    ),
)
