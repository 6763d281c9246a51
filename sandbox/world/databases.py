"""Managed database clusters of every engine, with planted secrets wherever DigitalOcean returns real ones."""

from sandbox.clock import stamp
from sandbox.world import catalog
from sandbox.world.plan import Plan, Record, uuid

# Every secret the sandbox plants starts with this, so that a test can look for it in whatever comes out.
PLANTED = "PLANTED-SECRET"

# engine, version, protocol, port, database
_ENGINES = [
    ("pg", "17", "postgresql", 25060, "defaultdb"),
    ("mysql", "8", "mysql", 25060, "defaultdb"),
    ("valkey", "8", "valkeys", 25061, ""),
    ("mongodb", "8.0", "mongodb+srv", 27017, "admin"),
    ("kafka", "3.8", "kafka", 25073, ""),
    ("opensearch", "2", "https", 25060, ""),
]
# size slug, USD a month, USD an hour, storage MiB
SIZES = {
    "db-s-1vcpu-1gb": (15, 0.02232, 10_240),
    "db-s-1vcpu-2gb": (30, 0.04464, 30_720),
    "db-s-2vcpu-4gb": (60, 0.08929, 61_440),
    "db-s-4vcpu-8gb": (120, 0.17857, 143_360),
}


def connection(where: str, engine: str, host: str) -> Record:
    """A connection to an engine at `host`; `where` names the field in the planted password."""
    return _connection(where, next(row for row in _ENGINES if row[0] == engine), host)


def _connection(where: str, engine: tuple[str, str, str, int, str], host: str) -> Record:
    _, _, protocol, port, database = engine
    password = f"{PLANTED}-{where}-password"
    return {
        "uri": f"{protocol}://doadmin:{password}@{host}:{port}/{database}?sslmode=require",
        "database": database,
        "host": host,
        "port": port,
        "user": "doadmin",
        "password": password,
        "ssl": True,
    }


def build_databases(plan: Plan, vpcs: dict[str, str], project_id: str) -> list[Record]:
    """At least one cluster of each engine; one for every 25 Droplets, at most 300."""
    rng = plan.rng("databases")
    databases = []
    count = plan.count("databases", max(len(_ENGINES), min(plan.droplets // 25, 300)))
    # The team's logs and knowledge bases are in OpenSearch, however few clusters there are.
    engines = _ENGINES if count >= len(_ENGINES) else [*_ENGINES[: count - 1], _ENGINES[-1]]
    for index in range(count):
        engine = engines[index % len(engines)]
        region = rng.choice(catalog.HOME_REGIONS)
        name = f"db-{engine[0]}-{region}-{index:03d}"
        cluster_id = uuid(rng)
        size = rng.choice(list(SIZES))
        # The first cluster has a standby, so that every sandbox has one, with its connections and a replica.
        nodes = 3 if engine[0] == "kafka" else max(rng.choice([1, 1, 2]), 2 if index == 0 else 1)
        host = f"{name}-do-user-{plan.seed}-0.k.db.ondigitalocean.com"
        database = {
            "id": cluster_id,
            "name": name,
            "engine": engine[0],
            "version": engine[1],
            "semantic_version": f"{engine[1]}.0",
            "num_nodes": nodes,
            "size": size,
            "region": region,
            "status": "online",
            "created_at": stamp(plan.past(rng)),
            "private_network_uuid": vpcs[region],
            "tags": ["env:prod"] if index % 2 == 0 else None,
            "db_names": ["defaultdb", "reporting"] if engine[0] in {"pg", "mysql"} else None,
            "connection": _connection("connection", engine, host),
            "private_connection": _connection("private_connection", engine, "private-" + host),
            "users": [_user("doadmin", "primary", engine[0]), _user("reporter", "normal", engine[0])],
            "maintenance_window": {"day": "sunday", "hour": "03:00:00", "pending": index % 3 == 0},
            "project_id": project_id,
            "rules": [
                {
                    "uuid": uuid(rng),
                    "cluster_uuid": cluster_id,
                    "type": "tag",
                    "value": "api",
                    "created_at": stamp(plan.past(rng, 90)),
                }
            ],
            "version_end_of_life": "2029-11-08T00:00:00Z",
            "version_end_of_availability": "2029-05-08T00:00:00Z",
            "storage_size_mib": SIZES[size][2],
            "metrics_endpoints": [{"host": f"metrics-{host}", "port": 9273}],
            "do_settings": {"service_cnames": []},
        }
        if nodes > 1 and engine[0] in {"pg", "mysql"}:
            database["standby_connection"] = _connection("standby_connection", engine, "replica-" + host)
            database["standby_private_connection"] = _connection(
                "standby_private_connection", engine, "private-replica-" + host
            )
        extra = {"opensearch": "ui_connection", "kafka": "schema_registry_connection"}.get(engine[0])
        if extra:
            connection = _connection(extra, ("", "", "https", 443, ""), f"{extra[:2]}-{host}")
            database[extra] = {key: value for key, value in connection.items() if key != "database"}
        databases.append(database)
    return databases


def _user(name: str, role: str, engine: str) -> Record:
    user: Record = {"name": name, "role": role, "password": f"{PLANTED}-users-password"}
    if engine == "kafka":
        user |= {
            "access_cert": f"-----BEGIN CERTIFICATE-----\n{PLANTED}-users-access_cert\n-----END CERTIFICATE-----",
            "access_key": f"-----BEGIN PRIVATE KEY-----\n{PLANTED}-users-access_key\n-----END PRIVATE KEY-----",
        }
    return user
