"""The floor of utilization: parse the same bodies, take five figures of each interval, write the same lines.

python -m benchmarks.peers.utilization_floor BASE_URL ASKED
"""

import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import requests

_HOUR = 3600
# The label by which the connector's query tells the statistics apart (utilization/sources/promql.py).
_STATISTIC = "quolum_statistic"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def main(base: str, requested: str) -> None:
    """Ask what was asked, one after the other. Plain loops: no resources, no capacities, no renamed series."""
    session, out = requests.Session(), sys.stdout.buffer
    for method, target, form in orjson.loads(Path(requested).read_bytes()):
        answer = session.request(method, base + target, data=form, headers=_FORM, timeout=60)
        body = orjson.loads(answer.content)
        now = time.time_ns() // 1_000_000
        if "data" not in body:
            continue
        series = body["data"]["result"]
        for row in _evaluated(series) if method == "POST" else _sampled(series):
            record = {"stream": "droplet_utilization", "data": row, "emitted_at": now}
            out.write(orjson.dumps({"type": "RECORD", "record": record}) + b"\n")


def _evaluated(series: list[Any]) -> Iterator[dict[str, Any]]:
    """Insights: five series, one for each figure, are one series of intervals."""
    together: defaultdict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
    for one in series:
        labels = one["metric"]
        metric, _, figure = labels.pop(_STATISTIC).partition("/")
        intervals = together[f"{metric} {sorted(labels.items())}"]
        for at, value in one["values"]:
            row = intervals.setdefault(at, {"labels": labels, "metric": metric, "interval_end": at})
            row[figure] = float(value)
    for intervals in together.values():
        yield from intervals.values()


def _sampled(series: list[Any]) -> Iterator[dict[str, Any]]:
    """Monitoring: samples by interval."""
    for one in series:
        intervals: defaultdict[int, list[float]] = defaultdict(list)
        for at, value in one["values"]:
            intervals[-(-at // _HOUR)].append(float(value))
        for end, values in intervals.items():
            figures = {"min": min(values), "max": max(values), "avg": sum(values) / len(values), "last": values[-1]}
            yield {"labels": one["metric"], "interval_end": end * _HOUR, "count": len(values), **figures}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
