"""What the sandbox knows about a resource's figures at any time: the one truth behind Monitoring and Insights."""

import math
from collections.abc import Iterable, Iterator
from datetime import datetime

from sandbox.telemetry.inventory import Inventory
from sandbox.telemetry.quirks import Quirks
from sandbox.telemetry.signals import Frame, Sample, Signal
from sandbox.telemetry.subjects import Labels, Subject
from sandbox.telemetry.waves import STEP
from sandbox.world import World

# A sample can be read three to five minutes after its time, Monitoring and Insights alike.
_LAG = 180
# What a resource is called where it is deleted, and here.
_KINDS = {
    "droplets": "droplet",
    "apps": "app",
    "load_balancers": "load_balancer",
    "databases": "database",
    "autoscale_pools": "autoscale_pool",
    "kubernetes_clusters": "kubernetes_cluster",
    "namespaces": "namespace",
    "registries": "registry",
    "vector_databases": "vector_database",
}


_UNUSUAL = {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}


def _has_nan_between(name: str) -> bool:
    """Whether a database's series was seen to hold NaN in the minute between two samples: levels do."""
    return "_utilization" in name or "_memory_" in name or "_filesystem_" in name or name.endswith("_active")


def visible(now: datetime) -> int:
    """The newest sample time that can be read at a moment, in UNIX seconds."""
    return int((now.timestamp() - _LAG) // STEP * STEP)


def text(value: float) -> str:
    """A number as Prometheus writes it."""
    written = repr(value)
    return _UNUSUAL.get(written) or written.removesuffix(".0")


class Measurements:
    """The samples of a world's resources."""

    def __init__(self, world: World, *, spread: bool = False) -> None:
        self.subjects = Inventory(world, spread=spread).subjects()
        self.quirks = Quirks()
        self._by_id = {(one.kind, one.id): one for one in self.subjects}

    def regions(self) -> set[str]:
        """The regions that have series in Insights."""
        return {one.region for one in self.subjects}

    def find(self, kind: str, id_: str) -> Subject | None:
        """A resource that exists now."""
        found = self._by_id.get((kind, id_))
        return found if found and found.timeline.ended is None else None

    def end(self, resource: str, ids: Iterable[int | str], now: datetime) -> None:
        """Resources were deleted: they have no samples from now on."""
        for id_ in ids:
            found = self.find(_KINDS.get(resource, ""), str(id_))
            if found:
                found.timeline.ended = int(now.timestamp())

    def matrices(
        self, subject: Subject, path: str, asked: Labels, start: float, end: float
    ) -> Iterator[tuple[Labels, list[Sample]]]:
        """What Monitoring answers for one path and the parameters `asked`; a series without samples is left out."""
        frame = Frame(subject.timeline, start, end)
        for matrix in subject.matrices:
            if matrix.path == path and all(asked.get(name, value) == value for name, value in matrix.where.items()):
                for labels, samples in self.quirks.stored(matrix.labels, frame.samples(matrix.signal)):
                    if samples:
                        yield labels, self.quirks.answered(samples)

    def series(self, subject: Subject, start: float, end: float) -> Iterator[tuple[str, Labels, list[Sample]]]:
        """Every Insights series of a resource that has samples in the window: name, labels, samples."""
        frame = Frame(subject.timeline, start, end)
        for series in subject.series if frame.present.any() else ():
            samples = frame.samples(series.signal)
            if subject.kind == "database" and _has_nan_between(series.name):
                samples = [one for time, value in samples for one in ((time, value), (time + STEP // 2, math.nan))]
            for labels, part in self.quirks.stored(series.labels, samples):
                if part:
                    yield series.name, self.quirks.insights(series.name, labels), part

    def truth(self, urn: str, metric: str, start: float, end: float) -> list[tuple[Labels, list[Sample]]]:
        """The samples of a metric of a resource, without any quirk.

        `metric` is an Insights name (`do_droplets_cpu_time` or with dots) or a Monitoring path (`droplet/cpu`).
        Raises KeyError for an unknown resource and for a metric that no resource of the kind has.
        """
        name, path = metric.replace(".", "_"), metric.rpartition("/")[2]
        found: list[tuple[Labels, Subject, Signal]] = []
        for one in self.subjects:
            if one.urn == urn and "/" in metric:
                found.extend(({**row.where, **row.labels}, one, row.signal) for row in one.matrices if row.path == path)
            elif one.urn == urn:
                found.extend((row.labels, one, row.signal) for row in one.series if row.name == name)
        if not found:
            raise KeyError(f"{urn} has no metric {metric}")
        told = [(labels, Frame(one.timeline, start, end).samples(signal)) for labels, one, signal in found]
        return [(labels, samples) for labels, samples in told if samples]
