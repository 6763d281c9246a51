"""The help of the connector's commands fits the terminal it is read in, and loses no word for that."""

import argparse
from collections.abc import Callable

import pytest

from source_digitalocean_quolum import command_line
from source_digitalocean_quolum.connect import cli as connect

Parser = Callable[[], argparse.ArgumentParser]


def verify_help(parser: Parser, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 60 columns no line is longer, and the words are those of a terminal that is wide."""
    shown = {}
    for columns in ("60", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        shown[columns] = parser().format_help()
    assert [line for line in shown["60"].splitlines() if len(line) > 60] == []
    words = {columns: text.partition("options:")[2].split() for columns, text in shown.items()}
    assert "".join(words["60"]) == "".join(words["200"])


@pytest.mark.parametrize("parser", [command_line.parser, connect._parser], ids=["connector", "connect"])
def test_help_fits_a_narrow_terminal(parser: Parser, monkeypatch: pytest.MonkeyPatch) -> None:
    verify_help(parser, monkeypatch)


def test_what_goes_on_stands_below_its_own_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    below = "\n  8    DigitalOcean does not know the client ID, or the\n       client secret is wrong\n"
    assert below in connect._parser().format_help()
    monkeypatch.setenv("COLUMNS", "200")
    assert below.replace("\n       ", " ") in connect._parser().format_help()
