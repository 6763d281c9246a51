"""Databases, Functions, storage, inference and what else has no machine of its own, in Insights."""

from dataclasses import replace

from sandbox.telemetry.hosts import Host, host, insights
from sandbox.telemetry.signals import Computed, Signal
from sandbox.telemetry.subjects import Matrix, Parts, Row, Series, Subject, drawn, rows
from sandbox.world.databases import SIZES
from sandbox.world.plan import Record

_GIB = 1024**3
_HOST = (
    "cpu_time",
    "cpu_utilization",
    "disk_sectors_read",
    "disk_sectors_written",
    "disk_utilization",
    "filesystem_free",
    "filesystem_size",
    "load_avg_15m",
    "load_avg_1m",
    "load_avg_5m",
    "memory_available",
    "memory_cached",
    "memory_free",
    "memory_swap_cached",
    "memory_swap_free",
    "memory_swap_total",
    "memory_total",
    "memory_utilization",
    "network_rx",
    "network_tx",
)


def _counters(prefix: str, highest: float, *names: str) -> list[Row]:
    return [Row(prefix + name, 0, highest, counter=True) for name in names]


_ENGINES: dict[str, list[Row]] = {
    "pg": [
        Row("pg_connections_active", 0, 22),
        Row("pg_database_size", 5e7, 9e9),
        *_counters("pg_", 900, "blocks_hit", "blocks_read", "index_scans", "index_tuples_fetched"),
        *_counters("pg_", 40, "sequential_scans", "sequential_tuples_read", "transactions_committed"),
        *_counters("pg_", 30, "tuples_deleted", "tuples_inserted", "tuples_updated"),
        *_counters("pg_", 0.01, "deadlocks", "transactions_rolled_back"),
    ],
    "mongodb": [Row("mongodb_data_usage", 2, 60, 2), Row("mongodb_disk_utilization", 4, 80, 2)],
    "opensearch": [
        *(Row(f"opensearch_{name}", 1, 60) for name in ("active_shards", "indices_count", "primary_shards")),
        *(Row(f"opensearch_{name}", 0, 2) for name in ("relocating_shards", "unassigned_shards")),
        Row("opensearch_nodes", 1, 1.4),
        Row("opensearch_docs_count", 1e5, 4e7),
        Row("opensearch_docs_deleted", 0, 9e4),
        Row("opensearch_indices_store_size", 1e8, 9e9),
        Row("opensearch_query_cache_size", 0, 2e8),
        Row("opensearch_jvm_heap_used", 2e8, 1e9),
        Row("opensearch_jvm_threads", 40, 90),
        *_counters("opensearch_", 5, "http_connections_total", "indexing_total", "merges_total", "refreshes_total"),
        # Milliseconds.
        *_counters("opensearch_", 600, "indexing_time", "merges_time", "refresh_time"),
        *_counters("opensearch_query_cache_", 9, "evictions", "hits", "misses"),
        *_counters("opensearch_search_", 500, "fetch_time", "query_time", "scroll_time", "suggest_time"),
        *_counters("opensearch_search_", 9, "fetches_total", "queries_total", "scrolls_total", "suggests_total"),
    ],
}
_AGGREGATES = {"avg": 1.0, "max": 1.08, "min": 0.9}
_MYSQL = [
    Row("threads_connected", 1, 140),
    Row("threads_active", 1, 30),
    Row("threads_created_rate", 0, 4, 3),
    Row("index_vs_sequential_reads", 20, 99, 2),
]
_FUNCTIONS = [
    # A minute.
    Row("activation_rate", 0, 240, 3),
    Row("activations", 0, 480),
    Row("avg_duration", 8, 900, 2),
    Row("avg_wait_time", 0, 90, 2),
    Row("error_rate", 0, 12, 4),
    Row("errors_total", 0, 0.05, counter=True),
    Row("memory_rate", 0, 3, 3),
]
_REGISTRY = [
    Row("storage_used", 1 * _GIB, 60 * _GIB),
    Row("reclaimable_storage", 0, 9 * _GIB),
    Row("operation_requests", 0, 300, labels=({"operation": "pull"}, {"operation": "push"})),
    *(
        Row(
            name,
            0,
            4,
            labels=({"container_registry_reason": "unauthorized"}, {"container_registry_reason": "not_found"}),
        )
        for name in ("failed_pulls", "failed_pushes")
    ),
]
_VOLUME = [Row("operations", 0, 1.4, labels=({"operation": "attach", "status": "success"},))]
_ROUTER = [
    Row("cache_hit_requests_total", 0, 4, counter=True),
    Row("duration_count", 0, 9, counter=True),
    Row("duration_bucket", 0, 9, counter=True, labels=({"le": "0.5"}, {"le": "+Inf"})),
]
_DEDICATED = [
    Row("gpu_occupancy", 2, 98, 2),
    Row("gpu_tensor_utilization", 0.01, 0.9, 4),
    Row("gpu_vram_free", 1e9, 7e10),
    Row("gpu_junction_temperature", 35, 88, 1),
    Row("gpu_memory_temperature", 35, 92, 1),
]
_MICROVM = [
    Row("active_time", 0, 120),
    Row("active_vs_paused_time", 0, 120, labels=({"state": "active"}, {"state": "paused"})),
]
_SPACES = [
    Row("storage_used", 2 * _GIB, 900 * _GIB),
    Row("object_count", 100, 4_000_000),
    Row("requests", 0, 40, labels=({"spaces_operation": "GET"}, {"spaces_operation": "PUT"})),
    Row("ingress_bandwidth", 0, 4_000_000),
    Row("egress_bandwidth", 0, 30_000_000),
]
_VECTORS = [
    Row("cluster_memberlist_node_count", 1, 3),
    Row("objects_count", 1_000, 5_000_000),
    Row("replication_metrics", 0, 20),
    Row("requests", 0, 9, counter=True, labels=({"status": "ok"}, {"status": "error"})),
    Row("schema_collections", 1, 40),
]
_MODELS = ("llama3.3-70b-instruct", "openai-gpt-oss-120b")
_ROUTES = tuple({"route": "/v1/chat/completions", "status": status} for status in ("200", "429"))
_LIMITS = ("0.5", "5", "+Inf")
_INFERENCE = [
    Row("http_requests_total", 0, 6, counter=True, labels=_ROUTES),
    Row("rate_limit_exceeded", 0, 0.02, counter=True),
    Row("token_throughput", 0, 900, 2, labels=({"kind": "input"}, {"kind": "output"})),
    *(Row(f"{name}_count", 0, 6, counter=True) for name in ("http_request_duration", "ttft")),
    *(Row(f"{name}_sum", 0, 9, 3, counter=True) for name in ("http_request_duration", "ttft")),
    *(
        Row(f"{name}_bucket", 0, 6, counter=True, labels=tuple({"le": limit} for limit in _LIMITS))
        for name in ("http_request_duration", "ttft")
    ),
]
_OPERATIONS, _CHANGES = ("select", "insert", "update", "delete"), ("insert", "fetch", "update", "delete")


