"""What pydo, DigitalOcean's own Python client, knows of each answer: it is newer than the published specification.

pydo is generated from DigitalOcean's OpenAPI document and carries it as examples in docstrings, one for each operation:
a template of the answer with a value of each property's type. They are read line by line, since the file has 20 MB.
"""

import importlib.metadata
import importlib.util
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from source_digitalocean_quolum.http.endpoint import Endpoint
from tools.openapi import DIGESTS, OpenApi, fits

DIGEST = DIGESTS / "pydo.json"

_BUILDER = re.compile(r"^def (build_\w+_request)\(")
_URL = re.compile(r'^\s+_url = "(/v2/[^"]*)"')
_METHOD = re.compile(r'method="([A-Z]+)"')
_CALL = re.compile(r"^\s+_request = (build_\w+_request)\(")
_ANSWER = re.compile(r"^( +)response == ([{\[])")
_STATUS = re.compile(r"^\s+# response body for status code\(s\): ([\d, ]+)")
_MEMBER = re.compile(r'^"(?P<name>(?:[^"\\]|\\.)*)": (?P<value>.*)$')
# A property that may have any name: the values of a map.
_ANY_NAME = "str"
_TYPES = (
    (re.compile(r'^"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"'), "date-time"),
    (re.compile(r'^"\d{4}-\d\d-\d\d"'), "date"),
    (re.compile(r'^"'), "string"),
    (re.compile(r"^(bool|True|False)\b"), "boolean"),
    (re.compile(r"^-?\d+\.\d"), "number"),
    (re.compile(r"^-?\d"), "integer"),
    (re.compile(r"^\{"), "object"),
    (re.compile(r"^\["), "array"),
)

Properties = dict[str, str]


@dataclass(frozen=True)
class PydoReference:
    """The paths that pydo can read, each with the properties of its answer: `droplets[].id` -> `integer`.

    The values of a map have the name `*`.
    """

    version: str
    paths: Mapping[str, Properties]

    @classmethod
    def from_installed(cls) -> "PydoReference | None":
        """From the pydo of this environment; None where there is none."""
        found = importlib.util.find_spec("pydo")
        if found is None or not found.submodule_search_locations:
            return None
        operations = Path(found.submodule_search_locations[0]) / "operations" / "_operations.py"
        with operations.open(encoding="utf-8") as lines:
            return cls(importlib.metadata.version("pydo"), read_operations(lines))

    @classmethod
    def from_digest(cls) -> "PydoReference":
        """From the digest: what an earlier pydo knew beyond the specification."""
        digest = json.loads(DIGEST.read_text(encoding="utf-8"))
        return cls(digest["pydo"], digest["paths"])

    def beyond(self, specification: OpenApi) -> "PydoReference":
        """What is not in the specification: paths, and properties of its paths."""
        more = {}
        for path, properties in self.paths.items():
            schema = specification.answer(path)
            known = set(specification.properties(schema)) if schema is not None else set()
            free = {name for name in known if f"{name}.*" in properties}
            news = {
                name: kind
                for name, kind in properties.items()
                if name not in known and not any(name.startswith(f"{each}.") for each in free)
            }
            if news or schema is None:
                more[path] = news
        return PydoReference(self.version, more)

    def record(self, endpoint: Endpoint) -> Properties:
        """The properties of one record of an endpoint, as paths below it; empty where pydo knows none."""
        found = next((known for path, known in self.paths.items() if fits(path, f"v2/{endpoint.path}")), {})
        # Plain values have no properties.
        below = [] if endpoint.values else list(endpoint.nested.values()) or [""]
        properties: Properties = {}
        for path in below:
            parts = [part for part in [endpoint.records, *path.split(".")] if part]
            place = "".join(re.escape(part) + r"(?:\[\])?\." for part in parts) + (r"\*\." if endpoint.map else "")
            inside = re.compile(f"^{place}(?P<rest>.+)$")
            matches = ((inside.match(name), kind) for name, kind in found.items())
            properties |= {match["rest"]: kind for match, kind in matches if match}
        return {name: kind for name, kind in properties.items() if "*" not in name}


def read_operations(lines: Iterable[str]) -> dict[str, Properties]:
    """The answers (status 200) of all GET operations, by path, from the lines of pydo's `_operations.py`."""
    urls: dict[str, str] = {}
    methods: dict[str, str] = {}
    found: dict[str, Properties] = {}
    builder = ""
    answer: Properties = {}
    succeeded = True
    rest = iter(lines)
    for line in rest:
        if match := _BUILDER.match(line):
            builder = match[1]
        elif match := _URL.match(line):
            urls[builder] = match[1]
        elif builder and (match := _METHOD.search(line)):
            methods[builder], builder = match[1], ""
        elif match := _STATUS.match(line):
            succeeded = "200" in match[1]
        elif match := _ANSWER.match(line):
            template = dict(_read_template(rest, len(match[1]), match[2]))
            if succeeded:
                answer.update(template)
        elif match := _CALL.match(line):
            if methods.get(match[1]) == "GET" and match[1] in urls and answer:
                found.setdefault(urls[match[1]], {}).update(answer)
            answer = {}
    return found


def _read_template(lines: Iterator[str], indent: int, opened: str) -> Iterator[tuple[str, str]]:
    """The properties of one template, up to the bracket that closes it.

    Each level of brackets is four columns deeper; a comment that goes on in the next line stands at two.
    """
    places = ["[]" if opened == "[" else ""]
    for line in lines:
        text = line.strip()
        depth = (len(line) - len(line.lstrip()) - indent) // 4
        if not text or (len(line) - len(line.lstrip()) - indent) % 4:
            continue
        if text[0] in "}]" and depth == len(places) - 1:
            places.pop()
            if not places:
                return
        elif depth == len(places):
            match = _MEMBER.match(text)
            value = match["value"] if match else text
            path = places[-1]
            if match:
                name = "*" if match["name"] == _ANY_NAME else match["name"]
                path = f"{path}.{name}" if path else name
                yield path, _type_of(value)
            if value.split("  #")[0].rstrip() in ("{", "["):
                places.append(path + ("[]" if value.startswith("[") else ""))


def _type_of(value: str) -> str:
    return next((name for pattern, name in _TYPES if pattern.match(value)), "unknown")
