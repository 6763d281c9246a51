"""The connector killed at every point between "about to renew" and "the host has the new tokens".

A refresh token works once. From the moment DigitalOcean has answered until the CONTROL message is in the pipe,
the new pair exists in one process only: no program can close that gap. These tests show that it is the only one.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from integration_tests.connector import MAIN, Run, configured, run
from integration_tests.gate import TOKEN_PATH, Gate, Stopped
from sandbox import Sandbox
from warehouse.sync.messages import parse_message

# A minute or more, of what other tests try in part.
pytestmark = pytest.mark.full

PAST = "2020-01-01T00:00:00Z"
# The smallest pipe Linux has: the kernel takes this much of a line and makes the writer wait for the rest.
PIPE_BYTES = 4096


class Victim:
    """A read of one stream whose stdout the test drains, stops draining, and can fill."""

    def __init__(self, config: dict[str, Any], catalog: dict[str, Any], folder: Path) -> None:
        for name, content in (("config", config), ("catalog", catalog)):
            (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
        self._out, into = os.pipe()
        fcntl.fcntl(self._out, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        # Opened anew: only this descriptor shall not wait, the connector's shall.
        self._filler = os.open(f"/proc/self/fd/{into}", os.O_WRONLY | os.O_NONBLOCK)
        self._seen = bytearray()
        self._draining = threading.Event()
        self._draining.set()
        arguments = ["read", "--config", str(folder / "config.json"), "--catalog", str(folder / "catalog.json")]
        self._process = subprocess.Popen(
            [sys.executable, str(MAIN), *arguments], stdout=into, stderr=subprocess.DEVNULL
        )
        os.close(into)
        self._reader = threading.Thread(target=self._drain)
        self._reader.start()

    def _drain(self) -> None:
        while True:
            self._draining.wait()
            part = os.read(self._out, PIPE_BYTES)
            if not part:
                return
            self._seen += part

    def stop_draining(self, *, fill: bool) -> None:
        """From now on nothing is read; with `fill` there is no room for a single byte either."""
        self._draining.clear()
        # The reader waits in its last read: one line lets it go, and it takes no other.
        os.write(self._filler, b"\n")
        while self.waiting_bytes():
            time.sleep(0.01)
        if fill:
            with suppress(BlockingIOError):
                while True:
                    os.write(self._filler, b"\n" * PIPE_BYTES)

    def waiting_bytes(self) -> int:
        """How many bytes the connector has written that nobody has read."""
        buffer = bytearray(4)
        fcntl.ioctl(self._out, 0x541B, buffer)  # FIONREAD
        return int.from_bytes(buffer, sys.byteorder)

    def kill(self) -> None:
        """SIGKILL: no handler, no flush."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def written(self) -> bytes:
        """Everything that reached the pipe before the end."""
        self._process.wait(120)
        os.close(self._filler)
        self._draining.set()
        self._reader.join()
        os.close(self._out)
        return bytes(self._seen)


def kept(written: bytes, config: dict[str, Any]) -> dict[str, Any]:
    """The configuration a host holds after reading these lines."""
    for line in written.splitlines(keepends=True):
        with suppress(json.JSONDecodeError):
            message = json.loads(line)
            if message["type"] == "CONTROL":
                config = message["control"]["connectorConfig"]["config"]
    return config


def before_the_request(gate: Gate, victim: Victim) -> None:
    def asked(path: str) -> None:
        if path == TOKEN_PATH:
            victim.kill()
            raise Stopped

    gate.asked = asked


def after_the_answer_left_digitalocean(gate: Gate, victim: Victim) -> None:
    def answered(path: str) -> None:
        if path == TOKEN_PATH:
            victim.kill()
            raise Stopped

    gate.answered = answered


def with_the_answer_but_before_the_line(gate: Gate, victim: Victim) -> None:
    def answered(path: str) -> None:
        if path == TOKEN_PATH:
            victim.stop_draining(fill=True)
            threading.Timer(1.5, victim.kill).start()

    gate.answered = answered


def in_the_middle_of_the_line(gate: Gate, victim: Victim) -> None:
    def when_full() -> None:
        while victim.waiting_bytes() < PIPE_BYTES:
            time.sleep(0.02)
        victim.kill()

    def answered(path: str) -> None:
        if path == TOKEN_PATH:
            victim.stop_draining(fill=False)
            threading.Thread(target=when_full).start()

    gate.answered = answered


def after_the_line_before_its_first_use(gate: Gate, victim: Victim) -> None:
    def asked(path: str) -> None:
        if path != TOKEN_PATH:
            victim.kill()
            raise Stopped

    gate.asked = asked


def after_a_record(gate: Gate, victim: Victim) -> None:
    def answered(path: str) -> None:
        if path != TOKEN_PATH:
            threading.Timer(0.3, victim.kill).start()

    gate.answered = answered


@pytest.fixture
def gate(sandbox: Sandbox) -> Iterator[Gate]:
    with Gate(sandbox).open() as opened:
        yield opened


def through(gate: Gate, sandbox: Sandbox, **credentials: Any) -> dict[str, Any]:
    """A fresh grant, asked for by way of the gate."""
    config = sandbox.config(auth="oauth2.0")
    config["credentials"] = {**config["credentials"], **credentials}
    sandbox.reset_requests()
    return {**config, "api_base_url": gate.base_url, "oauth_base_url": f"{gate.base_url}/v1/oauth"}


