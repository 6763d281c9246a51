"""Which paths the sandbox serves for databases, App Platform and functions."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sandbox.auth import covers
from sandbox.clock import parse
from sandbox.endpoints import Endpoint, Rows, collection, found, whole
from sandbox.paging import Ask, bounds, envelope
from sandbox.problems import Problem, bad_request, not_found
from sandbox.world import World, app_platform, database_children, functions, reference, vector_databases
from sandbox.world.plan import Record

_MOST_APPS = 100


def _cluster(world: World, ask: Ask) -> Record:
    return found(world, ask, "databases", "database_cluster_uuid")


def _app(world: World, ask: Ask) -> Record:
    return app_platform.current(world.plan, found(world, ask, "apps", "app_id"), ask.now)


def _namespace(world: World, ask: Ask) -> Record:
    return found(world, ask, "namespaces", "namespace_id", "namespace")


def _seen(records: Sequence[Record], ask: Ask) -> list[Record]:
    """Without `database:view_credentials` a connection shows where it leads, not with what."""
    if covers(ask.scopes, "database:view_credentials"):
        return list(records)
    blank = {"uri": "", "user": "", "password": ""}
    return [
        {name: {**value, **blank} if name.endswith("connection") else value for name, value in record.items()}
        for record in records
    ]


def _of_cluster(path: str, answer: Callable[[World, Record, Ask], Record], key: str) -> Endpoint:
    """What belongs to one cluster: never paged."""
    return Endpoint(
        f"/v2/databases/{{database_cluster_uuid}}/{path}",
        ("database:read",),
        lambda world, ask: answer(world, _cluster(world, ask), ask),
        key,
    )


def _not_for_caching(cluster: Record) -> Record:
    if cluster["engine"] in database_children.CACHING:
        raise Problem(422, "unprocessable_entity", "this operation is not supported for this engine")
    return cluster


def _replicas(world: World, cluster: Record, ask: Ask) -> Record:
    return {"replicas": _seen(database_children.replicas(world.plan, _not_for_caching(cluster)), ask)}


def _backups(world: World, cluster: Record, ask: Ask) -> Record:
    return database_children.backups(world.plan, _not_for_caching(cluster), ask.now)


def _topic(_: World, cluster: Record, ask: Ask) -> Record:
    name = ask.path["topic_name"]
    topic = next((one for one in database_children.topics(cluster) if one["name"] == name), None)
    if topic is None:
        raise not_found()
    return {"topic": database_children.topic(cluster, topic, ask.now)}


def _vector_databases(world: World, ask: Ask) -> Record:
    """Pages without links: only a total."""
    records = world.tables["vector_databases"]
    first, last = bounds(ask)
    return {"vector_dbs": records[first:last], "total": len(records)}


def _vector_backups(world: World, ask: Ask) -> Sequence[Record]:
    return vector_databases.backups(world.plan, found(world, ask, "vector_databases", "id"), ask.now)


def _without_meta(path: str, rows: Rows) -> Endpoint:
    """A paged list with links but no total."""
    key = path.rsplit("/", 1)[1].replace("-", "_")

    def answer(world: World, ask: Ask) -> Record:
        records = rows(world, ask)
        first, last = bounds(ask)
        body = envelope(ask, key, records[first:last], len(records))
        return {name: value for name, value in body.items() if name != "meta"}

    return Endpoint(path, ("app:read",), answer, key)


def _events(world: World, ask: Ask) -> Sequence[Record]:
    return app_platform.events(world.plan, found(world, ask, "apps", "app_id"), ask.now)


def _job_invocations(world: World, ask: Ask) -> Sequence[Record]:
    return app_platform.job_invocations(world.plan, found(world, ask, "apps", "app_id"), ask.now)


def _bandwidth(world: World, ask: Ask) -> Record:
    """One closed day of up to a hundred apps; a day before an app was made has no row for it."""
    ids = ask.body.get("app_ids")
    if not isinstance(ids, list) or not 1 <= len(ids) <= _MOST_APPS:
        raise bad_request(f"app_ids must name 1 to {_MOST_APPS} apps")
    today = ask.now.replace(hour=0, minute=0, second=0, microsecond=0)
    day = _day(ask.body["date"]) if "date" in ask.body else today - timedelta(days=1)
    usage = [
        {"app_id": app["id"], "bandwidth_bytes": app_platform.bandwidth(world.plan, app, f"{day:%Y-%m-%d}")}
        for app in world.tables["apps"]
        if app["id"] in ids and app["created_at"][:10] <= f"{day:%Y-%m-%d}" and day < today
    ]
    return {"app_bandwidth_usage": usage, "date": f"{day:%Y-%m-%d}T00:00:00Z"}


def _day(text: str) -> datetime:
    try:
        return parse(text).replace(hour=0, minute=0, second=0, microsecond=0)
    except (TypeError, ValueError) as error:
        raise bad_request("date must be an RFC 3339 date-time") from error


def _access_keys(world: World, ask: Ask) -> Record:
    keys = functions.access_keys(world.plan, _namespace(world, ask))
    return {"access_keys": keys, "count": len(keys)}


_APP = "/v2/apps/{app_id}"
_NAMESPACE = "/v2/functions/namespaces/{namespace_id}"
_FUNCTIONS = ("function:read", "function:admin")

ENDPOINTS = [
    Endpoint("/v2/databases/options", ("database:read",), lambda world, ask: reference.database_options(), "options"),
    _of_cluster("replicas", _replicas, "replicas"),
    _of_cluster("backups", _backups, "backups"),
    _of_cluster(
        "events", lambda world, one, ask: {"events": database_children.events(world.plan, one, ask.now)}, "events"
    ),
    _of_cluster("firewall", lambda world, one, ask: {"rules": one["rules"]}, "rules"),
    _of_cluster("pools", lambda world, one, ask: {"pools": _seen(database_children.pools(one), ask)}, "pools"),
    _of_cluster("topics", lambda world, one, ask: {"topics": database_children.topics(one)}, "topics"),
    _of_cluster("topics/{topic_name}", _topic, "topic"),
    _of_cluster(
        "indexes", lambda world, one, ask: {"indexes": database_children.indexes(world.plan, one, ask.now)}, "indexes"
    ),
    _of_cluster("logsink", lambda world, one, ask: {"sinks": database_children.logsinks(world.plan, one)}, "sinks"),
    _of_cluster("config", lambda world, one, ask: database_children.config(one), "config"),
    _of_cluster("autoscale", lambda world, one, ask: database_children.autoscale(one), "autoscale"),
    Endpoint("/v2/vector-databases", ("database:read",), _vector_databases, "vector_dbs"),
    whole("/v2/vector-databases/{id}/backups", "database:read", _vector_backups),
    Endpoint("/v2/apps/tiers/instance_sizes", ("app:read",), lambda world, ask: reference.instance_sizes()),
    whole("/v2/apps/regions", "app:read", lambda world, ask: reference.APP_REGIONS),
    Endpoint("/v2/apps/metrics/bandwidth_daily", ("app:read",), _bandwidth, "app_bandwidth_usage", "POST"),
    whole(_APP + "/instances", "app:read", lambda world, ask: app_platform.instances(_app(world, ask))),
    collection(
        _APP + "/deployments",
        "app:read",
        lambda world, ask: app_platform.deployments(world.plan, found(world, ask, "apps", "app_id"), ask.now),
    ),
    _without_meta(_APP + "/events", _events),
    _without_meta(_APP + "/job-invocations", _job_invocations),
    whole(_APP + "/alerts", "app:read", lambda world, ask: app_platform.alerts(world.plan, _app(world, ask))),
    Endpoint(
        _APP + "/health",
        ("app:read",),
        lambda world, ask: app_platform.health(world.plan, _app(world, ask), ask.now),
        "app_health",
    ),
    Endpoint(
        "/v2/functions/namespaces",
        _FUNCTIONS,
        lambda world, ask: {"namespaces": world.tables["namespaces"]},
        "namespaces",
    ),
    Endpoint(
        _NAMESPACE + "/triggers",
        _FUNCTIONS,
        lambda world, ask: {"triggers": functions.triggers(world.plan, _namespace(world, ask), ask.now)},
        "triggers",
    ),
    Endpoint(_NAMESPACE + "/keys", ("function:admin",), _access_keys, "access_keys"),
]
