"""The sandbox as a command: what it prints, and that it ends when told to."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from sandbox import Sandbox

ROOT = Path(__file__).parents[1]


@contextmanager
def start(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "sandbox", "--droplets", "3", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_ready_line_then_it_serves_until_a_signal(number: signal.Signals) -> None:
    with start() as process:
        assert process.stdout
        assert process.stderr
        ready = json.loads(process.stdout.readline())
        assert set(ready) >= {"api_base_url", "oauth_base_url", "token", "client_id", "client_secret", "team_uuid"}
        headers = {"Authorization": f"Bearer {ready['token']}"}
        account = requests.get(f"{ready['api_base_url']}/v2/account", headers=headers, timeout=10).json()["account"]
        assert account["team"] == {"uuid": ready["team_uuid"], "name": ready["team_name"]}
        process.send_signal(number)
        process.wait(10)
        assert process.stdout.read() == ""
        text = process.stderr.read()
        assert ready["token"] in text
        assert "Traceback" not in text


def test_it_ends_with_its_parent() -> None:
    with start("--quiet", "--exit-with-stdin") as process:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()
        process.stdin.close()
        assert process.wait(10) == 0


def test_a_taken_port_is_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with start("--port", str(taken.getsockname()[1])) as process:
            _, text = process.communicate(timeout=10)
    assert process.returncode == 2
    assert text.startswith("Cannot listen on 127.0.0.1:")
    assert "Traceback" not in text


def test_leaving_the_block_ends_the_process() -> None:
    with Sandbox(droplets=3) as sandbox:
        pid = sandbox.pid
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_sandbox_imports_neither_the_connector_nor_tests() -> None:
    code = (
        "import importlib, pkgutil, sys, sandbox\n"
        "modules = pkgutil.walk_packages(sandbox.__path__, 'sandbox.')\n"
        "names = [importlib.import_module(one.name).__name__ for one in modules]\n"
        "others = ('source_digitalocean', 'airbyte', 'integration_tests', 'unit_tests', 'warehouse', 'pytest')\n"
        "print(len(names), sorted(name for name in sys.modules if name.startswith(others)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    count, _, foreign = done.stdout.strip().partition(" ")
    assert int(count) > 50
    assert foreign == "[]"


def test_no_other_room_of_the_connector_imports_the_sandbox() -> None:
    imports = re.compile(r"^\s*(?:from|import)\s+sandbox\b", re.MULTILINE)
    sources = [*(ROOT / "source_digitalocean_quolum").rglob("*.py"), *(ROOT / "warehouse").rglob("*.py")]
    assert len(sources) > 40
    assert [str(path) for path in sources if imports.search(path.read_text(encoding="utf-8"))] == []


def test_the_command_says_what_it_can_do() -> None:
    with start("--help") as process:
        text, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert text.startswith("usage: python -m sandbox")


def test_it_starts_wherever_it_is_called_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    with Sandbox(droplets=3) as sandbox:
        assert sandbox.team_name


def test_a_ready_config_for_either_kind_of_credentials() -> None:
    with Sandbox(droplets=3) as sandbox:
        config = sandbox.config(start_date="2026-10-01T00:00:00Z")
        assert config == {
            "credentials": {"auth_type": "access_token", "access_token": sandbox.token},
            "api_base_url": sandbox.api_base_url,
            "oauth_base_url": sandbox.oauth_base_url,
            "spaces": sandbox.spaces(),
            "start_date": "2026-10-01T00:00:00Z",
        }
        credentials = sandbox.config(auth="oauth2.0")["credentials"]
        assert credentials["auth_type"] == "oauth2.0"
        assert set(credentials) == {
            "auth_type",
            "client_id",
            "client_secret",
            "access_token",
            "refresh_token",
            "token_expiry_date",
        }
