"""The help of the warehouse's commands fits the terminal it is read in, and loses no word for that."""

import pytest

from unit_tests.test_help import Parser, verify_help
from warehouse import build_models
from warehouse.dashboard import cli as dashboard
from warehouse.sync import arguments as sync


@pytest.mark.parametrize(
    "parser", [sync._parser, build_models._parser, dashboard._parser], ids=["sync", "models", "dashboard"]
)
def test_help_fits_a_narrow_terminal(parser: Parser, monkeypatch: pytest.MonkeyPatch) -> None:
    verify_help(parser, monkeypatch)


def test_what_goes_on_stands_below_its_own_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    below = (
        "\n  1    a stream failed, or the connector did, or a model\n       or its test; what was committed is kept\n"
    )
    assert below in sync._parser().format_help()
    monkeypatch.setenv("COLUMNS", "200")
    assert below.replace("\n       ", " ") in sync._parser().format_help()
