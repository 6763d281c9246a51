"""Faults by name: how DigitalOcean, a proxy or a network can misbehave, for a path, some times or until cleared."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.faults import lists, records
from sandbox.faults.answers import INSTEAD, Asked
from sandbox.faults.content import BYTES
from sandbox.faults.heads import HEADS
from sandbox.faults.places import Parameters
from sandbox.faults.planting import plant
from sandbox.faults.wire import WIRE, Network

__all__ = ["BYTES", "CHANGES", "HEADS", "INSTEAD", "NAMES", "WIRE", "Asked", "Fault", "Faults"]

CHANGES = {**lists.CHANGES, **records.CHANGES, "planted": plant}
NAMES = tuple(dict.fromkeys((*INSTEAD, *CHANGES, *BYTES, *HEADS, *WIRE, "slow", "refuse")))


@dataclass
class Fault:
    """One fault: where, how often (`times` None means until cleared), and how.

    `path` is a prefix, or the whole path if it ends in `$`; a star in it is one step. Requests are narrowed by `query`
    to those with these parameters (of the URL or of a form), by `contains` to those whose parameters hold these texts,
    by `above` to those whose parameters are greater numbers. `after` lets as many through first.
    """

    name: str
    path: str = "/"
    times: int | None = None
    parameters: Parameters = field(default_factory=dict)
    after: int = 0
    query: Mapping[str, str] = field(default_factory=dict)
    contains: Mapping[str, str] = field(default_factory=dict)
    above: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        whole = self.path.endswith("$")
        steps = (re.escape(part) for part in self.path.removesuffix("$").split("*"))
        self._where = re.compile("[^/]+".join(steps) + ("$" if whole else ""))

    def concerns(self, path: str, asked: Mapping[str, str]) -> bool:
        """Whether a request is one of those that this fault is for."""
        here = self._where.match(path)
        return (
            here is not None
            and all(asked.get(name) == value for name, value in self.query.items())
            and all(text in asked.get(name, "") for name, text in self.contains.items())
            and all(asked.get(name, "").isdigit() and int(asked[name]) > least for name, least in self.above.items())
        )


class Faults:
    """The faults that are switched on."""

    def __init__(self) -> None:
        self._active: list[Fault] = []
        self.network = Network()

    def add(self, fault: Fault) -> None:
        """Switch a fault on; raises ValueError for an unknown name."""
        if fault.name not in NAMES:
            raise ValueError(f"unknown fault {fault.name!r}; known: {', '.join(NAMES)}")
        self._active.append(fault)

    def clear(self) -> None:
        """Switch every fault off."""
        self._active.clear()

    def take(self, path: str, asked: Mapping[str, str]) -> list[Fault]:
        """The faults that hit a request; each use counts."""
        hit = []
        for fault in list(self._active):
            if not fault.concerns(path, asked):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            hit.append(fault)
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._active.remove(fault)
            if fault.name in INSTEAD:
                # The first answer wins; later faults wait for their turn.
                break
        return hit
