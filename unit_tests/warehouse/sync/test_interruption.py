"""A signal stops the sync, but never in the middle of a write."""

from __future__ import annotations

import os
import signal

import pytest

from warehouse.sync.interruption import handled, held


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts_at_once_or_after_the_write(number: signal.Signals) -> None:
    done: list[str] = []
    with handled(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)
    with handled(), pytest.raises(KeyboardInterrupt), held():  # noqa: PT012
        with held():
            os.kill(os.getpid(), number)
            done.append("inner")
        done.append("outer")
    assert done == ["inner", "outer"]


def test_a_write_that_fails_does_not_hide_the_signal() -> None:
    with handled(), pytest.raises(KeyboardInterrupt), held():  # noqa: PT012
        os.kill(os.getpid(), signal.SIGTERM)
        raise ValueError


def test_a_signal_that_is_ignored_stays_ignored_and_the_handlers_are_put_back() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with handled():
            os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_second_signal_does_not_cut_off_the_end_that_the_first_began() -> None:
    done: list[str] = []
    with handled():
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            os.kill(os.getpid(), signal.SIGINT)
            with held():
                os.kill(os.getpid(), signal.SIGTERM)
            done.append("cleaned up")
    assert done == ["cleaned up"]
    with handled(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
