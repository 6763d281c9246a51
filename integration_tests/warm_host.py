"""Runs of the local sync that start at once: the standard library's fork server imports PyAirbyte, every run is a fork.

What PyAirbyte decides while it is imported (folders, telemetry) is decided once, so a test of that starts a process of
its own.
"""

import os
import signal
import sys
import time
from collections.abc import Mapping
from functools import cache
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import mkdtemp


class HostRun:
    """One sync under way, with the parts of subprocess.Popen that tests use; what it says goes to files in `folder`."""

    def __init__(self, arguments: list[str], cwd: Path, env: Mapping[str, str], folder: Path) -> None:
        said = Path(mkdtemp(prefix="said-", dir=folder))
        self.stdout, self.stderr = said / "stdout", said / "stderr"
        for path in (self.stdout, self.stderr):
            path.touch()
        asked = (arguments, str(cwd), dict(env), str(self.stdout), str(self.stderr))
        self._process = _server().Process(target=_become_host, args=asked)
        self._process.start()
        assert self._process.pid
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The same."""
        return self.returncode

    def communicate(self, timeout: float) -> tuple[str, str]:
        """Wait for the end; what was written to stdout and stderr. Raises TimeoutError where it does not end."""
        self._process.join(timeout)
        if self.returncode is None:
            self.kill()
            raise TimeoutError(f"still running after {timeout:.0f} s")
        return self.stdout.read_text("utf-8"), self.stderr.read_text("utf-8")

    def wait_for(self, words: str, timeout: float = 60) -> None:
        """Wait until stderr has these words."""
        deadline = time.monotonic() + timeout
        while words not in (said := self.stderr.read_text("utf-8")):
            assert self.returncode is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.02)

    def send_signal(self, number: signal.Signals) -> None:
        """Send it."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once, as the system does for want of memory."""
        self._process.kill()
        self._process.join(10)


@cache
def _server() -> ForkServerContext:
    context = get_context("forkserver")
    context.set_forkserver_preload([f"{__package__}.pyairbyte_imported"])
    return context


def _become_host(arguments: list[str], cwd: str, env: Mapping[str, str], stdout: str, stderr: str) -> None:
    """In the fork: be the command line of the sync, as `python -m warehouse.sync.cli`."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, path in ((1, stdout), (2, stderr)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND), number)
    sys.stdout, sys.stderr = os.fdopen(1, "w", encoding="utf-8"), os.fdopen(2, "w", encoding="utf-8")
    from warehouse.sync.cli import main  # noqa: PLC0415 (imported before, by the server)

    code = main(arguments)
    sys.stdout.flush()
    sys.exit(code)
