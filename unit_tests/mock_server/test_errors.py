"""What goes wrong at DigitalOcean, as failure types and sentences; and what does not stop a sync."""

import json
import re
from collections import Counter

import pytest
import requests
from airbyte_cdk.models import FailureType

from unit_tests.mock_server.clock import Clock, fake_clock
from unit_tests.mock_server.commands import Output, read, token_config
from unit_tests.mock_server.server import PAGE, Answer, DigitalOcean, Reply, digitalocean, error

VOLUMES = "/v2/volumes"
GOOD = {"volumes": [{"id": "a"}]}


ELSEWHERE = Reply(b"", 301, {"Location": "https://elsewhere.example"})
# Each stream of one sync meets another failure: the answer, failure type, words, requests in all.
FAILURES: dict[str, tuple[Answer, str, str, int]] = {
    "tags": (error(400, "bad_request", "odd"), "system_error", 'with HTTP 400 (DigitalOcean: "odd")', 1),
    "regions": (error(401, "unauthorized"), "config_error", "does not accept the personal access token", 1),
    "sizes": (error(404, "not_found"), "config_error", "does not exist at this address (HTTP 404", 1),
    "snapshots": (error(405), "system_error", "HTTP 405", 1),
    "volumes": (error(410), "config_error", "does not exist at this address (HTTP 410", 1),
    "reserved_ips": (ELSEWHERE, "config_error", "redirects to another place (HTTP 301), where the token is", 1),
    "firewalls": (error(408), "transient_error", "HTTP 408", 6),
    "load_balancers": (error(500, "x", "Oops"), "transient_error", '500 for /v2/load_balancers (DigitalOcean: "Oo', 6),
    "vpcs": (Reply(b"<html>Bad gateway</html>", 502), "transient_error", "HTTP 502", 6),
    "domains": (error(503), "transient_error", "HTTP 503", 6),
    "projects": (requests.ConnectionError("refused"), "transient_error", "could not be reached: no network", 6),
    "actions": (requests.ReadTimeout("slow"), "transient_error", "api.digitalocean.com did not answer in time", 6),
    "billing_history": (requests.exceptions.ChunkedEncodingError(), "transient_error", "broke off its answer", 6),
    "invoices": (requests.exceptions.SSLError("self-signed"), "config_error", "certificate is not trusted", 1),
    "images": (
        Reply(b"<html></html>"),
        "transient_error",
        "HTTP 200 for /v2/images with a web page instead of JSON",
        6,
    ),
    "monitoring_destinations": (Reply({"id": "x", "message": "Oops"}), "transient_error", "an error object", 6),
}
PATHS = {
    "billing_history": "/v2/customers/my/billing_history",
    "invoices": "/v2/customers/my/invoices",
    "monitoring_destinations": "/v2/monitoring/sinks/destinations",
}


@pytest.fixture(scope="module")
def failing_sync() -> tuple[Output, Counter[str]]:
    with fake_clock(), digitalocean() as api:
        for stream, (answer, *_) in FAILURES.items():
            # With any number of records a page: smaller ones are asked for before a list is given up.
            api.on(PATHS.get(stream, f"/v2/{stream}"), None, answer)
        api.lists("/v2/databases", "databases", [{"id": "d"}])
        return read(*FAILURES, "database_clusters", expect_failure=True), api.counts()


@pytest.mark.parametrize("stream", FAILURES)
def test_a_failure_has_a_type_and_a_sentence(failing_sync: tuple[Output, Counter[str]], stream: str) -> None:
    output, counts = failing_sync
    _, kind, words, attempts = FAILURES[stream]

    failure, message = output.error(stream)
    assert failure == FailureType(kind)
    assert words in message
    assert counts[PATHS.get(stream, f"/v2/{stream}")] == attempts
    assert output.get_stream_statuses(stream)[-1].value == "INCOMPLETE"


def test_the_other_streams_go_on_and_the_sync_fails_in_the_end(
    failing_sync: tuple[Output, Counter[str]],
) -> None:
    output, _ = failing_sync

    assert output.rows("database_clusters") == [{"id": "d"}]
    assert output.status("database_clusters") == "COMPLETE"
    assert output.failed


def test_trouble_that_passes_is_not_mentioned_to_anyone_but_the_log(api: DigitalOcean) -> None:
    api.on(VOLUMES, None, error(503), requests.ConnectionError("reset"), error(408), GOOD)

    output = read("volumes")

    assert output.rows("volumes") == [{"id": "a"}]
    assert output.errors == []
    assert len(api.requests) == 4


def test_what_was_answered_before_is_told_where_the_last_try_had_no_answer(api: DigitalOcean) -> None:
    api.on(VOLUMES, None, error(503, "x", "Oops"), requests.ConnectionError("refused"))

    _, message = read("volumes", expect_failure=True).error("volumes")

    assert message == (
        "No answer: api.digitalocean.com could not be reached: no network, or a firewall or proxy in between "
        "(ConnectionError). Tried 6 times. An earlier try was answered: DigitalOcean answered HTTP 503 for "
        '/v2/volumes (DigitalOcean: "Oops").'
    )


