"""Times as servers write them, read alike by whoever compares them and written so that every warehouse reads them."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

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
# What goes out as it came, as msgspec asks for it (declared.py): days that some months lack are left to read_time.
_YEAR = r"(?:20\d\d|19[789]\d)"
_DAY = _YEAR + r"-(?:0[1-9]|1[012])-(?:0[1-9]|1\d|2[0-8])"
_ZONE = r"(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)"
PLAIN_DATE = rf"(?a)\A(?!1970-01-01){_DAY}\Z"
PLAIN_TIME = rf"(?a)\A(?!1970-01-0[12]){_DAY}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{{1,6}})?{_ZONE}\Z"


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


def format_time(moment: datetime) -> str:
    """RFC 3339 with its zone, Z for UTC; six decimals where there are any."""
    return moment.isoformat().replace("+00:00", "Z")
