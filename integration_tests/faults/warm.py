"""Runs of the connector that start at once: one process imports it, every run is a fork of that process.

`python -m integration_tests.faults.warm SPEED` is that process; `Warm` starts it. With a SPEED above 1, waits are that
much shorter: a retry after minutes takes a second, and nothing in the connector knows.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, Self

from integration_tests.connector import Run

_ROOT = Path(__file__).parents[2]
# Timeouts of sockets shrink less: a loaded machine must still answer in time.
_TIMEOUTS_SHRINK = 20
# Faults that a suite has at the same time wait for each other, which those of one account seldom do.
_PATIENCE_GROWS = 1.5
# Seconds, in a hurry, that a whole answer may take: the slowest good one of the table takes one.
_LONGEST_ANSWER = 3.0


class Warm:
    """The warm process, for the length of a `with` block."""

    def __init__(self, speed: int = 1) -> None:
        self._speed = speed
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", __name__, str(self._speed)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=_ROOT, stdin=pipe, stdout=pipe, text=True)
        if self._ask({}) != "ready":
            raise RuntimeError("the connector could not be imported")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.communicate()

    def start(self, command: str, stdout: str = "", **files: Any) -> "Started":
        """Start `command`, each keyword written to a file and passed as its option; see `connector.run`."""
        return Started(self, command, stdout, files)

    def run(self, command: str, timeout: float = 180, **files: Any) -> Run:
        """Run `command` to its end; TimeoutError if it does not end."""
        with self.start(command, **files) as started:
            return started.finish(timeout)

    def _ask(self, question: dict[str, Any]) -> Any:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("the warm process is not running; use it in a with block")
        process.stdin.write(json.dumps(question) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())


def run(command: str, timeout: float = 180, **files: Any) -> Run:
    """As `connector.run`, in a fork of a process that this one keeps: without the seconds of a start."""
    return _kept().run(command, timeout, **files)


@cache
def _kept() -> Warm:
    """It ends with this process, which holds its stdin."""
    return Warm().__enter__()


class Started:
    """One run under way. `stdout` may be a path of the caller's, such as /dev/full or a named pipe."""

    def __init__(self, warm: Warm, command: str, stdout: str, files: dict[str, Any]) -> None:
        self._warm = warm
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        arguments = [command]
        for option, content in files.items():
            if content is not None:
                path = folder / f"{option}.json"
                path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
                arguments += [f"--{option}", str(path)]
        self._stdout, self._stderr = Path(stdout or folder / "stdout"), folder / "stderr"
        self._own = not stdout
        # A run that is killed at once has not opened them yet.
        for path in (self._stderr, *([self._stdout] if self._own else ())):
            path.touch(mode=0o600)
        question = {"arguments": arguments, "stdout": str(self._stdout), "stderr": str(self._stderr)}
        self.pid: int = warm._ask(question)
        self._exit_code: int | None = None
        self._peak = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.exit_code is None:
            self.kill(signal.SIGKILL)
        self._folder.cleanup()

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        if self._exit_code is None:
            self._exit_code, self._peak = self._warm._ask({"poll": self.pid})
        return self._exit_code

    def kill(self, how: signal.Signals, patience: float = 10) -> None:
        """Send a signal and wait until the run has ended by it (or before it)."""
        if self.exit_code is None:
            os.kill(self.pid, how)
            self.wait(patience)

    def wait(self, timeout: float) -> int:
        """The exit code; TimeoutError if the run goes on for longer."""
        deadline = time.monotonic() + timeout
        while (code := self.exit_code) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"still running after {timeout:.0f} s")
            time.sleep(0.01)
        return code

    def finish(self, timeout: float) -> Run:
        """Wait for the end and read what was said."""
        self.wait(timeout)
        return self.said()

    def said(self) -> Run:
        """The whole lines on stdout so far: a line that a kill cut short is none."""
        stdout = self._stdout.read_text(encoding="utf-8", errors="replace") if self._own else ""
        lines = stdout[: stdout.rfind("\n") + 1].split("\n")
        stderr = self._stderr.read_text(encoding="utf-8", errors="replace")
        messages = [json.loads(line) for line in lines if line]
        return Run(self.exit_code or 0, stdout, stderr, messages, self._peak)


def _hurry(speed: int) -> None:
    """Make sleeps shorter, and the clock that measures them faster; before the connector is imported."""
    monotonic, sleep, settimeout = time.monotonic, time.sleep, socket.socket.settimeout
    began = monotonic()

    def shorter(connection: socket.socket, timeout: float | None) -> None:
        settimeout(connection, None if timeout is None else timeout / _TIMEOUTS_SHRINK)

    def shortly(seconds: float) -> None:
        sleep(seconds / speed)

    for owner, name, quick in (
        (time, "monotonic", lambda: began + (monotonic() - began) * speed),
        (time, "sleep", shortly),
        (socket.socket, "settimeout", shorter),
    ):
        setattr(owner, name, quick)


def _become(question: dict[str, Any]) -> None:
    """In the fork: take the run's files as stdout and stderr, and be the connector."""
    from source_digitalocean_quolum.run import run  # noqa: PLC0415 (imported before, by main)

    # The asking process holds the other ends: they must close when it ends, not when this run does.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for target, path in ((1, question["stdout"]), (2, question["stderr"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), target)
    run(question["arguments"])


def main() -> None:
    """Answer questions, one a line: start a run (its pid), or has that one ended (its exit code and peak memory)?"""
    speed = int(sys.argv[1])
    if speed > 1:
        _hurry(speed)
    import source_digitalocean_quolum.commands  # noqa: F401, PLC0415 (after the clock has been changed)
    from source_digitalocean_quolum.http import client, session  # noqa: PLC0415

    if speed > 1:
        session.LONGEST_ANSWER = _LONGEST_ANSWER * speed
        client.PATIENCE *= _PATIENCE_GROWS

    # Both are read unbuffered: a fork must not inherit a half-read question.
    questions, answers = os.fdopen(os.dup(0), "rb", buffering=0), os.dup(1)
    while line := _line(questions.read):
        question = json.loads(line)
        answer: Any = "ready"
        if pid := question.get("poll"):
            # The peak begins with what this process has at the fork: all that was imported.
            ended, status, used = os.wait4(pid, os.WNOHANG)
            answer = [os.waitstatus_to_exitcode(status) if ended else None, used.ru_maxrss / 1024]
        elif question:
            answer = os.fork()
            if not answer:
                questions.close()
                os.close(answers)
                _become(question)
                return
        os.write(answers, json.dumps(answer).encode() + b"\n")


def _line(read: Any) -> bytes:
    line = b""
    while (byte := read(1)) and byte != b"\n":
        line += byte
    return line


def _end() -> NoReturn:
    main()
    sys.exit(0)


if __name__ == "__main__":
    _end()
