"""The faults, what stays correct under each, and the streams that are hit: one table for tests and docs."""

from integration_tests.faults.cases import answers, lists, objects, transport, values
from integration_tests.faults.cases.case import PROMISES, Case, Moment, Promise

__all__ = ["CASES", "OBJECTS", "PARENTS", "PATHS", "PROMISES", "Case", "Moment", "Promise", "rounds"]

CASES = [*transport.CASES, *answers.CASES, *objects.CASES, *lists.CASES, *values.CASES]

# Where each stream of the suite asks. A star is an object of another list.
PATHS = {
    "droplets": "/v2/droplets$",
    "volumes": "/v2/volumes$",
    "tags": "/v2/tags$",
    "images": "/v2/images$",
    "snapshots": "/v2/snapshots$",
    "firewalls": "/v2/firewalls$",
    "domains": "/v2/domains$",
    "certificates": "/v2/certificates$",
    "reserved_ips": "/v2/reserved_ips$",
    "load_balancers": "/v2/load_balancers$",
    "uptime_checks": "/v2/uptime/checks$",
    "alert_policies": "/v2/monitoring/alerts$",
    "genai_model_api_keys": "/v2/gen-ai/models/api_keys$",
    "microvms": "/v2/microvms$",
    "reserved_ipv6s": "/v2/reserved_ipv6$",
    "vpcs": "/v2/vpcs$",
    "vpc_members": "/v2/vpcs/*/members$",
    "project_resources": "/v2/projects/*/resources$",
    "database_replicas": "/v2/databases/*/replicas$",
    "database_configs": "/v2/databases/*/config$",
    "database_logsinks": "/v2/databases/*/logsink$",
    "projects": "/v2/projects$",
    "apps": "/v2/apps$",
    "app_deployments": "/v2/apps/*/deployments$",
    "actions": "/v2/actions$",
    "billing_history": "/v2/customers/my/billing_history$",
    "invoices": "/v2/customers/my/invoices$",
    "invoice_items": "/v2/customers/my/invoices/*",
    "app_bandwidth_daily": "/v2/apps/metrics/bandwidth_daily$",
    "genai_indexing_jobs": "/v2/gen-ai/indexing_jobs$",
    "genai_model_evaluation_runs": "/v2/gen-ai/model_evaluation_runs$",
    "security_scans": "/v2/security/scans$",
    "insights_alert_rules": "/v2/insights/alert-rules$",
    "function_namespaces": "/v2/functions/namespaces$",
    "registry_garbage_collections": "/v2/registries/*/garbage-collections$",
    "registry_tags": "/v2/registries/*/repositories/*/tags$",
    "vector_databases": "/v2/vector-databases$",
}

# The streams whose records are asked for by those of another stream of the suite.
PARENTS = {
    "app_bandwidth_daily": "apps",
    "app_deployments": "apps",
    "invoice_items": "invoices",
    "project_resources": "projects",
    "vpc_members": "vpcs",
}

# Lists for each object of another list: the field of their records that names it.
OBJECTS = {
    "app_deployments": "app_id",
    "database_configs": "database_cluster_uuid",
    "database_logsinks": "database_cluster_uuid",
    "database_replicas": "database_cluster_uuid",
    "vpc_members": "vpc_id",
}


def rounds(moment: Moment) -> list[list[Case]]:
    """The cases in as few runs as it takes for no stream to be hit twice, or together with a parent that fails."""
    grouped: list[dict[str, Case]] = []
    for case in CASES:
        stream = case.hits(moment)
        if stream is None:
            continue
        free = (group for group in grouped if stream not in group and _agree(group, stream, case))
        if (group := next(free, None)) is None:
            grouped.append(group := {})
        group[stream] = case
    return [list(group.values()) for group in grouped]


def _agree(group: dict[str, Case], stream: str, case: Case) -> bool:
    if any(one.alone or one.everywhere for one in (*group.values(), case)):
        return False
    parent = group.get(PARENTS.get(stream, ""))
    children = [child for child in group if PARENTS.get(child) == stream]
    return (parent is None or parent.promise == "lands") and (not children or case.promise == "lands")
