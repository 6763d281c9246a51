"""What DigitalOcean adds is passed on, and named once in the log, however many answers hold it."""

from typing import Any

from integration_tests.connector import configured, run
from sandbox import Sandbox


def test_a_field_added_to_every_answer_is_named_once_a_stream_at_the_end(streams: list[dict[str, Any]]) -> None:
    names = ("droplets", "domain_records", "tags")
    with Sandbox(droplets=230, days=10, seed=3, rate_limit=6_000_000) as sandbox:
        sandbox.fault("extra_fields")
        done = run("read", config=sandbox.config(), catalog=configured(streams, *names))

    added = {"field_of_tomorrow": "new", "object_of_tomorrow": {"level": 1, "list": [1, 2]}}
    for name in names:
        assert done.statuses[name] == "COMPLETE"
        assert all(row.items() >= added.items() for row in done.records[name]), name
    # More than one page, and more than one list.
    assert done.requests["droplets"] > 2
    assert done.requests["domain_records"] > 2
    said = [line for line in done.logs("INFO") if "does not declare" in line]
    sentence = "DigitalOcean sends fields that this version does not declare: field_of_tomorrow, object_of_tomorrow"
    # The list of domains is read for their records.
    assert sorted(said) == [f"Stream {name}: {sentence}" for name in sorted((*names, "domains"))]
    last = max(place for place, message in enumerate(done.messages) if message["type"] == "RECORD")
    places = [place for place, message in enumerate(done.messages) if message.get("log", {}).get("message") in said]
    assert min(places) > last
