"""A list that counts more records than it sends is asked for again; what stays short is told, and nothing is no end."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from airbyte_cdk.models import FailureType

from unit_tests.mock_server.commands import Output, read
from unit_tests.mock_server.server import API, PAGE, DigitalOcean, Reply, Request

VOLUMES = "/v2/volumes"
Row = dict[str, Any]


@dataclass
class Volumes:
    """A list of volumes, served in pages of a size of the server's own, and what it says about itself."""

    count: int
    total: int | None = None
    size: int | None = None
    linked: bool = True
    link: Callable[[int], int] = lambda number: number + 1

    def __call__(self, request: Request) -> Reply:
        number, size = int(request.query["page"]), self.size or int(request.query["per_page"])
        rows = [{"id": f"v{row}"} for row in range(self.count)][(number - 1) * size : number * size]
        more = self.linked and number * size < self.count
        pages = {"next": f"{API}{VOLUMES}?page={self.link(number)}&per_page=200"} if more else {}
        return Reply({"volumes": rows, "links": {"pages": pages}, "meta": {"total": self.total}})


def ids(output: Output) -> list[str]:
    return sorted((row["id"] for row in output.rows("volumes")), key=lambda id_: int(id_[1:]))


def whole(count: int) -> list[str]:
    return [f"v{row}" for row in range(count)]


@pytest.mark.parametrize(
    "server",
    [
        Volumes(45, total=45, size=20, linked=False),
        Volumes(600, total=600, linked=False),
        Volumes(600, total=600, size=200, link=lambda number: number + 2),
        Volumes(600, total=600, link=lambda _: 99),
        Volumes(600, total=600, link=lambda number: number),
        Volumes(600, total=None, linked=False),
        Volumes(600, total=None),
        Volumes(45, total=None, size=20),
        Volumes(45, total=45, size=1, linked=False),
        Volumes(450, total=30),
        Volumes(450, total=0),
        Volumes(201, total=201, size=1000, linked=False),
    ],
    ids=[
        *("pages of 20, no link", "no link", "links to page 3", "links to page 99", "links to itself"),
        *("no link, no total", "no total", "pages of 20, no total", "pages of one", "total too low", "total of 0"),
        "all on one page",
    ],
)
def test_every_page_that_the_list_has_is_asked_for(api: DigitalOcean, server: Volumes) -> None:
    api.on(VOLUMES, None, server)

    output = read("volumes")

    assert ids(output) == whole(server.count)
    assert output.status("volumes") == "COMPLETE"
    assert output.warnings() == []


@pytest.mark.parametrize(
    ("server", "asked"), [(Volumes(600, total=600), 3), (Volumes(200, total=200), 1), (Volumes(0, total=0), 1)]
)
def test_a_list_that_adds_up_takes_no_request_more_than_it_has_pages(
    api: DigitalOcean, server: Volumes, asked: int
) -> None:
    api.on(VOLUMES, None, server)

    assert ids(read("volumes")) == whole(server.count)
    assert len(api.requests) == asked


