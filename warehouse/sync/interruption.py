"""Ctrl-C and SIGTERM, kept waiting while a transaction or a rotated token is being written."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Interruption:
    """Raises KeyboardInterrupt at the first signal, or when the last `held` block ends."""

    def __init__(self) -> None:
        self._asked = False
        self._ending = False
        self._held = 0

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM; a signal that whoever started us chose to ignore stays ignored."""
        self._asked = self._ending = False
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, self._signalled)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let the block come to its end first."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            if self._asked and not self._held:
                self._asked = False
                self._ending = True
                raise KeyboardInterrupt

    def _signalled(self, *_: object) -> None:
        # A second signal would cut off the end that the first one began, and leave the connector and files behind.
        if self._ending:
            return
        # Raised inside a database driver, it would come out as any error, or leave a commit in doubt.
        if self._held:
            self._asked = True
        else:
            self._ending = True
            raise KeyboardInterrupt


_interruption = _Interruption()
handled = _interruption.handled
held = _interruption.held
