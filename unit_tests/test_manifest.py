"""Lint of the resolved manifest, of the schemas as Airbyte gets them, and of the spec."""

import dataclasses
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
from airbyte_cdk.models import AirbyteStream, ConnectorSpecification, SyncMode
from airbyte_cdk.test.entrypoint_wrapper import discover

import source_digitalocean_quolum
from source_digitalocean_quolum import SourceDigitaloceanQuolum
from source_digitalocean_quolum import components as connector
from source_digitalocean_quolum.http.endpoint import Endpoint
from source_digitalocean_quolum.utilization import table
from unit_tests.mock_server.commands import INCREMENTAL, token_config
from unit_tests.mock_server.server import DigitalOcean

PACKAGE = Path(source_digitalocean_quolum.__file__).parent
SCHEMAS = PACKAGE / "schemas"
REMOVED: dict[str, list[str]] = json.loads((SCHEMAS / "removed_secrets.json").read_text(encoding="utf-8"))


@cache
def manifest() -> dict[str, Any]:
    return dict(SourceDigitaloceanQuolum().resolved_manifest)


def names() -> list[str]:
    return [stream["$parameters"]["name"] for stream in manifest()["streams"]]


@cache
def catalog() -> dict[str, AirbyteStream]:
    config = token_config()
    output = discover(SourceDigitaloceanQuolum(config=config), config)
    assert output.catalog.catalog
    return {stream.name: stream for stream in output.catalog.catalog.streams}


@cache
def spec() -> ConnectorSpecification:
    source = SourceDigitaloceanQuolum()
    return source.spec(source.logger)


