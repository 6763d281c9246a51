"""The budget against a server that counts arrivals in sliding windows, on a clock that only the test moves."""

import heapq
import random
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from source_digitalocean_quolum.http.budget import DigitalOceanBudget, SlidingWindows

API = "https://api.digitalocean.com"
EPOCH = 1_700_000_000.0


def request(path: str = "/v2/droplets") -> Any:
    return SimpleNamespace(url=f"{API}{path}?page=1")


def answer(*, status: int = 200, **headers: Any) -> Any:
    named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return SimpleNamespace(status_code=status, headers=named)


@dataclass
class World:
    """Sends requests through a budget as fast as it lets them go, with `parallel` under way at most.

    Each takes a random time, and arrives at the server at a random moment of it.
    """

    seed: int = 0
    longest: float = 1.0
    parallel: int = 10
    now: float = 1000.0
    arrivals: list[float] = field(default_factory=list)
    headers: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 (a simulation)
        self.budget = DigitalOceanBudget(clock=lambda: self.now, epoch=lambda: self.now + EPOCH, sleep=self.sleep)
        self._under_way: list[tuple[float, int, Any]] = []

    def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        while self._under_way and self._under_way[0][0] <= until:
            self.answer_next()
        self.now = max(self.now, until)

    def answer_next(self) -> None:
        moment, _, sent = heapq.heappop(self._under_way)
        self.now = max(self.now, moment)
        self.budget.update_from_response(sent, answer(**self.headers))

    def send(self, count: int, path: str = "/v2/droplets") -> None:
        for _ in range(count):
            while len(self._under_way) >= self.parallel:
                self.answer_next()
            sent = request(path)
            self.budget.acquire_call(sent)
            took = self.random.uniform(0.01, self.longest)
            self.arrivals.append(self.now + self.random.choice([0.0, 1.0, self.random.random()]) * took)
            heapq.heappush(self._under_way, (self.now + took, len(self.arrivals), sent))

    def most_in(self, window: float) -> int:
        """The most arrivals that any window of this length holds."""
        arrivals, most, first = sorted(self.arrivals), 0, 0
        for last, moment in enumerate(arrivals):
            while arrivals[first] <= moment - window + 1e-6:
                first += 1
            most = max(most, last - first + 1)
        return most


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), longest=st.floats(0.02, 70.0), parallel=st.integers(1, 20))
def test_the_server_never_counts_more_than_the_burst_limit(seed: int, longest: float, parallel: int) -> None:
    world = World(seed=seed, longest=longest, parallel=parallel)

    world.send(800)

    assert world.most_in(60) <= 250


@pytest.mark.parametrize("longest", [0.2, 2.0])
def test_the_server_never_counts_more_than_the_hourly_limit_and_the_quota_is_used(longest: float) -> None:
    world = World(longest=longest)

    world.send(10_500)

    start = world.arrivals[0]
    assert world.most_in(3600) <= 5000
    assert world.most_in(60) <= 250
    first_hour = sum(moment < start + 3600 for moment in world.arrivals)
    second_hour = sum(start + 3600 <= moment < start + 7200 for moment in world.arrivals)
    assert first_hour >= 0.95 * 5000
    assert second_hour >= 0.95 * 5000


def test_the_burst_quota_is_used_to_the_last_requests() -> None:
    world = World(longest=0.2)

    world.send(250 * 15)

    minutes = (world.now - world.arrivals[0]) / 60
    assert len(world.arrivals) / (minutes + 1) >= 0.95 * 250


@pytest.mark.parametrize(
    ("path", "limit", "window"),
    [
        ("/v2/account/keys", 10, 60.0),
        ("/v2/cdn/endpoints", 5, 10.0),
        ("/v2/cdn/endpoints/19f06b6a", 5, 10.0),
    ],
)
def test_special_limits_are_kept_on_their_own(path: str, limit: int, window: float) -> None:
    world = World(longest=0.2)

    world.send(limit * 6, path)

    assert world.most_in(window) == limit
    began = world.now
    world.send(200, "/v2/account")
    assert world.now - began < 60


@pytest.mark.parametrize(("limit", "burst"), [(1200, 60), (10_000, 500)])
def test_the_limit_the_server_names_is_believed(limit: int, burst: int) -> None:
    world = World(longest=0.1, headers={"ratelimit_limit": limit})
    world.send(1)
    world.answer_next()

    world.send(burst * 3)

    assert burst - 1 <= world.most_in(60) <= burst


def test_what_a_run_before_has_used_is_believed() -> None:
    world = World(longest=0.1, headers={"ratelimit_remaining": 3, "ratelimit_reset": 1000.0 + EPOCH + 600})
    world.send(1)
    world.answer_next()
    world.headers = {}

    world.send(4)

    assert [moment < 1010 for moment in world.arrivals] == [True, True, True, True, False]
    assert world.arrivals[4] == pytest.approx(1600, abs=1)


def test_an_exhausted_quota_frees_one_request_and_no_more() -> None:
    reset = 1000.0 + EPOCH + 100
    world = World(longest=0.1, headers={"ratelimit_remaining": 0, "ratelimit_reset": reset})
    world.send(1)
    world.answer_next()

    world.send(1)
    world.headers = {"ratelimit_remaining": 0, "ratelimit_reset": reset + 50}
    world.answer_next()
    world.send(1)

    assert world.arrivals[1] == pytest.approx(1100, abs=1)
    assert world.arrivals[2] == pytest.approx(1150, abs=1)


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"retry_after": 17}, 17),
        ({"retry_after": 17, "ratelimit_reset": EPOCH + 1900}, 17),
        ({"ratelimit_reset": EPOCH + 1000 + 240}, 240),
        ({"ratelimit_reset": EPOCH + 1000 - 30}, 1),
        ({"retry_after": 999_999}, 3600),
        ({"ratelimit_reset": EPOCH + 999_999}, 3600),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, 60),
        ({}, 60),
    ],
)
def test_a_429_stops_every_stream_for_as_long_as_the_server_says(headers: dict[str, Any], pause: float) -> None:
    world = World()
    refused = request("/v2/volumes")
    world.budget.acquire_call(refused)

    world.budget.update_from_response(refused, answer(status=429, **headers))
    world.budget.acquire_call(request("/v2/droplets"))

    assert world.now == pytest.approx(1000 + pause)


@pytest.mark.parametrize("value", ["", "many", "-1", "inf", "nan", "1e400", "0"])
def test_headers_that_are_no_numbers_change_nothing(value: str) -> None:
    world = World(longest=0.01)
    sent = request()
    world.budget.acquire_call(sent)

    garbled: dict[str, Any] = {"ratelimit_limit": value, "ratelimit_remaining": value, "ratelimit_reset": value}
    world.budget.update_from_response(sent, answer(**garbled))
    world.send(100)

    assert world.now < 1060


def test_a_request_that_is_sent_again_counts_twice() -> None:
    now = 0.0
    windows = SlidingWindows({60.0: 3}, lambda: now)
    for _ in range(3):
        windows.take(1)

    assert windows.wait() > 0
    now = 30.0
    windows.answered(1)
    # The first two were answered, as far as anyone knows, when the same request went out again.
    now = 60.5
    assert windows.wait() == 0


def test_a_request_without_an_answer_does_not_block_its_place_for_ever() -> None:
    now = 0.0
    windows = SlidingWindows({10.0: 1}, lambda: now)
    windows.take(1)

    now = 100.0
    assert windows.wait() > 0
    now = 301.0
    assert windows.wait() == 0
