"""Faults in the head of a good answer: its status, its `Date`, what it says of the rate limit."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime

from starlette.responses import Response

from sandbox.faults.places import Parameters


def _other_status(response: Response, _now: datetime, parameters: Parameters) -> None:
    """The good answer, body and all, under another `status`."""
    response.status_code = int(parameters["status"])


def _wrong_date(response: Response, now: datetime, parameters: Parameters) -> None:
    """A `Date` that is wrong by `days`."""
    response.headers["date"] = format_datetime(now + timedelta(days=float(parameters["days"])), usegmt=True)


def _nothing_remaining(response: Response, now: datetime, parameters: Parameters) -> None:
    """A good answer that says nothing remains, and that the oldest request expires in `reset_in` seconds."""
    response.headers["ratelimit-remaining"] = "0"
    response.headers["ratelimit-reset"] = str(int(now.timestamp() + float(parameters.get("reset_in", 3540))))


# The response, the sandbox's time, parameters.
HEADS: dict[str, Callable[[Response, datetime, Parameters], None]] = {
    "other_status": _other_status,
    "wrong_date": _wrong_date,
    "nothing_remaining": _nothing_remaining,
}
