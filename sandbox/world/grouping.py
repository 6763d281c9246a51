"""What cuts across products: projects, the resources in them, and tags."""

from collections import Counter
from collections.abc import Callable, Iterable

from sandbox.clock import stamp
from sandbox.world.plan import Plan, Record, uuid

Tables = dict[str, list[Record]]

# Table -> (scope that lets a token see it, URN of a record). Types: the specification's URN pattern.
_URNS: dict[str, tuple[str, Callable[[Record], str]]] = {
    "droplets": ("droplet:read", lambda one: f"do:droplet:{one['id']}"),
    "gpu_droplets": ("droplet:read", lambda one: f"do:droplet:{one['id']}"),
    "volumes": ("block_storage:read", lambda one: f"do:volume:{one['id']}"),
    "databases": ("database:read", lambda one: f"do:dbaas:{one['id']}"),
    "domains": ("domain:read", lambda one: f"do:domain:{one['name']}"),
    "load_balancers": ("load_balancer:read", lambda one: f"do:loadbalancer:{one['id']}"),
    "reserved_ips": ("reserved_ip:read", lambda one: f"do:floatingip:{one['ip']}"),
    "kubernetes_clusters": ("kubernetes:read", lambda one: f"do:kubernetes:{one['id']}"),
}
SPACES = ["do:space:assets", "do:space:downloads", "do:space:backups"]
# What DigitalOcean calls each table under `tags[].resources`.
_TAGGED = {
    "droplets": "droplets",
    "images": "images",
    "volumes": "volumes",
    "snapshots": "volume_snapshots",
    "databases": "databases",
}


def build_projects(plan: Plan) -> list[Record]:
    """The default project and two of the team's own."""
    rng = plan.rng("projects")
    owner = uuid(rng)
    rows = [
        ("first-project", "Just trying out DigitalOcean", "Development", True),
        ("platform", "Operational / Developer tooling", "Production", False),
        ("storefront", "Web Application", "Production", False),
    ]
    return [
        {
            "id": uuid(rng),
            "owner_uuid": owner,
            "owner_id": 258_992,
            "name": name,
            "description": f"Everything of {name}",
            "purpose": purpose,
            "environment": environment,
            "is_default": is_default,
            "created_at": stamp(plan.past(rng, 900)),
            "updated_at": stamp(plan.past(rng, 60)),
        }
        for name, purpose, environment, is_default in rows
    ]


def project_of(projects: list[Record], record: Record) -> Record:
    """Where a record lives: where it says, else by its own id or name, the same on every call."""
    for project in projects:
        if record.get("project_id") == project["id"]:
            return project
    text = str(record.get("id") or record.get("name"))
    return projects[sum(text.encode()) % len(projects)]


def project_resources(tables: Tables, project_id: str, sees: Callable[[str], bool]) -> list[Record]:
    """The resources of one project, of the types the token may read."""
    projects = tables["projects"]
    project = next(one for one in projects if one["id"] == project_id)
    urns = [(space, project["created_at"]) for space in SPACES if project["is_default"]]
    for table, (scope, urn) in _URNS.items():
        if sees(scope):
            urns += [
                (urn(record), record.get("created_at", project["created_at"]))
                for record in tables[table]
                if project_of(projects, record) is project
            ]
    return [
        {
            "urn": urn,
            "assigned_at": assigned,
            "links": {"self": f"https://api.digitalocean.com/v2/{urn}"},
            "status": "ok",
        }
        for urn, assigned in urns
    ]


def tags(tables: Tables) -> list[Record]:
    """Every tag in use, with the number of resources of each type."""
    counts: dict[str, Counter[str]] = {}
    last: dict[tuple[str, str], str] = {}
    for table, kind in _TAGGED.items():
        for record in [*tables[table], *(tables["gpu_droplets"] if table == "droplets" else [])]:
            for tag in _tags_of(kind, record):
                counts.setdefault(tag, Counter())[kind] += 1
                last[tag, kind] = f"https://api.digitalocean.com/v2/{table}/{record['id']}"
    return [_tag(name, counts[name], last) for name in sorted(counts)]


def _tags_of(kind: str, record: Record) -> Iterable[str]:
    # Droplet snapshots are images; only volume snapshots are counted as such.
    if kind == "volume_snapshots" and record["resource_type"] != "volume":
        return []
    return record["tags"] or []


def _tag(name: str, counts: Counter[str], last: dict[tuple[str, str], str]) -> Record:
    kinds = {
        kind: {"count": counts[kind], **({"last_tagged_uri": last[name, kind]} if counts[kind] else {})}
        for kind in _TAGGED.values()
    }
    newest = [last[name, kind] for kind in _TAGGED.values() if counts[kind]]
    return {"name": name, "resources": {"count": counts.total(), "last_tagged_uri": newest[0], **kinds}}
