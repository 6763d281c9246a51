"""A time that cannot be hides neither its record nor what comes after it, in any sync."""

from typing import Any

import pytest
from airbyte_cdk.test.state_builder import StateBuilder
from freezegun import freeze_time

from unit_tests.mock_server.commands import Output, read
from unit_tests.mock_server.server import DigitalOcean

NOW = "2026-03-10T12:00:00Z"
ODD = {
    "Go's zero time": "0001-01-01T00:00:00Z",
    "the epoch": "1970-01-01T00:00:00Z",
    "before the epoch": "1969-07-20T20:17:00Z",
    "null": None,
    "empty": "",
    "a far year": "2099-01-01T00:00:00Z",
    "no year to be": "2999-12-31T23:59:59Z",
    "a day to come": "2027-02-01T00:00:00Z",
    "no time": "soon",
}
# Stream -> its list and its cursor.
STREAMS = {
    "projects": ("/v2/projects", "projects", "updated_at"),
    "apps": ("/v2/apps", "apps", "updated_at"),
    "actions": ("/v2/actions", "actions", "started_at"),
    "security_scans": ("/v2/security/scans", "scans", "created_at"),
    "vector_databases": ("/v2/vector-databases", "vector_dbs", "updated_at"),
}


def record(stream: str, id_: str, time: str | None) -> dict[str, Any]:
    # The identifiers of actions are numbers.
    number = {"good": 1, "odd": 2, "new": 3}[id_]
    return {
        "id": number if stream == "actions" else id_,
        STREAMS[stream][2]: time,
        "status": "COMPLETED" if stream == "security_scans" else "completed",
    }


def sync(api: DigitalOcean, stream: str, *records: dict[str, Any], after: Output | None = None) -> Output:
    path, key = STREAMS[stream][:2]
    api.on(path, None, {key: list(records), "links": {}, "meta": {"total": len(records)}})
    for one in records:
        api.on(f"/v2/projects/{one['id']}/resources", None, {"resources": [{"urn": f"do:volume:{one['id']}"}]})
    state = StateBuilder().with_stream_state(stream, after.state_of(stream)).build() if after else None
    return read(stream, state=state)


@freeze_time(NOW)
@pytest.mark.parametrize(
    ("stream", "name"),
    [
        *(("actions", name) for name in ODD),
        *((stream, name) for stream in STREAMS for name in ("Go's zero time", "a far year") if stream != "actions"),
    ],
)
def test_a_record_with_an_odd_time_is_there_and_what_is_newer_is_read(
    api: DigitalOcean, stream: str, name: str
) -> None:
    good = record(stream, "good", "2026-03-01T00:00:00Z")
    odd = record(stream, "odd", ODD[name])
    new = record(stream, "new", "2026-03-10T11:00:00Z")

    first = sync(api, stream, odd, good)
    second = sync(api, stream, new, odd, good, after=first)
    third = sync(api, stream, new, odd, good, after=second)

    assert {row["id"] for row in first.rows(stream)} == {odd["id"], good["id"]}
    assert {new["id"], odd["id"]} <= {row["id"] for row in second.rows(stream)}
    assert odd["id"] in {row["id"] for row in third.rows(stream)}
    assert [output.status(stream) for output in (first, second, third)] == ["COMPLETE"] * 3
    assert "2026-03-01" in str(first.state_of(stream))
    assert "2026-03-10T11" in str(second.state_of(stream))


@freeze_time(NOW)
@pytest.mark.parametrize("name", ["Go's zero time", "null", "a far year"])
def test_the_children_of_a_record_with_an_odd_time_are_asked_for(api: DigitalOcean, name: str) -> None:
    api.lists("/v2/projects", "projects", [record("projects", "odd", ODD[name])])
    api.on("/v2/projects/odd/resources", None, {"resources": [{"urn": "do:volume:1"}], "meta": {"total": 1}})

    output = read("project_resources")

    assert [row["urn"] for row in output.rows("project_resources")] == ["do:volume:1"]


@pytest.mark.parametrize("period", ["", None, "0001-01", "2999-01", "soon"])
def test_an_invoice_without_its_month_is_there_with_its_items(api: DigitalOcean, period: str | None) -> None:
    invoices = [
        {"invoice_uuid": "odd", "invoice_period": period, "amount": "1.00"},
        {"invoice_uuid": "good", "invoice_period": "2026-02", "amount": "2.00"},
    ]
    api.on("/v2/customers/my/invoices", None, {"invoices": invoices, "meta": {"total": 2}})

    output = read("invoices")

    assert {row["invoice_uuid"] for row in output.rows("invoices")} == {"odd", "good"}
    assert output.status("invoices") == "COMPLETE"
    assert output.state_of("invoices") == {"invoice_period": "2026-02"}


@pytest.mark.parametrize("ended", [None, "", "0001-01-01T00:00:00Z"])
def test_a_backup_that_has_not_ended_is_there(api: DigitalOcean, ended: str | None) -> None:
    api.on("/v2/vector-databases", None, {"vector_dbs": [{"id": "v", "updated_at": "2026-03-01T00:00:00Z"}]})
    backups = [
        {"id": "running", "created_at": "2026-03-02T00:00:00Z", "completed_at": ended},
        {"id": "done", "created_at": "2026-03-01T00:00:00Z", "completed_at": "2026-03-01T01:00:00Z"},
    ]
    api.on("/v2/vector-databases/v/backups", None, {"backups": backups})

    first = read("vector_database_backups")
    state = (
        StateBuilder().with_stream_state("vector_database_backups", first.state_of("vector_database_backups")).build()
    )
    second = read("vector_database_backups", state=state)

    assert {row["id"] for row in first.rows("vector_database_backups")} == {"running", "done"}
    assert "running" in {row["id"] for row in second.rows("vector_database_backups")}
