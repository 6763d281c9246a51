"""The XML documents of the S3 API as objects with names in snake_case."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

from source_digitalocean_quolum.records.body import UnexpectedBody

# Elements that may stand several times, and what a list of them is called.
_LISTS = {
    "AllowedOrigin": "allowed_origins",
    "AllowedMethod": "allowed_methods",
    "AllowedHeader": "allowed_headers",
    "ExposeHeader": "expose_headers",
}
_DECLARATION = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


def read_members(content: bytes, root: str, member: str) -> list[dict[str, Any]]:
    """The objects called `member` of a document called `root`. Raises UnexpectedBody for anything else."""
    return [_as_object(one) for one in _parse(content, root).iter() if _name(one) == member]


def read_error(content: bytes) -> tuple[str, str]:
    """Code and message of an error document; empty texts where it is none."""
    try:
        found = _as_object(_parse(content, "Error"))
    except UnexpectedBody:
        return "", ""
    return str(found.get("code") or ""), str(found.get("message") or "")


def _parse(content: bytes, root: str) -> ET.Element:
    # No answer of the API declares entities, by which a small document becomes a large one.
    if _DECLARATION.search(content):
        raise UnexpectedBody("an XML document that declares entities")
    try:
        found = ET.fromstring(content)  # noqa: S314 (what makes it dangerous is refused above)
    except ET.ParseError:
        raise UnexpectedBody("something that is no XML document") from None
    if _name(found) != root:
        raise UnexpectedBody(f"an XML document {_name(found)[:80]!r} instead of {root}")
    return found


def _as_object(element: ET.Element) -> dict[str, Any]:
    return dict(_fields(element))


def _fields(element: ET.Element) -> Iterator[tuple[str, Any]]:
    lists: dict[str, list[str]] = {}
    for child in element:
        name = _name(child)
        if name in _LISTS:
            lists.setdefault(_LISTS[name], []).append(child.text or "")
        else:
            yield _in_snake_case(name), _as_object(child) if len(child) else (child.text or "").strip()
    yield from lists.items()


def _name(element: ET.Element) -> str:
    """Without its namespace: servers differ in whether they write one."""
    return element.tag.rpartition("}")[2]


def _in_snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
