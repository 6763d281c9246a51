"""Faults in the pages of a good answer: links, totals and pages that do not tell the truth about a list."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

from sandbox.faults.places import Body, Parameters

Change = Callable[[Body, str | None, str, Parameters], None]


def _next(body: Body, url: str) -> None:
    body.setdefault("links", {}).setdefault("pages", {})["next"] = url


def _wrong_host_next(body: Body, _key: str | None, _url: str, parameters: Parameters) -> None:
    url = body.get("links", {}).get("pages", {}).get("next")
    if url:
        _next(body, parameters.get("host", "https://api.elsewhere.example") + "/" + url.split("/", 3)[3])


def _self_link(body: Body, _key: str | None, url: str, _parameters: Parameters) -> None:
    _next(body, url)


def _next_link(body: Body, _key: str | None, url: str, parameters: Parameters) -> None:
    """A next link to another `page` of the list, or to any text as `url`."""
    base, _, query = url.partition("?")
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    following = f"{base}?{urlencode({**asked, 'page': parameters.get('page', 99)})}"
    _next(body, str(parameters.get("url", following)))


def _no_next(body: Body, _key: str | None, _url: str, _parameters: Parameters) -> None:
    body.pop("links", None)


def _vanished_page(body: Body, key: str | None, _url: str, _parameters: Parameters) -> None:
    if key:
        body[key] = []


def _old_page(body: Body, key: str | None, url: str, parameters: Parameters) -> None:
    """Serve the records of an earlier page under this page's links, as a stale cache does."""
    pages = parameters.setdefault("_pages", {})
    page = parse_qs(urlsplit(url).query).get("page", ["1"])[0]
    pages[page] = list(body[key]) if key else []
    if key and page != "1" and "1" in pages:
        body[key] = pages["1"]


def _hollow_list(body: Body, key: str | None, _url: str, parameters: Parameters) -> None:
    """No records, no links, and a total that says there are some."""
    body.pop("links", None)
    body.update({str(key): [], "meta": {"total": int(parameters.get("total", 600))}})


def _no_records(body: Body, key: str | None, _url: str, parameters: Parameters) -> None:
    """A list of nothing in its three ways: `form` is `empty`, `null` or `absent`, and every total is 0."""
    if not isinstance(body.get(str(key)), list):
        return
    body.pop("links", None)
    body.update({name: 0 for name in ("total", "total_items", "total_pages") if name in body})
    body["meta"] = {"total": 0}
    forms: dict[str, Body] = {"empty": {str(key): []}, "null": {str(key): None}, "absent": {}}
    del body[str(key)]
    body.update(forms[parameters["form"]])


def _wrong_total(body: Body, _key: str | None, _url: str, parameters: Parameters) -> None:
    """A total that the list does not have, and no link."""
    body.pop("links", None)
    body["meta"] = {"total": int(parameters.get("total", 600))}


def _page_size(body: Body, _key: str | None, _url: str, parameters: Parameters) -> None:
    """Pages of `size` records whatever `per_page` says (see `page_size`); without links unless `links` is true."""
    if not parameters.get("links"):
        body.pop("links", None)


# Body, records key, the request's URL, parameters.
CHANGES: dict[str, Change] = {
    "wrong_host_next": _wrong_host_next,
    "self_link": _self_link,
    "next_link": _next_link,
    "no_next": _no_next,
    "vanished_page": _vanished_page,
    "old_page": _old_page,
    "hollow_list": _hollow_list,
    "no_records": _no_records,
    "wrong_total": _wrong_total,
    "page_size": _page_size,
}
