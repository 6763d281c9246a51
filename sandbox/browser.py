"""A person with a browser, as far as the consent flow needs one: forms, cookies, no redirect followed."""

from collections.abc import Mapping
from html.parser import HTMLParser
from http.client import HTTPMessage
from http.cookiejar import CookieJar
from typing import IO
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit
from urllib.request import (
    HTTPCookieProcessor,
    HTTPRedirectHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)


class _StayHere(HTTPRedirectHandler):
    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


class _Form(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = values["action"]
        elif tag == "input" and (values.get("type") != "radio" or "checked" in values):
            self.fields[values["name"]] = values.get("value", "")


def post_form(url: str, form: Mapping[str, str]) -> str:
    """POST a form and answer the body; raises HTTPError for an error status."""
    request = Request(url, urlencode(form).encode(), method="POST")  # noqa: S310 - always http on loopback
    with build_opener(ProxyHandler({})).open(request, timeout=30) as response:
        return str(response.read().decode())


def authorize(
    oauth_base_url: str, client_id: str, redirect_uri: str, scope: str, decision: str = "authorize", **extra: str
) -> dict[str, str]:
    """Sign in and decide; answers the parameters of the redirect (`code` or `error`, and `state`)."""
    query = {"client_id": client_id, "redirect_uri": redirect_uri, "response_type": "code", "scope": scope, **extra}
    return dict(parse_qsl(urlsplit(walk(f"{oauth_base_url}/authorize?{urlencode(query)}", decision)).query))


def walk(url: str, decision: str = "authorize", team: str = "") -> str:
    """From the consent link to the redirect, whose address is the answer; `team` is a UUID (default: the first)."""
    browser = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()), _StayHere())
    with browser.open(url, timeout=30) as response:
        page = response.read().decode()
    login = _Form(page)
    with browser.open(urljoin(url, login.action), urlencode(login.fields).encode(), timeout=30) as response:
        consent = _Form(response.read().decode())
    answer = {**consent.fields, "decision": decision, **({"team": team} if team else {})}
    return _redirect(browser, urljoin(url, consent.action), answer)


def _redirect(browser: OpenerDirector, url: str, form: Mapping[str, str]) -> str:
    try:
        browser.open(url, urlencode(form).encode(), timeout=30)
    except HTTPError as redirect:
        if redirect.code != 302:
            raise
        return str(redirect.headers["location"])
    raise RuntimeError("the authorization server did not redirect back")
