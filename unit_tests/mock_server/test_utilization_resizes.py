"""What a Droplet's load is measured against when it was resized: its processors count only since then."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from airbyte_cdk.test.state_builder import StateBuilder

from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.manifest import declared_streams
from source_digitalocean_quolum.utilization.resources import ACTIONS
from source_digitalocean_quolum.utilization.sizes import ENDPOINT
from unit_tests.mock_server.commands import Output, read, token_config
from unit_tests.mock_server.metrics import MetricsService, droplet, serve
from unit_tests.mock_server.server import DigitalOcean, Reply, error, page_of

NOW = datetime(2026, 1, 20, 12, 30, tzinfo=UTC)
HOURS = ("08", "09", "10", "11")
PROCESSORS = 2


def action(number: int, ends: datetime, of: int = 1, **other: Any) -> dict[str, Any]:
    """One of DigitalOcean's actions, a resize of five minutes unless said otherwise."""
    return {
        "id": number,
        "status": "completed",
        "type": "resize",
        "started_at": f"{ends - timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}",
        "completed_at": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
        "resource_id": of,
        "resource_type": "droplet",
        **other,
    }


def tell(api: DigitalOcean, *pages: list[dict[str, Any]]) -> None:
    """Have DigitalOcean list these actions."""
    total = sum(map(len, pages))
    for number, rows in enumerate(pages, 1):
        query = {"page": str(number), "per_page": "200"}
        api.on("/v2/actions", query, page_of("actions", rows, number, total, more=number < len(pages)))


def sync(
    api: DigitalOcean,
    *streams: str,
    source: str = "insights",
    metrics: str = "useful",
    listed: tuple[int, ...] = (1, 2),
    state: dict[str, str] | None = None,
) -> Output:
    """Both Droplets have figures, whether or not they are listed still."""
    serve(api, MetricsService({1: "nyc3", 2: "nyc3"}), NOW.isoformat())
    rows = [droplet(number, "nyc3") for number in listed]
    query = {"page": "1", "per_page": "200", "type": "droplets"}
    moment = {"Date": format_datetime(NOW, usegmt=True)}
    api.on("/v2/droplets", query, Reply(page_of("droplets", rows, 1, len(rows), more=False), headers=moment))
    config = token_config(start_date="2026-01-20T08:00:00Z", utilization={"source": source, "metrics": metrics})
    incoming = StateBuilder().with_stream_state("droplet_utilization", state).build() if state else None
    through = ["droplets", "actions"]
    return read("droplet_utilization", *streams, config=config, state=incoming, through=through)


def hours_with_capacity(output: Output, number: int, metric: str = "load_average_15m") -> str:
    """The hours in which the metric of a Droplet has its processors for a capacity, and a percentage of them."""
    rows = [
        row
        for row in output.rows("droplet_utilization")
        if row["metric"] == metric and row["resource_urn"] == f"do:droplet:{number}" and row["labels_key"] == ""
    ]
    assert [row["interval_start"][11:13] for row in rows] == list(HOURS), "no row is missing, whatever its capacity"
    for row in rows:
        capacity = row.get("capacity")
        assert capacity in (None, PROCESSORS)
        assert row.get("utilization_percent") == (capacity and 100 * row["average"] / capacity)
    return " ".join(row["interval_start"][11:13] for row in rows if row.get("capacity"))


@pytest.mark.parametrize(("source", "metrics"), [("insights", "useful"), ("monitoring", "all")])
def test_a_resized_droplet_has_a_capacity_only_since_then_and_another_one_always(
    api: DigitalOcean, source: str, metrics: str
) -> None:
    """The hour of the resize has none either: it is not one size that was there."""
    tell(api, [action(2, NOW.replace(hour=9, minute=20)), action(1, NOW.replace(hour=8, minute=30))])

    output = sync(api, source=source, metrics=metrics)

    assert output.status("droplet_utilization") == "COMPLETE"
    assert hours_with_capacity(output, 1) == "10 11"
    assert hours_with_capacity(output, 2) == "08 09 10 11"
    assert api.asked("/v2/actions") == [{"page": "1", "per_page": "200"}]


@pytest.mark.parametrize(
    ("other", "known"),
    [
        ({"status": "in-progress", "completed_at": None}, ""),
        ({"status": "errored"}, "10 11"),
        ({"completed_at": "2026-01-20T10:00:00Z"}, "10 11"),
        ({"started_at": "2026-01-19T20:00:00Z"}, "10 11"),
        ({"type": "rename"}, "08 09 10 11"),
        ({"resource_type": "volume"}, "08 09 10 11"),
        ({"resource_id": 3}, "08 09 10 11"),
    ],
)
def test_what_an_action_says_of_the_time_before_it(api: DigitalOcean, other: dict[str, Any], known: str) -> None:
    tell(api, [action(1, NOW.replace(hour=9, minute=20), **other)])

    output = sync(api)

    assert output.status("droplet_utilization") == "COMPLETE"
    assert hours_with_capacity(output, 1) == known
    under_way = "no capacity for load_average_15m of do:droplet:1, since a resize is under way"
    assert (under_way in output.log()) is (known == "")


