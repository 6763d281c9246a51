"""Files that tools write, whole or a block of them; what `--check` finds out of date."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


def with_block(text: str, block: str, marks: tuple[str, str]) -> str:
    """The text with this block, marks and all, in the place of the old one; the text itself where it has no marks."""
    before, start, rest = text.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    return f"{before}{block}{after}" if start and end else text


def write(wanted: Mapping[Path, str], *, check: bool) -> int:
    """Write the files that differ, or with `check` only name them; the exit code."""
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        if not check:
            path.write_text(wanted[path], encoding="utf-8")
        sys.stderr.write(f"{path.parent.name}/{path.name} {'is not up to date: make docs' if check else 'written'}\n")
    return int(check and bool(stale))


def run(description: str, wanted: Callable[[], Mapping[Path, str]], arguments: Sequence[str] | None = None) -> int:
    """The command of a tool that writes files, or with --check says which would change; the exit code."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if a file is not up to date")
    check: bool = parser.parse_args(arguments).check
    return write(wanted(), check=check)


def write_table(page: Path, marks: tuple[str, str], lines: Sequence[str], *, print_only: bool) -> None:
    """Print the lines of a table, and write them into the page between their marks, which end a line."""
    text = "\n".join(lines) + "\n"
    sys.stdout.write(text)
    if not print_only:
        before = page.read_text(encoding="utf-8")
        page.write_text(with_block(before, f"{marks[0]}{text}{marks[1]}", marks), encoding="utf-8")
