"""Where records stand in an answer: lists, maps, plain values, lists inside objects; and what is added to them."""

import json
from typing import Any

import pytest
from airbyte_cdk.sources.types import StreamSlice

from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.http.listed import list_members
from source_digitalocean_quolum.records.answer import Answer
from source_digitalocean_quolum.records.body import UnexpectedBody
from source_digitalocean_quolum.retrievers.extractor import AddedFields, select

Row = dict[str, Any]


def records(body: Any, partition: Row | None = None, **facts: Any) -> list[Row]:
    endpoint = Endpoint.from_manifest({"path": "things", "records": "things", **facts})
    added = AddedFields.for_slice(endpoint, StreamSlice(partition=partition or {}, cursor_slice={}))
    answer = Answer.from_content(200, "/v2/things", {}, json.dumps(body).encode())
    rows = []
    for row, place in select(answer.body, list_members(answer, endpoint), endpoint):
        added.derive(row, place)
        rows.append(row)
    return rows


def test_records_are_the_objects_of_a_list() -> None:
    assert records({"things": [{"id": 1}, {"id": 2}]}) == [{"id": 1}, {"id": 2}]


def test_the_members_of_a_map_take_their_key() -> None:
    body = {"things": {"nyc3": {"size": 1}, "ams3": {"size": 2}}}

    assert records(body, map="region") == [{"region": "nyc3", "size": 1}, {"region": "ams3", "size": 2}]
    assert records({"things": {}}, map="region") == []
    assert records({"things": None}, map="region") == []


def test_plain_values_become_records_with_one_field() -> None:
    assert records({"things": ["a", "b"]}, values="name") == [{"name": "a"}, {"name": "b"}]


def test_plain_values_of_a_list_inside_each_object_become_records() -> None:
    body = {"things": [{"id": "a", "names": ["x", "y"]}, {"id": "b", "names": None}]}

    rows = records(body, nested="names", values="name", derived={"thing_id": {"outer": "id"}})

    assert rows == [{"name": "x", "thing_id": "a"}, {"name": "y", "thing_id": "a"}]


def test_plain_values_where_objects_belong_are_an_error() -> None:
    with pytest.raises(UnexpectedBody):
        records({"things": ["a"]})
    with pytest.raises(UnexpectedBody):
        records({"things": {"a": 1}}, map="name")


def test_members_of_a_list_inside_each_object_know_what_held_them() -> None:
    body = {"things": [{"id": "a", "pools": [{"id": "a1"}]}, {"id": "b", "pools": None}, {"id": "c", "pools": []}]}

    rows = records(body, nested="pools", derived={"thing_id": {"outer": "id"}})

    assert rows == [{"id": "a1", "thing_id": "a"}]


def test_members_two_lists_deep_know_both() -> None:
    body = {"things": [{"id": "a", "pools": [{"id": "p", "nodes": [{"id": "n1"}, {"id": "n2"}]}, {"id": "q"}]}]}
    derived = {"thing_id": {"outer": "id"}, "pool_id": {"outer": "pools.id"}}

    rows = records(body, nested="pools.nodes", derived=derived)

    assert rows == [
        {"id": "n1", "thing_id": "a", "pool_id": "p"},
        {"id": "n2", "thing_id": "a", "pool_id": "p"},
    ]


def test_several_lists_in_an_object_are_told_apart() -> None:
    body = {"things": [{"id": "a", "in": [{"port": 1}], "out": [{"port": 2}]}]}

    rows = records(body, nested={"inbound": "in", "outbound": "out"}, derived={"direction": {"nested": "name"}})

    assert rows == [{"port": 1, "direction": "inbound"}, {"port": 2, "direction": "outbound"}]


@pytest.mark.parametrize("nothing", [{}, {"pools": None}, {"pools": []}, {"pools": [None]}])
@pytest.mark.parametrize("path", ["pools", "pools.nodes"])
def test_a_nested_list_that_is_absent_null_or_empty_holds_nothing(nothing: Row, path: str) -> None:
    nodes = [{"id": "n1"}] if path == "pools" else [{"nodes": [{"id": "n1"}]}, {"nodes": None}, {}]
    body = {"things": [{"id": "a", **nothing}, {"id": "b", "pools": nodes}], "meta": {"total": 2}}

    assert records(body, nested=path) == [{"id": "n1"}]
    assert records({"things": [{"id": "a", **nothing}], "meta": {"total": 1}}, nested=path) == []


def test_a_single_object_without_its_list_holds_nothing_but_what_it_counts() -> None:
    assert records({"things": {"id": "a"}}, nested="findings") == []
    assert records({"things": {"id": "a"}, "meta": {"total": 0}}, nested="findings") == []
    with pytest.raises(UnexpectedBody, match="an object without findings, and a total of 5"):
        records({"things": {"id": "a"}, "meta": {"total": 5}}, nested="findings")


def test_what_the_answer_says_itself_is_kept_where_the_facts_ask_for_it() -> None:
    derived = {"owner": {"slice": "id", "if_absent": True}}
    body = {"things": [{"owner": "a"}, {"owner": None}, {"owner": ""}, {}]}

    rows = records(body, partition={"id": "p"}, derived=derived)

    assert [row["owner"] for row in rows] == ["a", "p", "p", "p"]


@pytest.mark.parametrize("pools", ["none", 7, {"a": 1}, ["a"]])
def test_a_nested_list_of_another_shape_is_an_error(pools: Any) -> None:
    with pytest.raises(UnexpectedBody):
        records({"things": [{"id": "a", "pools": pools}]}, nested="pools")


def test_what_is_derived_comes_from_slice_text_body_and_clock() -> None:
    derived = {
        "project_id": {"slice": "id"},
        "gpu": {"slice": "type", "equals": "gpus"},
        "urn": {"text": "do:team:{id}"},
        "region": {"body": "regions.{slug}.name"},
        "synced_at": {"clock": "now"},
        "missing": {"slice": "nothing"},
    }
    body = {"things": [{"slug": "x"}], "regions": {"x": {"name": "New York"}}}

    (row,) = records(body, partition={"id": "p", "type": "gpus"}, derived=derived)

    moment = row.pop("synced_at")
    assert moment.endswith("Z")
    assert row == {
        "slug": "x",
        "project_id": "p",
        "gpu": True,
        "urn": "do:team:p",
        "region": "New York",
        "missing": None,
    }