def database_parts(database: Record, subject: Subject) -> Parts:
    """What is measured on a database cluster: its host, what its engine tells, and MySQL's figures in Monitoring."""
    size = database["size"].split("-")
    cores, memory = int(size[2].removesuffix("vcpu")), int(size[3].removesuffix("gb")) * 1024
    one = host(subject, cores, memory, SIZES[database["size"]][2] / 1024)
    series = insights(subject, one, "do_databases_", _HOST, {})
    engine = database["engine"]
    scraped = [Row("scrape_duration", 0.02, 0.9, 3), Row("scrape_success", 1, 1)]
    told = [
        replace(row, high=row.high * subject.work) if "connections" in row.name else row
        for row in _ENGINES.get(engine, [])
    ]
    series += rows(subject, "do_databases_", [*scraped, *told])
    return series, _mysql(subject, one, database["db_names"]) if engine == "mysql" else []


def _mysql(subject: Subject, one: Host, schemas: list[str]) -> list[Matrix]:
    """One matrix for every value of the parameters; nodes differ little, so that aggregates lie close together."""
    own = {"db_id": subject.id}
    found = []
    for what in ("cpu", "memory", "disk"):
        average = one.only(f"{what}_utilization")
        for aggregate, factor in _AGGREGATES.items():
            found.append(Matrix(f"{what}_usage", own, _scaled(average, factor), {"aggregate": aggregate}))
    for minutes in (1, 5, 15):
        load = one.only(f"load_avg_{minutes}m")
        for aggregate in ("avg", "max"):
            asked = {"metric": f"load{minutes}", "aggregate": aggregate}
            found.append(Matrix("load", own, _scaled(load, _AGGREGATES[aggregate]), asked))
    clients = subject.work
    told = [
        replace(row, low=row.low * clients, high=row.high * clients) if "connected" in row.name else row
        for row in _MYSQL
    ]
    found += [Matrix(row.name, own, drawn(subject, row)) for row in told]
    for metric in _OPERATIONS:
        row = Row(f"op_rates_{metric}", 0, 400, 3)
        found.append(Matrix("op_rates", {**own, "metric": metric}, drawn(subject, row), {"metric": metric}))
    for schema in schemas:
        for metric in _CHANGES:
            asked = {"schema": schema, "metric": metric}
            for path, high in (("schema_throughput", 900), ("schema_latency", 0.2)):
                signal = drawn(subject, Row(path, 0, high, 5), asked)
                found.append(Matrix(path, {**own, **asked}, signal, asked))
    return found


