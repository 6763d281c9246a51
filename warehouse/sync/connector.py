"""The connector as a process: check, discover and read, message by message."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import orjson

from warehouse.sync.errors import ConfigurationError, ConnectorError
from warehouse.sync.interruption import held
from warehouse.sync.messages import Message, log_message, parse_json, parse_message, rotated_config

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

CONSOLE_SCRIPT = "source-digitalocean-quolum"
_GRACE_SECONDS = 5
_PR_SET_PDEATHSIG = 1
# What the connector's image sets, too: one heap, and large blocks go back to the system (glibc).
_ALLOCATOR = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "131072"}


def default_command() -> list[str]:
    """Return the console script installed beside this interpreter; ConfigurationError when there is none."""
    script = Path(sys.executable).with_name(CONSOLE_SCRIPT)
    if not script.exists():
        raise ConfigurationError(
            f"There is no {CONSOLE_SCRIPT} beside {sys.executable}: name the command with --connector."
        )
    return [str(script)]


@dataclass
class Connector:
    """Runs `command` for one configuration file.

    `on_config` receives each rotated configuration (CONTROL connectorConfig) before the line after it is
    looked at; when it raises, the process is ended and nothing later is processed. `on_message` receives
    whatever of `check` and `discover` is not their answer. `inherit` are descriptors the process keeps open. `failure`
    says how the last process ended, when it did not end well.
    """

    command: Sequence[str]
    config_path: Path
    work_dir: Path
    on_config: Callable[[dict[str, Any]], None]
    on_message: Callable[[Message], None]
    inherit: Sequence[int] = ()
    failure: str | None = field(default=None, init=False)
    _stderr_path: Path = field(init=False)

    def __post_init__(self) -> None:
        self._stderr_path = self.work_dir / "connector.stderr"

    def check(self) -> tuple[bool, str]:
        """Return whether the connection is usable, and the connector's own words for it."""
        status: Message | None = None
        for message in self._run("check"):
            if message.get("type") == "CONNECTION_STATUS":
                status = message["connectionStatus"]
            else:
                self.on_message(message)
        if status is None:
            raise ConfigurationError(f"The connector ended its check without an answer. {self.last_words()}")
        return status.get("status") == "SUCCEEDED", str(status.get("message") or "")

    def discover(self) -> list[dict[str, Any]]:
        """Return the catalog's streams as the connector describes them."""
        catalog: dict[str, Any] | None = None
        for message in self._run("discover"):
            if message.get("type") == "CATALOG":
                catalog = message["catalog"]
            else:
                self.on_message(message)
        if catalog is None:
            raise ConnectorError(f"The connector did not discover its streams. {self.last_words()}")
        streams: list[dict[str, Any]] = catalog["streams"]
        return streams

    def read(self, catalog: dict[str, Any], states: Sequence[dict[str, Any]]) -> Generator[Message, None, None]:
        """Yield the messages of one read; closing the iterator early ends the process."""
        catalog_path, state_path = self.work_dir / "catalog.json", self.work_dir / "state.json"
        try:
            catalog_path.write_bytes(orjson.dumps(catalog))
            state_path.write_bytes(orjson.dumps(list(states)))
        except OSError as error:
            raise ConfigurationError(
                f"The temporary folder {self.work_dir.parent} cannot hold the catalog ({error.strerror or error}): "
                "make room there, or set TMPDIR to a folder on a larger disk."
            ) from None
        return self._run("read", "--catalog", str(catalog_path), "--state", str(state_path))

    def last_words(self) -> str:
        """Return the end of what the last process wrote to stderr, for an error message."""
        lines = self._stderr_path.read_text(errors="replace").splitlines() if self._stderr_path.exists() else []
        return " ".join(line.strip() for line in lines[-3:] if line.strip())

    def _run(self, action: str, *arguments: str) -> Generator[Message, None, None]:
        command = [*self.command, action, "--config", str(self.config_path), *arguments]
        with self._stderr_path.open("wb") as stderr:
            try:
                process = subprocess.Popen(  # noqa: S603
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                    env={**_ALLOCATOR, **{name: value for name, value in os.environ.items() if name != "PGPASSWORD"}},
                    pass_fds=self.inherit,
                    # Ctrl-C reaches this process alone, which then ends the connector without losing a token.
                    start_new_session=True,
                    preexec_fn=_end_with_parent,  # noqa: PLW1509
                )
            except OSError as error:
                raise ConfigurationError(
                    f"The connector {self.command[0]} cannot be started ({error.strerror or error}): "
                    "name the command that runs it with --connector."
                ) from None
        stdout = process.stdout
        assert stdout is not None  # noqa: S101
        try:
            for line in stdout:
                message = parse_message(line)
                if (config := rotated_config(message)) is not None:
                    self.on_config(config)
                else:
                    yield message
            self.failure = _failure(process, action)
            if self.failure:
                yield log_message("WARN", self.failure)
        finally:
            with held():
                _end(process)
                # A token may have been rotated in the lines nobody has looked at.
                self._keep_unread_config(stdout)
                stdout.close()

    def _keep_unread_config(self, stdout: IO[bytes]) -> None:
        unread = [config for line in stdout if (config := rotated_config(parse_json(line) or {})) is not None]
        if unread:
            self.on_config(unread[-1])


def _failure(process: subprocess.Popen[bytes], action: str) -> str | None:
    """How a process ended that has closed its output; None when that was well."""
    try:
        returncode = process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        return f"The connector's {action} closed its output and went on for {_GRACE_SECONDS} s: it was ended."
    if returncode == 0:
        return None
    ending = f"by signal {-returncode}" if returncode < 0 else f"with exit code {returncode}"
    return f"The connector's {action} ended {ending}."


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _end_with_parent() -> None:
    # An orphan could still spend the refresh token with nobody left to keep the new one.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
