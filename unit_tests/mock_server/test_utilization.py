"""Utilization of a large account: how many requests it takes, and what the log says about it beforehand."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteStateMessage
from airbyte_cdk.test.state_builder import StateBuilder

from unit_tests.mock_server.clock import Clock
from unit_tests.mock_server.commands import Output, read, token_config
from unit_tests.mock_server.server import DigitalOcean, Reply, Request, error, page_of

REGIONS = ("ams3", "blr1", "fra1", "lon1", "nyc3", "sfo3", "sgp1", "syd1")
# request-math.md, model account L: 2,000 Droplets, 150 load balancers.
DROPLETS, LOAD_BALANCERS, CLUSTERS, KUBERNETES = 2000, 150, 150, 30
LISTS = {
    "droplets": ("droplets", DROPLETS),
    "load_balancers": ("load_balancers", LOAD_BALANCERS),
    "database_clusters": ("databases", CLUSTERS),
    "kubernetes_clusters": ("kubernetes/clusters", KUBERNETES),
}
STREAMS = ("droplet_utilization", "load_balancer_utilization", "database_utilization", "kubernetes_utilization")


def rows(stream: str, count: int) -> list[dict[str, Any]]:
    """Resources that exist since long ago, spread over the regions."""
    spread = [REGIONS[number % len(REGIONS)] for number in range(count)]
    written = "2026-01-01T00:00:00Z"
    if stream in ("droplets", "load_balancers"):
        region: list[Any] = [{"slug": slug} for slug in spread]
    else:
        region = list(spread)
    return [
        {
            "id": number + 1,
            "name": f"{stream}-{number}",
            "region": region[number],
            "created_at": written,
            "memory": 2048,
            "vcpus": 2,
            "disk": 50,
            "size_unit": 1,
            "engine": "pg",
        }
        for number in range(count)
    ]


def serve(api: DigitalOcean, moment: str) -> None:
    """The account's lists, whose answers tell the time; Droplets are on ten pages."""
    for stream, (path, count) in LISTS.items():
        records = "databases" if stream == "database_clusters" else stream
        everything = rows(stream, count)
        for number in range(-(-count // 200)):
            part = everything[number * 200 : (number + 1) * 200]
            body = page_of(records, part, number + 1, count, more=(number + 1) * 200 < count)
            query = {"page": str(number + 1), "per_page": "200"}
            for extra in ({}, {"type": "droplets"}):
                api.on(f"/v2/{path}", {**query, **extra}, Reply(body, headers={"Date": moment}))
        api.on(f"/v2/{path}", {"page": "1", "per_page": "200", "type": "gpus"}, page_of(records, [], 1, 0, more=False))


URNS = {
    "droplets": "do:droplet:1",
    "load": "do:loadbalancer:1",
    "databases": "do:dbaas:1",
    "kubernetes": "do:kubernetes:1",
}


def one_series(request: Request) -> Reply:
    """The first metric that a query asks for, of the first resource that its series are named after."""
    query, last = request.form["query"], float(request.form["end"])
    metric = re.findall(r'"(\w+)/avg"', query)[0]
    kind = re.findall(r"do\.([a-z]+)", query)[0]
    series = [
        {"metric": {"resource_urn": URNS[kind], "quolum_statistic": f"{metric}/{statistic}"}, "values": [[last, "1"]]}
        for statistic in ("avg", "min", "max", "last", "count")
    ]
    return Reply({"status": "success", "data": {"resultType": "matrix", "result": series}})


def sync(
    api: DigitalOcean,
    source: str,
    start: str,
    moment: str = "Tue, 20 Jan 2026 12:30:00 GMT",
    state: list[AirbyteStateMessage] | None = None,
) -> Output:
    serve(api, moment)
    for region in REGIONS:
        api.on(f"/v2/insights/query/{region}/prom/api/v1/query_range", None, one_series, method="POST")
    config = token_config(start_date=start, utilization={"source": source, "interval": "PT1H"})
    return read(*STREAMS, config=config, state=state, through=LISTS)


def test_an_hour_of_2000_droplets_in_8_regions_takes_a_request_for_each_feature_and_region(api: DigitalOcean) -> None:
    output = sync(api, "insights", "2026-01-20T11:00:00Z")

    assert {output.status(stream) for stream in STREAMS} == {"COMPLETE"}
    asked = Counter(path for path in api.counts().elements() if "/insights/" in path)
    assert asked == {f"/v2/insights/query/{region}/prom/api/v1/query_range": len(STREAMS) for region in REGIONS}
    told = dict(re.findall(r"(\w+_utilization) will take ([\d,]+) requests to Insights", output.log()))
    assert told == dict.fromkeys(STREAMS, "8")


def test_monitoring_of_the_same_account_costs_what_was_worked_out_and_that_is_said_first(api: DigitalOcean) -> None:
    """7 requests a Droplet and 4 a load balancer; MySQL alone of the databases is there, and no Kubernetes."""
    output = sync(api, "auto", "2026-01-20T11:00:00Z")

    told = dict(re.findall(r"(\w+_utilization) will take .*or else ([\d,]+) requests to Monitoring", output.log()))
    assert told["droplet_utilization"] == f"{7 * DROPLETS:,}"
    assert told["load_balancer_utilization"] == f"{4 * LOAD_BALANCERS:,}"
    assert "Utilization will take 32 requests (under a minute) and at most 14,6" in output.log()
    (warning,) = [text for text in output.warnings() if "more requests than DigitalOcean allows in an hour" in text]
    assert "sync less often than hourly" in warning
    assert "choose the source `insights`" in warning
    assert "`useful`" not in warning


def test_of_too_many_requests_for_all_metrics_fewer_metrics_are_advised(api: DigitalOcean) -> None:
    """Nothing is read in the end: the token may not."""
    serve(api, "Tue, 20 Jan 2026 12:30:00 GMT")
    api.otherwise = lambda request: error(403, "forbidden") if "/insights/" in request.address else None
    settings = {"source": "insights", "metrics": "all"}
    config = token_config(start_date="2023-01-20T11:00:00Z", utilization=settings)
    output = read("droplet_utilization", config=config, through=LISTS)

    (warning,) = [text for text in output.warnings() if "more requests than DigitalOcean allows in an hour" in text]
    assert "choose the `useful` metrics" in warning
    assert "choose the source" not in warning


@pytest.mark.parametrize(("start", "windows"), [("2026-01-20T00:00:00Z", 6), ("2026-01-16T00:00:00Z", 54)])
def test_a_longer_history_is_read_in_windows_of_bounded_size(api: DigitalOcean, start: str, windows: int) -> None:
    output = sync(api, "insights", start)

    told = dict(re.findall(r"(\w+_utilization) will take ([\d,]+) requests to Insights", output.log()))
    assert int(told["droplet_utilization"].replace(",", "")) <= 8 * windows
    assert sum(count for path, count in api.counts().items() if "/insights/" in path) == sum(
        int(number.replace(",", "")) for number in told.values()
    )


@pytest.mark.parametrize(("minute", "newest"), [("09", "10:00:00Z"), ("11", "11:00:00Z")])
def test_digitaloceans_clock_says_which_interval_is_over_not_ours(api: DigitalOcean, minute: str, newest: str) -> None:
    """This machine's clock is months off; an interval is over ten minutes after its end."""
    output = sync(api, "insights", "2026-01-20T09:00:00Z", moment=f"Tue, 20 Jan 2026 12:{minute}:00 GMT")

    for stream in STREAMS:
        assert max(row["interval_start"] for row in output.rows(stream)) == f"2026-01-20T{newest}"


def test_a_sync_goes_on_where_the_last_one_ended_and_not_at_the_start_date(api: DigitalOcean) -> None:
    def begun() -> set[str]:
        """From the ends of which intervals on series were asked for."""
        starts = {float(one.form["start"]) for one in api.requests if one.address.endswith("query_range")}
        return {f"{datetime.fromtimestamp(start, UTC):%H:%M}" for start in starts}

    first = sync(api, "insights", "2026-01-20T09:00:00Z")
    assert begun() == {"10:00"}
    api.requests.clear()
    state = StateBuilder()
    for stream in STREAMS:
        state.with_stream_state(stream, first.state_of(stream))
    sync(api, "insights", "2026-01-20T09:00:00Z", moment="Tue, 20 Jan 2026 13:30:00 GMT", state=state.build())

    assert begun() == {"13:00"}


@pytest.mark.parametrize("is_deleted", [True, False])
def test_a_resource_that_is_deleted_between_list_and_query_costs_only_itself(
    api: DigitalOcean, *, is_deleted: bool
) -> None:
    """The list is read again to learn whether it was deleted. A Droplet that is still there is missing."""
    now = {"Date": "Tue, 20 Jan 2026 12:15:00 GMT"}
    everything = rows("droplets", 3)
    left = [everything[0], everything[2]] if is_deleted else everything
    pages = [Reply(page_of("droplets", found, 1, len(found), more=False), headers=now) for found in (everything, left)]
    api.on("/v2/droplets", {"page": "1", "per_page": "200", "type": "droplets"}, *pages)
    api.on("/v2/droplets", {"page": "1", "per_page": "200", "type": "gpus"}, page_of("droplets", [], 1, 0, more=False))

    def matrix(request: Request) -> Reply | None:
        if "/monitoring/metrics/" not in request.address:
            return None
        if request.query["host_id"] == "2":
            return error(404, "not_found")
        values = [[int(request.query["start"]) + 1000, "1024"]]
        return Reply({"status": "success", "data": {"result": [{"metric": {}, "values": values}]}})

    api.otherwise = matrix
    config = token_config(start_date="2026-01-20T11:00:00Z", utilization={"source": "monitoring"})
    output = read("droplet_utilization", config=config, through=["droplets"])

    assert output.status("droplet_utilization") == ("COMPLETE" if is_deleted else "INCOMPLETE")
    assert ("gaps" in output.state_of("droplet_utilization")) is not is_deleted
    assert {row["resource_urn"] for row in output.rows("droplet_utilization")} == {"do:droplet:1", "do:droplet:3"}


def test_thousands_of_droplets_in_one_region_are_asked_for_some_metrics_at_a_time(api: DigitalOcean) -> None:
    """All series of 2,000 Droplets in one answer would be 100 MB; request-math.md allows a request a metric."""
    now = {"Date": "Tue, 20 Jan 2026 12:15:00 GMT"}
    everything = [{**row, "region": {"slug": "nyc3"}} for row in rows("droplets", DROPLETS)]
    for page in range(DROPLETS // 200):
        part = everything[page * 200 : (page + 1) * 200]
        body = page_of("droplets", part, page + 1, DROPLETS, more=(page + 1) * 200 < DROPLETS)
        query = {"page": str(page + 1), "per_page": "200", "type": "droplets"}
        api.on("/v2/droplets", query, Reply(body, headers=now))
    api.on("/v2/droplets", {"page": "1", "per_page": "200", "type": "gpus"}, page_of("droplets", [], 1, 0, more=False))
    api.on("/v2/insights/query/nyc3/prom/api/v1/query_range", None, one_series, method="POST")
    config = token_config(start_date="2026-01-20T11:00:00Z", utilization={"source": "insights", "metrics": "all"})

    output = read("droplet_utilization", config=config, through=["droplets"])

    asked = [re.findall(r'"(\w+)/avg"', request.form["query"]) for request in api.requests if request.method == "POST"]
    metrics = [metric for some in asked for metric in some]
    assert output.status("droplet_utilization") == "COMPLETE"
    assert 1 < len(asked) <= 20
    series = [request.form["query"].count("label_replace(") for request in api.requests if request.method == "POST"]
    assert max(series) * DROPLETS <= 40_000
    assert len(set(metrics)) == len(metrics) > 14
    assert f"droplet_utilization will take {len(asked)} requests to Insights" in output.log()
    assert {row["metric"] for row in output.rows("droplet_utilization")} == {some[0] for some in asked}


@pytest.mark.parametrize("ahead", [timedelta(days=4), timedelta(minutes=-20)])
def test_the_earlier_of_two_clocks_closes_intervals_and_the_difference_is_told_once(
    api: DigitalOcean, clock: Clock, ahead: timedelta
) -> None:
    """DigitalOcean's clock four days ahead: four days of intervals would be emitted before they are over."""
    now = datetime.fromtimestamp(clock.epoch(), UTC)
    begun = f"{now - timedelta(hours=4):%Y-%m-%dT%H}:00:00Z"
    state = StateBuilder()
    for stream in STREAMS:
        state.with_stream_state(stream, {"interval_start": begun})

    moment = format_datetime(now + ahead, usegmt=True)
    output = sync(api, "insights", "2026-01-20T09:00:00Z", moment=moment, state=state.build())

    latest = f"{now + min(ahead, timedelta()) - timedelta(minutes=10):%Y-%m-%dT%H}:00:00Z"
    for stream in STREAMS:
        assert max(row["interval_end"] for row in output.rows(stream)) == latest
        assert output.state_of(stream) == {"interval_start": latest}
    assert len([text for text in output.warnings() if "DigitalOcean's clock is" in text]) == 1


def test_a_state_from_the_future_goes_on_from_now_with_a_warning(api: DigitalOcean) -> None:
    """A wrong clock once wrote it, and nothing was ever read again."""
    state = StateBuilder()
    for stream in STREAMS:
        state.with_stream_state(stream, {"interval_start": "2099-01-01T00:00:00Z"})
    first = sync(api, "insights", "2026-01-20T09:00:00Z", state=state.build())
    after = StateBuilder()
    for stream in STREAMS:
        after.with_stream_state(stream, first.state_of(stream))
    second = sync(api, "insights", "2026-01-20T09:00:00Z", moment="Tue, 20 Jan 2026 14:30:00 GMT", state=after.build())

    for stream in STREAMS:
        assert first.state_of(stream) == {"interval_start": "2026-01-20T12:00:00Z"}
        assert len([text for text in first.warnings() if f"Stream {stream} has a state from the future" in text]) == 1
        assert {row["interval_start"] for row in second.rows(stream)} == {"2026-01-20T13:00:00Z"}


def test_a_start_date_that_is_in_the_future_for_digitalocean_is_waited_for(api: DigitalOcean) -> None:
    output = sync(api, "insights", "2026-01-21T09:00:00Z")

    for stream in STREAMS:
        assert output.rows(stream) == []
        assert output.state_of(stream) == {"interval_start": "2026-01-21T09:00:00Z"}
    assert not [text for text in output.warnings() if "future" in text]


GLOBAL = {"id": 9, "name": "global", "region": None, "created_at": "2026-01-01T00:00:00Z", "size_unit": 1}


def serve_load_balancers(api: DigitalOcean, *found: dict[str, Any]) -> None:
    now = {"Date": "Tue, 20 Jan 2026 12:15:00 GMT"}
    body = page_of("load_balancers", list(found), 1, len(found), more=False)
    api.on("/v2/load_balancers", {"page": "1", "per_page": "200"}, Reply(body, headers=now))


def read_load_balancers(*streams: str) -> Output:
    config = token_config(start_date="2026-01-20T11:00:00Z", utilization={"source": "insights"})
    return read("load_balancer_utilization", *streams, config=config, through=["load_balancers", "regions", *LISTS])


def test_a_resource_without_a_region_is_looked_for_where_its_features_others_are(api: DigitalOcean) -> None:
    """No other feature's list is asked for: with a narrow token they would be refused, and one may fail."""
    serve_load_balancers(api, GLOBAL, {**GLOBAL, "id": 1, "region": {"slug": "nyc3"}})
    api.on("/v2/insights/query/nyc3/prom/api/v1/query_range", None, one_series, method="POST")

    output = read_load_balancers()

    assert output.status("load_balancer_utilization") == "COMPLETE"
    assert set(api.counts()) == {"/v2/load_balancers", "/v2/insights/query/nyc3/prom/api/v1/query_range"}
    assert [text for text in output.warnings() if "clock" not in text] == []


def test_resources_none_of_which_has_a_region_are_looked_for_in_every_region(api: DigitalOcean) -> None:
    """A region that is only a guess and does not exist for Insights is no gap; one that fails is."""
    serve_load_balancers(api, GLOBAL)
    api.lists("/v2/regions", "regions", [{"slug": "nyc3"}, {"slug": "nyc1"}, {"slug": "sfo1"}])
    path = "/v2/insights/query/{}/prom/api/v1/query_range"
    api.on(path.format("nyc3"), None, one_series, method="POST")
    api.on(path.format("sfo1"), None, error(404, "not_found"), method="POST")
    api.on(path.format("nyc1"), None, error(500, "server_error"), method="POST")

    output = read_load_balancers()

    assert [row["resource_urn"] for row in output.rows("load_balancer_utilization")] == ["do:loadbalancer:1"]
    assert "region nyc1," in output.error("load_balancer_utilization")[1]
    (gap,) = output.state_of("load_balancer_utilization")["gaps"]
    assert gap["regions"] == ["nyc1"]


def test_without_any_resource_a_stream_has_nothing_to_read_and_goes_on_all_the_same(api: DigitalOcean) -> None:
    serve_load_balancers(api)

    output = read_load_balancers()

    assert output.status("load_balancer_utilization") == "COMPLETE"
    assert output.rows("load_balancer_utilization") == []
    assert output.state_of("load_balancer_utilization") == {"interval_start": "2026-01-20T12:00:00Z"}
    assert set(api.counts()) == {"/v2/load_balancers"}


def test_a_list_is_asked_for_once_although_its_own_stream_is_read_too(api: DigitalOcean) -> None:
    serve_load_balancers(api, {**GLOBAL, "id": 1, "region": {"slug": "nyc3"}})
    api.on("/v2/insights/query/nyc3/prom/api/v1/query_range", None, one_series, method="POST")

    output = read_load_balancers("load_balancers")

    assert [len(output.rows(stream)) for stream in ("load_balancers", "load_balancer_utilization")] == [1, 1]
    assert api.counts()["/v2/load_balancers"] == 1


def test_a_list_that_fails_costs_its_own_stream_alone(api: DigitalOcean) -> None:
    now = {"Date": "Tue, 20 Jan 2026 12:15:00 GMT"}
    for kind, found in (("droplets", rows("droplets", 1)), ("gpus", [])):
        body = page_of("droplets", found, 1, len(found), more=False)
        api.on("/v2/droplets", {"page": "1", "per_page": "200", "type": kind}, Reply(body, headers=now))
    api.on("/v2/load_balancers", None, error(503, "service_unavailable"))
    api.on(f"/v2/insights/query/{REGIONS[0]}/prom/api/v1/query_range", None, one_series, method="POST")

    output = read_load_balancers("droplet_utilization")

    assert output.status("droplet_utilization") == "COMPLETE"
    assert len(output.rows("droplet_utilization")) == 1
    assert output.status("load_balancer_utilization") == "INCOMPLETE"
    assert "HTTP 503 for /v2/load_balancers" in output.error("load_balancer_utilization")[1]


def test_a_list_that_the_token_may_not_read_moves_no_cursor(api: DigitalOcean) -> None:
    api.on("/v2/load_balancers", {"page": "1", "per_page": "200"}, error(403, "forbidden"))
    api.on("/v2/account", None, {"account": {"uuid": "u-1", "status": "active"}})

    output = read_load_balancers()

    assert output.status("load_balancer_utilization") == "COMPLETE"
    assert output.state_of("load_balancer_utilization") == {"interval_start": "2026-01-20T11:00:00Z"}
    assert any("load_balancer:read" in text for text in output.warnings())


def test_an_account_without_a_team_has_no_inference_and_the_log_says_so(api: DigitalOcean) -> None:
    api.on("/v2/account", None, {"account": {"uuid": "u-1", "email": "a@example.com", "team": None}})
    config = token_config(start_date="2026-01-20T11:00:00Z", utilization={"source": "insights"})

    output = read("inference_utilization", config=config, through=["account", "regions"])

    assert output.status("inference_utilization") == "COMPLETE"
    assert any("a record of account does not say what it is" in text for text in output.warnings())
