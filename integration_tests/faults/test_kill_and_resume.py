"""A killed sync loses nothing: some seeds here, hundreds by `python -m tools.reliability kill`."""

from collections.abc import Iterator

import pytest

from integration_tests.faults.killing import Killing, killing


@pytest.fixture(scope="module")
def account() -> Iterator[Killing]:
    with killing() as ready:
        yield ready


@pytest.mark.parametrize("seed", range(6))
def test_resuming_from_the_last_announced_state_ends_equal_to_the_server(account: Killing, seed: int) -> None:
    outcome = account.run(seed)

    assert outcome.kills
    assert outcome.wrong == ()
