"""Help that fits the terminal: lines as they are written, and where one is too long, broken below its own text."""

import argparse
import re
import textwrap

# `1    a stream failed`: what comes after a word and two spaces is a column of its own.
_COLUMN = re.compile(r"\s*(?:\S+ {2,})?")


class FittedHelp(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of descriptions, and breaks those at a word that a narrow terminal would cut."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + _broken(line, width - len(indent)) for line in text.splitlines())


def _broken(line: str, width: int) -> str:
    column = _COLUMN.match(line)
    below = " " * (column.end() if column else 0)
    return textwrap.fill(line, width, subsequent_indent=below, break_long_words=False, break_on_hyphens=False)
