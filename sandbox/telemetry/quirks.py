"""What can be wrong with measurements and with the servers that tell them, switched on by name.

Names and parameters:
- `trial`: every Insights request is a 403.
- `maintenance` (`regions`): Insights answers an HTML page with status 200 in these regions.
- `size_limit` (`status` 503, 504 or 422; `terms`, `steps`: the most that is allowed): large Insights queries fail.
- `odd_numbers` (`share`): this share of all samples is NaN, +Inf or -Inf.
- `disorder`: Monitoring repeats some samples and mixes up their order.
- `relabel` (`at`: UNIX seconds; `labels`: name -> value): from then on these labels have another value on every
  series that carries them, so that it is a new series.
- `no_urn` (`prefixes`): Insights series whose underscored names begin so carry no `resource_urn`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from sandbox.telemetry.signals import Sample
from sandbox.telemetry.subjects import Labels

NAMES = ("trial", "maintenance", "size_limit", "odd_numbers", "disorder", "relabel", "no_urn")
# Quirks of the stored series: what Insights has loaded is loaded again when one of them changes.
_STORED = {"odd_numbers", "relabel", "no_urn"}
_ODD = (float("nan"), float("inf"), float("-inf"))


@dataclass
class Quirks:
    """The quirks that are switched on; `edition` grows when stored series change."""

    active: dict[str, dict[str, Any]] = field(default_factory=dict)
    edition: int = 0

    def add(self, name: str, parameters: dict[str, Any]) -> None:
        """Switch a quirk on; raises ValueError for an unknown name."""
        if name not in NAMES:
            raise ValueError(f"unknown quirk {name!r}; known: {', '.join(NAMES)}")
        self.active[name] = parameters
        self.edition += name in _STORED

    def clear(self) -> None:
        """Switch every quirk off."""
        self.edition += not _STORED.isdisjoint(self.active)
        self.active.clear()

    def stored(self, labels: Labels, samples: list[Sample]) -> Iterator[tuple[Labels, list[Sample]]]:
        """A series as it is stored: with odd numbers, and as two series when its labels changed."""
        if share := self.active.get("odd_numbers", {}).get("share"):
            samples = list(_spoiled(labels, samples, float(share)))
        change = self.active.get("relabel")
        renamed = {name: value for name, value in change["labels"].items() if name in labels} if change else {}
        if not change or not renamed:
            yield labels, samples
            return
        at = float(change["at"])
        yield labels, [sample for sample in samples if sample[0] < at]
        yield {**labels, **renamed}, [sample for sample in samples if sample[0] >= at]

    def insights(self, name: str, labels: Labels) -> Labels:
        """The labels that a series has in Insights."""
        prefixes = tuple(self.active.get("no_urn", {}).get("prefixes", ()))
        if prefixes and name.startswith(prefixes):
            return {label: value for label, value in labels.items() if label != "resource_urn"}
        return labels

    def answered(self, samples: list[Sample]) -> list[Sample]:
        """The samples as Monitoring answers them."""
        if "disorder" not in self.active:
            return samples
        repeated = [sample for number, sample in enumerate(samples) for _ in range(2 if number % 5 == 0 else 1)]
        return sorted(repeated, key=lambda sample: crc32(str(sample[0]).encode()))


def _spoiled(labels: Labels, samples: Iterable[Sample], share: float) -> Iterator[Sample]:
    key = "/".join(f"{name}={value}" for name, value in sorted(labels.items()))
    for time, value in samples:
        lot = crc32(f"{key}/{time}".encode())
        yield time, _ODD[lot % 3] if lot / 2**32 < share else value