@pytest.mark.parametrize(
    "server", [Volumes(150, total=600, linked=False), Volumes(600, total=601), Volumes(7, total=9)]
)
def test_what_stays_short_is_read_and_told_with_both_numbers(api: DigitalOcean, server: Volumes) -> None:
    api.on(VOLUMES, None, server)

    output = read("volumes")

    assert ids(output) == whole(server.count)
    (warning,) = output.warnings()
    assert f"counts {server.total} records in a list and sends {server.count} of them" in warning
    assert len(api.requests) <= 2 * (server.count // 200 + 2)


def test_a_shortfall_that_passes_is_not_mentioned(api: DigitalOcean) -> None:
    short = {"volumes": [{"id": "v0"}], "links": {}, "meta": {"total": 2}}
    nothing = {"volumes": [], "links": {}, "meta": {"total": 2}}
    good = {"volumes": [{"id": "v1"}, {"id": "v0"}], "links": {}, "meta": {"total": 2}}
    api.on(VOLUMES, PAGE, short, good)
    api.on(VOLUMES, {**PAGE, "page": "2"}, nothing)

    output = read("volumes")

    assert ids(output) == whole(2)
    assert output.warnings() == []


NOTHING: dict[str, Any] = {
    "empty": {"volumes": []},
    "null": {"volumes": None},
    "absent": {},
}


@pytest.mark.parametrize("nothing", NOTHING.values(), ids=NOTHING)
@pytest.mark.parametrize("total", [1, 600, "600"])
def test_nothing_at_all_of_a_list_that_counts_some_is_never_complete(
    api: DigitalOcean, nothing: Row, total: Any
) -> None:
    api.on(VOLUMES, None, {**nothing, "links": {}, "meta": {"total": total}})

    output = read("volumes", expect_failure=True)

    assert output.status("volumes") == "INCOMPLETE"
    kind, message = output.error("volumes")
    assert kind == FailureType.transient_error
    assert str(total) in message or "JSON without `volumes`" in message
    assert len(api.requests) <= 12


@pytest.mark.parametrize("nothing", NOTHING.values(), ids=NOTHING)
@pytest.mark.parametrize("counted", [{"meta": {"total": 0}}, {"meta": {"total": "0"}, "links": {}}])
def test_a_list_that_counts_none_is_empty_however_it_says_so(api: DigitalOcean, nothing: Row, counted: Row) -> None:
    api.on(VOLUMES, PAGE, {**nothing, **counted})

    output = read("volumes")

    assert output.rows("volumes") == []
    assert output.status("volumes") == "COMPLETE"
    assert output.warnings() == []
    assert len(api.requests) == 1


def test_a_list_whose_second_page_is_empty_is_not_half_a_list(api: DigitalOcean) -> None:
    """400 of 600 came; page 2 stays empty whatever is asked for again."""

    def serve(request: Request) -> Reply:
        reply = Volumes(600, total=600, size=200)(request)
        return Reply({**reply.body, "volumes": []}) if request.query["page"] == "2" else reply

    api.on(VOLUMES, None, serve)

    output = read("volumes", expect_failure=True)

    assert output.status("volumes") == "INCOMPLETE"
    assert "page 2 is empty, in a list of 600 records" in output.error("volumes")[1]


@pytest.mark.parametrize(
    ("stream", "path", "body"),
    [
        ("vector_databases", "/v2/vector-databases", {"vector_dbs": [], "total": 3}),
        ("billing_history", "/v2/customers/my/billing_history", {"billing_history": None, "meta": {"total": 3}}),
        ("invoices", "/v2/customers/my/invoices", {"invoices": [], "meta": {"total": 3}}),
    ],
)
def test_each_way_of_counting_is_a_check_at_the_end(api: DigitalOcean, stream: str, path: str, body: Row) -> None:
    api.on(path, None, body)

    output = read(stream, expect_failure=True)

    assert output.status(stream) == "INCOMPLETE"
    assert "3 records" in output.error(stream)[1]


def test_a_short_list_of_parents_is_told_for_the_children_too(api: DigitalOcean) -> None:
    api.on("/v2/projects", None, {"projects": [], "links": {}, "meta": {"total": 4}})

    output = read("project_resources", expect_failure=True)

    assert output.status("project_resources") == "INCOMPLETE"
    assert "4 records" in output.error("project_resources")[1]


def test_an_answer_of_204_is_an_empty_list(api: DigitalOcean) -> None:
    api.on(VOLUMES, PAGE, Reply(b"", 204))

    output = read("volumes")

    assert output.rows("volumes") == []
    assert output.status("volumes") == "COMPLETE"
    assert len(api.requests) == 1


def test_a_last_page_may_leave_out_its_list(api: DigitalOcean) -> None:
    rows = [{"id": f"v{number}"} for number in range(200)]
    link = {"pages": {"next": "https://x/?page=2"}}
    api.on(VOLUMES, {"page": "1", "per_page": "200"}, {"volumes": rows, "links": link, "meta": {"total": 200}})
    api.on(VOLUMES, {"page": "2", "per_page": "200"}, {"links": {}, "meta": {"total": 200}})

    output = read("volumes")

    assert len(output.rows("volumes")) == 200
    assert output.status("volumes") == "COMPLETE"
    assert len(api.requests) == 2


def test_a_null_fills_a_place_of_its_list(api: DigitalOcean) -> None:
    api.on(VOLUMES, None, {"volumes": [{"id": "a"}, None, {"id": "b"}], "meta": {"total": 3}})

    output = read("volumes")

    assert [row["id"] for row in output.rows("volumes")] == ["a", "b"]
    assert output.warnings() == []
    assert len(api.requests) == 1