def properties(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every declared property with its path, through objects and lists."""
    for name, declared in schema.get("properties", {}).items():
        where = f"{path}.{name}" if path else name
        yield where, declared
        yield from properties(declared, where)
        yield from properties(declared.get("items", {}), f"{where}[]")


def declares(schema: dict[str, Any], path: str) -> bool:
    return path in {where for where, _ in properties(schema)}


def test_the_catalog_has_every_stream_of_the_manifest_in_its_order_and_then_utilization() -> None:
    assert list(catalog()) == [*names(), *table.load().features]
    assert len(set(names())) == len(names()) > 0


def test_discover_works_from_any_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: DigitalOcean) -> None:
    (tmp_path / "manifest.yaml").write_text("version: 0.0.1\ntype: DeclarativeSource\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    config = token_config()

    output = discover(SourceDigitaloceanQuolum(config=config), config)

    assert output.catalog.catalog
    found = {stream.name: stream.json_schema for stream in output.catalog.catalog.streams}
    assert found == {name: stream.json_schema for name, stream in catalog().items()}
    assert api.requests == []


def test_every_stream_has_key_schema_and_facts_that_agree() -> None:
    assert [problem for stream in manifest()["streams"] for problem in disagreements(stream)] == []


def disagreements(stream: dict[str, Any]) -> Iterator[str]:
    name, endpoint = stream["name"], Endpoint.from_manifest(stream["$parameters"]["api"])
    described = catalog()[name]
    written = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    if not written["title"] or not written["description"].endswith("."):
        yield f"{name}: the schema needs a title and a description that is a sentence"
    has_scope = re.fullmatch(r"[a-z_]+:read|nfs:list|function:admin", endpoint.scope)
    if not has_scope and name != "one_clicks" and endpoint.service == "api":
        yield f"{name}: no scope is known that opens it"
    if not described.source_defined_primary_key:
        yield f"{name}: no primary key"
    for (field,) in described.source_defined_primary_key or ():
        if not declares(described.json_schema, field):
            yield f"{name}.{field}: a part of the key, and not in the schema"
        elif "null" in described.json_schema["properties"][field]["type"]:
            yield f"{name}.{field}: a part of the key, and may be null"
    for field in {*endpoint.derived, *([endpoint.key.field] if endpoint.key else ())}:
        declared = described.json_schema["properties"].get(field)
        if not declared:
            yield f"{name}.{field}: added by the connector, and not in the schema"
        elif "Added by the connector" not in declared["description"]:
            yield f"{name}.{field}: the description must say `Added by the connector`"
    for field in endpoint.key.of if endpoint.key else ():
        if field not in endpoint.csv and not declares(described.json_schema, field):
            yield f"{name}.{field}: a part of the hashed key, and not in the schema"


def test_every_property_says_what_it_is() -> None:
    problems = []
    for name in names():
        declared = list(properties(catalog()[name].json_schema))
        if len(declared) < 2:
            problems.append(f"{name}: has less than two properties")
        for path, shape in declared:
            if not shape.get("description", "").strip():
                problems.append(f"{name}.{path}: no description")
            if not shape.get("type"):
                problems.append(f"{name}.{path}: no type")
            if shape.get("format") == "date-time" and shape.get("airbyte_type") != "timestamp_with_timezone":
                problems.append(f"{name}.{path}: a date-time is a timestamp_with_timezone")

    assert problems == []


def test_every_option_of_a_component_is_one_that_its_class_reads() -> None:
    """The CDK passes over options of custom components that the class does not have."""
    unread = []
    for stream in manifest()["streams"]:
        for component in components(stream):
            known = {
                field.name for field in dataclasses.fields(getattr(connector, component["class_name"].split(".")[-1]))
            }
            options = (
                component.keys()
                - known
                - {"type", "class_name", "$parameters", *component.get("$parameters", {}), "partition_router"}
            )
            unread += [f"{stream['name']}: {component['class_name']} has no {option}" for option in sorted(options)]

    assert unread == []


def components(node: Any) -> Iterator[dict[str, Any]]:
    """Every custom component of a definition, parents' aside: those are streams of their own."""
    if isinstance(node, dict):
        if "class_name" in node:
            yield node
        for name, inner in node.items():
            if name not in ("stream", "$parameters"):
                yield from components(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from components(inner)


def test_sync_modes_tell_the_truth() -> None:
    problems = []
    for name in names():
        stream = catalog()[name]
        incremental = name in INCREMENTAL
        modes = [SyncMode.full_refresh, SyncMode.incremental] if incremental else [SyncMode.full_refresh]
        if stream.supported_sync_modes != modes:
            problems.append(f"{name}: {stream.supported_sync_modes}")
        cursor = stream.default_cursor_field
        if incremental and not (stream.source_defined_cursor and cursor and declares(stream.json_schema, cursor[0])):
            problems.append(f"{name}: its cursor {cursor} is not in the schema")

    assert problems == []


def test_no_secret_is_in_a_schema() -> None:
    problems = []
    for name, secrets in REMOVED.items():
        declared = {path.replace("[]", "") for path, _ in properties(catalog()[name].json_schema)}
        if not secrets:
            problems.append(f"{name}: lists no secret")
        for secret in (path.replace("[]", "") for path in secrets):
            problems += [f"{name}.{path}" for path in declared if f"{path}.".startswith(f"{secret}.")]
            if "." in secret and secret.split(".")[0] not in declared:
                problems.append(f"{name}: {secret} leads nowhere")

    assert problems == []


def test_no_parameter_of_a_stream_collides_with_a_field_of_a_component() -> None:
    for stream in manifest()["streams"]:
        assert set(stream["$parameters"]) == {"name", "api"}


# ------------------------------------------------------------------------------------------------- the spec
def branches() -> dict[str, dict[str, Any]]:
    credentials = spec().connectionSpecification["properties"]["credentials"]
    return {branch["properties"]["auth_type"]["const"]: branch for branch in credentials["oneOf"]}


def test_the_spec_offers_the_simpler_way_first() -> None:
    assert list(branches()) == ["access_token", "oauth2.0"]
    assert spec().connectionSpecification["required"] == ["credentials"]
    assert spec().connectionSpecification["properties"]["api_base_url"]["airbyte_hidden"] is True
    assert spec().connectionSpecification["properties"]["oauth_base_url"]["airbyte_hidden"] is True


def test_every_secret_is_flagged_and_every_field_described() -> None:
    for path, declared in properties(spec().connectionSpecification):
        assert declared.get("title"), path
        assert declared.get("description"), path
    for kind, branch in branches().items():
        for name, declared in branch["properties"].items():
            if name in ("auth_type", "token_expiry_date"):
                assert not declared.get("airbyte_secret"), f"{kind}.{name}"
                continue
            assert declared.get("airbyte_secret") is True, f"{kind}.{name}"
            assert declared["title"], f"{kind}.{name}"
            assert declared["description"], f"{kind}.{name}"


def test_every_field_has_an_example_that_is_a_value_of_it() -> None:
    fields = list(properties(spec().connectionSpecification))
    fields += [
        (f"{kind}.{name}", field) for kind, one in branches().items() for name, field in one["properties"].items()
    ]
    for path, declared in fields:
        if declared["type"] == "object" or "const" in declared:
            continue
        assert declared.get("examples"), path
        for example in declared["examples"]:
            jsonschema.validate(example, declared)


def test_every_field_is_in_a_group_that_has_a_title() -> None:
    specification = spec().connectionSpecification
    groups = {group["id"] for group in specification["groups"] if group["title"]}
    shown = {name: one for name, one in specification["properties"].items() if not one.get("airbyte_hidden")}
    assert {name: one.get("group") in groups for name, one in shown.items()} == dict.fromkeys(shown, True)


def test_the_form_says_what_each_choice_means_and_what_a_person_can_lose() -> None:
    specification = spec().connectionSpecification
    utilization = specification["properties"]["utilization"]["properties"]
    for name, declared in utilization.items():
        assert [value for value in declared["enum"] if value not in declared["description"]] == [], name
    assert "count twice" in utilization["interval"]["description"]
    assert "cannot work in Airbyte" in branches()["oauth2.0"]["properties"]["client_secret"]["description"]


def test_connect_asks_the_person_for_read_access_and_nothing_more() -> None:
    auth = spec().advanced_auth
    assert auth
    assert auth.oauth_config_specification
    flow = auth.oauth_config_specification.oauth_connector_input_specification
    assert flow
    consent = urlsplit(flow.consent_url)

    assert str(auth.auth_flow_type.value if auth.auth_flow_type else "") == "oauth2.0"
    assert (auth.predicate_key, auth.predicate_value) == (["credentials", "auth_type"], "oauth2.0")
    assert (consent.scheme, consent.netloc, consent.path) == (
        "https",
        "cloud.digitalocean.com",
        "/v1/oauth/authorize",
    )
    assert consent.query.split("&") == [
        "{{ client_id_param }}",
        "{{ redirect_uri_param }}",
        "response_type=code",
        "{{ scope_param }}",
        "{{ state_param }}",
    ]
    assert flow.access_token_url == "https://cloud.digitalocean.com/v1/oauth/token"
    assert flow.scope == "read"
    assert flow.state
    assert (flow.state.min, flow.state.max) == (43, 128)
    assert flow.access_token_headers == {"Content-Type": "application/x-www-form-urlencoded"}
    assert flow.access_token_params == {
        "grant_type": "authorization_code",
        "code": "{{ auth_code_value }}",
        "client_id": "{{ client_id_value }}",
        "client_secret": "{{ client_secret_value }}",
        "redirect_uri": "{{ redirect_uri_value }}",
    }
    assert flow.extract_output == ["access_token", "refresh_token", "expires_in"]


def test_what_connect_returns_goes_to_fields_that_exist() -> None:
    auth = spec().advanced_auth
    assert auth
    assert auth.oauth_config_specification
    oauth = auth.oauth_config_specification
    flow = oauth.oauth_connector_input_specification
    assert flow
    assert oauth.complete_oauth_output_specification
    assert oauth.complete_oauth_server_input_specification
    assert oauth.complete_oauth_server_output_specification
    branch = branches()["oauth2.0"]["properties"]
    tokens = oauth.complete_oauth_output_specification["properties"]
    client = oauth.complete_oauth_server_output_specification["properties"]

    assert set(tokens) == {"access_token", "refresh_token", "token_expiry_date"}
    assert (
        set(client)
        == {"client_id", "client_secret"}
        == set(oauth.complete_oauth_server_input_specification["properties"])
    )
    for target in [*tokens.values(), *client.values()]:
        root, field = target["path_in_connector_config"]
        assert root == "credentials"
        assert field in branch
    taken = [target["path_in_oauth_response"] for target in tokens.values()]
    assert [[output] for output in flow.extract_output or []] == taken
