"""The configuration: what is accepted, and a sentence for each thing a person can get wrong."""

import re
from contextlib import suppress
from functools import cache
from typing import Any

import jsonschema
import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum import SourceDigitaloceanQuolum
from source_digitalocean_quolum.config import (
    Config,
    OAuthCredentials,
    TokenCredentials,
    parse,
    tidy,
)
from source_digitalocean_quolum.spaces.settings import SpacesSettings
from source_digitalocean_quolum.utilization.settings import UtilizationSettings
from unit_tests.mock_server.commands import TOKEN, oauth_config, token_config

SECRET = "planted-secret"
SPACES = {"access_key": "DO00AAAAAAAAAAAAAAAA", "secret_key": "s" * 43}


@cache
def specification() -> dict[str, Any]:
    source = SourceDigitaloceanQuolum()
    return dict(source.spec(source.logger).connectionSpecification)


def refused(raw: Any) -> str:
    with pytest.raises(AirbyteTracedException) as raised:
        parse(raw)
    assert raised.value.failure_type == FailureType.config_error
    assert raised.value.message
    return str(raised.value.message)


def with_credentials(**fields: Any) -> dict[str, Any]:
    return {"credentials": fields}


def test_the_defaults_are_those_of_the_spec() -> None:
    spec = specification()["properties"]
    config = parse(with_credentials(auth_type="access_token", access_token=TOKEN))

    assert config.start_date is None
    assert config.num_workers == spec["num_workers"]["default"]
    assert config.api_base_url == spec["api_base_url"]["default"]
    assert config.oauth_base_url == spec["oauth_base_url"]["default"]
    utilization = spec["utilization"]["properties"]
    assert config.utilization.interval == utilization["interval"]["default"]
    assert config.utilization.source == utilization["source"]["default"]


def test_spec_and_configuration_have_the_same_fields() -> None:
    spec = specification()["properties"]
    token, oauth = spec["credentials"]["oneOf"]

    assert set(spec) == set(Config.model_fields)
    assert set(oauth["properties"]) == set(OAuthCredentials.model_fields)
    assert set(token["properties"]) == set(TokenCredentials.model_fields)
    assert set(spec["utilization"]["properties"]) == set(UtilizationSettings.model_fields)
    assert set(spec["spaces"]["properties"]) == set(SpacesSettings.model_fields)
    assert (spec["num_workers"]["minimum"], spec["num_workers"]["maximum"]) == (1, 20)


