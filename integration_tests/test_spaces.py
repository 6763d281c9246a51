"""Buckets of Spaces from a server that verifies each signature on its own."""

from typing import Any

from integration_tests.connector import configured, run
from sandbox import Sandbox


def test_buckets_are_those_that_utilization_and_projects_know(sandbox: Sandbox, streams: list[dict[str, Any]]) -> None:
    names = ("spaces_buckets", "project_resources")
    done = run("read", config=sandbox.config(), catalog=configured(streams, *names))

    assert done.statuses == dict.fromkeys(names, "COMPLETE")
    rows = {row["name"]: row for row in done.records["spaces_buckets"]}
    urns = {row["urn"] for row in done.records["project_resources"] if row["urn"].startswith("do:space:")}
    assert {row["urn"] for row in rows.values()} == urns
    assert rows["assets"]["cors_rules"][0]["allowed_methods"] == ["GET", "HEAD"]
    assert rows["backups"]["lifecycle_rules"][0]["expiration"] == {"days": 30}
    assert all(row["size_bytes"] > 0 and row["object_count"] > 0 for row in rows.values())
    assert done.requests["spaces_buckets"] == 2 + 3 * len(rows)


def test_a_secret_that_was_not_copied_whole_is_told_by_check(sandbox: Sandbox) -> None:
    secret = sandbox.spaces_secret_key[:-1]
    done = run("check", config=sandbox.config(spaces=sandbox.spaces(secret_key=secret)))

    (status,) = done.of("CONNECTION_STATUS")
    assert status["status"] == "SUCCEEDED"
    assert f"does not accept the secret of the key {sandbox.spaces_access_key}" in status["message"]
    assert secret not in done.stdout + done.stderr
