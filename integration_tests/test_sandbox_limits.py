"""The sandbox's rate limits, held against what DigitalOcean's API reference says of them under "Rate Limit"."""

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest
import requests

from integration_tests.asking import get
from sandbox import Sandbox

HOUR = 3600


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """The documented limits: 5,000 requests an hour, 250 a minute."""
    with Sandbox(droplets=3, days=3) as running:
        yield running


def ask(sandbox: Sandbox, path: str, token: str, times: int) -> list[requests.Response]:
    return [get(sandbox, path, token) for _ in range(times)]


def told(answer: requests.Response) -> tuple[int, int, int]:
    """What an answer says of the limit: an hour's requests, those that remain, and seconds to the reset."""
    limit, remaining, reset = (int(answer.headers[f"ratelimit-{name}"]) for name in ("limit", "remaining", "reset"))
    return limit, remaining, round(reset - parsedate_to_datetime(answer.headers["date"]).timestamp())


def test_every_answer_tells_the_hour(sandbox: Sandbox) -> None:
    token = sandbox.mint_token()
    first, second, refused = (get(sandbox, path, token) for path in ("/v2/account", "/v2/droplets", "/v2/nothing"))
    for number, answer in enumerate((first, second, refused), 1):
        limit, remaining, reset = told(answer)
        assert (limit, remaining) == (5000, 5000 - number)
        # It is the oldest request that expires then.
        assert HOUR - 15 <= reset <= HOUR + 1
        assert "retry-after" not in answer.headers
    assert first.headers["ratelimit-reset"] == second.headers["ratelimit-reset"]


def test_a_burst_is_answered_as_in_the_documentation(sandbox: Sandbox) -> None:
    token = sandbox.mint_token()
    answers = ask(sandbox, "/v2/account", token, 252)
    assert [answer.status_code for answer in answers] == [200] * 250 + [429, 429]
    assert told(answers[249])[1] == 4750
    limit, remaining, reset = told(answers[250])
    # Nothing remains, though most of the hour does; the reset is the hour's; and `retry-after` is the minute's.
    assert (limit, remaining) == (5000, 0)
    assert HOUR - 60 <= reset <= HOUR + 1
    assert 1 <= int(answers[250].headers["retry-after"]) <= 60
    assert answers[250].json() == {"id": "too_many_requests", "message": "API Rate limit exceeded."}
    assert get(sandbox, "/v2/account", sandbox.mint_token()).status_code == 200, "limits are a token's own"


def test_a_spent_hour_has_no_retry_after() -> None:
    with Sandbox(droplets=3, days=3, rate_limit=1) as tiny:
        answers = ask(tiny, "/v2/account", tiny.token, 2)
    assert [answer.status_code for answer in answers] == [200, 429]
    assert "retry-after" not in answers[1].headers
    assert told(answers[1])[:2] == (1, 0)


@pytest.mark.parametrize(("path", "most", "seconds"), [("/v2/account/keys", 10, 60), ("/v2/cdn/endpoints", 5, 10)])
def test_special_limits_come_on_top_of_the_general_ones(sandbox: Sandbox, path: str, most: int, seconds: int) -> None:
    token = sandbox.mint_token()
    answers = ask(sandbox, path, token, most + 1)
    assert [answer.status_code for answer in answers] == [200] * most + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= seconds
    assert told(answers[-1])[1] == 0
    # They have counted in the hour and in the minute, too.
    rest = ask(sandbox, "/v2/account", token, 251 - most)
    assert told(rest[0])[1] == 5000 - most - 1
    assert [answer.status_code for answer in rest] == [200] * (250 - most) + [429]


def test_all_paths_below_cdn_endpoints_share_one_limit(sandbox: Sandbox) -> None:
    token = sandbox.mint_token()
    endpoint = get(sandbox, "/v2/cdn/endpoints", token).json()["endpoints"][0]["id"]
    paths = [f"/v2/cdn/endpoints/{endpoint}", "/v2/cdn/endpoints"] * 3
    # The list above was the first of five.
    assert [get(sandbox, path, token).status_code == 429 for path in paths] == [False] * 4 + [True] * 2
