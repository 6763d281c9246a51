"""Files that tools write, whole or a block of them; what `--check` finds out of date."""

import sys
from collections.abc import Mapping
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
