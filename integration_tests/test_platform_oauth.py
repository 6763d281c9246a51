"""Connect as Airbyte's platform does it: from the spec alone, against the sandbox, up to the stored configuration.

The platform's rules, from its source: the consent link and the token request are templates of the spec, and nothing
else of it is needed for them; the state has any length between its min and max; what the answer holds goes to the paths
of the output specifications, `expires_in` as a time with nanoseconds; the form hides these paths; on Reconnect a secret
comes masked and is taken from the stored configuration; a CONTROL message replaces the whole configuration, if it fits
the form.
"""

import copy
import re
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from string import ascii_letters, digits
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import jsonschema
import pytest
import requests
from airbyte_cdk.models import ConnectorSpecification, ConnectorSpecificationSerializer

from integration_tests.connector import configured
from integration_tests.faults.warm import run
from sandbox import Sandbox
from sandbox.browser import walk
from source_digitalocean_quolum import SourceDigitaloceanQuolum

REDIRECT = "http://127.0.0.1:8765/callback"
DIGITALOCEAN = "https://cloud.digitalocean.com/v1/oauth"
MASK = "**********"

Config = dict[str, Any]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(droplets=3, rate_limit=100_000) as running:
        yield running


class Platform:
    """As much of Airbyte as stands between a person's click on Authenticate and the stored configuration."""

    def __init__(self, spec: ConnectorSpecification, sandbox: Sandbox) -> None:
        written = ConnectorSpecificationSerializer.dump(spec)
        self.form: dict[str, Any] = written["connectionSpecification"]
        self.oauth: dict[str, Any] = written["advanced_auth"]["oauth_config_specification"]
        self.flow: dict[str, Any] = self.oauth["oauth_connector_input_specification"]
        self.sandbox = sandbox

    def asked_of_the_person(self) -> set[str]:
        """The fields that must be filled in before Authenticate can be selected."""
        return set(self.oauth["complete_oauth_server_input_specification"]["required"])

    def hidden(self) -> set[str]:
        """The fields of the form that Authenticate fills in."""
        outputs = self.oauth["complete_oauth_output_specification"]["properties"].values()
        return {".".join(one["path_in_connector_config"]) for one in outputs}

    def connect(self, form: Config, stored: Config | None = None, *, state_length: int | None = None) -> Config:
        """Authenticate, and the configuration that is then stored; `stored` on Reconnect."""
        config = copy.deepcopy(form)
        client = self._client(config, stored)
        least, most = self.flow["state"]["min"], self.flow["state"]["max"]
        length = state_length or least + secrets.randbelow(most - least + 1)
        state = "".join(secrets.choice(ascii_letters + digits) for _ in range(length))
        values = {**client, "redirect_uri": REDIRECT, "scope": self.flow["scope"], "state": state}
        parts = {f"{name}_param": f"{name}={quote(value, safe='')}" for name, value in values.items()}
        back = dict(parse_qsl(urlsplit(walk(self._here(_render(self.flow["consent_url"], parts)))).query))
        assert back["state"] == state
        answer = self._exchange({**values, "auth_code": back["code"]})
        outputs = {
            **self.oauth["complete_oauth_output_specification"]["properties"],
            **self.oauth["complete_oauth_server_output_specification"]["properties"],
        }
        for name, target in outputs.items():
            root, field = target["path_in_connector_config"]
            config.setdefault(root, {})[field] = {**client, **answer}[name]
        jsonschema.validate(config, self.form)
        return config

    def control(self, config: Config) -> Config:
        """What is stored after a CONTROL message: the whole new configuration, if it fits the form."""
        jsonschema.validate(config, self.form)
        return config

    def _client(self, config: Config, stored: Config | None) -> dict[str, str]:
        for name in self.asked_of_the_person():
            if config["credentials"][name] == MASK:
                assert stored
                config["credentials"][name] = stored["credentials"][name]
        return {name: config["credentials"][name] for name in self.asked_of_the_person()}

    def _exchange(self, values: dict[str, str]) -> dict[str, Any]:
        known = {f"{name}_value": value for name, value in values.items()}
        body = {name: _render(text, known) for name, text in self.flow["access_token_params"].items()}
        url, headers = self._here(self.flow["access_token_url"]), self.flow["access_token_headers"]
        assert headers == {"Content-Type": "application/x-www-form-urlencoded"}
        answer = requests.post(url, data=body, headers=headers, timeout=10)
        answer.raise_for_status()
        found = {name: answer.json()[name] for name in self.flow["extract_output"]}
        if "expires_in" in found:
            moment = datetime.fromtimestamp(time.time() + found["expires_in"], UTC)
            found["token_expiry_date"] = f"{moment:%Y-%m-%dT%H:%M:%S.%f}123Z"
        return found

    def _here(self, url: str) -> str:
        assert url.startswith(DIGITALOCEAN)
        return self.sandbox.oauth_base_url + url.removeprefix(DIGITALOCEAN)


