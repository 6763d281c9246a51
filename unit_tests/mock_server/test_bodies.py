"""Answers that are not what the API promises: an error, never an empty page that would wipe a table."""

import pytest
from airbyte_cdk.models import FailureType

from unit_tests.mock_server.clock import fake_clock
from unit_tests.mock_server.commands import Output, read
from unit_tests.mock_server.server import PAGE, DigitalOcean, Reply, digitalocean, error

VOLUMES = "/v2/volumes"


# Each stream of one sync gets another odd body.
ODD = {
    "tags": (b"<!DOCTYPE html><html><body>We'll be back</body></html>", "a web page instead of JSON"),
    "regions": (b'{"regions": [{"slug": "a"}, {"slug": ', "no complete JSON"),
    "sizes": (b"", "an empty body"),
    "snapshots": (b" \n", "an empty body"),
    "volumes": (b"null", "a JSON null instead of an object"),
    "reserved_ips": (b'[{"ip": "a"}]', "a JSON list instead of an object"),
    "firewalls": (b'{"id": "server_error", "message": "Unexpected"}', "an error object (server_error: Unexpected)"),
    "load_balancers": (b'{"id": "x", "message": "y", "request_id": "z"}', "an error object (x: y)"),
    "vpcs": (b'{"links": {}, "meta": {"total": 3}}', "JSON without `vpcs`, and a total of 3"),
    "cdn_endpoints": (b'{"links": {}}', "JSON without `endpoints`"),
    "domains": (b'{"domains": "none"}', "`domains` is a JSON string"),
    "projects": (b'{"projects": ["a", "b"]}', "`projects` holds a JSON string"),
    "actions": (b'{"actions": [{"id": 1}, [2]]}', "`actions` holds a JSON list"),
    "account": (b'{"account": 7}', "`account` is a JSON number"),
    "balance": (b'{"id": "server_error", "message": "Unexpected"}', "an error object (server_error: Unexpected)"),
}
ELSEWHERE = {"balance": "customers/my/balance", "cdn_endpoints": "cdn/endpoints"}


@pytest.fixture(scope="module")
def odd_sync() -> Output:
    with fake_clock(), digitalocean() as api:
        for stream, (body, _) in ODD.items():
            query = {} if stream in ("account", "balance") else PAGE
            api.on(f"/v2/{ELSEWHERE.get(stream, stream)}", query, Reply(body))
        output = read(*ODD, expect_failure=True)
        assert set(api.counts().values()) == {6}
        return output


@pytest.mark.parametrize("stream", ODD)
def test_a_body_that_is_not_the_promised_one_never_completes_a_stream(odd_sync: Output, stream: str) -> None:
    assert odd_sync.rows(stream) == []
    assert odd_sync.status(stream) == "INCOMPLETE"
    kind, message = odd_sync.error(stream)
    assert kind == FailureType.transient_error
    assert ODD[stream][1] in message
    assert f"/v2/{ELSEWHERE.get(stream, stream)} " in message


def test_a_broken_answer_is_asked_for_again(api: DigitalOcean) -> None:
    api.on(VOLUMES, PAGE, Reply(b'{"volumes": [{'), Reply(b"<html>"), {"volumes": [{"id": "a"}]})

    output = read("volumes")

    assert output.rows("volumes") == [{"id": "a"}]
    assert output.status("volumes") == "COMPLETE"
    assert len(api.requests) == 3


def test_a_broken_second_page_of_a_parent_fails_its_children(api: DigitalOcean) -> None:
    following = {"pages": {"next": "https://api.digitalocean.com/v2/projects?page=2"}}
    api.on("/v2/projects", PAGE, {"projects": [{"id": "p"}], "links": following})
    api.on("/v2/projects", {"page": "2", "per_page": "200"}, Reply(b"<html>"))
    api.lists("/v2/projects/p/resources", "resources", [{"urn": "do:volume:1"}])

    output = read("project_resources", expect_failure=True)

    assert output.status("project_resources") == "INCOMPLETE"
    assert output.failed


def test_a_null_list_is_an_empty_one(api: DigitalOcean) -> None:
    api.on(VOLUMES, PAGE, Reply(b'{"volumes": null, "links": null, "meta": null}'))
    api.on("/v2/vpcs", PAGE, Reply(b'{"vpcs": null}'))

    output = read("volumes", "vpcs")

    assert output.records == []
    assert [output.status("volumes"), output.status("vpcs")] == ["COMPLETE", "COMPLETE"]
    assert not output.failed


def test_a_null_in_a_list_is_no_record(api: DigitalOcean) -> None:
    api.on(VOLUMES, PAGE, Reply(b'{"volumes": [null, {"id": "a"}, null]}'))

    assert read("volumes").rows("volumes") == [{"id": "a"}]


def test_one_object_instead_of_a_list_is_a_list_of_one(api: DigitalOcean) -> None:
    api.on(VOLUMES, PAGE, {"volumes": {"id": "a"}})

    assert read("volumes").rows("volumes") == [{"id": "a"}]


@pytest.mark.parametrize("account", [b'{"account": null}', b'{"account": []}'])
def test_an_account_that_is_not_there_is_an_error(api: DigitalOcean, account: bytes) -> None:
    api.on("/v2/account", {}, Reply(account))

    output = read("account", expect_failure=True)

    assert output.status("account") == "INCOMPLETE"