@pytest.mark.parametrize(
    "raw",
    [
        token_config(),
        oauth_config(),
        oauth_config(access_token=None, token_expiry_date=None),
        oauth_config(token_expiry_date=2_592_000),
        token_config(utilization={"interval": "PT5M", "source": "insights"}, num_workers=20),
        token_config(start_date=None, num_workers=None, api_base_url=""),
        token_config(start_date="2026-01-01T00:00:00.000Z"),
        token_config(api_base_url="http://127.0.0.1:8080/", oauth_base_url="http://localhost:8080/v1/oauth"),
        token_config(api_base_url="http://host.docker.internal:8080", oauth_base_url="http://[::1]:80"),
        token_config(__injected_declarative_manifest={}, __test_read_config={}),
        token_config(credentials={"auth_type": "access_token", "access_token": f" {TOKEN}\n"}),
        token_config(credentials={"auth_type": "access_token", "access_token": "0" * 64}),
        token_config(spaces=SPACES),
        token_config(spaces={**SPACES, "secret_key": f" {SPACES['secret_key']}\n", "regions": ["nyc3", "sgp1"]}),
        token_config(spaces={**SPACES, "regions": [], "base_url": "http://127.0.0.1:8080/spaces/{region}"}),
        token_config(spaces={"access_key": "", "secret_key": None, "regions": []}),
    ],
)
def test_good_configurations_pass_here_and_in_the_platform(raw: dict[str, Any]) -> None:
    parse(raw)
    jsonschema.validate(tidy(raw), specification())


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({}, "`credentials` is missing"),
        ([], "it must be a JSON object with `credentials`"),
        ("text", "it must be a JSON object with `credentials`"),
        ({"credentials": "token"}, "`credentials`"),
        (with_credentials(access_token=TOKEN), "`credentials.auth_type` is missing; it must be"),
        (with_credentials(auth_type="token"), "`credentials.auth_type` is 'token'; it must be \"oauth2.0\" or"),
        (with_credentials(auth_type="access_token"), "`credentials.access_token` is missing"),
        (with_credentials(auth_type="access_token", access_token=""), "`credentials.access_token` is missing"),
        (with_credentials(auth_type="access_token", access_token=[1]), "`credentials.access_token` must be text"),
        (
            with_credentials(auth_type="access_token", access_token=f"Bearer {TOKEN}"),
            "`credentials.access_token`: it contains characters that no such value has (a space, a line break); paste",
        ),
        (
            with_credentials(auth_type="access_token", access_token=TOKEN + "…"),
            "paste it alone",
        ),
        (
            with_credentials(auth_type="access_token", access_token="dor_v1_" + "a" * 64),
            "this is a refresh token (dor_v1_...), which cannot read the API",
        ),
        (oauth_config(access_token="dor_v1_" + "a" * 64), "`credentials.access_token`: this is a refresh token"),
        (oauth_config(client_id=None), "`credentials.client_id` is missing"),
        (oauth_config(refresh_token=None), "`credentials.refresh_token` is missing"),
        (oauth_config(team="x"), "`credentials.team` is not a setting of this connector; remove it"),
        (token_config(start_date="yesterday"), "`start_date`: write it as 2026-01-01T00:00:00Z (RFC 3339)"),
        (token_config(start_date=20260101), "`start_date`: write it as 2026-01-01T00:00:00Z"),
        (token_config(start_date="2999-01-01T00:00:00Z"), "`start_date`: 2999-01-01T00:00:00Z is in the future"),
        (token_config(num_workers=0), "`num_workers` must be at least 1"),
        (token_config(num_workers=21), "`num_workers` must be at most 20"),
        (token_config(num_workers="many"), "`num_workers` must be a whole number, without quotes"),
        (token_config(utilization={"interval": "PT1M"}), "`utilization.interval` must be one of 'PT5M', 'PT15M'"),
        (token_config(utilization={"source": "both"}), "`utilization.source` must be one of 'auto', 'insights'"),
        (token_config(utilization={"step": 1}), "`utilization.step` is not a setting of this connector"),
        (token_config(spaces={"access_key": "DO00A"}), "`spaces.secret_key` is missing"),
        (token_config(spaces={**SPACES, "secret_key": "a b"}), "`spaces.secret_key`: it contains characters that no"),
        (token_config(spaces={**SPACES, "regions": "nyc3"}), "`spaces.regions` must be a list"),
        (token_config(spaces={**SPACES, "regions": ["NYC3"]}), "`spaces.regions`: 'NYC3' is no region of DigitalOcean"),
        (token_config(spaces={**SPACES, "bucket": "a"}), "`spaces.bucket` is not a setting of this connector"),
        (
            token_config(spaces={**SPACES, "base_url": "https://nyc3.example.com"}),
            "where the region stands, as https://",
        ),
        (
            token_config(spaces={**SPACES, "base_url": "http://{region}.example.com"}),
            "would send the token unencrypted",
        ),
        (token_config(team_id="x"), "`team_id` is not a setting of this connector"),
        (token_config(api_base_url="api.digitalocean.com"), "`api_base_url`: this is not a base URL, such as"),
        (token_config(api_base_url="https://"), "is not a base URL"),
        (token_config(api_base_url="https://x/?a=b"), "is not a base URL"),
        (token_config(api_base_url="http://api.digitalocean.com"), "would send the token unencrypted"),
        (token_config(oauth_base_url="http://10.0.0.1/v1/oauth"), "only loopback may use http"),
        (token_config(api_base_url="http://127.evil.example"), "would send the token unencrypted"),
        (token_config(api_base_url="http://localhost.evil.example"), "would send the token unencrypted"),
        (token_config(api_base_url="https://me:x@api.example"), "must not carry a user name or password"),
        (token_config(api_base_url="http://["), "`api_base_url`: "),
    ],
)
def test_a_mistake_is_named_with_what_to_do(raw: Any, words: str) -> None:
    message = refused(raw)

    assert words in message
    assert message.startswith("The configuration is not usable: ")
    assert "pydantic" not in message
    assert TOKEN not in message


@pytest.mark.parametrize("value", [[], ["x"], {}, {"x": 1}, "", "x", 0, -1, 1.5, True, None], ids=repr)
@pytest.mark.parametrize("field", sorted(Config.model_fields))
def test_no_value_of_a_field_is_answered_in_the_words_of_a_library(field: str, value: Any) -> None:
    raw = token_config() | {field: value}
    with suppress(AirbyteTracedException):
        parse(raw)
        return
    message = refused(raw)
    assert f"`{field}" in message
    assert not re.search(r"pydantic|[Ii]nput should|[Vv]alid |type=|validation", message)


def test_every_mistake_is_named_at_once() -> None:
    message = refused({"credentials": {"auth_type": "access_token"}, "num_workers": 0, "teem": 1})

    for field in ("`credentials.access_token`", "`num_workers`", "`teem`"):
        assert field in message


@pytest.mark.parametrize(
    "raw",
    [
        token_config(api_base_url=f"ftp://me:{SECRET}@api.example"),
        token_config(api_base_url=f"https://me:{SECRET}@api.example?a=b"),
        token_config(api_base_url=f"http://me:{SECRET}@api.example"),
        with_credentials(auth_type="access_token", access_token=f"{SECRET} {SECRET}"),
        with_credentials(auth_type="access_token", access_token={"value": SECRET}),
        oauth_config(client_id=[SECRET], client_secret=[SECRET]),
        token_config(spaces={**SPACES, "secret_key": f"{SECRET} {SECRET}"}),
        token_config(spaces={"secret_key": SECRET}),
    ],
)
def test_a_sentence_never_repeats_a_secret(raw: dict[str, Any]) -> None:
    assert SECRET not in refused(raw)


@pytest.mark.parametrize("date", ["2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00+02:00"])
def test_a_date_that_the_platform_refuses_is_refused_in_a_sentence(date: str) -> None:
    spec = specification()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(token_config(start_date=date), spec)

    assert "`start_date`: write it as 2026-01-01T00:00:00Z" in refused(token_config(start_date=date))


def test_tidying_leaves_the_original_alone_and_what_was_filled_in() -> None:
    raw = token_config(start_date="", num_workers=None, utilization={}, __flag=1)
    before = {**raw}

    assert tidy(raw) == {
        "credentials": {"auth_type": "access_token", "access_token": TOKEN},
        "utilization": {},
    }
    assert raw == before
