"""What the connector's tests share: DigitalOcean mocked, and a clock that sleeping moves."""

from collections.abc import Iterator

import pytest

from unit_tests.mock_server.clock import Clock, fake_clock
from unit_tests.mock_server.server import DigitalOcean, digitalocean
from unit_tests.stream_files import problems


def pytest_sessionstart() -> None:
    """Stop before the first test where a stream lacks a file: one sentence instead of hundreds of failures."""
    if found := problems():
        pytest.exit("\n".join(found), returncode=1)


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The clock of every budget made during the test, and of every sleep."""
    with fake_clock() as clock:
        yield clock


@pytest.fixture
def api(clock: Clock) -> Iterator[DigitalOcean]:
    """DigitalOcean, mocked; the test fails when it is asked something no one announced."""
    with digitalocean() as service:
        yield service
