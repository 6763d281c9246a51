"""The page on running a sync unattended says what the command does: its commands are taken, its exit codes are ours."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from warehouse.sync import errors
from warehouse.sync.arguments import parse_arguments

PAGE = (Path(__file__).parents[3] / "docs" / "running.md").read_text(encoding="utf-8")
COMMAND = "source-digitalocean-quolum-sync"


def commands() -> list[str]:
    blocks = "\n".join(re.findall(r"```(?:console|cron|ini)\n(.*?)```", PAGE, re.DOTALL)).replace("\\\n", " ")
    return re.findall(rf"{COMMAND}( --[^\n>]+)", blocks)


@pytest.mark.parametrize("arguments", commands())
def test_a_command_of_the_page_is_taken(arguments: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_arguments(shlex.split(arguments)).config == Path("config.json")


def test_the_page_has_commands_for_every_way() -> None:
    assert len(commands()) >= 5


def test_the_exit_codes_of_the_page_are_those_of_the_command() -> None:
    codes = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)} == codes
