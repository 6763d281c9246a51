"""Every utilization stream, from its resources' list and recorded figures to its rows, by name, from both sources."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from source_digitalocean_quolum.utilization.table import Feature, load
from unit_tests.mock_server.clock import fake_clock
from unit_tests.mock_server.commands import Output, read, token_config
from unit_tests.mock_server.server import Reply, Request, digitalocean
from unit_tests.mock_server.world import World, schemas

NOW = datetime(2026, 3, 10, 12, 15, tzinfo=UTC)
START, REGION = "2026-03-10T11:00:00Z", "fra1"
FIGURES = {"average": 40, "minimum": 30, "maximum": 60, "last": 50, "samples": 60}
RECORDED = {"avg": 40, "min": 30, "max": 60, "last": 50, "count": 60, "capacity": 80}
# A sample every two minutes.
HALVES = {"average": 40, "minimum": 30, "maximum": 50, "last": 50, "samples": 30}


@cache
def known() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(
        (Path(__file__).parent / "utilization_rows.yaml").read_text("utf-8")
    )
    return found


@cache
def default_metrics() -> dict[str, Any]:
    path = Path(__file__).parents[1] / "utilization" / "expected_metrics.yaml"
    found: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return found


class Account(World):
    """One resource of each product, its metrics, and one region."""

    def __init__(self) -> None:
        super().__init__()
        for facts in known().values():
            self.rows[facts["list"]] = [{**self.rows[facts["list"]][0], **facts["record"]}]
        self.rows["regions"] = [{**self.rows["regions"][0], "slug": REGION}]

    def __call__(self, request: Request) -> Reply | None:
        """See World; its clock says NOW."""
        reply = self._answer(request)
        return reply and replace(reply, headers={**reply.headers, "Date": format_datetime(NOW, usegmt=True)})

    def _answer(self, request: Request) -> Reply | None:
        if "/insights/query/" in request.address:
            return _matrix(self._answer_insights(request))
        if found := re.search(r"/v2/monitoring/metrics/(.+)", request.address):
            return _matrix(_answer_monitoring(found[1], request.query))
        if request.query.get("type") == "gpus":
            return Reply({"droplets": [], "links": {}, "meta": {"total": 0}})
        return super().__call__(request)

    def _answer_insights(self, request: Request) -> list[dict[str, Any]]:
        form = request.form
        assert f"/query/{REGION}/" in request.address
        labels = {"resource_urn": urn} if (urn := known()[_find_feature(form["query"]).stream]["urn"]) else {}
        terms = sorted(set(re.findall(r'"(\w+)/(\w+)"', form["query"])))
        return [
            {
                "metric": {**labels, "quolum_statistic": f"{metric}/{statistic}"},
                "values": [[int(form["end"]), str(RECORDED[statistic])]],
            }
            for metric, statistic in terms
        ]


def _find_feature(query: str) -> Feature:
    """The feature whose series a query names."""
    for feature in load().features.values():
        names = (re.escape(metric.insights.series) for metric in feature.metrics if metric.insights)
        if re.search(rf"({'|'.join(names)})[\[{{]", query):
            return feature
    raise AssertionError(query)


def _answer_monitoring(path: str, query: dict[str, str]) -> list[dict[str, Any]]:
    times = range(-(-int(query["start"]) // 120) * 120, int(query["end"]) + 1, 120)
    if path == "droplet/cpu":
        paces = {"idle": 3, "user": 1}
        return [
            {"metric": {"mode": mode}, "values": [[at, str(at * pace)] for at in times]} for mode, pace in paces.items()
        ]
    return [{"metric": {}, "values": [[at, "30" if at % 3600 < 1800 else "50"] for at in times]}]


def _matrix(result: list[dict[str, Any]]) -> Reply:
    return Reply({"status": "success", "data": {"resultType": "matrix", "result": result}})


@pytest.fixture(scope="module", params=["insights", "monitoring"])
def sync(request: pytest.FixtureRequest) -> tuple[str, Output]:
    """One sync of all streams from one source, of one hour."""
    with fake_clock(), digitalocean() as api:
        api.otherwise = Account()
        config = token_config(start_date=START, utilization={"source": request.param})
        return request.param, read(*known(), config=config, through=schemas())


def test_every_utilization_stream_is_among_them() -> None:
    assert known().keys() == load().features.keys()
    for stream, facts in known().items():
        sources = {"insights", "monitoring"} & facts.keys()
        assert sources == {"insights", "monitoring"} & default_metrics()[stream].keys(), stream


@pytest.mark.parametrize("stream", known())
def test_a_stream_has_a_row_of_each_of_its_metrics_with_the_figures_that_were_recorded(
    sync: tuple[str, Output], stream: str
) -> None:
    source, output = sync
    facts, figures = known()[stream], FIGURES if source == "insights" else HALVES
    rows = output.rows(stream)

    assert output.status(stream) == "COMPLETE"
    if source not in facts:
        assert rows == []
        assert any(f"{stream} has no source to read from" in text for text in output.warnings())
        return
    assert sorted(row["metric"] for row in rows) == sorted(default_metrics()[stream][source]["default"])
    (row,) = [row for row in rows if row["metric"] == facts[source]["metric"]]
    wanted = {
        "feature": load().features[stream].name,
        **facts["resource"],
        "interval_start": START,
        "interval_end": "2026-03-10T12:00:00Z",
        "source": source,
        **figures,
        "capacity": None,
        "utilization_percent": None,
        "total": None,
        **facts[source],
    }
    assert {name: row.get(name) for name in wanted if name not in FIGURES} == {
        name: value for name, value in wanted.items() if name not in FIGURES
    }
    assert [row[name] for name in FIGURES] == pytest.approx([wanted[name] for name in FIGURES])
    assert output.state_of(stream) == {"interval_start": "2026-03-10T12:00:00Z"}
