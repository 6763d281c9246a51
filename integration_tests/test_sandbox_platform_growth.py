"""The sandbox's databases, apps, functions and agents over time: histories grow, runs end, deletions reach children."""

from typing import Any

import pytest

from integration_tests.asking import read_all
from integration_tests.test_sandbox_platform import CHILDREN, get, parents
from sandbox import Sandbox


@pytest.mark.parametrize(
    ("path", "key", "table", "child"),
    [
        ("/v2/databases", "databases", "databases", "events"),
        ("/v2/apps", "apps", "apps", "deployments"),
        ("/v2/functions/namespaces", "namespaces", "namespaces", "triggers"),
        ("/v2/gen-ai/agents", "agents", "genai_agents", "versions"),
    ],
)
def test_deleting_a_parent_takes_what_belongs_to_it(path: str, key: str, table: str, child: str) -> None:
    with Sandbox(droplets=6, days=20) as small:
        parent = get(small, path)[key][0]
        children = f"{path}/{parent[CHILDREN[path][0]]}/{child}"
        get(small, children)
        assert small.delete(table, [parent.get("id", parent.get("uuid"))]) == 1
        get(small, children, status=404)


HISTORIES = {
    "/v2/gen-ai/indexing_jobs": ("jobs", "uuid"),
    "/v2/gen-ai/model_evaluation_runs": ("runs", "eval_run_uuid"),
    "/v2/insights/alert-instances": ("alert_instances", "id"),
}


def histories(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    found = {
        path: {one[identity]: one for one in read_all(sandbox, path, key)}
        for path, (key, identity) in HISTORIES.items()
    }
    for name, parent, key in (
        ("events", "databases", "events"),
        ("deployments", "apps", "deployments"),
        ("events", "apps", "events"),
        ("job-invocations", "apps", "job_invocations"),
    ):
        for one in parents(sandbox, f"/v2/{parent}"):
            path = f"/v2/{parent}/{one['id']}/{name}"
            found.setdefault(f"{parent} {name}", {}).update(
                {record["id"] + one["id"]: record for record in read_all(sandbox, path, key)}
            )
    return found


def test_histories_grow_with_the_clock_and_what_was_under_way_ends() -> None:
    with Sandbox(droplets=60, days=20, now="2026-11-23T12:00:00Z", rate_limit=400_000) as moving:
        before, apps = histories(moving), parents(moving, "/v2/apps")
        moving.advance(days=15)
        after = histories(moving)
        for name, records in before.items():
            assert set(records) < set(after[name]), name
        changed = {name: record["phase"] for name, record in before["apps deployments"].items()}
        moved = [after["apps deployments"][name]["phase"] for name, phase in changed.items() if phase == "ACTIVE"]
        assert "SUPERSEDED" in moved
        newer = {one["id"]: one for one in parents(moving, "/v2/apps")}
        assert any(newer[one["id"]]["updated_at"] > one["updated_at"] for one in apps)
        moving.advance(days=1)
        finished = histories(moving)
        for name, field, open_ in (
            ("/v2/gen-ai/indexing_jobs", "status", "INDEX_JOB_STATUS_IN_PROGRESS"),
            ("apps job-invocations", "phase", "RUNNING"),
            ("/v2/insights/alert-instances", "status", "active"),
        ):
            assert not [one for one in after[name] if finished[name][one][field] == open_]