POINTS: list[tuple[Callable[[Gate, Victim], None], str]] = [
    (before_the_request, "nothing was spent"),
    (after_the_answer_left_digitalocean, "lost"),
    (with_the_answer_but_before_the_line, "lost"),
    (in_the_middle_of_the_line, "lost"),
    (after_the_line_before_its_first_use, "kept"),
    (after_a_record, "kept"),
]


@pytest.mark.skipif(sys.platform != "linux", reason="the size of a pipe is set as on Linux")
@pytest.mark.parametrize(("point", "outcome"), POINTS, ids=[point.__name__ for point, _ in POINTS])
def test_only_between_the_answer_and_the_line_can_a_grant_be_lost(
    sandbox: Sandbox, gate: Gate, streams: Any, point: Callable[[Gate, Victim], None], outcome: str
) -> None:
    long = "s" * 2 * PIPE_BYTES if point is in_the_middle_of_the_line else "secret"
    config = through(gate, sandbox, token_expiry_date=PAST, client_secret=long)
    with tempfile.TemporaryDirectory() as folder:
        victim = Victim(config, configured(streams, "tags"), Path(folder))
        point(gate, victim)
        written = victim.written()

    spent = [request for request in sandbox.requests(TOKEN_PATH) if request["status"] == 200]
    assert len(spent) == (0 if outcome == "nothing was spent" else 1)
    begun = b'"CONTROL"' in written or b"CONNECTOR_CONFIG" in written
    assert begun is (outcome == "kept" or point is in_the_middle_of_the_line)
    now = kept(written, config)
    assert (now != config) is (outcome == "kept")

    # The next run, with what the host holds.
    gate.asked = gate.answered = lambda _: None
    sandbox.reset_requests()
    done = run("read", config=now, catalog=configured(streams, "tags"))
    renewals = [request["status"] for request in sandbox.requests(TOKEN_PATH)]
    if outcome == "lost":
        assert done.exit_code == 1
        assert "Reconnect: authorize DigitalOcean again" in done.errors[0]["message"]
        # Another sync may have renewed access: the platform tries again before a person has to act.
        assert done.errors[0]["failure_type"] == "transient_error"
    else:
        assert done.exit_code == 0, done.errors
        assert renewals == ([200] if outcome == "nothing was spent" else [])


def test_no_part_of_the_line_is_taken_for_the_whole() -> None:
    config = {"credentials": {"auth_type": "oauth2.0", "refresh_token": "new", "client_secret": 'a"}}\\'}}
    message = {"type": "CONTROL", "control": {"type": "CONNECTOR_CONFIG", "connectorConfig": {"config": config}}}
    line = json.dumps(message).encode()
    for end in range(len(line)):
        assert kept(line[:end], {}) == {}
        assert parse_message(line[:end])["type"] == "LOG"
    for whole in (line, line + b"\n"):
        assert kept(whole, {}) == config
        assert parse_message(whole) == message


def read(config: dict[str, Any], streams: Any) -> Run:
    return run("read", config=config, catalog=configured(streams, "tags", "volumes", "droplets", "domains", "invoices"))


def test_a_token_ended_in_mid_sync_is_renewed_once(sandbox: Sandbox, gate: Gate, streams: Any) -> None:
    config = through(gate, sandbox)

    def asked(_: str) -> None:
        if len(gate.paths) == 3:
            sandbox.revoke(config["credentials"]["access_token"])

    gate.asked = asked
    done = read(config, streams)

    assert done.exit_code == 0, done.errors
    assert set(done.statuses.values()) == {"COMPLETE"}
    assert gate.paths.count(TOKEN_PATH) == 1
    assert len(done.of("CONTROL")) == 1


@pytest.mark.parametrize("how", ["revoked", "renewed by another sync"])
def test_a_grant_ended_in_mid_sync_says_reconnect(sandbox: Sandbox, gate: Gate, streams: Any, how: str) -> None:
    config = through(gate, sandbox)
    access, refresh = (config["credentials"][name] for name in ("access_token", "refresh_token"))

    def asked(_: str) -> None:
        if len(gate.paths) == 3 and how == "revoked":
            headers = {"Authorization": f"Bearer {access}"}
            requests.post(f"{sandbox.oauth_base_url}/revoke", headers=headers, data={"token": access}, timeout=10)
        elif len(gate.paths) == 3:
            form = {"grant_type": "refresh_token", "refresh_token": refresh}
            requests.post(f"{sandbox.oauth_base_url}/token", data=form, timeout=10)

    gate.asked = asked
    done = read(config, streams)

    assert done.exit_code == 1
    assert "INCOMPLETE" in done.statuses.values()
    assert any("Reconnect: authorize DigitalOcean again" in error["message"] for error in done.errors)
    assert {error["failure_type"] for error in done.errors} == {"transient_error"}
    assert done.of("CONTROL") == []


@pytest.mark.parametrize("minutes", [10, -10], ids=["behind", "ahead"])
def test_a_clock_that_is_ten_minutes_off_is_harmless(sandbox: Sandbox, gate: Gate, streams: Any, minutes: int) -> None:
    # Behind: the connector believes in a token that has expired. Ahead: it gives up one that would still do.
    config = through(gate, sandbox)
    moment = time.time() + minutes * 60
    config["credentials"]["token_expiry_date"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
    if minutes > 0:
        sandbox.revoke(config["credentials"]["access_token"])
    done = read(config, streams)

    assert done.exit_code == 0, done.errors
    assert set(done.statuses.values()) == {"COMPLETE"}
    assert gate.paths.count(TOKEN_PATH) == 1
