"""Whatever a server says about its pages: all that it held throughout is read, or the stream is not complete.

What no reader could know is left out: a list that says neither how long it is nor that there is more, and makes pages
shorter than asked for; deletions in a list without a count; and deletions that creations hide from its count.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pytest
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from unit_tests.retrievers.server import LISTING, SIZE, Row, Server, emitted, small_pages, warnings

_small_pages = pytest.fixture(autouse=True, scope="module")(small_pages)

Change = tuple[Literal["delete", "front", "end", ""], list[int]]
Links = Literal["right", "none", "always", "itself", "skip"]


def changes(*kinds: str) -> st.SearchStrategy[Change]:
    """Nothing, or up to four records deleted or created, between two answers."""
    return st.tuples(st.sampled_from(kinds), st.lists(st.integers(0, 99), max_size=4))


@dataclass
class Says:
    """How a server pages, and what it says about it.

    `off` is by how many its count is wrong, None that it gives none; `empty` the requests answered with nothing, and
    `last` how the end of the list is answered: with nothing, or with the last page again.
    """

    size: int | None = None
    off: int | None = 0
    links: Links = "right"
    changes: list[Change] = field(default_factory=list)
    empty: dict[int, Any] = field(default_factory=dict)
    stuck_at: int = 0
    last: Literal["nothing", "again"] = "nothing"


class AnyServer(Server):
    """A list that pages as `says` says."""

    most_requests = 300

    def __init__(self, rows: list[Row], says: Says) -> None:
        super().__init__(rows, says.changes)
        self.says = says
        self.held = {row["id"] for row in rows}
        self.ever = set(self.held)

    def answer(self, number: int, size: int) -> Row:
        """One page as it is written."""
        says = self.says
        size = says.size or size
        number = min(number, says.stuck_at or number)
        shown = number
        if says.last == "again":
            shown = min(number, max(1, -(-len(self.rows) // size)))
        more = number * size < len(self.rows)
        following = {"right": number + 1, "always": number + 1, "itself": number, "skip": number + 2}.get(says.links)
        link = following if more or (says.links == "always" and following) else None
        rows: Any = self.rows[(shown - 1) * size : shown * size]
        body: Row = {"things": says.empty.get(self.requests, rows)}
        if link:
            body["links"] = {"pages": {"next": f"https://x/?page={link}"}}
        if says.off is not None:
            body["meta"] = {"total": max(0, len(self.rows) + says.off)}
        return body

    def change(self, change: Change) -> None:
        """Delete at these places, or create as many at one end."""
        kind, places = change
        if kind == "delete":
            for place in places:
                if self.rows:
                    gone = self.rows.pop(place % len(self.rows))
                    self.held.discard(gone["id"])
        elif kind:
            made = [{"id": f"new-{self.requests}-{number}"} for number in range(len(places))]
            self.ever |= {row["id"] for row in made}
            self.rows = [*made, *self.rows] if kind == "front" else [*self.rows, *made]


def says(
    *,
    off: st.SearchStrategy[int] | None,
    links: list[Links],
    changes: st.SearchStrategy[Change] | None = None,
    **more: Any,
) -> st.SearchStrategy[Says]:
    """Servers with these counts and links, and changes of the list meanwhile (None: it rests)."""
    fields: dict[str, Any] = {
        "size": st.none() | st.integers(1, 5),
        "last": st.sampled_from(["nothing", "again"]),
        **more,
    }
    return st.builds(
        Says,
        off=st.none() if off is None else off,
        links=st.sampled_from(links),
        changes=st.just([]) if changes is None else st.lists(changes, max_size=15),
        **fields,
    )


EVERY_LINK: list[Links] = ["right", "none", "always", "itself", "skip"]
COUNTS = st.sampled_from([0, 0, 0, 1, 5])
EMPTY: st.SearchStrategy[dict[int, Any]] = st.dictionaries(st.integers(1, 12), st.sampled_from([[], None]), max_size=2)
# With a count, right or too high, while anything happens; or that sends one page again and again.
COUNTED = says(off=COUNTS, links=EVERY_LINK, changes=changes("delete", "front", "end", ""), empty=EMPTY)
STUCK = says(off=COUNTS, links=EVERY_LINK, empty=EMPTY, stuck_at=st.integers(1, 2))
# With a count that is too low or none, but with links that say that there is more; or with full pages only.
TOO_LOW = says(off=st.sampled_from([-1, -4, -99]), links=EVERY_LINK[:1] + EVERY_LINK[2:], changes=changes("end", ""))
LINKED = says(off=None, links=EVERY_LINK[:1] + EVERY_LINK[2:], changes=changes("front", "end", ""))
FULL_PAGES = says(off=None, links=["none"], changes=changes("end", ""), size=st.just(SIZE))
# For lists without keys: what the count does not tell, their keys cannot either.
RESTING = says(off=st.sampled_from([-1, -4, -99]), links=EVERY_LINK[:1] + EVERY_LINK[2:])


def read(caplog: pytest.LogCaptureFixture, count: int, says: Says, api: dict[str, Any], key: list[str]) -> None:
    caplog.clear()
    server = AnyServer([{"id": number} for number in range(count)], says)

    honest = says.off == 0 and says.links != "always" and not says.empty and not says.stuck_at
    try:
        ids = Counter(row["id"] for row in emitted(server, api, key))
    except AirbyteTracedException:
        assert not honest
        return

    assert set(ids.values()) <= {1}
    assert set(ids) <= server.ever
    told = [warning for warning in warnings(caplog) if "records in a list and sends" in warning]
    assert server.held <= set(ids) or told


# A deletion between two answers, of which the second is to a page that was asked for ahead.
HIDDEN = Says(
    off=0,
    links="right",
    changes=[("delete", []), ("delete", [0]), ("delete", [0, 0, 0]), ("end", [0])],
    size=None,
    last="nothing",
    empty={},
)
NOTHING: Change = ("delete", [])
DELETED_AND_MADE = replace(HIDDEN, changes=[NOTHING, NOTHING, NOTHING, NOTHING, ("delete", [0]), ("front", [0])])


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(count=st.integers(0, 30), says=COUNTED | STUCK | TOO_LOW | LINKED | FULL_PAGES)
@example(count=16, says=HIDDEN)
@example(count=17, says=DELETED_AND_MADE)
def test_everything_that_was_held_throughout_is_read_or_the_stream_is_not_complete(
    caplog: pytest.LogCaptureFixture, count: int, says: Says
) -> None:
    read(caplog, count, says, LISTING, ["id"])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(count=st.integers(0, 30), says=COUNTED | STUCK | RESTING)
def test_so_are_lists_whose_records_have_no_keys(caplog: pytest.LogCaptureFixture, count: int, says: Says) -> None:
    read(caplog, count, says, {**LISTING, "key": {"field": "row_hash", "of": ["id"]}}, ["row_hash"])