def _scaled(signal: Signal, factor: float) -> Signal:
    return signal if factor == 1 else Computed([signal], lambda values: values * factor)


def functions_parts(subject: Subject) -> Parts:
    """A Functions namespace. Its series name the namespace and nothing else."""
    own = {"resource_urn": subject.urn}
    return [Series(f"do_functions_{row.name}", own, drawn(subject, row)) for row in _FUNCTIONS], []


def registry_parts(subject: Subject) -> Parts:
    """A container registry."""
    return rows(subject, "do_container_registry_", _REGISTRY), []


def spaces_parts(subject: Subject) -> Parts:
    """A Spaces bucket."""
    return rows(subject, "do_spaces_", _SPACES), []


def vector_database_parts(subject: Subject) -> Parts:
    """A vector database."""
    return rows(subject, "do_vector_database_", _VECTORS), []


def inference_parts(subject: Subject) -> Parts:
    """Serverless and batch inference belong to the team: no label names a resource."""
    found = []
    for model in _MODELS:
        for row in _INFERENCE:
            for labels in row.labels:
                own = {"model": model, **labels}
                found.append(Series(f"do_serverless_inference_{row.name}", own, drawn(subject, row, own)))
    batch = Row("requests_total", 0, 2, counter=True)
    about = {"batch_inference_status": "completed", "http_route": "/v1/batches"}
    found.append(Series("do_batch_inference_api_requests_total", about, drawn(subject, batch)))
    return found, []


def volume_parts(subject: Subject) -> Parts:
    """A volume: what was done with it."""
    return rows(subject, "do_volumes_", _VOLUME), []


def router_parts(subject: Subject) -> Parts:
    """A router of inference requests."""
    about = {"inference_router_router_name": subject.name, "inference_router_selected_model": _MODELS[0]}
    return rows(subject, "do_inference_router_", _ROUTER, about), []


def dedicated_inference_parts(subject: Subject) -> Parts:
    """A Dedicated Inference endpoint: its GPU. The series carry nothing but the URN."""
    own = {"resource_urn": subject.urn}
    return [Series(f"do_dedicated_inference_{row.name}", own, drawn(subject, row)) for row in _DEDICATED], []


def microvm_parts(subject: Subject) -> Parts:
    """A MicroVM."""
    return rows(subject, "do_microvms_", _MICROVM), []


def agent_parts(subject: Subject) -> Parts:
    """A managed agent, which no list tells of."""
    return rows(subject, "do_mars_agent_", [Row("boot_duration", 200, 4000, 1)]), []
