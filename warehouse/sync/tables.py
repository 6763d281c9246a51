"""Where a stream lands: its table, and the columns that table is given, widened or rebuilt."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy
from sqlalchemy.exc import DBAPIError

from warehouse.sync.spool import RANK_COLUMN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection

    from warehouse.sync.loaders import Loader

_DECIMAL = re.compile(r"(?i:decimal|numeric)\((\d+),\s*(\d+)\)")
# PostgreSQL's code for a column that a view uses.
_USED_BY_A_VIEW = "0A000"


@dataclass(frozen=True)
class Table:
    """One stream's table: each property's column, each column's SQL type, its key, and what both mean in words."""

    stream: str
    name: str
    columns: Mapping[str, str]
    types: Mapping[str, str]
    key: Sequence[str]
    description: str = ""
    descriptions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Shaping:
    """Gives a table of `schema` the columns of the batch that is to go into it; `warn` is told what it had to leave."""

    connection: Connection
    loader: Loader
    schema: str
    table: Table

    def prepare(self, batch: str, *, replace: bool) -> list[str]:
        """Create the table, or add and widen its columns; with `replace`, rebuild it where a type has changed.

        Returns what is to be told: a view that keeps a column as it was, or that does not fit the new columns.
        """
        wanted = self.loader.column_types(self.connection, batch)
        del wanted[RANK_COLUMN]
        if not sqlalchemy.inspect(self.connection).has_table(self.table.name, schema=self.schema):
            self._create()
            return []
        found = self.loader.column_types(self.connection, self._name)
        differing = {name: kind for name, kind in wanted.items() if found.get(name, kind) != kind}
        wider = {name: kind for name, kind in differing.items() if _is_wider(kind, found[name])}
        new = [name for name in wanted if name not in found]
        if not differing and not new:
            return []
        views = self.loader.working_views(self.connection)
        warnings = []
        if replace and len(differing) > len(wider):
            self.connection.exec_driver_sql(f"DROP TABLE {self._name}")
            self._create()
        else:
            for name in new:
                kind = self.table.types[name]
                self.connection.exec_driver_sql(f"ALTER TABLE {self._name} ADD COLUMN {quoted(name)} {kind}")
            warnings = self._widen(wider)
        return warnings + self.loader.mend_views(self.connection, views)

    def _create(self) -> None:
        columns = ", ".join(f"{quoted(column)} {kind}" for column, kind in self.table.types.items())
        self.connection.exec_driver_sql(f"CREATE TABLE {self._name} ({columns})")

    def _widen(self, columns: Mapping[str, str]) -> list[str]:
        """Widen columns, all together where the database can: it then writes the table anew once."""
        warnings = []
        together = [columns] if self.loader.alters_together else [{name: kind} for name, kind in columns.items()]
        for some in together:
            if not some:
                continue
            try:
                self._alter(some)
            except DBAPIError as error:
                if getattr(error.orig, "pgcode", None) != _USED_BY_A_VIEW:
                    raise
                if len(some) > 1:
                    together.extend({name: kind} for name, kind in some.items())
                else:
                    warnings += [self._left(name, kind, str(error.orig)) for name, kind in some.items()]
        return warnings

    def _alter(self, columns: Mapping[str, str]) -> None:
        changes = [f"ALTER COLUMN {quoted(name)} TYPE {kind}" for name, kind in columns.items()]
        statement = f"ALTER TABLE {self._name} {', '.join(changes)}"
        if not self.loader.alters_together:
            self.connection.exec_driver_sql(statement)
            return
        with self.connection.begin_nested():
            self.connection.exec_driver_sql(statement)

    def _left(self, column: str, kind: str, reason: str) -> str:
        view = re.search(r"on ((?:materialized )?view \S+)", reason)
        return (
            f"The column {column} of {self.table.stream} stays as it is, and does not become {kind}, because "
            f"{view[1] if view else 'a view'} uses it: drop the view, sync again, then make it again."
        )

    @property
    def _name(self) -> str:
        return f"{self.schema}.{quoted(self.table.name)}"


def quoted(identifier: str) -> str:
    """Return an identifier in quotes."""
    return f'"{identifier}"'


def listed(columns: Sequence[str] | Mapping[str, str]) -> str:
    """Return columns as SQL lists them."""
    return ", ".join(quoted(column) for column in columns)


def _is_wider(wanted: str, found: str) -> bool:
    """Whether a column of another type holds everything that the one found holds."""
    new, old = _DECIMAL.fullmatch(wanted), _DECIMAL.fullmatch(found)
    if new and old:
        return int(new[1]) >= int(old[1]) and int(new[2]) > int(old[2])
    return (found, wanted) == ("json", "jsonb")
