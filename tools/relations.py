"""Writes docs/relations.md: entity-relationship diagrams of the raw tables, from the manifest and the schemas.

python -m tools.relations           writes it
python -m tools.relations --check   changes nothing; exits 1 if it is not up to date
"""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from source_digitalocean_quolum import SourceDigitaloceanQuolum
from source_digitalocean_quolum.utilization.table import Feature, load
from tools import dictionary, generated, streams_table
from tools.streams_table import Stream

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "relations.md"

INTRODUCTION = """\
# How the raw tables belong together

Written by `make docs` from the manifest and the schemas; change those, not this page. One diagram for each product,
with keys and the columns that lead to other tables; [the data dictionary](dictionary.md) has all columns. A line's
words are the join: `project_id = id` is `project_resources.project_id = projects.id`.

- `||--o{` leads from a list to what is read for each of its records: every row has its parent.
- `|o--o{` leads to what a row may name: the column may be empty, and what it names may be deleted since.
- `}o--o{` is a list of ids in one JSON column.
- `id as text`: the two columns differ in type, `CAST(id AS varchar)` makes them equal.

Two columns lead to tables of any product and are in no diagram, because lines to everything show nothing:

- a **URN** (`do:droplet:123`) names the kind and the id of a resource: in `project_resources.urn`,
  `invoice_items.resource_urn`, `vpc_members.urn`, and in `resource_urn` of `insights_resources` and of every
  utilization table;
- the **region**: `regions.slug` is in `region` or `region_slug`, or in `region ->> 'slug'` where `region` is an object.

[The models](models.md) have these joins done: one inventory of everything, with URN, region, project and cost.
"""

# Where the column that names the parent has another name than the part of the path that it fills.
PARENT_COLUMNS = {
    "app_bandwidth_daily": "app_id",
    "database_firewall_rules": "cluster_uuid",
    "registry_manifests": "repository",
    "registry_tags": "repository",
}
# A parent of which no single column is named, and one that only says when to ask again.
NO_COLUMN = {("billing_insights", "account")}
ONLY_ASKED = {("droplet_associated_resources", name) for name in ("reserved_ips", "snapshots", "volumes")}
# Their uuid is that of an invoice which is not issued yet.
OPEN_INVOICE = {"invoice_preview", "invoice_preview_items"}
# What a column of this name leads to, in every table that has it; a list leads to several.
REFERENCES = {
    "agent_uuid": ("genai_agents", "uuid"),
    "certificate_id": ("certificates", "id"),
    "cluster_id": ("kubernetes_clusters", "id"),
    "database_cluster_uuid": ("database_clusters", "id"),
    "database_id": ("database_clusters", "id"),
    "dataset_uuid": ("genai_evaluation_datasets", "dataset_uuid"),
    "deployment_id": ("app_deployments", "id"),
    "droplet_id": ("droplets", "id"),
    "droplet_ids": ("droplets", "id"),
    "embedding_model_uuid": ("genai_models", "uuid"),
    "invoice_uuid": ("invoices", "invoice_uuid"),
    "knowledge_base_uuid": ("genai_knowledge_bases", "uuid"),
    "load_balancer_id": ("load_balancers", "id"),
    "microvm_id": ("microvms", "id"),
    "node_pool_id": ("kubernetes_node_pools", "id"),
    "private_network_uuid": ("vpcs", "id"),
    "project_id": ("projects", "id"),
    "rule_id": ("insights_alert_rules", "id"),
    "scan_id": ("security_scans", "id"),
    "share_id": ("nfs_shares", "id"),
    "size_slug": ("sizes", "slug"),
    "snapshot_ids": ("snapshots", "id"),
    "subnet_uuid": ("vpc_subnets", "id"),
    "volume_ids": ("volumes", "id"),
    "vpc_id": ("vpcs", "id"),
    "vpc_ids": ("vpcs", "id"),
    "vpc_uuid": ("vpcs", "id"),
    "worker_subnet_uuid": ("vpc_subnets", "id"),
}


@dataclass(frozen=True)
class Relation:
    """A column of one table that names a row of another, or several; of a parent every row has one."""

    table: str
    column: str
    target: str
    key: str
    parent: bool = False

    @property
    def several(self) -> bool:
        """Whether the column is a list."""
        return kind(self.table, self.column) == "list"


