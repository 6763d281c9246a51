"""An agent's usage is asked by the month, and by the day only where there is one: every row of every day comes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from freezegun import freeze_time

from unit_tests.mock_server.commands import read, token_config
from unit_tests.mock_server.server import DigitalOcean, Reply, Request, error

Days = dict[str, dict[str, int]]
STREAM = "genai_agent_usage"
# Whole days, and the first one is that of `start_date`.
BEGIN, NOW = "2026-01-01T00:00:00Z", "2026-03-02T12:00:00Z"


def agent(api: DigitalOcean, name: str, days: Days, *, rounding: int = 0) -> None:
    """An agent that used these tokens; `rounding` is what a sum of several days has too much."""

    def answer(request: Request) -> Reply:
        start, stop = request.query["start"], request.query["stop"]
        inside = [tokens for day, tokens in days.items() if start <= f"{day}T12:00:00Z" <= stop]
        kinds = sorted({kind for tokens in inside for kind in tokens})
        extra = rounding if start[:10] != stop[:10] else 0
        sums = [{"usage_type": kind, "tokens": extra + sum(one.get(kind, 0) for one in inside)} for kind in kinds]
        return Reply({"usage": {"measurements": sums}, "log_insights_usage": {"measurements": []}})

    api.on(f"/v2/gen-ai/agents/{name}/usage", None, answer)


def sync(api: DigitalOcean, *names: str, fails: bool = False) -> Any:
    api.lists("/v2/gen-ai/agents", "agents", [{"uuid": name} for name in names])
    with freeze_time(NOW, real_asyncio=True):
        return read(STREAM, config=token_config(start_date=BEGIN), expect_failure=fails)


def rows(output: Any) -> dict[tuple[str, str, str], int]:
    return {
        (row["agent_uuid"], row["interval_start"][:10], row["usage_type"]): row["tokens"] for row in output.rows(STREAM)
    }


def asked(api: DigitalOcean, name: str) -> list[tuple[str, str]]:
    """The windows that were asked for, by month and day."""
    return sorted((one["start"][5:10], one["stop"][5:10]) for one in api.asked(f"/v2/gen-ai/agents/{name}/usage"))


def every_day() -> list[str]:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    return [f"{first + timedelta(days=number):%Y-%m-%d}" for number in range(60)]


@pytest.mark.parametrize("days", [{}, {"2026-02-01": {"input_tokens": 0}}], ids=["nothing", "zero"])
def test_an_agent_that_used_nothing_is_asked_once_a_month(api: DigitalOcean, days: Days) -> None:
    agent(api, "idle", days)
    output = sync(api, "idle")
    assert (output.status(STREAM), output.rows(STREAM)) == ("COMPLETE", [])
    assert asked(api, "idle") == [("01-01", "01-30"), ("01-31", "03-01")]


@pytest.mark.parametrize("rounding", [0, 7], ids=["sums are exact", "sums are not exact"])
def test_every_day_with_usage_has_its_rows(api: DigitalOcean, rounding: int) -> None:
    days = every_day()
    used: dict[str, Days] = {
        "daily": {day: {"input_tokens": 100 + number, "output_tokens": 9} for number, day in enumerate(days)},
        "first": {days[0]: {"input_tokens": 5}},
        "last": {days[-1]: {"input_tokens": 5}},
        "seams": {days[number]: {"input_tokens": 1} for number in (6, 7, 29, 30, 36, 37, 58)},
        "kinds": {days[3]: {"input_tokens": 4}, days[20]: {"output_tokens": 4}},
    }
    for name, of_days in used.items():
        agent(api, name, of_days, rounding=rounding)
    output = sync(api, *used)
    assert output.status(STREAM) == "COMPLETE"
    assert rows(output) == {
        (name, day, kind): tokens
        for name, of_days in used.items()
        for day, sums in of_days.items()
        for kind, tokens in sums.items()
    }


def test_days_are_asked_until_they_add_up_to_the_whole(api: DigitalOcean) -> None:
    agent(api, "late", {every_day()[-3]: {"input_tokens": 5}})
    sync(api, "late")
    # The month without, the month with, its newest day, the week before that, and the days of this one.
    month, newest, week = ("01-31", "03-01"), ("03-01", "03-01"), ("02-22", "02-28")
    assert asked(api, "late") == sorted([("01-01", "01-30"), month, newest, week, ("02-28",) * 2, ("02-27",) * 2])


def test_the_weeks_of_an_agent_that_is_used_every_day_are_not_asked(api: DigitalOcean) -> None:
    agent(api, "daily", {day: {"input_tokens": 1} for day in every_day()})
    sync(api, "daily")
    assert len(asked(api, "daily")) == 2 + 60


def test_a_day_that_cannot_be_had_ends_the_stream_incomplete(api: DigitalOcean) -> None:
    whole = Reply({"usage": {"measurements": [{"usage_type": "input_tokens", "tokens": 5}]}})
    path = "/v2/gen-ai/agents/a/usage"
    api.on(path, None, whole)
    api.on(path, {"start": "2026-03-01T00:00:00Z", "stop": "2026-03-01T23:59:59Z"}, error(400))
    assert sync(api, "a", fails=True).status(STREAM) == "INCOMPLETE"
