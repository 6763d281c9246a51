"""Asks the sandbox as any HTTP client would."""

from typing import Any

import requests

from sandbox import Sandbox


def get(sandbox: Sandbox, url: str, token: str | None = None) -> requests.Response:
    """The answer to a path below the sandbox's address, or to a whole URL."""
    url = url if url.startswith("http") else sandbox.api_base_url + url
    return requests.get(url, headers={"Authorization": f"Bearer {token or sandbox.token}"}, timeout=10)


def read_all(sandbox: Sandbox, path: str, key: str) -> list[dict[str, Any]]:
    """The records of all pages of a list, of 200 each unless the path says otherwise."""
    records: list[dict[str, Any]] = []
    url = path if "per_page=" in path else f"{path}{'&' if '?' in path else '?'}per_page=200"
    following: str | None = url
    while following:
        body = get(sandbox, following).json()
        records += body[key]
        following = body.get("links", {}).get("pages", {}).get("next")
    return records
