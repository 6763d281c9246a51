"""What happens to a PromQL query on its way: dotted names become underscored, and its size is measured."""

import re
from collections.abc import Mapping
from datetime import datetime

# Strings and comments are kept as they are; a name with dots is an identifier, which a number never begins.
_TOKENS = re.compile(
    r"""
    "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `[^`]*` | \#[^\n]*
    | (?P<dotted> (?<![\w.]) [A-Za-z_:][\w:]* (?:\.[\w:]+)+ )
    """,
    re.VERBOSE,
)
_DURATION = re.compile(r"(\d+)(ms|s|m|h|d|w|y)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}


def underscored(query: str) -> str:
    """The query with `do.droplets.cpu_time` written as Prometheus wants it, outside strings and comments."""
    return _TOKENS.sub(lambda found: found[0].replace(".", "_") if found["dotted"] else found[0], query)


def terms(query: str) -> int:
    """How many parts a query is put together from: its relabellings, or its functions over time if those are more."""
    return max(query.count("label_replace("), query.count("_over_time("))


def steps(parameters: Mapping[str, str]) -> int:
    """How many moments a range query asks for; 0 where its parameters are not readable."""
    try:
        window = _moment(parameters["end"]) - _moment(parameters["start"])
        return int(window // _length(parameters["step"])) + 1
    except (KeyError, ValueError, ZeroDivisionError):
        return 0


def _moment(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text).timestamp()


def _length(text: str) -> float:
    parts = _DURATION.findall(text)
    return sum(int(number) * _SECONDS[unit] for number, unit in parts) if parts else float(text)
