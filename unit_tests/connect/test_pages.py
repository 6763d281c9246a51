"""Connect's pages are legible in a light and in a dark browser."""

import re

import pytest

from source_digitalocean_quolum.connect import pages

PAIRS = [("text", "card"), ("soft", "card"), ("good", "good-card"), ("bad", "bad-card"), ("wait", "wait-card")]


def _schemes() -> dict[str, dict[str, str]]:
    light, dark = re.findall(r":root \{(.*?)\}", pages.connected("Team", "config.json", again=False), re.DOTALL)
    return {name: dict(re.findall(r"--([\w-]+): (#\w+);", text)) for name, text in (("light", light), ("dark", dark))}


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(scheme: str, text: str, ground: str) -> None:
    """At least 4.5 to 1, as the Web Content Accessibility Guidelines ask of text."""
    colours = _schemes()[scheme]
    brighter, darker = sorted((_luminance(colours[text]), _luminance(colours[ground])), reverse=True)
    assert (brighter + 0.05) / (darker + 0.05) >= 4.5


def test_a_dark_browser_gets_a_dark_page() -> None:
    schemes = _schemes()
    assert schemes["light"].keys() == schemes["dark"].keys()
    assert _luminance(schemes["dark"]["card"]) < 0.05
    assert _luminance(schemes["light"]["card"]) > 0.9
