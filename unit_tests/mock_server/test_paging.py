"""Lists of several pages: what ends them, what leads astray, and lists that change while they are read."""

from typing import Any

import pytest

from unit_tests.mock_server.commands import read
from unit_tests.mock_server.server import API, PAGE, DigitalOcean, Reply, Request, error, page_of

SECOND = {"page": "2", "per_page": "200"}
VOLUMES = "/v2/volumes"


def volumes(*numbers: int) -> list[dict[str, Any]]:
    return [{"id": f"v{number}", "size_gigabytes": 1} for number in numbers]


class ChangingList:
    """The list of volumes as a server holds it, paged by offset; `between` changes it after each page."""

    def __init__(self, size: int) -> None:
        self.ids = list(range(size))
        self.deleted: set[int] = set()
        self.served = 0

    def between(self) -> None:
        """Nothing changes unless a test says so."""

    def delete(self, *ids: int) -> None:
        self.deleted.update(ids)
        self.ids = [number for number in self.ids if number not in self.deleted]

    def __call__(self, request: Request) -> Reply:
        assert set(request.query) == {"page", "per_page"}
        assert request.query["per_page"] == "200"
        number = int(request.query["page"])
        rows = volumes(*self.ids[(number - 1) * 200 : number * 200])
        body = page_of("volumes", rows, number, len(self.ids), more=number * 200 < len(self.ids))
        self.served += 1
        self.between()
        return Reply(body)


def test_the_next_link_decides_not_the_length_of_a_page(api: DigitalOcean) -> None:
    api.on(VOLUMES, PAGE, page_of("volumes", volumes(1), 1, 3, more=True))
    api.on(VOLUMES, SECOND, page_of("volumes", volumes(*range(2, 202)), 2, 3, more=False))

    output = read("volumes")

    assert len(output.rows("volumes")) == 201
    assert api.asked(VOLUMES) == [PAGE, SECOND]
    assert output.status("volumes") == "COMPLETE"


def test_an_empty_page_with_a_next_link_is_not_the_end(api: DigitalOcean) -> None:
    api.on(VOLUMES, PAGE, page_of("volumes", [], 1, 1, more=True))
    api.on(VOLUMES, SECOND, page_of("volumes", volumes(1), 2, 1, more=False))

    assert read("volumes").rows("volumes") == volumes(1)


def test_the_host_of_a_next_link_is_never_contacted(api: DigitalOcean) -> None:
    first = page_of("volumes", volumes(1), 1, 2, more=True, base="https://elsewhere.example")
    api.on(VOLUMES, PAGE, first)
    api.on(VOLUMES, SECOND, page_of("volumes", volumes(2), 2, 2, more=False))

    assert read("volumes").rows("volumes") == volumes(1, 2)
    assert {request.address for request in api.requests} == {API + VOLUMES}


def test_the_parameters_of_a_stream_are_on_every_page(api: DigitalOcean) -> None:
    mine = {"with_projects": "true"}
    apps = [{"id": "a", "updated_at": "2026-02-01T00:00:00Z"}, {"id": "b", "updated_at": "2026-02-01T00:00:00Z"}]
    api.on("/v2/apps", {**PAGE, **mine}, page_of("apps", apps[:1], 1, 2, more=True))
    api.on("/v2/apps", {**SECOND, **mine}, page_of("apps", apps[1:], 2, 2, more=False))

    assert read("apps").rows("apps") == apps


@pytest.mark.parametrize("link", ["?page=1", "?page=0", "?page=two", "?page=99", "", "http://[::1", "https://x:port/"])
def test_a_next_link_is_never_followed_by_its_number(api: DigitalOcean, link: str) -> None:
    """It says that there is more: the next page is the next number, whatever stands in it."""
    body = page_of("volumes", volumes(*range(200)), 1, 201, more=False)
    api.on(VOLUMES, PAGE, {**body, "links": {"pages": {"next": link}}})
    api.on(VOLUMES, SECOND, page_of("volumes", volumes(200), 2, 201, more=False))

    output = read("volumes")

    assert len(output.rows("volumes")) == 201
    assert api.asked(VOLUMES) == [PAGE, SECOND]
    assert output.status("volumes") == "COMPLETE"


