"""Which warehouse a command is for, as the commands over landed data ask for it."""

import argparse
from pathlib import Path


def add_place(parser: argparse.ArgumentParser, content: str) -> None:
    """Take `--duckdb FILE` or `--postgres URL`, one of them; `content` is what the file has to hold."""
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--duckdb", type=Path, metavar="FILE", help=f"the DuckDB file with {content}")
    place.add_argument("--postgres", metavar="URL", help="postgresql://user:password@host:port/database")
