"""One page of a list: how it is asked for, and what its answer says about the list."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# API reference, "Links & Pagination": the largest page. Where DigitalOcean does not manage it, smaller ones are asked
# for; each divides the one before it, so that a list can go on in them from where it is.
PAGE_SIZES = (200, 50, 10)
PAGE_SIZE = PAGE_SIZES[0]


@dataclass(frozen=True)
class Page:
    """What an answer says: its page's number, the members on it, those of the whole list (None: it does not say).

    `has_next` tells whether the answer itself says that there is a page after it, and `size` how many members were
    asked for.
    """

    number: int
    records: int
    total: int | None
    has_next: bool
    size: int = PAGE_SIZE


def page_params(paging: str, number: int, size: int = PAGE_SIZE) -> dict[str, str]:
    """The query parameters that ask for a page.

    Lists that DigitalOcean does not page get them too, unless they are single objects: should it ever page
    them, nothing is lost; today it ignores them.
    """
    if paging == "none":
        return {}
    return {"page": str(number), "per_page": str(size)}


def read_page(body: Mapping[str, Any], number: int, paging: str, records: int, size: int = PAGE_SIZE) -> Page:
    """What an answer with so many members says; see Endpoint for the ways of paging.

    A next link says that there is more. Neither its host nor its page is followed: the next page is the next number.
    """
    meta = body.get("meta")
    meta = meta if isinstance(meta, Mapping) else {}
    if paging == "none":
        return Page(number, records, None, has_next=False, size=size)
    if paging == "total_pages":
        more = number < (read_count(body.get("total_pages")) or 0)
        return Page(number, records, read_count(body.get("total_items")), more, size)
    if paging == "pages":
        more = number < (read_count(meta.get("pages")) or 0)
        return Page(number, records, read_count(meta.get("total")), more, size)
    if paging == "total":
        total = read_count(body.get("total"))
        return Page(number, records, total, total is None and records >= size, size)
    links = body.get("links")
    pages = links.get("pages") if isinstance(links, Mapping) else None
    has_next = bool(pages.get("next")) if isinstance(pages, Mapping) else False
    return Page(number, records, read_count(meta.get("total")), has_next, size)


def read_count(value: Any) -> int | None:
    """A count as servers write it, as a number or as text; None where there is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        count = int(value)
    except (ValueError, OverflowError):
        return None
    return count if count >= 0 else None
