"""What belongs to a database cluster: replicas, backups, events, pools, topics, indexes, log sinks, settings."""

from datetime import datetime, timedelta

from sandbox.clock import parse, stamp
from sandbox.world.databases import PLANTED, connection
from sandbox.world.history import slots
from sandbox.world.plan import Plan, Record, uuid

RELATIONAL = frozenset({"pg", "mysql"})
# DigitalOcean documents neither replicas nor backups for the caching engines.
CACHING = frozenset({"redis", "valkey"})
_DAY = timedelta(days=1)
_BACKUPS_KEPT = 7 * _DAY
_INDEXES_KEPT = 14 * _DAY
_SETTINGS: dict[str, Record] = {
    "pg": {
        "backup_hour": 3,
        "backup_minute": 30,
        "autovacuum_naptime": 60,
        "autovacuum_vacuum_scale_factor": 0.2,
        "idle_in_transaction_session_timeout": 10_000,
        "log_min_duration_statement": 1000,
        "timezone": "UTC",
        "pg_stat_statements.track": "top",
        "pg_partman_bgw.interval": 3600,
        "pgbouncer": {"server_reset_query_always": False, "min_pool_size": 1, "autodb_pool_mode": "transaction"},
        "timescaledb": {"max_background_workers": 8},
        "shared_buffers_percentage": 25.0,
        "work_mem": 4,
    },
    "mysql": {
        "backup_hour": 4,
        "backup_minute": 15,
        "sql_mode": "ANSI,TRADITIONAL",
        "connect_timeout": 10,
        "innodb_log_buffer_size": 16_777_216,
        "innodb_ft_server_stopword_table": "reporting/stopwords",
        "max_seeks_for_key": 18_446_744_073_709_551_615,
        "slow_query_log": True,
        "long_query_time": 0.5,
        "binlog_retention_period": 600,
        "mysql_incremental_backup": {"enabled": True, "full_backup_week_schedule": "mon,thu"},
    },
    "valkey": {
        "valkey_maxmemory_policy": "allkeys_lru",
        "valkey_number_of_databases": 16,
        "valkey_ssl": True,
        "valkey_timeout": 300,
        "valkey_persistence": "rdb",
        "frequent_snapshots": True,
    },
    "mongodb": {
        "default_read_concern": "local",
        "default_write_concern": "majority",
        "transaction_lifetime_limit_seconds": 100,
        "slow_op_threshold_ms": 200,
        "verbosity": 1,
    },
    "kafka": {
        "compression_type": "producer",
        "message_max_bytes": 1_048_588,
        "log_flush_interval_messages": 9_223_372_036_854_775_000,
        "log_retention_hours": 168,
        "log_retention_bytes": -1,
        "auto_create_topics_enable": False,
        "num_partitions": 3,
        "schema_registry": True,
    },
    "opensearch": {
        "http_max_content_length_bytes": 100_000_000,
        "ism_enabled": True,
        "ism_history_max_docs": 2_500_000,
        "search_max_buckets": 10_000,
        "script_max_compilations_rate": "75/5m",
        "reindex_remote_whitelist": ["search.example.com:9243"],
        "knn_memory_circuit_breaker_limit": 60,
    },
}


def replicas(plan: Plan, cluster: Record) -> list[Record]:
    """One read-only replica for a relational cluster with a standby."""
    if cluster["engine"] not in RELATIONAL or cluster["num_nodes"] < 2:
        return []
    rng = plan.rng(f"replicas/{cluster['id']}")
    host = f"replica-{cluster['connection']['host']}"
    name, engine = f"{cluster['name']}-ro", cluster["engine"]
    born = parse(cluster["created_at"])
    return [
        {
            "id": uuid(rng),
            "name": name,
            "region": cluster["region"],
            "size": cluster["size"],
            "status": "online",
            "tags": ["read-only"],
            "created_at": stamp(born + (plan.anchor - born) / 2),
            "private_network_uuid": cluster["private_network_uuid"],
            "connection": connection("replica-connection", engine, host),
            "private_connection": connection("replica-private_connection", engine, "private-" + host),
            "storage_size_mib": cluster["storage_size_mib"],
            "do_settings": {"service_cnames": []},
        }
    ]


def backups(plan: Plan, cluster: Record, now: datetime) -> Record:
    """The daily backups of the last week, newest first, and when the next one is due."""
    begin = max(parse(cluster["created_at"]), now - _BACKUPS_KEPT)
    gigabytes = cluster["storage_size_mib"] / 1024
    return {
        "backups": [
            {
                "created_at": stamp(moment),
                "size_gigabytes": round(gigabytes * rng.uniform(0.05, 0.4), 6),
                "incremental": number % 7 != 0,
            }
            for number, moment, rng in slots(plan, f"backups/{cluster['id']}", _DAY, begin, now)
        ][::-1],
        "scheduled_backup_time": {"backup_hour": 3, "backup_minute": 30, "backup_interval_hours": 24},
    }


