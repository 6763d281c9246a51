"""What the manifest says about one stream's endpoint (`$parameters.api`), read once into a typed object."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, quote


@dataclass(frozen=True)
class RowKey:
    """Identity for records the API gives none: a hash of `of` (field names) goes into `field`."""

    field: str
    of: tuple[str, ...]


@dataclass(frozen=True)
class Unfinished:
    """Records that change until `field` has one of the values `until`: they hold the cursor back."""

    field: str
    until: tuple[str, ...]


@dataclass(frozen=True)
class Endpoint:
    """One endpoint of the API and how its answers become records.

    - `path`: below /v2/, with `{fields}` of the stream slice.
    - `records`: the key of the answer that holds the list (or the one object); empty: the answer itself.
    - `scope`: the token scope that opens it, as DigitalOcean names scopes.
    - `paging`: `page` (page, per_page, links.pages.next), `total_pages` (current_page, total_pages) or `none`.
    - `query`: query parameters as in a URL (`private=true`), with `{fields}` of the stream slice.
    - `nested`: the records are the members of this list inside each object.
    - `derived`: fields the connector adds: `{slice: name}`, `{slice: name, equals: value}`,
      `{text: "with {slice fields}"}`, `{outer: name}` (of the object that held the nested list) or `{clock: now}`.
    - `key`: see RowKey.
    - `unfinished`: see Unfinished.
    - `newest_first`: the list is expected to begin with the newest; verified page by page before it is used.
    - `absent`: statuses that mean "this product was never used", so no records.
    """

    path: str
    records: str
    scope: str = ""
    paging: Literal["page", "total_pages", "none"] = "page"
    query: str = ""
    nested: str = ""
    derived: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    key: RowKey | None = None
    unfinished: Unfinished | None = None
    newest_first: bool = False
    absent: tuple[int, ...] = ()

    @classmethod
    def of(cls, api: Mapping[str, Any]) -> "Endpoint":
        """Read `$parameters.api`; an unknown word in it is a TypeError when the source is built."""
        facts = dict(api)
        if key := facts.get("key"):
            facts["key"] = RowKey(field=key["field"], of=tuple(key["of"]))
        if unfinished := facts.get("unfinished"):
            facts["unfinished"] = Unfinished(field=unfinished["field"], until=tuple(unfinished["until"]))
        return cls(**{**facts, "absent": tuple(facts.get("absent", ()))})

    @property
    def has_parent(self) -> bool:
        """Whether it is asked once for each record of another stream, which may vanish in the meantime."""
        return "{" in self.path

    def path_for(self, stream_slice: Mapping[str, Any]) -> str:
        """The path below the base URL, e.g. /v2/projects/4de7ac8b/resources."""
        safe = {name: quote(str(value), safe=":") for name, value in stream_slice.items()}
        return "/v2/" + self.path.format_map(safe)

    def params_for(self, stream_slice: Mapping[str, Any]) -> dict[str, str]:
        """The query parameters without those of paging."""
        return {name: value.format_map(stream_slice) for name, value in parse_qsl(self.query)}
