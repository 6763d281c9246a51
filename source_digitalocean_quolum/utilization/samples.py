"""A sample, and how the samples of an answer are cleaned before anyone computes with them."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

# UNIX seconds, value.
Sample = tuple[float, float]


def clean_samples(values: Iterable[Sequence[Any]]) -> list[Sample]:
    """Samples in order of time, each time once, without what is no number.

    `values` are Prometheus' pairs [UNIX seconds, "number"]. NaN and infinities are left out: nothing is known
    at that time. Of two samples with one time the later in the answer counts. What is no pair is left out too.
    """
    samples: list[Sample] = []
    before = -math.inf
    ordered = True
    for pair in values:
        try:
            time, value = float(pair[0]), float(pair[1])
        except (TypeError, ValueError, IndexError, KeyError):
            continue
        if not (math.isfinite(value) and math.isfinite(time)):
            continue
        ordered = ordered and time > before
        before = time
        samples.append((time, value))
    return samples if ordered else sorted(dict(samples).items())
