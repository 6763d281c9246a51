"""Waiting for the rate limit: as long as DigitalOcean says, no longer, and the operator and the platform are told."""

import re
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteStreamStatus, AirbyteStreamStatusReasonType

from unit_tests.mock_server.clock import Clock
from unit_tests.mock_server.commands import Output, read, token_config
from unit_tests.mock_server.server import PAGE, DigitalOcean, Reply, Request, error

VOLUMES = "/v2/volumes"
GOOD = {"volumes": [{"id": "a"}], "meta": {"total": 1}}


def rate_limited(output: Output, stream: str) -> list[int]:
    """The `quota_reset` of each RATE_LIMITED status of a stream."""
    found = []
    for message in output.trace_messages:
        status = message.trace.stream_status if message.trace else None
        if status and status.stream_descriptor.name == stream and status.reasons:
            assert status.status == AirbyteStreamStatus.RUNNING
            for reason in status.reasons:
                assert reason.type == AirbyteStreamStatusReasonType.RATE_LIMITED
                assert reason.rate_limited
                found.append(reason.rate_limited.quota_reset or 0)
    return found


def notices(output: Output) -> list[str]:
    return [line for line in output.log().splitlines() if line.startswith("Waiting for DigitalOcean's rate limit")]


def test_a_burst_costs_what_its_retry_after_says_and_no_hour(api: DigitalOcean, clock: Clock) -> None:
    """As DigitalOcean's documentation shows it: nothing remains, and the hour's reset is 59 minutes away."""
    began, reset = clock.now(), str(int(clock.epoch()) + 59 * 60)
    burst = error(429, "too_many_requests", retry_after="23", ratelimit_remaining="0", ratelimit_reset=reset)
    after = {"ratelimit-remaining": "4700", "ratelimit-reset": reset}
    api.on(VOLUMES, PAGE, burst, Reply(GOOD, headers=after))

    output = read("volumes")

    assert output.rows("volumes") == [{"id": "a"}]
    assert 22 <= clock.now() - began <= 27


def test_a_burst_is_waited_for_after_good_answers_that_say_little_remains(api: DigitalOcean, clock: Clock) -> None:
    began, reset = clock.now(), str(int(clock.epoch()) + 59 * 60)
    pages = [[{"id": f"v{number}"} for number in range(200)], [{"id": "last"}]]
    limits = {"ratelimit-remaining": "4998", "ratelimit-reset": reset}
    following = {"links": {"pages": {"next": "https://x/?page=2"}}, "meta": {"total": 201}}
    api.on(VOLUMES, PAGE, Reply({"volumes": pages[0], **following}, headers=limits))
    burst = error(429, "too_many_requests", retry_after="23", ratelimit_remaining="0", ratelimit_reset=reset)
    api.on(VOLUMES, {"page": "2", "per_page": "200"}, burst, Reply({"volumes": pages[1], "meta": {"total": 201}}))

    output = read("volumes")

    assert len(output.rows("volumes")) == 201
    assert clock.now() - began <= 27


@pytest.mark.parametrize("past", [1, 3600, 86_400])
def test_a_reset_of_the_past_is_waited_for_a_minute_and_spends_no_tries(
    api: DigitalOcean, clock: Clock, past: int
) -> None:
    began, reset = clock.now(), str(int(clock.epoch()) - past)
    refused = error(429, "too_many_requests", ratelimit_remaining="0", ratelimit_reset=reset)
    api.on(VOLUMES, PAGE, *[refused] * 8, error(503), error(503), Reply(GOOD))

    output = read("volumes")

    assert output.rows("volumes") == [{"id": "a"}]
    assert output.status("volumes") == "COMPLETE"
    assert clock.now() - began >= 60


def test_the_platform_and_the_log_are_told_once_until_when_and_why(api: DigitalOcean, clock: Clock) -> None:
    reset = int(clock.epoch()) + 3000
    refused = error(429, "too_many_requests", ratelimit_remaining="0", ratelimit_reset=str(reset))
    api.on("/v2/projects", None, refused, Reply({"projects": [{"id": "p"}], "meta": {"total": 1}}))
    api.on("/v2/projects/p/resources", None, {"resources": [{"urn": "do:volume:1"}], "meta": {"total": 1}})

    output = read("project_resources")

    assert [row["urn"] for row in output.rows("project_resources")] == ["do:volume:1"]
    # It waits although the request is that of a list it is read through.
    (until,) = rate_limited(output, "project_resources")
    assert abs(until / 1000 - reset) <= 5
    (told,) = notices(output)
    assert re.search(r"goes out at \d\d:\d\d:\d\d UTC, in \d+ s\. .*429", told)
    assert output.status("project_resources") == "COMPLETE"


def test_waiting_for_our_own_share_of_the_minute_is_told_too(api: DigitalOcean, clock: Clock) -> None:
    total = 300

    def answer(request: Request) -> Reply:
        number = int(request.query["page"])
        pages: dict[str, Any] = {"next": f"https://x/?page={number + 1}"} if number < total else {}
        return Reply({"volumes": [{"id": number}], "links": {"pages": pages}, "meta": {"total": total}})

    api.on(VOLUMES, None, answer)
    began = clock.now()

    output = read("volumes", config=token_config(num_workers=2))

    assert len(output.rows("volumes")) == total
    assert 55 <= clock.now() - began <= 75
    assert len(notices(output)) == 1
    assert len(rate_limited(output, "volumes")) == 1


def test_pauses_that_nobody_would_notice_are_not_told(api: DigitalOcean) -> None:
    api.on(VOLUMES, PAGE, error(429, "too_many_requests", retry_after="2"), Reply(GOOD))

    output = read("volumes")

    assert notices(output) == []
    assert rate_limited(output, "volumes") == []


def test_waiting_ends_after_two_hours_of_it(api: DigitalOcean, clock: Clock) -> None:
    began = clock.now()
    api.on(VOLUMES, None, error(429, "too_many_requests", retry_after="1800"))

    output = read("volumes", expect_failure=True)

    assert "did not help" in output.error("volumes")[1]
    assert 2 * 3600 <= clock.now() - began < 2.7 * 3600
    assert len(api.requests) <= 6


def test_what_answers_take_is_no_waiting(api: DigitalOcean, clock: Clock) -> None:
    refusals = 6

    def slow(request: Request) -> Reply:
        clock.sleep(1_800)
        if len(api.asked(VOLUMES)) > refusals:
            return Reply(GOOD)
        return error(429, "too_many_requests", retry_after="1")

    api.on(VOLUMES, None, slow)

    assert read("volumes").rows("volumes") == [{"id": "a"}]