def test_a_byte_that_is_no_text_costs_one_character(api: DigitalOcean) -> None:
    api.on(VOLUMES, PAGE, Reply(b'{"volumes": [{"id": "a", "name": "caf\xe9"}, {"id": "b"}]}'))

    assert read("volumes").rows("volumes") == [{"id": "a", "name": "caf�"}, {"id": "b"}]


def test_numbers_beyond_64_bits_become_null_and_are_never_made_up(api: DigitalOcean) -> None:
    digits = b"1234567890123456789012345678901234567890"
    volume = b'{"id": "a", "name": %s, "size_gigabytes": %s, "filesystem_label": "x"}' % (digits, digits)
    api.on(VOLUMES, PAGE, Reply(b'{"volumes": [%s, {"id": "b", "size_gigabytes": 1}]}' % volume))

    output = read("volumes")

    first, second = output.rows("volumes")
    assert second == {"id": "b", "size_gigabytes": 1}
    assert "size_gigabytes" not in first
    assert first.get("name") in (None, digits.decode())
    assert output.status("volumes") == "COMPLETE"


def test_conversion_errors_are_counted_and_named_once_at_the_end(api: DigitalOcean) -> None:
    rows = [{"id": str(number), "size_gigabytes": "ten", "created_at": "soon"} for number in range(3)]
    rows[0]["created_at"] = "2026-01-01T00:00:00Z"
    api.lists(VOLUMES, "volumes", rows)

    output = read("volumes")

    assert output.rows("volumes") == [
        {"id": "0", "created_at": "2026-01-01T00:00:00Z"},
        {"id": "1"},
        {"id": "2"},
    ]
    (warning,) = output.warnings()
    assert "Stream volumes" in warning
    assert "size_gigabytes (3), created_at (2)" in warning


def test_words_of_digitalocean_are_quoted_in_an_error(api: DigitalOcean) -> None:
    api.on(VOLUMES, PAGE, error(422, "unprocessable_entity", "page must be a number"))

    output = read("volumes", expect_failure=True)

    kind, message = output.error("volumes")
    assert kind == FailureType.system_error
    assert 'refused /v2/volumes with HTTP 422 (DigitalOcean: "page must be a number")' in message


@pytest.mark.parametrize("nothing", [b"{}", b'{"volumes": null}', b'{"volumes": []}'])
def test_an_absent_list_that_counts_nothing_is_an_empty_one(api: DigitalOcean, nothing: bytes) -> None:
    api.on(VOLUMES, PAGE, Reply(nothing[:-1] + (b", " if len(nothing) > 2 else b"") + b'"meta": {"total": 0}}'))

    output = read("volumes")

    assert output.rows("volumes") == []
    assert output.status("volumes") == "COMPLETE"
    assert len(api.requests) == 1


@pytest.mark.parametrize("nothing", [{}, {"db_names": None}, {"db_names": []}])
def test_a_cluster_without_its_list_costs_nothing(api: DigitalOcean, nothing: dict[str, None]) -> None:
    api.lists("/v2/databases", "databases", [{"id": "a", **nothing}, {"id": "b", "db_names": ["defaultdb"]}])

    output = read("database_dbs")

    assert [row["name"] for row in output.rows("database_dbs")] == ["defaultdb"]
    assert output.status("database_dbs") == "COMPLETE"


@pytest.mark.parametrize(
    ("odd", "wanted", "path"),
    [
        (b'"name": "half \\ud83d"', {"name": "half \ufffd"}, "name (1)"),
        (b'"size_gigabytes": NaN', {}, "size_gigabytes (1)"),
        (b'"size_gigabytes": 1e999', {}, "size_gigabytes (1)"),
    ],
)
def test_a_character_or_number_that_is_none_costs_itself(
    api: DigitalOcean, odd: bytes, wanted: dict[str, str], path: str
) -> None:
    api.on(VOLUMES, PAGE, Reply(b'{"volumes": [{"id": "a", %s}, {"id": "b"}], "meta": {"total": 2}}' % odd))

    output = read("volumes")

    assert output.rows("volumes") == [{"id": "a", **wanted}, {"id": "b"}]
    assert output.status("volumes") == "COMPLETE"
    (warning,) = output.warnings()
    assert path in warning


TIMES = {
    "2026-01-31T10:00:00.123456789Z": "2026-01-31T10:00:00.123456Z",
    "2026-01-31 10:00:00": "2026-01-31T10:00:00Z",
    "2026-01-31T10:00:00": "2026-01-31T10:00:00Z",
    "2026-01-31": "2026-01-31T00:00:00Z",
    "2026-01-31T10:00:00z": "2026-01-31T10:00:00Z",
    "2026-01-31T10:00:00+0000": "2026-01-31T10:00:00Z",
    "2026-01-31T10:00:00+02:00": "2026-01-31T10:00:00+02:00",
    "0001-01-01T00:00:00Z": "0001-01-01T00:00:00Z",
    "1970-01-01T00:00:00Z": "1970-01-01T00:00:00Z",
    "": None,
}


def test_times_leave_as_every_reader_understands_them(api: DigitalOcean) -> None:
    api.lists(VOLUMES, "volumes", [{"id": time, "created_at": time} for time in TIMES])

    output = read("volumes")

    assert {row["id"]: row.get("created_at") for row in output.rows("volumes")} == TIMES
    assert output.warnings() == []
