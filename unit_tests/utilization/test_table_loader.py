"""What the table of metrics may not hold is refused when it is read, with the feature, the metric and the word."""

import copy
from typing import Any

import pytest

from source_digitalocean_quolum.utilization.table import TableError, read_table


def written() -> dict[str, Any]:
    """A table of one feature with one metric of each shape."""
    return {
        "citations": {"spec": {"short": "specification", "text": "The specification says so."}},
        "labels": {"identity": ["__name__"], "rename": {"cpu_mode": "mode"}},
        "not_used": [{"reason": "None of our business.", "series": ["do_x_y"]}],
        "features": {
            "droplets": {
                "stream": "droplet_utilization",
                "resources": [{"list": "droplets", "urn": "do:droplet:{id}", "id": "id"}],
                "monitoring": {"below": "droplet", "parameter": "host_id"},
                "metrics": {
                    "free": {
                        "about": "What is left.",
                        "unit": "bytes",
                        "capacity": {"metric": "size"},
                        "remaining": True,
                        "insights": {"series": "do.droplets.free", "cite": ["spec"]},
                    },
                    "size": {
                        "about": "What there is.",
                        "unit": "bytes",
                        "default": {"insights": True, "monitoring": False},
                        "monitoring": {"path": "size", "cite": ["spec"]},
                    },
                    "cpu": {
                        "about": "How busy it was.",
                        "unit": "percent",
                        "capacity": 100,
                        "monitoring": {
                            "path": "cpu",
                            "kind": "busy",
                            "label": "mode",
                            "idle": ["idle"],
                            "cite": ["spec"],
                        },
                    },
                },
            }
        },
    }


def test_what_is_written_well_is_read() -> None:
    feature = read_table(written()).features["droplet_utilization"]
    free, size, cpu = feature.metrics

    assert feature.capacity_of(free) == size
    assert cpu.measured_against
    assert cpu.measured_against.number == 100
    assert [metric.name for metric in feature.asked_of("monitoring", every=False)] == ["cpu"]
    assert [metric.name for metric in feature.asked_of("monitoring", every=True)] == ["size", "cpu"]


@pytest.mark.parametrize(
    ("metric", "path", "value", "says"),
    [
        ("free", ("untis",), "bytes", "untis"),
        ("free", ("unit",), "byte", "byte"),
        ("free", ("default",), "no", "default"),
        ("free", ("default",), {"insihgts": True}, "insihgts"),
        ("free", ("insights", "kind"), "conter", "conter"),
        ("free", ("insights", "kinds"), "counter", "kinds"),
        ("free", ("insights", "scale"), "8", "scale"),
        ("free", ("insights", "cite"), ["spce"], "spce"),
        ("free", ("insights", "cite"), [], "cite"),
        ("free", ("insights",), {"series": "do.droplets.free"}, "cite"),
        ("free", ("capacity",), {"metric": "sizee"}, "sizee"),
        ("free", ("capacity",), {"number": 1, "labels": {}}, "labels"),
        ("size", ("monitoring", "kind"), "delta", "delta"),
        ("size", ("monitoring", "parameter"), "host_id", "parameter"),
        ("size", ("monitoring", "kind"), "used", "left"),
        ("cpu", ("monitoring", "idle"), [], "idle"),
    ],
)
def test_an_unknown_word_or_value_is_refused_by_name(metric: str, path: tuple[str, ...], value: Any, says: str) -> None:
    table = copy.deepcopy(written())
    place = table["features"]["droplets"]["metrics"][metric]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    with pytest.raises(TableError, match=says) as refused:
        read_table(table)
    assert f"feature droplets, metric {metric}" in str(refused.value)


def test_a_metric_that_no_source_has_is_refused() -> None:
    table = written()
    del table["features"]["droplets"]["metrics"]["free"]["insights"]
    with pytest.raises(TableError, match="metric free: it has neither"):
        read_table(table)


def test_a_feature_that_monitoring_does_not_have_may_not_read_from_it() -> None:
    table = written()
    del table["features"]["droplets"]["monitoring"]
    with pytest.raises(TableError, match="metric size: `monitoring`, but"):
        read_table(table)


@pytest.mark.parametrize("word", ["steam", "resorces"])
def test_an_unknown_word_of_a_feature_is_refused_by_name(word: str) -> None:
    table = written()
    table["features"]["droplets"][word] = "x"
    with pytest.raises(TableError, match=f"feature droplets: .*{word}"):
        read_table(table)
