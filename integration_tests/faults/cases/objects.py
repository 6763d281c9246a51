"""Faults of one object among many: a refusal that is about it costs its own records, by name, and nothing else."""

from integration_tests.faults.cases.case import Case


def _refused(
    status: int, words: str, full: str, incremental: str | None = None, id_: str = "unprocessable_entity"
) -> Case:
    """DigitalOcean refuses one object of several for good."""
    return Case(
        f"{status} for one object",
        "status",
        "spares",
        words,
        full=full,
        incremental=incremental,
        one=True,
        parameters={"status": status, "id": id_, "message": words},
    )


CASES = [
    _refused(422, "operation is not supported for this cluster type", "database_replicas"),
    _refused(400, "unsupported engine", "database_configs", "app_events", "bad_request"),
    _refused(412, "cluster is not online", "database_logsinks", "database_backups", "precondition_failed"),
    _refused(404, "database cluster not found", "database_autoscale", "app_deployments", "not_found"),
    _refused(409, "the object is being moved", "uptime_alerts", "vector_database_backups", "conflict"),
    _refused(410, "the object is gone", "vpc_members", None, "gone"),
    Case(
        "403 for one namespace",
        "body",
        "spares",
        "not allowed to get namespace",
        full="function_triggers",
        incremental=None,
        one=True,
        parameters={"status": 403, "body": {"code": "invalid", "messages": {"": ["not allowed to get namespace"]}}},
    ),
    Case(
        "500 without end for one object",
        "status",
        "fails",
        "{object}",
        full="domain_records",
        incremental="database_events",
        one=True,
        parameters={"status": 500},
    ),
]
