"""What an endpoint of the sandbox is: one GET, or a POST that only reads, with its scopes and its answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sandbox.auth import covers
from sandbox.paging import DEFAULT_PER_PAGE, Ask, bounds, envelope
from sandbox.problems import Problem, not_found
from sandbox.world import World
from sandbox.world.plan import Record

Rows = Callable[[World, Ask], Sequence[Record]]
# Scope -> the fields that a token without it sees empty (API specification, scopes of response fields).
Blanks = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Endpoint:
    """A path with its method, the scopes it needs, its answer, and which key of the answer holds the records.

    An answer that is a text is a CSV file.
    """

    path: str
    scopes: tuple[str, ...]
    answer: Callable[[World, Ask], Record | str]
    key: str | None = None
    method: str = "GET"


def blanked(record: Record, ask: Ask, blanks: Blanks) -> Record:
    """The record as this token sees it: lists and objects of other scopes are empty, texts are left out."""
    hidden = {name for scope, names in blanks.items() if not covers(ask.scopes, scope) for name in names}
    if not hidden:
        return record
    shown = {name: value for name, value in record.items() if name not in hidden or not isinstance(value, str)}
    return {name: type(value)() if name in hidden else value for name, value in shown.items()}


def collection(
    path: str,
    scope: str | tuple[str, ...],
    rows: Rows | str,
    key: str | None = None,
    blanks: Blanks | None = None,
    per_page: int = DEFAULT_PER_PAGE,
) -> Endpoint:
    """A paged list. `rows` is a function, or the name of a table of the world served as it is."""
    key = key or path.rsplit("/", 1)[1]

    def answer(world: World, ask: Ask) -> Record:
        ask = replace(ask, default_per_page=per_page)
        records = world.tables[rows] if isinstance(rows, str) else rows(world, ask)
        first, last = bounds(ask)
        page = [blanked(record, ask, blanks or {}) for record in records[first:last]]
        return envelope(ask, key, page, len(records))

    return Endpoint(path, (scope,) if isinstance(scope, str) else scope, answer, key)


def whole(path: str, scope: str, rows: Rows | str, key: str | None = None) -> Endpoint:
    """A list without pages: every record in one answer, whatever `page` and `per_page` say."""
    key = key or path.rsplit("/", 1)[1]

    def answer(world: World, ask: Ask) -> Record:
        return {key: list(world.tables[rows] if isinstance(rows, str) else rows(world, ask))}

    return Endpoint(path, (scope,), answer, key)


def found(world: World, ask: Ask, tables: str | tuple[str, ...], parameter: str, identity: str = "id") -> Record:
    """The record that a path parameter names; 404 when there is none."""
    wanted = ask.path[parameter]
    for table in (tables,) if isinstance(tables, str) else tables:
        for record in world.tables[table]:
            if str(record[identity]) == wanted:
                return record
    raise not_found()


def matching(records: Sequence[Record], ask: Ask, *names: str) -> Sequence[Record]:
    """The records whose fields equal the query parameters of the same names, as far as those are given."""
    wanted = {name: ask.query[name] for name in names if name in ask.query}
    return [one for one in records if all(one.get(name) == value for name, value in wanted.items())]


def once_used(product: str, endpoint: Endpoint, absent: Problem | None = None) -> Endpoint:
    """The endpoint of a product that the team may never have used: then `absent` (else a 404) is the answer."""

    def answer(world: World, ask: Ask) -> Record | str:
        if product in world.unused:
            raise absent or not_found()
        return endpoint.answer(world, ask)

    return replace(endpoint, answer=answer)
