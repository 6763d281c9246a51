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
    _refused(400, "unsupported engine", "database_configs", None, "bad_request"),
    _refused(412, "cluster is not online", "database_logsinks", None, "precondition_failed"),
]
