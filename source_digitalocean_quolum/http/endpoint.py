"""What the manifest says about one stream's endpoint (`$parameters.api`), read once into a typed object."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, quote


@dataclass(frozen=True)
class SurrogateKey:
    """Identity for records the API gives none: a hash of `of` (field names) goes into `field`."""

    field: str
    of: tuple[str, ...]


@dataclass(frozen=True)
class Unfinished:
    """Records that change until `field` has one of the values `until`: they hold the cursor back."""

    field: str
    until: tuple[str, ...]


# Where a derived field's value comes from, see Endpoint.derived.
Source = Mapping[str, Any]


@dataclass(frozen=True)
class Endpoint:
    """One endpoint of the API and how its answers become records.

    The request:
    - `path`: below /v2/, with `{fields}` of the stream slice.
    - `query`: query parameters as in a URL (`private=true`), with `{fields}` of the stream slice.
    - `post`: the members of a JSON body, as in `derived`; the request is a POST that only reads.
    - `scope`: the token scope that opens it, as DigitalOcean names scopes.
    - `only`, `skip`: slices that are (not) asked for, by the values of a field of the parent's record.
    - `csv`: the answer is a CSV file with these columns among others; its lines are the records.
    - `absent`: statuses that mean "this product was never used", so no records.

    Paging: `page` (page, per_page, links.pages.next), `total` (the same without links: `total`, or a page that
    is not full), `total_pages` (current_page, total_pages), `limit` (page, limit, meta.pages) or `none`.

    The records:
    - `records`: the key of the answer that holds the list (or the one object); empty: the answer itself.
    - `single`: the answer holds exactly one object; none is an error.
    - `map`: `records` is a map; its members are the records, and this field takes their key.
    - `values`: members that are plain values become records with this one field.
    - `nested`: the records are the members of a list inside each object, by path (`node_pools.nodes`); a
      mapping names several such lists.
    - `derived`: fields the connector adds: `{slice: name}`, `{slice: name, equals: value}`,
      `{text: "with {slice fields}"}`, `{clock: now}`, `{outer: path}` (of the object that held the nested list,
      or of a list's member on the way, by the list's name), `{body: path}` (of the whole answer, with
      `{fields}` of the record) or `{nested: name}` (the name of the nested list).
    - `key`: see SurrogateKey and BufferedListRetriever.
    - `unfinished`: see Unfinished.
    - `newest_first`: the list is expected to begin with the newest; verified page by page before it is used.
    """

    path: str
    records: str
    scope: str = ""
    paging: Literal["page", "total", "total_pages", "limit", "none"] = "page"
    query: str = ""
    post: Mapping[str, Source] = field(default_factory=dict)
    only: Mapping[str, list[Any]] = field(default_factory=dict)
    skip: Mapping[str, list[Any]] = field(default_factory=dict)
    csv: tuple[str, ...] = ()
    absent: tuple[int, ...] = ()
    single: bool = False
    map: str = ""
    values: str = ""
    nested: Mapping[str, str] = field(default_factory=dict)
    derived: Mapping[str, Source] = field(default_factory=dict)
    key: SurrogateKey | None = None
    unfinished: Unfinished | None = None
    newest_first: bool = False

    @classmethod
    def of(cls, api: Mapping[str, Any]) -> "Endpoint":
        """Read `$parameters.api`; an unknown word in it is a TypeError when the source is built."""
        facts = dict(api)
        if key := facts.get("key"):
            facts["key"] = SurrogateKey(field=key["field"], of=tuple(key["of"]))
        if unfinished := facts.get("unfinished"):
            facts["unfinished"] = Unfinished(field=unfinished["field"], until=tuple(unfinished["until"]))
        if isinstance(facts.get("nested"), str):
            facts["nested"] = {facts["nested"]: facts["nested"]}
        facts["absent"] = tuple(facts.get("absent", ()))
        facts["csv"] = tuple(facts.get("csv", ()))
        return cls(**facts)

    @property
    def has_parent(self) -> bool:
        """Whether it is asked once for each record of another stream, which may vanish in the meantime."""
        return "{" in self.path

    @property
    def is_plain(self) -> bool:
        """Whether the records are simply the objects of a list."""
        return not (self.map or self.values or self.nested)

    @property
    def unread(self) -> str:
        """The list whose objects may stay unread (see records.decode): nothing else of the answer is asked for."""
        objects = self.nested or not (self.map or self.values or self.csv)
        whole = any("body" in source for source in self.derived.values())
        return self.records if objects and not whole else ""

    def wants(self, known: Mapping[str, Any]) -> bool:
        """Whether a slice is asked for at all, by `only` and `skip`."""
        if any(known.get(name) not in values for name, values in self.only.items()):
            return False
        return not any(known.get(name) in values for name, values in self.skip.items())

    def path_for(self, known: Mapping[str, Any]) -> str:
        """The path below the base URL, e.g. /v2/projects/4de7ac8b/resources."""
        safe = {name: quote(str(value), safe=":") for name, value in known.items()}
        return "/v2/" + self.path.format_map(safe)

    @property
    def probe(self) -> dict[str, str]:
        """The query parameters of the smallest request: those that are the same for every slice, and one record."""
        fixed = {name: value for name, value in parse_qsl(self.query) if "{" not in value}
        return fixed if self.paging == "none" else {**fixed, "page": "1", "per_page": "1"}

    def params_for(self, known: Mapping[str, Any]) -> dict[str, str]:
        """The query parameters without those of paging."""
        return {name: value.format_map(known) for name, value in parse_qsl(self.query)}
