"""Reads one slice of a stream, page by page, completely: also while the list changes under the reader."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.records.page import Rows

# API reference, "Links & Pagination": the largest page.
PAGE_SIZE = 200
# Pages whose keys are remembered: as far back as a page is read again, or a record can move ahead.
_REMEMBERED_PAGES = 50
_MOST_RESTARTS = 20
# How often one read asks again for pages that cannot be right, before it gives up.
_MOST_DOUBTS = 5


@dataclass(frozen=True)
class Page:
    """Where a page stands: its number, the next one (None: it is the last), records in the whole list and on it.

    `linked` tells whether the answer itself names the next page; else `total` says that there must be one.
    """

    number: int
    next: int | None
    total: int | None
    records: int = 0
    linked: bool = True


def page_params(paging: str, number: int) -> dict[str, str]:
    """The query parameters that ask for a page.

    Lists that DigitalOcean does not page get them too, unless they are single objects: should it ever page
    them, nothing is lost; today it ignores them.
    """
    if paging == "none":
        return {}
    return {"page": str(number), "limit" if paging == "limit" else "per_page": str(PAGE_SIZE)}


def read_page(body: Mapping[str, Any], number: int, paging: str, records: int) -> Page:
    """Read a page's place from an answer with so many records; see Endpoint for the ways of paging.

    The next link says whether there is more and which page, never which host: only its `page` is read.
    """
    meta = body.get("meta")
    meta = meta if isinstance(meta, Mapping) else {}
    if paging == "none":
        return Page(number, None, None, records)
    if paging == "total_pages":
        return _page(number, number < (_count(body.get("total_pages")) or 0), _count(body.get("total_items")), records)
    if paging == "limit":
        return _page(number, number < (_count(meta.get("pages")) or 0), _count(meta.get("total")), records)
    if paging == "total":
        total = _count(body.get("total"))
        # `records` instead of PAGE_SIZE: a server that makes shorter pages than asked for is read to its end.
        more = records >= PAGE_SIZE if total is None else 0 < number * records < total
        return _page(number, more, total, records)
    links = body.get("links")
    pages = links.get("pages") if isinstance(links, Mapping) else None
    link = pages.get("next") if isinstance(pages, Mapping) else None
    total = _count(meta.get("total"))
    if not link:
        # A full page of a longer list has lost its link. Where `total` counts too many, the next one is empty.
        more = records >= PAGE_SIZE and number * PAGE_SIZE < (total or 0)
        return replace(_page(number, more, total, records), linked=False)
    following = _page_of(link)
    if following is None or following <= number:
        raise AirbyteTracedException(
            message=f"DigitalOcean's page {number} names page {following} as the next one: "
            "the list cannot be read to its end. The next sync tries again.",
            failure_type=FailureType.transient_error,
        )
    return Page(number, following, total, records)


def _page(number: int, more: bool, total: int | None, records: int) -> Page:
    return Page(number, number + 1 if more else None, total, records)


class PageNumberPaginator:
    """Which pages to ask for while records are created and deleted between the requests.

    Pages are offsets. When a record that was already read is deleted, all later ones move ahead, and those
    that cross the border to a page already read would be missed. `meta.total` tells: when the list is n
    records shorter than at the page before, the pages on which those n are now are read again, from the last
    to the first and as far as they have moved by then: records that move meanwhile move to a page still to
    come. What was emitted before is known by its key. A page that cannot be right (empty although a link led to
    it and records stand there, or full of nothing but records of pages before) is asked for again and then ends
    the stream with a failure. Rows without keys of their own (`exact`) start over instead: their keys count
    duplicates, which a shifted page would miscount.
    """

    def __init__(self, exact: bool = False) -> None:
        self.number = 1
        self._exact = exact
        self._total: int | None = None
        self._least: int | None = None
        self._now = 0
        self._restarts = 0
        self._doubts = 0
        self._linked = False
        self._last: list[Any] = []
        self._seen: set[Any] = set()
        self._remembered: deque[list[Any]] = deque()

    @property
    def restarted(self) -> bool:
        """Whether the list has been started over, or a page was wrong: what was read before is stale."""
        return self._restarts > 0 or self._doubts > 0

    def starts_over(self, page: Page) -> bool:
        """Whether the list has to be read from its first page again, because it changed and is `exact`."""
        if not self._exact or self._total is None or page.total in (None, self._total):
            return False
        self._restarts += 1
        if self._restarts > _MOST_RESTARTS:
            raise AirbyteTracedException(
                message="The list changes faster than it can be read. The next sync tries again.",
                failure_type=FailureType.transient_error,
            )
        self.number, self._total = 1, None
        return True

    def doubts(self, page: Page, identities: list[Any]) -> bool:
        """Whether the page cannot be right and has to be asked for again; an `exact` list from its first page.

        `identities` are the rows' keys, or what they are made of where the list is `exact`. Raises an
        AirbyteTracedException when the answers stay wrong: a part of the list cannot be had.
        """
        if page.number == 1 or not (self._is_hollow(page) or self._is_repeated(page, identities)):
            self._last = identities
            return False
        self._doubts += 1
        if self._doubts > _MOST_DOUBTS:
            what = "is empty" if not page.records else "holds nothing but the records of a page before it"
            raise AirbyteTracedException(
                message=f"DigitalOcean's page {page.number} {what}, in a list of {page.total or 'unknown'} records: "
                "the list cannot be read whole. The next sync tries again.",
                failure_type=FailureType.transient_error,
            )
        if self._exact:
            self.number, self._total, self._last = 1, None, []
        return True

    def _is_hollow(self, page: Page) -> bool:
        return not page.records and self._linked and (page.number - 1) * PAGE_SIZE < (page.total or 0)

    def _is_repeated(self, page: Page, identities: list[Any]) -> bool:
        # A shorter page, or one of a list that grew by a page, may hold only what has moved there since it was read.
        if page.records < PAGE_SIZE or (page.total or 0) - (self._least or 0) >= PAGE_SIZE:
            return False
        if self._exact:
            return identities == self._last
        return all(key is not None and key in self._seen for key in identities)

    def moved(self, page: Page) -> Iterator[int]:
        """Pages to read again now, because records after them have moved onto them; mostly none.

        Tell `noticed` of each one's total before asking for the next.
        """
        before, self._total = self._total, page.total if page.total is not None else self._total
        self._least = min(self._total or 0, self._least if self._least is not None else self._total or 0)
        if before is None or page.total is None:
            return
        self._now = page.total
        number = page.number - 1
        # Where the first record after the pages read before is by now.
        while number >= 1 and number * PAGE_SIZE > (page.number - 1) * PAGE_SIZE - (before - self._now):
            yield number
            number -= 1

    def noticed(self, page: Page) -> None:
        """Note how long the list is at a page that was read again."""
        if page.total is not None:
            self._now = page.total

    def advance(self, page: Page) -> bool:
        """Go on to the next page; false after the last one."""
        if page.next is None:
            return False
        self.number, self._linked = page.next, page.linked
        return True

    def unseen(self, rows: Rows, keys: list[Any]) -> Rows:
        """The rows whose key comes for the first time, as None always does; forgets those of long past pages."""
        whole = set(keys)
        if len(whole) == len(keys) and None not in whole and self._seen.isdisjoint(whole):
            # As on almost every page.
            fresh, new = rows, keys
            self._seen |= whole
        else:
            fresh, new = self._unseen_of(rows, keys)
        self._remembered.append(new)
        if len(self._remembered) > _REMEMBERED_PAGES and not self._exact:
            self._seen.difference_update(self._remembered.popleft())
        return fresh

    def _unseen_of(self, rows: Rows, keys: list[Any]) -> tuple[Rows, list[Any]]:
        fresh, new = [], []
        for row, key in zip(rows, keys, strict=True):
            if key is None:
                fresh.append(row)
            elif key not in self._seen:
                fresh.append(row)
                self._seen.add(key)
                new.append(key)
        return fresh, new


def _page_of(link: Any) -> int | None:
    values = parse_qs(urlsplit(link).query).get("page") if isinstance(link, str) else None
    return _count(values[0]) if values else None


def _count(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
