"""The one way out: stdout as lines of UTF-8 that passed the guard, whatever the locale and whoever prints."""

import errno
import io
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from source_digitalocean_quolum.protocol.guard import guard_line, guard_records, guard_text

_ENDED = {
    errno.EPIPE: "Nobody reads the output any more",
    errno.ENOSPC: "The output cannot be written, its disk is full",
}


class OutputEnded(Exception):
    """Stdout cannot be written any more: its reader went away, or its disk is full."""


class Output(io.TextIOBase):
    """A text stream that writes whole lines, each at once and guarded.

    It stands in the place of sys.stdout, where the CDK's log, its CONTROL messages and everything that prints end.
    """

    encoding = "utf-8"

    def __init__(self, out: BinaryIO, guard: Callable[[bytes], bytes]) -> None:
        self._out, self._guard = out, guard
        self._lock = threading.RLock()
        # The beginnings of lines, by thread: `print` writes a text and its end separately.
        self._begun = threading.local()

    def write(self, text: str) -> int:
        """See TextIOBase. Raises OutputEnded."""
        lines = (getattr(self._begun, "text", "") + text).split("\n")
        self._begun.text = lines.pop()
        for line in lines:
            # Half a surrogate pair is no character; within JSON its escape is one.
            self._put(self._guard(line.encode("utf-8", "backslashreplace")) + b"\n")
        return len(text)

    def write_records(self, lines: bytes) -> None:
        """RECORD messages, a line each; they are on stdout when this returns. Raises OutputEnded."""
        self._put(guard_records(lines))

    def flush(self) -> None:
        """See TextIOBase: whole lines are never held back."""

    def writable(self) -> bool:
        """See IOBase."""
        return True

    def _put(self, lines: bytes) -> None:
        with self._lock:
            rest = lines
            try:
                # Unbuffered (PYTHONUNBUFFERED), stdout may take a part only.
                while (taken := self._out.write(rest)) < len(rest):
                    rest = rest[taken:]
                self._out.flush()
            except OSError as error:
                raise OutputEnded(_ENDED.get(error.errno or 0, f"The output cannot be written ({error})")) from None


@contextmanager
def guard_output() -> Iterator[Output]:
    """Everything that is printed within goes through the guard; what goes to stderr, too."""
    stdout, stderr = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = output, _ = Output(stdout.buffer, guard_line), Output(stderr.buffer, guard_text)
    try:
        yield output
    finally:
        sys.stdout, sys.stderr = stdout, stderr
