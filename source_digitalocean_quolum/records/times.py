"""Times as servers write them, read alike by whoever compares them and written so that every warehouse reads them."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from source_digitalocean_quolum.redaction.scanner import compile_scanner

# Go's zero time is of the year 1, protobuf's and UNIX' is this: nothing in DigitalOcean is as old.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# RFC 3339, its section 5.6 and what servers make of it: a space for the T, small letters, any number of decimals, no
# zone, one without its colon, one with its name behind (Go's String), a date alone.
_TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)"
    r"(?:[Tt ](?P<time>\d\d:\d\d)(?P<seconds>:\d\d)?(?:[.,](?P<decimals>\d+))?"
    r" ?(?P<zone>[Zz]|UTC|GMT|(?P<sign>[+-])(?P<hours>\d\d)(?::?(?P<minutes>\d\d))?(?: [A-Z]{3,4})?)?)?",
    re.ASCII,
)
# RFC 3339 with its zone and microseconds at most; that there is such a day is left to read_time.
_PLAIN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
# What msgspec takes for a time and is none of these. One search for all of them would not jump from literal to literal
# (redaction/scanner.py).
_ODD = (
    compile_scanner(r"[0-9] [0-2][0-9]:"),
    # A small t comes with a small z.
    compile_scanner(r'[0-9]z"'),
    compile_scanner(r":[0-5][0-9]\.[0-9]{7}"),
)


_has_zone_without_colon = compile_scanner(r'\+[0-9]{4}"')


def may_hold_odd_times(content: bytes) -> bool:
    """Whether JSON could hold a time that is written another way than RFC 3339 does."""
    # A text in ASCII is no copy for the engine; bytes are checked to be UTF-8 each time, and others are several copies.
    text = content.decode() if content.isascii() else content
    return any(is_in(text) for is_in in _ODD) or (b"+" in content and _has_zone_without_colon(text))


def read_time(text: str) -> datetime:
    """A time with its zone, UTC where none is given, in microseconds: what is finer is cut off.

    Raises ValueError for any other text, and for a day or an hour that does not exist. A leap second is the next one.
    """
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError(f"{len(text)} characters that are no time")
    seconds = found["seconds"] or ":00"
    leap = timedelta(seconds=1 if seconds == ":60" else 0)
    clock = f"{found['time'] or '00:00'}{':59' if leap else seconds}"
    moment = datetime.fromisoformat(f"{found['day']}T{clock}")
    if found["decimals"] and not leap:
        moment = moment.replace(microsecond=int(found["decimals"][:6].ljust(6, "0")))
    zone = UTC
    if found["sign"]:
        offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
        zone = timezone(-offset if found["sign"] == "-" else offset)
    try:
        return (moment + leap).replace(tzinfo=zone)
    except OverflowError as error:
        raise ValueError(str(error)) from None


def is_unknown(moment: datetime) -> bool:
    """Whether a time is the zero of some clock, or before it: such a time says that nothing is known."""
    return moment <= _EPOCH


def parse_time(value: Any) -> datetime | None:
    """A time with its zone; None for what is unknown: no time at all, a zero time, anything before 1970."""
    if not isinstance(value, str):
        return None
    try:
        moment = read_time(value)
    except ValueError:
        return None
    return None if is_unknown(moment) else moment


def is_plain(text: str) -> bool:
    """Whether a text that read_time takes is written as format_time writes it, or in another zone."""
    return _PLAIN.fullmatch(text) is not None


def format_time(moment: datetime) -> str:
    """RFC 3339 with its zone, Z for UTC; six decimals where there are any."""
    return moment.isoformat().replace("+00:00", "Z")
