"""Lint of the resolved manifest, of the schemas as Airbyte gets them, and of the spec."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from airbyte_cdk.models import AirbyteStream, ConnectorSpecification, SyncMode
from airbyte_cdk.test.entrypoint_wrapper import discover

import source_digitalocean_quolum
from source_digitalocean_quolum import SourceDigitaloceanQuolum
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


@pytest.mark.parametrize("name", names())
def test_a_stream_has_key_schema_and_facts_that_agree(name: str) -> None:
    stream = catalog()[name]
    (facts,) = [s for s in manifest()["streams"] if s["$parameters"]["name"] == name]
    endpoint = Endpoint.of(facts["$parameters"]["api"])
    written = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))

    assert written["title"]
    assert written["description"].endswith(".")
    assert re.fullmatch(r"[a-z_]+:read|nfs:list|function:admin", endpoint.scope) or name == "one_clicks"
    assert stream.source_defined_primary_key
    for (field,) in stream.source_defined_primary_key:
        assert declares(stream.json_schema, field), field
        assert "null" not in stream.json_schema["properties"][field]["type"], field
    added = {*endpoint.derived, endpoint.key.field if endpoint.key else ""} - {""}
    for field in added:
        assert declares(stream.json_schema, field), field
        assert "Added by the connector" in stream.json_schema["properties"][field]["description"], field
    for field in endpoint.key.of if endpoint.key else ():
        assert field in endpoint.csv or declares(stream.json_schema, field), field


@pytest.mark.parametrize("name", names())
def test_every_property_says_what_it_is(name: str) -> None:
    schema = catalog()[name].json_schema

    assert len(list(properties(schema))) >= 2
    for path, declared in properties(schema):
        assert declared.get("description", "").strip(), f"{path} has no description"
        assert declared.get("type"), f"{path} has no type"
        if declared.get("format") == "date-time":
            assert declared.get("airbyte_type") == "timestamp_with_timezone", path


@pytest.mark.parametrize("name", names())
def test_sync_modes_tell_the_truth(name: str) -> None:
    stream = catalog()[name]

    if name in INCREMENTAL:
        assert stream.supported_sync_modes == [SyncMode.full_refresh, SyncMode.incremental]
        assert stream.source_defined_cursor
        assert stream.default_cursor_field
        assert declares(stream.json_schema, stream.default_cursor_field[0])
    else:
        assert stream.supported_sync_modes == [SyncMode.full_refresh]


@pytest.mark.parametrize("name", sorted(REMOVED))
def test_no_secret_is_in_the_schema(name: str) -> None:
    declared = {path.replace("[]", "") for path, _ in properties(catalog()[name].json_schema)}

    assert REMOVED[name]
    for secret in REMOVED[name]:
        secret_path = secret.replace("[]", "")
        assert not [path for path in declared if path == secret_path or path.startswith(f"{secret_path}.")]
        assert secret_path.split(".")[0] in declared or "." not in secret_path, f"{secret} leads nowhere"


def test_only_streams_that_exist_have_secrets_and_schemas() -> None:
    assert set(REMOVED) <= set(names())
    assert {path.stem for path in SCHEMAS.glob("*.json")} == {*names(), "removed_secrets", "utilization"}


def test_no_parameter_of_a_stream_collides_with_a_field_of_a_component() -> None:
    for stream in manifest()["streams"]:
        assert set(stream["$parameters"]) == {"name", "api"}


# ------------------------------------------------------------------------------------------------- the spec
def branches() -> dict[str, dict[str, Any]]:
    credentials = spec().connectionSpecification["properties"]["credentials"]
    return {branch["properties"]["auth_type"]["const"]: branch for branch in credentials["oneOf"]}


def test_the_spec_offers_connect_first_and_a_token_second() -> None:
    assert list(branches()) == ["oauth2.0", "access_token"]
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
