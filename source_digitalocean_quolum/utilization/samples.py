"""A sample, and how the samples of an answer are cleaned before anyone computes with them."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

# UNIX seconds, value.
Sample = tuple[float, float]

# Nothing that is measured is larger, and a sum of larger numbers may be none.
_LARGEST = 1e290


def clean_samples(values: Iterable[Sequence[Any]]) -> list[Sample]:
    """Samples in order of time, each time once, without what is no number.

    `values` are Prometheus' pairs [UNIX seconds, "number"]. NaN, infinities and what is as good as one are left out:
    nothing is known at that time. Of two samples with one time the later in the answer counts. What is no pair is left
    out too.
    """
    samples: list[Sample] = []
    before = -math.inf
    ordered = True
    for pair in values:
        try:
            time, value = _read_number(pair[0]), _read_number(pair[1])
        except (TypeError, ValueError, IndexError, KeyError, OverflowError):
            continue
        if not (abs(value) <= _LARGEST and math.isfinite(time)):
            continue
        ordered = ordered and time > before
        before = time
        samples.append((time, value))
    return samples if ordered else sorted(dict(samples).items())


def _read_number(written: Any) -> float:
    """A number, or a text that is one as Go and JSON write it: Python's own float() takes True and "1_000", too."""
    if isinstance(written, bool) or (isinstance(written, str) and (not written.isascii() or "_" in written)):
        raise ValueError("not a number")
    return float(written)
