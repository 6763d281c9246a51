"""The connector as a process: what it says is passed on, and no rotated token is lost with it."""

from __future__ import annotations

import os
import shlex
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from unit_tests.warehouse.sync.account import CONNECTOR, Account, actions, droplets
from warehouse.sync.arguments import parse_command
from warehouse.sync.connector import Connector
from warehouse.sync.errors import ConfigurationError, ConnectorError

if TYPE_CHECKING:
    from pathlib import Path

    from warehouse.sync.messages import Message


def connector(account: Account, configs: list[Any], messages: list[Message]) -> Connector:
    return Connector(parse_command(CONNECTOR), account.config_path, account.folder, configs.append, messages.append)


def scripted(folder: Path, program: str, configs: list[Any] | None = None) -> Connector:
    """A connector that runs `program`, whatever it is asked."""
    config_path = folder / "config.json"
    config_path.write_text("{}")
    keep = configs.append if configs is not None else lambda _: None
    return Connector([sys.executable, "-c", program], config_path, folder, keep, lambda _: None)


CONTROL = (
    '{"type":"CONTROL","control":{"type":"CONNECTOR_CONFIG","emitted_at":1,"connectorConfig":{"config":{"n":%d}}}}'
)


def test_check_and_discover_answer(tmp_path: Path) -> None:
    account = Account(tmp_path, droplets(1), check={"status": "SUCCEEDED", "message": "2 of 3 scopes"})
    running = connector(account, [], [])
    assert running.check() == (True, "2 of 3 scopes")
    assert [stream["name"] for stream in running.discover()] == ["droplets"]


def test_a_check_without_an_answer_shows_what_the_connector_wrote_to_stderr(tmp_path: Path) -> None:
    running = scripted(tmp_path, "import sys; sys.exit('no module named nothing')")
    with pytest.raises(ConfigurationError, match="no module named nothing"):
        running.check()
    with pytest.raises(ConnectorError, match="no module named nothing"):
        running.discover()


def test_a_connector_that_does_not_exist_is_a_configuration_error(tmp_path: Path) -> None:
    running = Connector(["/no/such/connector"], tmp_path / "c", tmp_path, print, print)
    with pytest.raises(ConfigurationError, match="--connector"):
        running.check()


def test_a_token_is_kept_before_the_next_message_is_looked_at(tmp_path: Path) -> None:
    configs: list[Any] = []
    running = scripted(
        tmp_path,
        f"print('''{CONTROL % 1}\n"
        '{"type":"LOG","log":{"level":"INFO","message":"one"}}\n'
        f"{CONTROL % 2}\n"
        '{"type":"LOG","log":{"level":"INFO","message":"two"}}\'\'\')',
        configs,
    )
    seen = [(message["log"]["message"], [config["n"] for config in configs]) for message in running.read({}, [])]
    assert seen == [("one", [1]), ("two", [1, 2])]


def test_a_token_that_cannot_be_kept_ends_the_connector(tmp_path: Path) -> None:
    account = Account(
        tmp_path, actions(5, hang_after=2), refresh_token="token-a", rotate_on="read", wait_for_config=False
    )
    messages: list[Message] = []

    def refuse(config: dict[str, Any]) -> None:
        raise ConfigurationError("no room")

    running = Connector(parse_command(CONNECTOR), account.config_path, account.folder, refuse, messages.append)
    catalog = {"streams": [{"stream": {"name": "actions"}}]}
    began = time.monotonic()
    with pytest.raises(ConfigurationError, match="no room"):
        messages.extend(running.read(catalog, []))
    assert messages == []
    assert time.monotonic() - began < 20, "a connector that sleeps two minutes was waited for"


def test_a_token_in_the_lines_nobody_read_is_kept_when_the_sync_stops_early(tmp_path: Path) -> None:
    configs: list[Any] = []
    running = scripted(
        tmp_path,
        # One write, so that all of it is in the pipe when the first line is.
        "import os, time\n"
        'first = \'{"type":"LOG","log":{"level":"INFO","message":"first"}}\'\n'
        f"os.write(1, (first + '''\n{CONTROL % 1}\n{CONTROL % 2}\n''').encode())\ntime.sleep(60)",
        configs,
    )
    messages = running.read({}, [])
    assert next(messages)["log"]["message"] == "first"
    messages.close()
    assert [config["n"] for config in configs] == [2], "the newest of the unread tokens is the valid one"


def test_a_connector_that_ignores_the_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.sync.connector._GRACE_SECONDS", 0.3)
    program = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        'print(\'{"type":"LOG","log":{"message":"%d"}}\' % os.getpid(), flush=True); time.sleep(60)'
    )
    messages = scripted(tmp_path, program).read({}, [])
    pid = int(next(messages)["log"]["message"])
    messages.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_warehouse_password_is_not_given_to_the_connector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "warehouse-password")
    messages = list(scripted(tmp_path, "import os; print(dict(os.environ))").read({}, []))
    assert "PATH" in messages[0]["log"]["message"]
    assert "warehouse-password" not in messages[0]["log"]["message"]


def test_how_the_connector_ended_is_told(tmp_path: Path) -> None:
    messages = list(scripted(tmp_path, "import os; os.kill(os.getpid(), 9)").read({}, []))
    assert messages[-1]["log"]["message"] == "The connector's read ended by signal 9."


@pytest.mark.parametrize("text", ["", "   ", "docker 'run"])
def test_a_command_that_is_no_command_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--connector"):
        parse_command(text)


def test_a_command_with_spaces_is_split_as_a_shell_would() -> None:
    command = ["docker", "run", "-v", "/a b:/c", "image"]
    assert parse_command(shlex.join(command)) == command


def test_a_connector_that_closes_its_output_and_lives_on_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.sync.connector._GRACE_SECONDS", 0.3)
    running = scripted(tmp_path, "import os, time; os.write(1, b'%d\\n' % os.getpid()); os.close(1); time.sleep(60)")
    pid = int(next(iter(messages := list(running.read({}, []))))["log"]["message"])
    assert "closed its output and went on" in str(running.failure)
    assert messages[-1]["log"]["level"] == "WARN"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
