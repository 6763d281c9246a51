"""`page`/`per_page` paging with `links.pages`, as DigitalOcean documents it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sandbox.problems import bad_request

DEFAULT_PER_PAGE = 20
MAX_PER_PAGE = 200


@dataclass(frozen=True)
class Ask:
    """One authorised request: where it was sent, its parameters, what the token may see, when, and a POST's body."""

    url: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    scopes: frozenset[str]
    now: datetime
    body: Mapping[str, Any] = field(default_factory=dict)
    default_per_page: int = DEFAULT_PER_PAGE

    def page(self) -> tuple[int, int]:
        """`(page, per_page)`; out of range is a 400."""
        return self._integer("page", 1, None), self._integer("per_page", self.default_per_page, MAX_PER_PAGE)

    def _integer(self, name: str, default: int, maximum: int | None) -> int:
        text = self.query.get(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or int(text) < 1:
            raise bad_request(f"{name} must be a positive integer")
        if maximum is not None and int(text) > maximum:
            raise bad_request(f"{name} must be between 1 and {maximum}")
        return int(text)

    def link(self, page: int, per_page: int) -> str:
        """This request's URL for another page, with every other parameter kept."""
        others = {name: value for name, value in self.query.items() if name not in {"page", "per_page"}}
        return f"{self.url}?{urlencode({'page': page, 'per_page': per_page, **others})}"


def bounds(ask: Ask) -> tuple[int, int]:
    """First and one-past-last index of the asked page."""
    page, per_page = ask.page()
    return (page - 1) * per_page, page * per_page


def envelope(ask: Ask, key: str, records: Sequence[Any], total: int) -> dict[str, Any]:
    """A list response: the page's records, `links` and `meta.total`."""
    page, per_page = ask.page()
    last = max(1, -(-total // per_page))
    links: dict[str, Any] = {}
    if last > 1:
        pages: dict[str, str] = {}
        if page > 1:
            pages |= {"first": ask.link(1, per_page), "prev": ask.link(min(page - 1, last), per_page)}
        if page < last:
            pages |= {"next": ask.link(page + 1, per_page), "last": ask.link(last, per_page)}
        links = {"pages": pages}
    return {key: list(records), "links": links, "meta": {"total": total}}
