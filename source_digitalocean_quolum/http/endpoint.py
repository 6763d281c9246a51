"""What the manifest says about one stream's endpoint (`$parameters.api`), read once into a typed object."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, quote

import msgspec

from source_digitalocean_quolum.http.facts import Facts, Name, Path, Scalar, SurrogateKey, Unfinished, ValueSource

# As DigitalOcean writes them, below /v2/: letters, digits, `1-clicks`, `do:team:{team_uuid}`.
_Url = Annotated[str, msgspec.Meta(pattern=r"^[\w{}:-]+(/[\w{}:-]+)*$")]
_Query = Annotated[str, msgspec.Meta(pattern=r"^([\w.]+=[^&=\s]+(&[\w.]+=[^&=\s]+)*)?$")]
_Scope = Annotated[str, msgspec.Meta(pattern=r"^([a-z_]+:[a-z]+)?$")]
_Key = Annotated[str, msgspec.Meta(pattern=r"^\w*$")]
_Refusal = Annotated[int, msgspec.Meta(ge=400, le=499)]


class Endpoint(Facts, frozen=True):
    """One endpoint of the API and how its answers become records.

    The request:
    - `service`: `api`, or `spaces`: the S3 API of a region's Spaces, which no token opens (spaces/). Of the facts below
      it has none but the `path`, which is the region.
    - `path`: below /v2/, with `{fields}` of the stream slice.
    - `query`: query parameters as in a URL (`private=true`), with `{fields}` of the stream slice, and with `{now}` and
      `{day_ago}`, times in RFC 3339.
    - `post`: the members of a JSON body, as in `derived`; the request is a POST that only reads.
    - `scope`: the token scope that opens it, as DigitalOcean names scopes.
    - `only`, `skip`: slices that are (not) asked for, by the values of a field of the parent's record.
    - `of_parent`: the list is one for all parents, see SharedListRetriever: fields of a record, each with the field
      of the parent's record whose values it holds.
    - `sums`: the answer is one sum of this field for the window asked for, see DailyTotalsRetriever.
    - `csv`: the answer is a CSV file with these columns among others; its lines are the records.
    - `absent`: statuses that mean "this product was never used", so no records.

    Paging: `page` (page, per_page, links.pages.next), `total` (the same without links: `total`, or a page that
    is not full), `total_pages` (current_page, total_pages), `pages` (page, per_page, meta.pages), `token`
    (page_size, page_token, next_page_token: TokenPagedRetriever) or `none`.

    The records:
    - `records`: the key of the answer that holds the list (or the one object); empty: the answer itself.
    - `single`: the answer holds exactly one object; none is an error.
    - `optional`: an answer without the key `records` has no records; elsewhere it is an error.
    - `bare`: an answer without the key `records` is the record itself.
    - `map`: `records` is a map; its members are the records, and this field takes their key.
    - `values`: members that are plain values become records with this one field.
    - `nested`: the records are the members of a list inside each object, by path (`node_pools.nodes`); a
      mapping names several such lists.
    - `derived`: fields the connector adds: `{slice: name}`, `{slice: name, if_absent: true}` (where the answer does not
      say it itself), `{slice: name, equals: value}`, `{text: "with {slice fields}"}`, `{clock: now}` (with
      `incremental: true` not in a full refresh, whose records are all of one sync), `{outer: path}` (of the object that
      held the nested list, or of a list's member on the way, by the list's name), `{body: path}` (of the whole answer,
      with `{fields}` of the record) or `{nested: name}` (the name of the nested list).
    - `renamed`: fields that get another name, since warehouses refuse theirs (`a.b: a_b`).
    - `key`: see SurrogateKey and BufferedListRetriever.
    - `unfinished`: see Unfinished.
    - `newest_first`: the list is expected to begin with the newest; verified page by page before it is used.
    """

    path: _Url
    records: _Key
    service: Literal["api", "spaces"] = "api"
    scope: _Scope = ""
    paging: Literal["page", "total", "total_pages", "pages", "token", "none"] = "page"
    query: _Query = ""
    post: Mapping[Name, ValueSource] = msgspec.field(default_factory=dict)
    only: Mapping[Name, list[Scalar]] = msgspec.field(default_factory=dict)
    skip: Mapping[Name, list[Scalar]] = msgspec.field(default_factory=dict)
    of_parent: Mapping[Name, Name] = msgspec.field(default_factory=dict)
    sums: Name | None = None
    csv: tuple[str, ...] = ()
    absent: tuple[_Refusal, ...] = ()
    single: bool = False
    optional: bool = False
    bare: bool = False
    map: _Key = ""
    values: _Key = ""
    nested: Mapping[str, Path] = msgspec.field(default_factory=dict)
    derived: Mapping[Name, ValueSource] = msgspec.field(default_factory=dict)
    renamed: Mapping[str, Name] = msgspec.field(default_factory=dict)
    key: SurrogateKey | None = None
    unfinished: Unfinished | None = None
    newest_first: bool = False

    @classmethod
    def from_manifest(cls, api: Mapping[str, Any]) -> "Endpoint":
        """Read `$parameters.api`. An unknown word or value is a ValueError that names it."""
        nested = api.get("nested")
        facts = {**api, "nested": {nested: nested}} if isinstance(nested, str) else dict(api)
        try:
            return msgspec.convert(facts, cls)
        except msgspec.ValidationError as problem:
            raise ValueError(f"`api`: {_named(facts) or problem}") from None

    @property
    def has_parent(self) -> bool:
        """Whether it is asked once for each record of another stream, which may vanish in the meantime."""
        return "{" in self.path

    @property
    def is_windowed(self) -> bool:
        """Whether it is asked once for each window of time: what one window does not give is missing for ever."""
        in_body = any("{start_time}" in (source.text or "") for source in self.post.values())
        return in_body or "{end_time}" in self.path + self.query

    @property
    def lists_records(self) -> bool:
        """Whether the records are simply the objects of a list."""
        return not (self.map or self.values or self.nested)

    @property
    def unparsed_list(self) -> str:
        """The list whose objects may stay unparsed (see records.decode): nothing else of the answer is asked for."""
        objects = self.nested or not (self.map or self.values or self.csv)
        whole = any(source.body for source in self.derived.values())
        return self.records if objects and not whole else ""

    @property
    def check_params(self) -> dict[str, str]:
        """The query parameters of the smallest request: those that are the same for every slice, and one record."""
        fixed = {name: value for name, value in parse_qsl(self.query) if "{" not in value}
        if self.paging == "none":
            return fixed
        return {**fixed, "page_size": "1"} if self.paging == "token" else {**fixed, "page": "1", "per_page": "1"}

    def asks_about(self, known: Mapping[str, Any]) -> bool:
        """Whether a slice with these fields is asked for, by `only` and `skip`; it is where a field does not tell."""
        if any(known.get(name) not in (None, *values) for name, values in self.only.items()):
            return False
        return not any(name in known and known[name] in values for name, values in self.skip.items())

    def path_for(self, known: Mapping[str, Any]) -> str:
        """The path below the base URL, e.g. /v2/projects/4de7ac8b/resources."""
        safe = {name: quote(str(value), safe=":") for name, value in known.items()}
        return "/v2/" + self.path.format_map(safe)

    def params_for(self, known: Mapping[str, Any]) -> dict[str, str]:
        """The query parameters without those of paging."""
        now = datetime.now(UTC)
        values = {"now": _format(now), "day_ago": _format(now - timedelta(days=1)), **known}
        return {name: value.format_map(values) for name, value in parse_qsl(self.query)}


def _format(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _named(facts: Mapping[str, Any]) -> str:
    """What is wrong with a member of a map, by its name, which msgspec leaves out."""
    for word in ("post", "derived"):
        members = facts.get(word)
        for name, source in members.items() if isinstance(members, dict) else ():
            try:
                msgspec.convert(source, ValueSource)
            except msgspec.ValidationError as problem:
                return f"{problem} of `{word}.{name}`"
    return ""