def events(plan: Plan, cluster: Record, now: datetime) -> list[Record]:
    """The cluster's log, newest first: its creation, maintenance every other week, the odd change."""
    born = parse(cluster["created_at"])
    rows = [(born, "cluster_create", f"ev{cluster['id'][:6]}")]
    for number, moment, rng in slots(plan, f"database_events/{cluster['id']}", 14 * _DAY, born, now):
        rows.append((moment, "cluster_maintenance_perform", f"mt{number:06d}"))
        if rng.random() < 0.3:
            changed = moment + timedelta(minutes=rng.randrange(1, 2000))
            kind = "cluster_master_promotion" if cluster["num_nodes"] > 1 else "cluster_update"
            rows.append((changed, kind, f"up{number:06d}"))
    return [
        {"id": id_, "cluster_name": cluster["name"], "event_type": kind, "create_time": stamp(moment)}
        for moment, kind, id_ in sorted(rows, reverse=True)
        if moment <= now
    ]


def pools(cluster: Record) -> list[Record]:
    """One or two connection pools of a PostgreSQL cluster."""
    if cluster["engine"] != "pg":
        return []
    names = [name for name in cluster if name.endswith("connection")]
    return [
        {
            "name": name,
            "mode": mode,
            "size": size,
            "db": "defaultdb",
            "user": "doadmin",
            **{
                place: {
                    **connection(f"pool-{place}", "pg", cluster[place]["host"]),
                    "port": cluster[place]["port"] + 1,
                    "database": name,
                }
                for place in names
            },
        }
        for name, mode, size in (("backend-pool", "transaction", 10), ("jobs-pool", "session", 5))[
            : cluster["num_nodes"]
        ]
    ]


def topics(cluster: Record) -> list[Record]:
    """The topics of a Kafka cluster."""
    if cluster["engine"] != "kafka":
        return []
    rows = [("orders", 6), ("payments", 3), ("clickstream", 12), ("dead-letters", 1)]
    return [
        {"name": name, "state": "active", "replication_factor": min(2, cluster["num_nodes"]), "partition_count": count}
        for name, count in rows
    ]


def topic(cluster: Record, listed: Record, now: datetime) -> Record:
    """A topic as it is asked for alone: with its partitions, and how far its readers are."""
    shared = {name: value for name, value in listed.items() if name != "partition_count"}
    written = int((now - parse(cluster["created_at"])).total_seconds())
    partitions = [
        {
            "id": number,
            "size": 512 * written,
            "in_sync_replicas": listed["replication_factor"],
            "earliest_offset": written // 2,
            "consumer_groups": [{"group_name": "billing", "offset": written - 40 * number}],
        }
        for number in range(listed["partition_count"])
    ]
    return {**shared, "config": {"retention_ms": 604_800_000, "cleanup_policy": "delete"}, "partitions": partitions}


def indexes(plan: Plan, cluster: Record, now: datetime) -> list[Record]:
    """The indexes of an OpenSearch cluster: one that stays, and one of logs for each of the last fourteen days."""
    if cluster["engine"] != "opensearch":
        return []
    born = parse(cluster["created_at"])
    rows = [("products", born, 48_000_000)]
    for _, moment, rng in slots(plan, f"indexes/{cluster['id']}", _DAY, max(born, now - _INDEXES_KEPT), now):
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        rows.append((f"logs-{moment:%Y.%m.%d}", midnight, rng.randrange(10**8, 10**9)))
    return [
        {
            "index_name": name,
            "status": "open",
            "health": "green" if cluster["num_nodes"] > 1 else "yellow",
            "number_of_shards": 1,
            "number_of_replicas": 1,
            "size": size,
            "created_time": stamp(created),
        }
        for name, created, size in rows
    ]


def logsinks(plan: Plan, cluster: Record) -> list[Record]:
    """Where every third cluster sends its logs, with the credentials DigitalOcean shows."""
    rng = plan.rng(f"logsinks/{cluster['id']}")
    if rng.randrange(3) and cluster["engine"] not in RELATIONAL:
        return []
    certificate = "-----BEGIN {0}-----\n" + PLANTED + "-logsink-{1}\n-----END {0}-----\n"
    rsyslog = {
        "server": "logs.example.com",
        "port": 6514,
        "tls": True,
        "format": "rfc5424",
        "sd": f'{PLANTED}-logsink-sd tag="prod"',
        "ca": certificate.format("CERTIFICATE", "ca"),
        "cert": certificate.format("CERTIFICATE", "cert"),
        "key": certificate.format("PRIVATE KEY", "key"),
    }
    opensearch = {
        "url": f"https://logs:{PLANTED}-logsink-url@search.example.com:9200",
        "index_prefix": f"db-{cluster['engine']}",
        "index_days_max": 7,
        "timeout": 10.0,
    }
    kinds = [("rsyslog", rsyslog), ("opensearch", opensearch)]
    if cluster["engine"] == "mysql":
        kinds = kinds[1:]
    return [
        {"sink_id": f"{rng.getrandbits(160):040x}", "sink_name": f"{kind}-logs", "sink_type": kind, "config": config}
        for kind, config in kinds
    ]


def config(cluster: Record) -> Record:
    """The settings of the cluster's engine."""
    return {"config": _SETTINGS[cluster["engine"]]}


def autoscale(cluster: Record) -> Record:
    """Whether the cluster's disk grows by itself."""
    if cluster["engine"] in RELATIONAL:
        return {"autoscale": {"storage": {"enabled": True, "threshold_percent": 80, "increment_gib": 10}}}
    return {"autoscale": {"storage": {"enabled": False}}}
