"""What the series are about: a resource with its Insights series and its Monitoring matrices."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random
from typing import Any, NamedTuple

import orjson

from sandbox.telemetry.signals import Counter, Gauge, Signal
from sandbox.telemetry.timeline import Timeline
from sandbox.telemetry.waves import Wave, WorkingHours
from sandbox.telemetry.working import hours
from sandbox.world.patterns import Pattern

Labels = Mapping[str, str]
NO_LABELS: Labels = {}


class Series(NamedTuple):
    """One series of Insights: its underscored name and every label it carries."""

    name: str
    labels: Labels
    signal: Signal


class Matrix(NamedTuple):
    """One element of a Monitoring answer: the path below the product, its labels, and the parameters it fits."""

    path: str
    labels: Labels
    signal: Signal
    where: Labels = NO_LABELS


Parts = tuple[list[Series], list[Matrix]]


@dataclass
class Subject:
    """One resource. `parts` makes its series and matrices when they are first asked for.

    `work` is the share of its usual work that it does, `pattern` says when, if not always.
    """

    kind: str
    urn: str
    id: str
    name: str
    region: str
    timeline: Timeline
    tags: list[str] = field(default_factory=list)
    parts: Callable[["Subject"], Parts] = lambda _: ([], [])
    work: float = 1.0
    pattern: Pattern | None = None

    @cached_property
    def _made(self) -> Parts:
        return self.parts(self)

    @property
    def series(self) -> list[Series]:
        """The resource's series in Insights."""
        return self._made[0]

    @property
    def matrices(self) -> list[Matrix]:
        """What Monitoring tells about the resource."""
        return self._made[1]

    @cached_property
    def _hours(self) -> WorkingHours | None:
        return hours(self.pattern, self.draw("hours")) if self.pattern else None

    def _wave(self, name: str, low: float, high: float) -> Wave:
        return Wave.between(Random(f"{self.timeline.seed}/{self.urn}/{name}"), low, high)

    def gauge(self, name: str, low: float, high: float, digits: int = 0, *, is_work: bool = False) -> Gauge:
        """A gauge of this resource; its course is drawn from the name. Where `is_work`, it follows the pattern."""
        wave = self._wave(name, low, high)
        return Gauge(replace(wave, hours=self._hours) if is_work else wave, digits)

    def counter(self, name: str, low: float, high: float, digits: int = 0) -> Counter:
        """A counter of this resource that grows by `low` to `high` a second when it works."""
        return Counter(replace(self._wave(name, low, high), hours=self._hours), digits)

    def draw(self, name: str) -> Random:
        """A generator for a fact of this resource."""
        return Random(f"{self.timeline.seed}/{self.urn}/{name}")

    def labelled(self, name: str, signal: Signal, labels: Labels = NO_LABELS, *, regional: bool = True) -> Series:
        """A series with the labels that DigitalOcean gives most: whose it is, its name, its tags, its region."""
        own = {
            "resource_urn": self.urn,
            "service_name": self.name,
            "do_tags": orjson.dumps(self.tags).decode(),
        }
        if regional:
            own["resource_region_slug"] = self.region
        return Series(name, {**own, **labels}, signal)


def texts(record: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts of a record; null is none."""
    found: Iterable[str] | None = record.get(name)
    return list(found or [])


@dataclass(frozen=True)
class Row:
    """One line of a product's table: a figure between `low` and `high`, or a counter growing by that a second."""

    name: str
    low: float
    high: float
    digits: int = 0
    counter: bool = False
    labels: tuple[Labels, ...] = (NO_LABELS,)


def rows(subject: Subject, prefix: str, table: Iterable[Row], extra: Labels = NO_LABELS) -> list[Series]:
    """The series of a table, each with `extra` labels too."""
    return [
        subject.labelled(prefix + row.name, drawn(subject, row, {**labels, **extra}), {**labels, **extra})
        for row in table
        for labels in row.labels
    ]


def drawn(subject: Subject, row: Row, labels: Labels = NO_LABELS) -> Gauge | Counter:
    """The signal of one line; its course is drawn from its name and labels."""
    key = "/".join([row.name, *(f"{name}={value}" for name, value in sorted(labels.items()))])
    make = subject.counter if row.counter else subject.gauge
    return make(key, row.low, row.high, row.digits)
