"""Every stream in one sync of an account with one of everything."""

from collections import Counter
from datetime import UTC, datetime

import jsonschema
import pytest
from freezegun import freeze_time

from unit_tests.mock_server.clock import fake_clock
from unit_tests.mock_server.commands import INCREMENTAL, Output, read, resolved_streams, token_config
from unit_tests.mock_server.server import API, Request, digitalocean
from unit_tests.mock_server.world import ENGINES, World, endpoints, schemas


@pytest.fixture(scope="module")
def sync() -> tuple[Output, list[Request]]:
    # Built before time stands still, which makes building slower.
    schemas()
    with freeze_time(datetime(2026, 3, 10, 12, tzinfo=UTC)), fake_clock(), digitalocean() as api:
        api.otherwise = World()
        return read(*endpoints(), config=token_config(start_date="2026-03-01T00:00:00Z")), api.requests


@pytest.mark.parametrize("stream", endpoints())
def test_a_stream_has_records_that_have_keys_and_fit_the_schema(
    sync: tuple[Output, list[Request]], stream: str
) -> None:
    output, _ = sync
    rows = output.rows(stream)
    key = resolved_streams()[stream]["primary_key"]

    assert output.status(stream) == "COMPLETE"
    assert rows
    for row in rows:
        assert all(row.get(field) is not None for field in key), row
        jsonschema.validate(row, schemas()[stream])
    assert len({tuple(str(row[field]) for field in key) for row in rows}) == len(rows)


def test_nothing_was_odd(sync: tuple[Output, list[Request]]) -> None:
    output, _ = sync

    assert output.warnings() == []
    assert output.errors == []
    assert not output.failed


def test_no_page_is_asked_for_twice_however_many_streams_need_it(sync: tuple[Output, list[Request]]) -> None:
    _, requests = sync
    asked = Counter((r.method, r.address, tuple(sorted(r.query.items())), r.body) for r in requests)

    assert [request for request, times in asked.items() if times > 1] == []


def test_every_request_goes_to_the_api_and_none_changes_anything(sync: tuple[Output, list[Request]]) -> None:
    _, requests = sync

    assert {request.address.split("/v2/")[0] for request in requests} == {API}
    posts = {request.address for request in requests if request.method != "GET"}
    assert posts == {f"{API}/v2/apps/metrics/bandwidth_daily"}


@pytest.mark.parametrize("stream", sorted(INCREMENTAL))
def test_an_incremental_stream_has_a_state_to_go_on_from(sync: tuple[Output, list[Request]], stream: str) -> None:
    output, _ = sync
    state = output.state_of(stream)
    field = resolved_streams()[stream]["incremental_sync"]["cursor_field"]

    assert field in state or state.get("states") or state.get("state"), state


@pytest.mark.parametrize("stream", ["database_users", "database_dbs", "database_replicas", "database_logsinks"])
def test_equal_names_in_different_clusters_are_different_records(
    sync: tuple[Output, list[Request]], stream: str
) -> None:
    output, _ = sync
    owners = [row["database_cluster_uuid"] for row in output.rows(stream)]

    engines = {"pg", "mysql"} if stream == "database_replicas" else ENGINES
    assert sorted(owners) == sorted(f"of-{engine}" for engine in engines)
