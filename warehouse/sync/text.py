"""Text for a terminal: tables that fit its width, and durations."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Of a pipe or a file: whatever reads it has no edge.
_UNLIMITED = 1000
# A column in which words still make sense.
_NARROWEST = 12


def output_width() -> int:
    """Return how many characters of a line can be seen on stdout."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _UNLIMITED


def table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[str], spare: Sequence[str], width: int
) -> list[str]:
    """Return lines of aligned columns.

    `right` names the right-aligned ones, `spare` those that a narrow terminal does without. What is too long in the
    last column goes on below it.
    """
    shown = list(range(len(headings)))
    widths = [max(len(line[at]) for line in [headings, *rows]) for at in shown]
    for heading in spare:
        if sum(widths[at] + 2 for at in shown) - 2 <= width:
            break
        shown.remove(headings.index(heading))
    last = shown[-1]
    before = sum(widths[at] + 2 for at in shown[:-1])
    if headings[last] not in right:
        widths[last] = max(min(widths[last], width - before), _NARROWEST)
    lines = [headings, ["-" * widths[at] for at in range(len(headings))], *rows]
    return [
        shortened(part, width)
        for line in lines
        for part in _hanging(
            "  ".join(
                line[at].rjust(widths[at]) if headings[at] in right else line[at].ljust(widths[at]) for at in shown
            ).rstrip(),
            width,
            before,
        )
    ]


def wrapped(text: str, width: int) -> list[str]:
    """Return a sentence in lines of at most `width` characters, broken between words."""
    return _hanging(text, width, 0)


def _hanging(line: str, width: int, column: int) -> list[str]:
    """Break a line between words, and go on at a column; one that fits stays as it is."""
    if len(line) <= width or width - column < _NARROWEST:
        return [line]
    return textwrap.wrap(line, width, subsequent_indent=" " * column, break_long_words=False, break_on_hyphens=False)


def shortened(line: str, width: int) -> str:
    """Return a line of at most `width` characters."""
    return line if len(line) <= width else f"{line[: width - 1]}…"


def counted(number: int, noun: str) -> str:
    """Return a number of things: 1 row, 1,234 rows."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def duration(seconds: float) -> str:
    """Return seconds as a person says them."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"
