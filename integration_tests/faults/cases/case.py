"""One fault: what it is, which streams it hits, and what stays correct under it."""

from dataclasses import dataclass, field
from typing import Any, Literal

Moment = Literal["full", "incremental"]

Promise = Literal["lands", "fits", "fails", "lands or fails", "spares", "tells", "nothing", "ends"]
PROMISES: dict[Promise, str] = {
    "lands": "every record arrives",
    "fits": "every record arrives; a value that cannot be is null, a parent that is gone has no children",
    "fails": "the stream fails, says why, and goes on from its last state the next time",
    "lands or fails": "every record arrives, or the stream fails and says why",
    "spares": "one object is named with DigitalOcean's words and costs its own records; all others arrive",
    "tells": "every record arrives, and a warning tells both numbers",
    "nothing": "the stream completes without records",
    "ends": "no stream completes; one sentence tells what a person must do",
}


@dataclass(frozen=True)
class Case:
    """One fault.

    `full` and `incremental` are the streams that it hits in a sync from nothing and in a later one; None where the
    fault needs what such a sync does not do. `says` has to be in the message, and `never_says` must not; `{object}`
    stands for the object that is hit, `{records}` for how many records the stream has.
    """

    name: str
    fault: str
    promise: Promise
    says: str | tuple[str, ...] = ()
    # Any, if empty.
    type: str = "transient_error"
    times: int | None = None
    after: int = 0
    page: str = ""
    full: str | None = "volumes"
    incremental: str | None = "actions"
    parameters: dict[str, Any] = field(default_factory=dict)
    never_says: str = ""
    # Only requests for pages larger than this are hit.
    above: int | None = None
    # Only the requests about one object are hit: of a list for each object (OBJECTS).
    one: bool = False
    # At most so many requests meet it.
    most: int | None = None
    # Another fault (name, times, parameters) that follows when this one has hit its times.
    then: tuple[str, int, dict[str, Any]] | None = None
    # It hits all streams: whichever one's request sets it off, or all requests.
    alone: bool = False
    everywhere: bool = False

    def hits(self, moment: Moment) -> str | None:
        """The stream that it hits."""
        return self.full if moment == "full" else self.incremental

    def selection(self) -> dict[str, Any]:
        """Which of a path's requests are hit, as the sandbox wants it."""
        chosen: dict[str, Any] = {"times": self.times, "after": self.after}
        if self.page:
            chosen["query"] = {"page": self.page}
        if self.above is not None:
            chosen["above"] = {"per_page": self.above}
        return chosen

    def sentences(self, **known: object) -> list[str]:
        """What its message has to say."""
        says = (self.says,) if isinstance(self.says, str) else self.says
        return [text.format(**known) for text in says]