def relations() -> dict[str, list[Relation]]:
    """What each table's columns lead to, by table."""
    found = {name: list(_of_manifest(stream)) for name, stream in _definitions().items()}
    found["droplet_firewalls"].append(Relation("droplet_firewalls", "id", "firewalls", "id", parent=True))
    for feature in load().features.values():
        found[feature.stream] = list(_of_feature(feature))
    for name, known in found.items():
        taken = {relation.column for relation in known}
        for column in dictionary.schema_of(name)["properties"]:
            target = REFERENCES.get(column)
            if target and column not in taken and target[0] != name and name not in OPEN_INVOICE:
                known.append(Relation(name, column, *target))
    return found


def _definitions() -> dict[str, Mapping[str, Any]]:
    manifest = SourceDigitaloceanQuolum().resolved_manifest
    return {stream["$parameters"]["name"]: stream for stream in manifest["streams"]}


def _of_manifest(stream: Mapping[str, Any]) -> Iterator[Relation]:
    name = stream["$parameters"]["name"]
    router = stream["retriever"].get("partition_router") or {}
    for parent in (router.get("underlying_partition_router") or router).get("parent_stream_configs", ()):
        target = parent["stream"]["$parameters"]["name"]
        if (name, target) in NO_COLUMN | ONLY_ASKED:
            continue
        column = PARENT_COLUMNS.get(name, parent["partition_field"])
        yield Relation(name, column, target, parent["parent_key"], parent=True)


def _of_feature(feature: Feature) -> Iterator[Relation]:
    for source in feature.resources:
        fields = re.findall(r"\{(\w+)\}", source.urn)
        if len(fields) == 1 and fields[0] in dictionary.schema_of(source.list)["properties"]:
            column = "resource_urn" if fields == ["urn"] else "resource_id"
            yield Relation(feature.stream, column, source.list, fields[0], parent=True)


def kind(table: str, column: str) -> str:
    """A column's type in words of the data dictionary."""
    return dictionary.type_of(dictionary.schema_of(table)["properties"][column])


def page() -> str:
    """The text of docs/relations.md."""
    found, leading = streams_table.streams(), relations()
    parts = [INTRODUCTION]
    for product, members in streams_table.grouped(found):
        parts += [f"## {product}\n", _diagram(members, leading)]
    return "\n".join(parts)


def _diagram(members: list[Stream], leading: Mapping[str, list[Relation]]) -> str:
    lines = [relation for stream in members for relation in leading[stream.name]]
    drawn = {relation.table for relation in lines} | {relation.target for relation in lines}
    tables = [stream for stream in members if stream.name in drawn]
    alone = [f"`{stream.name}`" for stream in members if stream.name not in drawn]
    text = ["```mermaid", "erDiagram", "    direction LR"]
    text += [f"    {_line(relation)}" for relation in lines]
    for stream in tables:
        text += [f"    {stream.name} {{", *_columns(stream, leading[stream.name]), "    }"]
    shown = "\n".join([*text, "```", ""]) if lines else ""
    return shown + (f"\nOn their own: {', '.join(alone)}.\n" if alone else "")


def _line(relation: Relation) -> str:
    ends = "||--o{" if relation.parent else "}o--o{" if relation.several else "|o--o{"
    same = kind(relation.table, relation.column) in {kind(relation.target, relation.key), "list"}
    key = relation.key if same else f"{relation.key} as text"
    return f'{relation.target} {ends} {relation.table} : "{relation.column} = {key}"'


def _columns(stream: Stream, leading: list[Relation]) -> Iterator[str]:
    keys = stream.primary_key.replace("`", "").split(", ")
    foreign = [relation.column for relation in leading]
    for column in dict.fromkeys([*keys, *foreign]):
        marks = ", ".join(mark for mark, names in (("PK", keys), ("FK", foreign)) if column in names)
        yield f"        {kind(stream.name, column).replace(' ', '_')} {column} {marks}"


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or with --check say whether it would change; the exit code."""
    return generated.run("Write the diagrams of the raw tables.", lambda: {TARGET: page()}, arguments)


if __name__ == "__main__":
    sys.exit(main())
