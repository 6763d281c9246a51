"""The first resources: account, compute, network, Kubernetes and database lists, apps, billing."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sandbox.auth import covers
from sandbox.endpoints import Endpoint, blanked, collection
from sandbox.paging import Ask, bounds, envelope
from sandbox.problems import bad_request, not_found
from sandbox.world import World, app_platform, dns
from sandbox.world.plan import Record
from sandbox.world.statement import Statement


def _account(world: World, ask: Ask) -> Record:
    blanks = {"droplet:read": ("droplet_limit",), "reserved_ip:read": ("floating_ip_limit",)}
    return {"account": blanked(world.account.record(), ask, blanks)}


def _droplets(world: World, ask: Ask) -> Sequence[Record]:
    kind, tag, name = (ask.query.get(parameter) for parameter in ("type", "tag_name", "name"))
    if kind not in {None, "droplets", "gpus"}:
        raise bad_request("type must be droplets or gpus")
    if kind == "gpus" and tag:
        raise bad_request("type=gpus can not be combined with tag_name")
    records = world.tables["gpu_droplets" if kind == "gpus" else "droplets"]
    if tag or name:
        return [one for one in records if (not tag or tag in one["tags"]) and (not name or one["name"] == name)]
    return records


def _volumes(world: World, ask: Ask) -> Sequence[Record]:
    name, region = ask.query.get("name"), ask.query.get("region")
    records = world.tables["volumes"]
    if name or region:
        return [
            one
            for one in records
            if (not name or one["name"] == name) and (not region or one["region"]["slug"] == region)
        ]
    return records


def _snapshots(world: World, ask: Ask) -> Sequence[Record]:
    kind = ask.query.get("resource_type")
    records = world.tables["snapshots"]
    return [one for one in records if one["resource_type"] == kind] if kind else records


def _images(world: World, ask: Ask) -> Sequence[Record]:
    return world.tables["images" if ask.query.get("private") == "true" else "public_images"]


def _domains(world: World, ask: Ask) -> Sequence[Record]:
    return [dns.zone(world.plan, one, ask.now) for one in world.tables["domains"]]


def _project_resources(world: World, ask: Ask) -> Sequence[Record]:
    records = world.project_resources(ask.path["project_id"], lambda scope: covers(ask.scopes, scope))
    if records is None:
        raise not_found()
    return records


def _tags(world: World, ask: Ask) -> Sequence[Record]:
    return [{**tag, "resources": blanked(tag["resources"], ask, _TAG_BLANKS)} for tag in world.tags()]


def _databases(world: World, ask: Ask) -> Record:
    tag = ask.query.get("tag_name")
    records = [one for one in world.tables["databases"] if not tag or tag in (one["tags"] or [])]
    return {"databases": [_without_credentials(blanked(one, ask, _DATABASE_BLANKS), ask) for one in records]}


def _without_credentials(database: Record, ask: Ask) -> Record:
    if covers(ask.scopes, "database:view_credentials"):
        return database
    blank = {"uri": "", "user": "", "password": ""}
    connections = {name: {**value, **blank} for name, value in database.items() if name.endswith("connection")}
    users = [{"name": user["name"], "role": user["role"]} for user in database["users"]]
    return {**database, **connections, "users": users}


def _apps(world: World, ask: Ask) -> Sequence[Record]:
    apps = [app_platform.current(world.plan, app, ask.now) for app in world.tables["apps"]]
    if ask.query.get("with_projects") == "true" and covers(ask.scopes, "project:read"):
        return apps
    return [{name: value for name, value in app.items() if name != "project_id"} for app in apps]


def _invoices(world: World, ask: Ask) -> Record:
    issued = [statement.header() for statement in world.ledger.issued(ask.now)]
    first, last = bounds(ask)
    body = envelope(ask, "invoices", issued[first:last], len(issued))
    return {**body, "invoice_preview": world.ledger.preview_header(ask.now)}


def _statement(world: World, ask: Ask) -> Statement:
    statement = world.ledger.find(ask.path["invoice_uuid"], ask.now)
    if statement is None:
        raise not_found()
    return statement


def _invoice_items(world: World, ask: Ask) -> Record:
    statement = _statement(world, ask)
    return envelope(ask, "invoice_items", statement.items(*bounds(ask)), len(statement))


def _billing_insights(world: World, ask: Ask) -> Record:
    if ask.path["account_urn"] != f"do:team:{world.account.team_uuid}":
        raise not_found()
    start, end = (_day(ask.path[name]) for name in ("start_date", "end_date"))
    if not timedelta(0) <= end - start <= timedelta(days=31):
        raise bad_request("end_date must be on or after start_date, and within 31 days of it")
    page, per_page = ask.page()
    total, points = world.ledger.insights(start, end, ask.now, *bounds(ask))
    pages = {"total_items": total, "total_pages": -(-total // per_page), "current_page": page}
    return {"data_points": points, **pages}


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise bad_request("dates are written YYYY-MM-DD") from error


_TAG_BLANKS = {
    "droplet:read": ("droplets",),
    "image:read": ("images",),
    "block_storage:read": ("volumes",),
    "snapshot:read": ("volume_snapshots",),
    "database:read": ("databases",),
}
_DATABASE_BLANKS = {"vpc:read": ("private_network_uuid",), "tag:read": ("tags",), "project:read": ("project_id",)}
_DROPLET_BLANKS = {
    "image:read": ("image", "backup_ids", "snapshot_ids"),
    "block_storage:read": ("volume_ids",),
    "tag:read": ("tags",),
    "vpc:read": ("vpc_uuid",),
}
_INVOICE = "/v2/customers/my/invoices/{invoice_uuid}"

ENDPOINTS = [
    Endpoint("/v2/account", ("account:read",), _account, "account"),
    collection("/v2/account/keys", "ssh_key:read", "ssh_keys", "ssh_keys"),
    collection("/v2/actions", "actions:read", lambda world, ask: world.actions(ask.now)),
    collection("/v2/projects", "project:read", "projects"),
    collection("/v2/projects/{project_id}/resources", "project:read", _project_resources),
    collection("/v2/tags", "tag:read", _tags),
    collection("/v2/regions", "regions:read", "regions"),
    collection("/v2/sizes", ("sizes:read", "regions:read"), "sizes"),
    collection("/v2/droplets", "droplet:read", _droplets, blanks=_DROPLET_BLANKS),
    collection("/v2/volumes", "block_storage:read", _volumes, blanks={"tag:read": ("tags",)}),
    collection("/v2/images", "image:read", _images, blanks={"tag:read": ("tags",)}),
    collection("/v2/snapshots", "snapshot:read", _snapshots, blanks={"tag:read": ("tags",)}),
    collection("/v2/load_balancers", "load_balancer:read", "load_balancers"),
    collection(
        "/v2/reserved_ips",
        "reserved_ip:read",
        "reserved_ips",
        blanks={"droplet:read": ("droplet",), "project:read": ("project_id",)},
    ),
    collection("/v2/firewalls", "firewall:read", "firewalls", blanks={"tag:read": ("tags",)}),
    collection("/v2/vpcs", "vpc:read", "vpcs"),
    collection("/v2/domains", "domain:read", _domains, "domains"),
    collection("/v2/cdn/endpoints", "cdn:read", "endpoints"),
    collection(
        "/v2/kubernetes/clusters",
        "kubernetes:read",
        "kubernetes_clusters",
        "kubernetes_clusters",
        blanks={"vpc:read": ("vpc_uuid",), "tag:read": ("tags",)},
    ),
    Endpoint("/v2/databases", ("database:read",), _databases, "databases"),
    collection("/v2/apps", "app:read", _apps),
    Endpoint("/v2/customers/my/balance", ("billing:read",), lambda world, ask: world.ledger.balance(ask.now)),
    collection("/v2/customers/my/billing_history", "billing:read", lambda world, ask: world.ledger.history(ask.now)),
    Endpoint("/v2/customers/my/invoices", ("billing:read",), _invoices, "invoices"),
    Endpoint(_INVOICE, ("billing:read",), _invoice_items, "invoice_items"),
    Endpoint(_INVOICE + "/csv", ("billing:read",), lambda world, ask: _statement(world, ask).csv()),
    Endpoint(
        _INVOICE + "/summary",
        ("billing:read",),
        lambda world, ask: _statement(world, ask).summary(world.account),
    ),
    Endpoint(
        "/v2/billing/{account_urn}/insights/{start_date}/{end_date}",
        ("billing:read",),
        _billing_insights,
        "data_points",
    ),
]
