"""`source-digitalocean-quolum-dashboard`: one self-contained HTML file of what the models say."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.dashboard.errors import (
    EXIT_ARGUMENT,
    EXIT_INTERRUPTED,
    EXIT_WRITTEN,
    DashboardError,
)
from warehouse.dashboard.marts import open_marts
from warehouse.dashboard.page import make_page
from warehouse.dashboard.report import read_report
from warehouse.help_text import FittedHelp
from warehouse.place import add_place

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXIT_CODES = """\
exit codes:
  0    the page is written
  2    an argument is wrong, or the page cannot be written where it should be
  3    the warehouse has no models, or those of another version
  4    the warehouse cannot be opened or read
  130  interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page; return the exit code (see --help)."""
    options = _parser().parse_args(arguments)
    try:
        with open_marts(options.schema, path=options.duckdb, url=options.postgres) as marts:
            page = make_page(read_report(marts))
        size = _write(options.out, page)
    except DashboardError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("Interrupted. No page was written.", file=sys.stderr)
        return EXIT_INTERRUPTED
    print(f"The dashboard is {options.out} ({size / 1_000_000:.1f} MB): open it in a browser; it needs no network.")
    return EXIT_WRITTEN


def _write(path: Path, page: str) -> int:
    """Write the whole page or nothing; return its bytes. Like the warehouse it is for its owner's eyes."""
    content = page.encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # mkstemp makes a file that nobody else can read.
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise DashboardError(
            f"The page cannot be written to {path}: {error.strerror or error}.", EXIT_ARGUMENT
        ) from None
    return len(content)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="source-digitalocean-quolum-dashboard",
        usage="%(prog)s\n       (--duckdb FILE | --postgres URL) --out FILE [options]",
        description="Write one HTML file of cost, use, savings, invoices and resources. The models must be built.",
        epilog=_EXIT_CODES,
        formatter_class=FittedHelp,
    )
    add_place(parser, "the models")
    parser.add_argument("--schema", default="digitalocean", help="schema of the raw tables (digitalocean)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the HTML file to write")
    return parser


if __name__ == "__main__":
    sys.exit(main())
