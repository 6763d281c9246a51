"""A long history from Monitoring: two weeks a request where a server answers them whole, else a day."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from unit_tests.mock_server.commands import read, token_config
from unit_tests.mock_server.metrics import MetricsService, serve
from unit_tests.mock_server.server import DigitalOcean, Reply

STREAM = "droplet_utilization"
DAY = 86_400
NOW = "2026-02-10T06:20:00Z"
# Of a day: Monitoring has a sample every five minutes here.
SAMPLES = 288
# 21 windows of a day, the last one of six hours, or two of two weeks; seven requests each for one Droplet.
BY_DAYS, BY_WEEKS = 22 * 7, 2 * 7
METRICS = [
    *("cpu_utilization", "public_bandwidth_inbound", "public_bandwidth_outbound"),
    *("memory_available", "memory_total", "filesystem_free", "filesystem_size"),
]


class Server(MetricsService):
    """What a server makes of more than a day."""

    def __init__(self, habit: str, regions: Mapping[int, str]) -> None:
        super().__init__(regions)
        self.habit = habit

    def monitoring(self, path: str, parameters: Mapping[str, str]) -> list[dict[str, Any]] | Reply:
        found = super().monitoring(path, parameters)
        if isinstance(found, Reply) or int(parameters["end"]) - int(parameters["start"]) <= DAY + 600:
            return found
        if self.habit == "refuses":
            return Reply({"status": "error", "errorType": "bad_data", "error": "exceeded maximum resolution"}, 400)
        if self.habit == "limits answers of several series":
            return _limit(found)
        if self.habit == "limits series":
            return found[:1]
        for series in found:
            if self.habit == "leaves out the beginning":
                series["values"] = series["values"][-SAMPLES:]
            elif self.habit == "thins":
                series["values"] = series["values"][::2]
        return found


def _limit(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a server sends that keeps its answers below a number of samples, and one series whole."""
    for series in found:
        series["values"] = series["values"][-20 * SAMPLES // len(found) :]
    return found


def sync(api: DigitalOcean, server: Server, start: str) -> tuple[list[str], int]:
    """The rows in order, and how many requests for metrics they took."""
    serve(api, server, NOW)
    config = token_config(start_date=start, utilization={"source": "monitoring"})
    output = read(STREAM, config=config, through=["droplets"])
    assert output.status(STREAM) == "COMPLETE"
    return [json.dumps(row, sort_keys=True) for row in output.rows(STREAM)], len(server.asked)


@pytest.mark.parametrize(
    ("habit", "requests"),
    [
        # Three requests to learn it, and two for the first long answer of each endpoint.
        ("answers", BY_WEEKS + 3 + 2 * 6),
        ("refuses", BY_DAYS + 3),
        ("leaves out the beginning", BY_DAYS + 3),
        ("thins", BY_DAYS + 3),
        # One of the six endpoints (cpu) has two series: its two weeks and their two edges, and then all of its days.
        ("limits answers of several series", BY_WEEKS - 2 + 22 + 3 + 3 + 2 * 5),
        ("limits series", BY_WEEKS - 2 + 22 + 3 + 3 + 2 * 5),
    ],
)
def test_no_sample_is_lost_whatever_a_server_makes_of_a_long_window(
    habit: str, requests: int, api: DigitalOcean
) -> None:
    rows, asked = sync(api, Server(habit, {1: "nyc3"}), "2026-01-20T00:00:00Z")

    assert Counter(json.loads(row)["metric"] for row in rows) == dict.fromkeys(METRICS, 21 * 24 + 6)
    # The figures of an hour are those of its twelve samples.
    assert {json.loads(row)["samples"] for row in rows} == {12}
    assert asked == requests


def test_a_few_days_are_not_worth_the_question(api: DigitalOcean) -> None:
    _, asked = sync(api, Server("answers", {1: "nyc3"}), "2026-02-08T00:00:00Z")

    assert asked == 3 * 7