def _render(template: str, values: dict[str, str]) -> str:
    """A template of the spec; a name that the platform does not know is an error there, too."""
    return re.sub(r"\{\{ *(\w+) *\}\}", lambda found: values[found[1]], template)


@pytest.fixture(scope="module")
def platform(sandbox: Sandbox) -> Platform:
    source = SourceDigitaloceanQuolum()
    return Platform(source.spec(source.logger), sandbox)


@pytest.fixture
def filled_in(sandbox: Sandbox) -> Config:
    """The form before Authenticate is selected."""
    credentials = {
        "auth_type": "oauth2.0",
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
    }
    addresses = {"api_base_url": sandbox.api_base_url, "oauth_base_url": sandbox.oauth_base_url}
    choices = {"start_date": "2026-01-01T00:00:00Z", "utilization": {"interval": "P1D"}, "num_workers": 3}
    return {"credentials": credentials, **choices, **addresses}


def test_the_person_fills_in_the_client_and_the_rest_is_hidden(platform: Platform) -> None:
    assert platform.asked_of_the_person() == {"client_id", "client_secret"}
    assert platform.hidden() == {
        "credentials.access_token",
        "credentials.refresh_token",
        "credentials.token_expiry_date",
    }


def test_what_the_person_fills_in_is_asked_for_by_the_form(platform: Platform) -> None:
    """A field that Authenticate needs and the form does not show could never be filled in; a hidden one is filled."""
    choices = platform.form["properties"]["credentials"]["oneOf"]
    (oauth,) = [one for one in choices if one["properties"]["auth_type"]["const"] == "oauth2.0"]
    assert platform.asked_of_the_person() <= set(oauth["properties"])
    assert not any(oauth["properties"][name].get("airbyte_hidden") for name in platform.asked_of_the_person())
    assert {name.removeprefix("credentials.") for name in platform.hidden()} <= set(oauth["properties"])


@pytest.mark.parametrize("end", ["min", "max"])
def test_a_state_of_any_length_that_the_spec_allows_comes_back(platform: Platform, filled_in: Config, end: str) -> None:
    stored = platform.connect(filled_in, state_length=platform.flow["state"][end])
    assert stored["credentials"]["refresh_token"]


def test_what_connect_stores_passes_the_check_and_is_not_renewed_at_once(
    platform: Platform, sandbox: Sandbox, filled_in: Config
) -> None:
    stored = platform.connect(filled_in)
    sandbox.reset_requests()

    (status,) = run("check", config=stored).of("CONNECTION_STATUS")

    assert status["status"] == "SUCCEEDED", status
    assert sandbox.requests("/v1/oauth/token") == []


def test_a_renewal_is_stored_and_reconnect_keeps_everything_else(
    platform: Platform, sandbox: Sandbox, filled_in: Config, streams: list[dict[str, Any]]
) -> None:
    stored = platform.connect(filled_in)
    stored["credentials"]["token_expiry_date"] = "2020-01-01T00:00:00.000000123Z"
    done = run("read", config=stored, catalog=configured(streams, "tags"))
    assert done.exit_code == 0, done.errors
    (control,) = done.of("CONTROL")

    renewed = platform.control(dict(control["connectorConfig"]["config"]))

    assert {**renewed, "credentials": None} == {**stored, "credentials": None}
    shown = copy.deepcopy(renewed)
    shown["credentials"] |= {"client_id": MASK, "client_secret": MASK, "access_token": MASK, "refresh_token": MASK}
    again = platform.connect(shown, renewed)
    assert {**again, "credentials": None} == {**filled_in, "credentials": None}
    assert again["credentials"].keys() == renewed["credentials"].keys()
    kept = {name: again["credentials"][name] for name in ("auth_type", "client_id", "client_secret")}
    assert kept == filled_in["credentials"]
    assert again["credentials"]["refresh_token"] != renewed["credentials"]["refresh_token"]