def test_a_missing_scope_is_named_once_and_the_sync_goes_on(api: DigitalOcean) -> None:
    api.on(VOLUMES, PAGE, error(403, "forbidden", "You are not authorized to perform this operation"))
    api.lists("/v2/vpcs", "vpcs", [{"id": "v"}])

    output = read("volumes", "vpcs")

    assert not output.failed
    assert output.errors == []
    assert output.rows("vpcs") == [{"id": "v"}]
    (warning,) = output.warnings()
    assert warning == (
        'Stream volumes is skipped: the token may not read it (DigitalOcean: "You are not authorized to perform '
        'this operation"). Give the token the scope block_storage:read (or read access to everything), or leave '
        "the stream out."
    )
    assert api.counts()[VOLUMES] == 2, "a refusal is doubted once"


def test_a_stream_whose_parents_cannot_be_listed_fails_by_its_own_name(api: DigitalOcean) -> None:
    api.on("/v2/projects", PAGE, error(400, "bad_request", "no"))

    output = read("project_resources", expect_failure=True)

    assert output.status("project_resources") == "INCOMPLETE"
    assert "HTTP 400" in output.error("project_resources")[1]


def test_a_missing_scope_for_two_lists_is_named_once(api: DigitalOcean) -> None:
    for kind in ("droplets", "gpus"):
        api.on("/v2/droplets", {**PAGE, "type": kind}, error(403, "forbidden"))

    output = read("droplets")

    assert not output.failed
    (warning,) = output.warnings()
    assert "droplet:read" in warning


def test_children_of_a_forbidden_parent_are_empty_and_the_scope_is_named(api: DigitalOcean) -> None:
    api.on("/v2/projects", PAGE, error(403, "forbidden"))

    output = read("project_resources", "projects")

    assert not output.failed
    assert output.rows("project_resources") == []
    assert all("project:read" in warning for warning in output.warnings())
    assert output.warnings()


def test_forbidden_children_are_asked_for_until_thirty_parents_were_refused(api: DigitalOcean) -> None:
    moment = "2026-01-01T00:00:00Z"
    api.lists("/v2/projects", "projects", [{"id": f"p{number}", "updated_at": moment} for number in range(100)])
    for number in range(100):
        api.on(f"/v2/projects/p{number}/resources", PAGE, error(403, "forbidden", "no such scope"))

    output = read("project_resources", config=token_config(num_workers=2))

    assert not output.failed
    assert output.rows("project_resources") == []
    (warning,) = output.warnings()
    assert warning.startswith(
        'Stream project_resources is skipped: the token may not read it (DigitalOcean: "no such scope"). Give'
    )
    asked = [path for path in api.counts() if path.endswith("/resources")]
    # And those under way when the last of them came.
    assert 30 <= len(asked) <= 31
    assert api.counts().total() <= len(asked) + 2, "the list, and the first refusal is doubted once"


@pytest.mark.parametrize(
    ("headers", "wait"),
    [({"retry_after": "17"}, 17), ({"ratelimit_reset": "RESET"}, 240), ({}, 60)],
    ids=["burst limit", "hourly limit", "no header"],
)
def test_a_429_is_waited_for_as_long_as_it_says(
    api: DigitalOcean, clock: Clock, headers: dict[str, str], wait: int
) -> None:
    told = {name: value.replace("RESET", str(int(clock.epoch()) + 240)) for name, value in headers.items()}
    sent_at: list[float] = []

    def refuse(_: object) -> Reply:
        sent_at.append(clock.now())
        return error(429, "too_many_requests", "API rate limit exceeded.", **told)

    def accept(_: object) -> Reply:
        sent_at.append(clock.now())
        return Reply(GOOD)

    api.on(VOLUMES, PAGE, refuse, accept)

    output = read("volumes")

    assert output.rows("volumes") == [{"id": "a"}]
    assert wait - 1 <= sent_at[1] - sent_at[0] <= wait + 3
    assert not output.failed


def test_a_429_without_end_is_a_transient_error(api: DigitalOcean) -> None:
    api.on(VOLUMES, PAGE, error(429, "too_many_requests", retry_after="1"))

    output = read("volumes", expect_failure=True)

    kind, message = output.error("volumes")
    assert kind == FailureType.transient_error
    assert "rate limit is reached" in message


def test_the_reset_that_every_answer_carries_means_nothing_for_a_502(api: DigitalOcean, clock: Clock) -> None:
    began = clock.now()
    bad = error(502, ratelimit_reset=str(int(clock.epoch()) + 3000), ratelimit_remaining="4000")
    api.on(VOLUMES, PAGE, bad, GOOD)

    read("volumes")

    assert clock.now() - began < 30


def test_the_log_ends_with_the_requests_each_stream_took(api: DigitalOcean) -> None:
    api.on(VOLUMES, PAGE, {"volumes": [], "links": {"pages": {"next": "https://x/?page=2"}}})
    api.on(VOLUMES, {"page": "2", "per_page": "200"}, {"volumes": []})
    api.lists("/v2/vpcs", "vpcs", [])

    output = read("volumes", "vpcs")

    (counted,) = re.findall(r"Requests made: (\{.*\})", output.log())
    assert json.loads(counted) == {"volumes": 2, "vpcs": 1}


def test_a_token_goes_only_where_it_belongs(api: DigitalOcean) -> None:
    api.on(VOLUMES, PAGE, Reply(b"", 302, {"Location": "https://elsewhere.example/v2/volumes"}))

    read("volumes", expect_failure=True)

    assert {request.address for request in api.requests} == {"https://api.digitalocean.com/v2/volumes"}
