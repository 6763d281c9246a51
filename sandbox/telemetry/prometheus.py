"""A real Prometheus for one region: filled from OpenMetrics text, started, asked, and gone with the sandbox."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import mkdtemp
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from sandbox.telemetry.signals import Sample
from sandbox.telemetry.subjects import Labels

_HOST = "127.0.0.1"
_LOOPBACK = build_opener(ProxyHandler({}))
# The whole input as few blocks as can be: promtool reads its input once for each.
_BLOCKS = "--max-block-duration=20000h"
# Runs until a line comes through the pipe, or its end: whatever ends the sandbox, SIGKILL too, closes the pipe.
# Then nothing may be left, and $0 is the directory.
_UNTIL_TOLD = '"$@" & read line; told=$?; kill $!; wait $!; [ $told = 0 ] || rm -rf "$0"'
_END = "# EOF\n"
_FORM = {"content-type": "application/x-www-form-urlencoded"}
_START_TIMEOUT, _ASK_TIMEOUT = 20.0, 120.0


class Unavailable(Exception):
    """Prometheus is not installed, or did not start, or does not answer."""


def installed() -> bool:
    """Whether both programs of Prometheus are on this machine."""
    return bool(shutil.which("prometheus") and shutil.which("promtool"))


def openmetrics(series: Iterable[tuple[str, Labels, list[Sample]]]) -> Iterable[str]:
    """The series as OpenMetrics text, one chunk for each and the closing line."""
    for name, labels, samples in series:
        pairs = ",".join(f'{label}="{_escaped(value)}"' for label, value in labels.items())
        head = f"{name}{{{pairs}}} "
        # Written many million times at the start: as Python spells a number, which Prometheus reads as well.
        yield "".join([f"{head}{value!r} {moment}\n" for moment, value in samples])
    yield _END


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class Prometheus:
    """One process with one directory."""

    def __init__(self) -> None:
        if not installed():
            raise Unavailable("Prometheus is not installed on the sandbox's machine")
        self._directory = Path(mkdtemp(prefix="sandbox-insights-"))
        (self._directory / "prometheus.yml").write_text("global: {}\n", encoding="utf-8")
        (self._directory / "data").mkdir()
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    def add(self, series: Iterable[tuple[str, Labels, list[Sample]]]) -> None:
        """Put samples into the store. They are seen after the next start; a running Prometheus is ended."""
        self._end_process()
        written = self._directory / "samples.txt"
        with written.open("w", encoding="utf-8") as file:
            file.writelines(openmetrics(series))
        if written.stat().st_size > len(_END):
            command = ["promtool", "tsdb", "create-blocks-from", _BLOCKS, "openmetrics", "-q", str(written)]
            done = subprocess.run(
                [*command, str(self._directory / "data")], capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise Unavailable(f"promtool: {done.stderr.strip()}")
        written.unlink()

    def start(self) -> None:
        """Start the process and wait until it answers."""
        with socket.socket() as free:
            free.bind((_HOST, 0))
            self._port = free.getsockname()[1]
        command = [
            "prometheus",
            f"--config.file={self._directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._directory / 'data'}",
            "--storage.tsdb.retention.time=100y",
            f"--web.listen-address={_HOST}:{self._port}",
            "--log.level=error",
        ]
        with (self._directory / "prometheus.log").open("wb") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _UNTIL_TOLD, str(self._directory), *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                # Ctrl-C in a terminal is for the sandbox, which then closes the pipe.
                start_new_session=True,
            )
        until = time.monotonic() + _START_TIMEOUT
        while not self._ready():
            if time.monotonic() > until:
                raise Unavailable("Prometheus did not start")
            time.sleep(0.02)

    def _ready(self) -> bool:
        try:
            with _LOOPBACK.open(f"http://{_HOST}:{self._port}/-/ready", timeout=1):
                return True
        except (URLError, OSError):
            return False

    def ask(self, path: str, method: str, parameters: Iterable[tuple[str, str]]) -> tuple[int, bytes]:
        """Status and body of one call to its API; `path` is what follows /api/v1/."""
        encoded = urlencode(list(parameters))
        url = f"http://{_HOST}:{self._port}/api/v1/{path}"
        if method == "GET":
            request = Request(f"{url}?{encoded}")  # noqa: S310 - always http on loopback
        else:
            request = Request(url, encoded.encode(), _FORM, method="POST")
        try:
            with _LOOPBACK.open(request, timeout=_ASK_TIMEOUT) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            with error:
                return error.code, error.read()
        except (URLError, OSError) as error:
            raise Unavailable(f"Prometheus does not answer: {error}") from error

    def cpu_seconds(self) -> float:
        """The processor time that the process has taken so far, as it tells itself."""
        with _LOOPBACK.open(f"http://{_HOST}:{self._port}/metrics", timeout=_ASK_TIMEOUT) as answer:
            lines = answer.read().decode().splitlines()
        return float(next(line for line in lines if line.startswith("process_cpu_seconds_total ")).split()[1])

    def stop(self) -> None:
        """End the process and remove the directory."""
        self._end_process()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.communicate(b"end\n")
