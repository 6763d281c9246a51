"""The help of every command fits the terminal it is read in, and loses no word for that."""

import argparse
from collections.abc import Callable

import pytest

from source_digitalocean_quolum import command_line
from source_digitalocean_quolum.connect import cli as connect
from warehouse import build_models
from warehouse.dashboard import cli as dashboard
from warehouse.sync import arguments as sync

PARSERS = {
    "connector": command_line.parser,
    "connect": connect._parser,
    "sync": sync._parser,
    "models": build_models._parser,
    "dashboard": dashboard._parser,
}


@pytest.mark.parametrize("parser", PARSERS.values(), ids=PARSERS)
def test_help_fits_a_narrow_terminal(
    parser: Callable[[], argparse.ArgumentParser], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = {}
    for columns in ("60", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        shown[columns] = parser().format_help()
    assert [line for line in shown["60"].splitlines() if len(line) > 60] == []
    words = {columns: text.partition("options:")[2].split() for columns, text in shown.items()}
    assert "".join(words["60"]) == "".join(words["200"])


def test_what_goes_on_stands_below_its_own_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    text = sync._parser().format_help()
    assert (
        "\n  1    a stream failed, or the connector did, or a model\n       or its test; what was committed is kept\n"
        in text
    )
    monkeypatch.setenv("COLUMNS", "200")
    assert (
        "\n  1    a stream failed, or the connector did, or a model or its test; what was"
        in sync._parser().format_help()
    )
