"""The facts of a stream as a typed object: unknown words are refused, places in a path are quoted."""

from typing import Any

import pytest

from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.http.facts import SurrogateKey, Unfinished


def test_what_is_not_said_has_a_default() -> None:
    endpoint = Endpoint.from_manifest({"path": "volumes", "records": "volumes"})

    assert endpoint == Endpoint(path="volumes", records="volumes", paging="page", absent=())
    assert not endpoint.has_parent


def test_key_and_absent_are_read() -> None:
    facts = {"path": "a/{id}", "records": "", "absent": [404, 412], "key": {"field": "k", "of": ["x", "y"]}}
    endpoint = Endpoint.from_manifest(facts)

    assert endpoint.absent == (404, 412)
    assert endpoint.key == SurrogateKey("k", ("x", "y"))
    assert endpoint.has_parent


@pytest.mark.parametrize("unknown", ["pageing", "recrods", "primary_key"])
def test_an_unknown_word_is_refused(unknown: str) -> None:
    with pytest.raises(ValueError, match=f"unknown field `{unknown}`"):
        Endpoint.from_manifest({"path": "volumes", "records": "volumes", unknown: 1})


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("4de7ac8b", "/v2/projects/4de7ac8b/resources"),
        ("do:team:4de7", "/v2/projects/do:team:4de7/resources"),
        ("../account", "/v2/projects/..%2Faccount/resources"),
        ("a b?c#d", "/v2/projects/a%20b%3Fc%23d/resources"),
        (17, "/v2/projects/17/resources"),
    ],
)
def test_a_place_in_a_path_is_quoted(value: object, path: str) -> None:
    endpoint = Endpoint.from_manifest({"path": "projects/{project_id}/resources", "records": "resources"})

    assert endpoint.path_for({"project_id": value, "other": 1}) == path


def test_parameters_are_filled_from_the_slice() -> None:
    endpoint = Endpoint.from_manifest({"path": "droplets", "records": "droplets", "query": "type={type}&private=true"})

    assert endpoint.params_for({"type": "gpus"}) == {"type": "gpus", "private": "true"}


def test_what_makes_a_record_finished_is_read() -> None:
    endpoint = Endpoint.from_manifest(
        {"path": "actions", "records": "actions", "unfinished": {"field": "status", "until": ["completed"]}}
    )

    assert endpoint.unfinished == Unfinished("status", ("completed",))


@pytest.mark.parametrize(
    ("facts", "known", "wanted"),
    [
        ({}, {"engine": "pg"}, True),
        ({"only": {"engine": ["pg", "mysql"]}}, {"engine": "pg"}, True),
        ({"only": {"engine": ["pg", "mysql"]}}, {"engine": "redis"}, False),
        ({"only": {"engine": ["pg"]}}, {}, True),
        ({"only": {"engine": ["pg"]}}, {"engine": None}, True),
        ({"skip": {"engine": ["mongodb"]}}, {"engine": "mongodb"}, False),
        ({"skip": {"engine": ["mongodb"]}}, {"engine": "pg"}, True),
    ],
)
def test_slices_that_make_no_sense_are_not_asked_for(
    facts: dict[str, Any], known: dict[str, Any], wanted: bool
) -> None:
    assert Endpoint.from_manifest({"path": "a", "records": "a", **facts}).asks_about(known) is wanted
