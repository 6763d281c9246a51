"""What all streams of a run share: the count of requests, told while the run goes on."""

import pytest

from source_digitalocean_quolum.http import run_context
from source_digitalocean_quolum.http.run_context import RunContext


def test_every_hundredth_request_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(run_context.logger, "info", lambda text, *values: told.append(text % values))
    run = RunContext({"credentials": {"auth_type": "access_token", "access_token": "a-token-of-the-tests"}})
    for stream in ["droplets"] * 150 + ["volumes"] * 60:
        run.count_request(stream)
    assert told == ["Requests so far: 100", "Requests so far: 200"]
    assert run.requests_by_stream == {"droplets": 150, "volumes": 60}