def test_actions_are_read_only_back_to_the_day_before_what_is_asked_for(api: DigitalOcean) -> None:
    """A third page would be one too many: nobody has announced it."""
    start = NOW.replace(hour=8, minute=0)
    newest = [action(900 - number, NOW - timedelta(minutes=number), 7) for number in range(200)]
    older = [action(500, start + timedelta(minutes=10)), action(499, start - timedelta(hours=25))]
    tell(api, newest, older, [])

    output = sync(api)

    assert hours_with_capacity(output, 1) == "09 10 11"
    assert [query["page"] for query in api.asked("/v2/actions")] == ["1", "2"]


def test_a_list_that_does_not_begin_with_the_newest_is_read_to_its_end(api: DigitalOcean) -> None:
    long_ago = [action(1, NOW - timedelta(days=90), 7), action(2, NOW - timedelta(days=80), 7)]
    tell(api, long_ago, [action(3, NOW.replace(hour=9, minute=20))])

    assert hours_with_capacity(sync(api), 1) == "10 11"


def test_a_refusal_that_passes_costs_no_capacity(api: DigitalOcean) -> None:
    empty = page_of("actions", [], 1, 0, more=False)
    api.on("/v2/actions", None, error(403, "forbidden"), empty)

    output = sync(api)

    assert hours_with_capacity(output, 1) == "08 09 10 11"
    assert len(api.asked("/v2/actions")) == 2


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (
            error(403, "forbidden"),
            'the token may not read /v2/actions (DigitalOcean: "no reason"). Give it the scope actions:read.',
        ),
        (error(404, "not_found"), "HTTP 404"),
        (Reply({"actions": [], "links": {}, "meta": {"total": 3}}), "counts 3 actions and sends 0"),
    ],
)
def test_without_the_list_of_actions_there_is_no_capacity_and_one_sentence_says_why(
    api: DigitalOcean, refusal: Reply, reason: str
) -> None:
    api.on("/v2/actions", None, refusal)

    output = sync(api)

    assert output.status("droplet_utilization") == "COMPLETE"
    assert (hours_with_capacity(output, 1), hours_with_capacity(output, 2)) == ("", "")
    (told,) = [text for text in output.warnings() if "no capacity" in text]
    assert told.startswith("droplet_utilization: no capacity and no percentage for load_average_15m, because")
    assert reason in told


def test_actions_are_asked_for_as_their_own_stream_asks_so_that_pages_are_shared() -> None:
    theirs = Endpoint.from_manifest(declared_streams()[ACTIONS]["$parameters"]["api"])

    for ours, name in ((ENDPOINT, "utilization"), (theirs, "the stream")):
        told = ours.path_for({}), ours.params_for({}), ours.paging, ours.unparsed_list, ours.scope
        assert told == ("/v2/actions", {}, "page", "actions", "actions:read"), name


def test_the_stream_of_actions_is_read_as_ever_beside_it(api: DigitalOcean) -> None:
    """Whoever comes first, it takes two requests at most."""
    tell(api, [action(2, NOW.replace(hour=9, minute=20)), action(1, NOW.replace(hour=8, minute=30))])

    output = sync(api, "actions")

    assert [output.status(stream) for stream in ("actions", "droplet_utilization")] == ["COMPLETE", "COMPLETE"]
    assert {row["id"] for row in output.rows("actions")} == {1, 2}
    assert hours_with_capacity(output, 1) == "10 11"
    assert len(api.asked("/v2/actions")) <= 2


@pytest.mark.parametrize(
    ("source", "state"),
    [("monitoring", {}), ("insights", {"interval_start": "2026-01-20T12:00:00Z"})],
    ids=["no metric needs it", "nothing is new"],
)
def test_actions_are_not_asked_for_where_no_figure_depends_on_them(
    api: DigitalOcean, source: str, state: dict[str, str]
) -> None:
    output = sync(api, source=source, state=state)

    assert output.status("droplet_utilization") == "COMPLETE"
    assert api.asked("/v2/actions") == []


def test_the_processors_of_a_deleted_droplet_are_not_known(api: DigitalOcean) -> None:
    """Its rows stay, as far as Insights keeps them."""
    tell(api, [])

    output = sync(api, listed=(1,))

    assert hours_with_capacity(output, 1) == "08 09 10 11"
    assert hours_with_capacity(output, 2) == ""