@pytest.mark.parametrize("status", [403, 404, 422])
def test_a_refused_second_page_never_completes_the_stream(api: DigitalOcean, status: int) -> None:
    api.on(VOLUMES, PAGE, page_of("volumes", volumes(1), 1, 2, more=True))
    api.on(VOLUMES, SECOND, error(status))

    output = read("volumes", expect_failure=True)

    assert output.failed
    assert output.status("volumes") == "INCOMPLETE"
    assert output.error("volumes")[0] is not None
    assert "COMPLETE" not in [status.value for status in output.get_stream_statuses("volumes")]


def test_a_parent_that_vanishes_between_two_pages_does_not_fail_the_sync(api: DigitalOcean) -> None:
    api.lists("/v2/projects", "projects", [{"id": "p"}])
    api.on("/v2/projects/p/resources", PAGE, page_of("resources", [{"urn": "do:volume:1"}], 1, 2, more=True))
    api.on("/v2/projects/p/resources", SECOND, error(404, "not_found"))

    output = read("project_resources")

    assert output.rows("project_resources") == [{"project_id": "p", "urn": "do:volume:1"}]
    assert not output.failed


def test_twenty_thousand_records_of_which_some_are_deleted_meanwhile(api: DigitalOcean) -> None:
    server = ChangingList(20_000)
    deletions = {
        2: range(150, 450),
        10: range(5),
        40: range(7_000, 7_001),
        41: range(19_000, 19_100),
        70: range(10_000, 11_000),
        100: range(19_990, 20_000),
    }

    def change() -> None:
        server.delete(*deletions.get(server.served, ()))

    server.between = change  # type: ignore[method-assign]
    api.on(VOLUMES, None, server)

    output = read("volumes")

    ids = [row["id"] for row in output.rows("volumes")]
    assert len(ids) == len(set(ids))
    assert {row["id"] for row in volumes(*server.ids)} <= set(ids)
    assert len(server.deleted) > 1_400
    assert output.status("volumes") == "COMPLETE"
    assert server.served < 100 + 2 * len(deletions) + 10


def test_records_made_meanwhile_move_others_which_are_not_emitted_twice(api: DigitalOcean) -> None:
    server = ChangingList(1_000)

    def change() -> None:
        server.ids = [10_000 + server.served, *server.ids]

    server.between = change  # type: ignore[method-assign]
    api.on(VOLUMES, None, server)

    ids = [row["id"] for row in read("volumes").rows("volumes")]

    assert sorted(ids) == sorted(row["id"] for row in volumes(*range(1_000)))


def test_newest_first_lists_end_at_the_cursor_and_read_on_where_the_order_breaks(api: DigitalOcean) -> None:
    def actions(*days: str) -> list[dict[str, Any]]:
        return [{"id": i, "started_at": f"{day}T00:00:00Z"} for i, day in enumerate(days, start=len(days))]

    api.on("/v2/actions", PAGE, page_of("actions", actions("2026-03-01", "2025-12-01"), 1, 400, more=True))

    output = read("actions")

    assert [row["started_at"] for row in output.rows("actions")] == ["2026-03-01T00:00:00Z"]
    assert len(api.requests) == 1

    shuffled = [*actions("2025-12-01", "2026-03-01")]
    api.on("/v2/actions", PAGE, page_of("actions", shuffled, 1, 3, more=True))
    api.on(
        "/v2/actions",
        SECOND,
        page_of("actions", [{"id": 9, "started_at": "2026-02-01T00:00:00Z"}], 2, 3, more=False),
    )
    output = read("actions")

    assert [row["started_at"][:10] for row in output.rows("actions")] == ["2026-03-01", "2026-02-01"]


def test_rows_whose_key_is_missing_are_all_emitted(api: DigitalOcean) -> None:
    api.lists("/v2/volumes", "volumes", [{"name": "a"}, {"id": None, "name": "b"}, {"id": "c", "name": "c"}])

    assert [row["name"] for row in read("volumes").rows("volumes")] == ["a", "b", "c"]
