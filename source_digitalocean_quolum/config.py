"""The connector's configuration: its shape, and a sentence for everything a person can get wrong in it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from source_digitalocean_quolum.http.addresses import DEFAULT_API_BASE_URL, DEFAULT_OAUTH_BASE_URL, check_base_url
from source_digitalocean_quolum.http.sendable import refuse_odd_characters
from source_digitalocean_quolum.spaces.settings import SpacesSettings
from source_digitalocean_quolum.utilization.settings import UtilizationSettings

# Airbyte hands its own flags to the connector under such names; they are not the operator's.
_PLATFORM_PREFIX = "__"

# The manifest's pattern for `start_date`: what the platform's form accepts.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", re.ASCII)


class OAuthCredentials(BaseModel):
    """What Connect stores (RFC 6749): client, single-use refresh token, access token and its expiry."""

    model_config = ConfigDict(extra="forbid")

    auth_type: Literal["oauth2.0"]
    client_id: str = Field(min_length=1)
    client_secret: str | None = None
    refresh_token: str = Field(min_length=1)
    access_token: str | None = None
    # Any type: the platform may store `expires_in` here, which says nothing about when it was counted from.
    token_expiry_date: Any = None

    @field_validator("access_token", "refresh_token", "client_id", "client_secret")
    @classmethod
    def _can_be_sent(cls, value: str | None) -> str | None:
        return value if value is None else refuse_odd_characters(value)

    @field_validator("access_token")
    @classmethod
    def _not_a_refresh_token(cls, value: str | None) -> str | None:
        return _refuse_refresh_token(value)


class TokenCredentials(BaseModel):
    """A personal access token, made by a person in DigitalOcean's control panel."""

    model_config = ConfigDict(extra="forbid")

    auth_type: Literal["access_token"]
    access_token: str = Field(min_length=1)

    @field_validator("access_token")
    @classmethod
    def _looks_like_an_access_token(cls, value: str) -> str:
        token = refuse_odd_characters(value.strip())
        return _refuse_refresh_token(token) or token


def _refuse_refresh_token(value: str | None) -> str | None:
    # Prefixes: DigitalOcean API reference, "Token prefixes".
    if value and value.startswith("dor_v1_"):
        raise ValueError(
            "this is a refresh token (dor_v1_...), which cannot read the API; "
            "paste an access token (dop_v1_... or doo_v1_...)"
        )
    return value


class Config(BaseModel):
    """The whole configuration. Field names are fixed: operators and Terraform files depend on them."""

    model_config = ConfigDict(extra="forbid")

    credentials: Annotated[OAuthCredentials | TokenCredentials, Field(discriminator="auth_type")]
    start_date: datetime | None = None
    utilization: UtilizationSettings = UtilizationSettings()
    spaces: SpacesSettings | None = None
    num_workers: int = Field(default=10, ge=1, le=20, strict=True)
    api_base_url: str = DEFAULT_API_BASE_URL
    oauth_base_url: str = DEFAULT_OAUTH_BASE_URL

    @field_validator("start_date", mode="before")
    @classmethod
    def _reads_as_a_date(cls, value: Any) -> datetime | None:
        if value is None:
            return None
        try:
            date = datetime.fromisoformat(value if _MOMENT.fullmatch(value) else "")
        except (TypeError, ValueError):
            raise ValueError("write it as 2026-01-01T00:00:00Z (RFC 3339)") from None
        if date > datetime.now(UTC):
            raise ValueError(f"{value} is in the future: nothing would ever be read; use a past date")
        return date

    @field_validator("api_base_url", "oauth_base_url")
    @classmethod
    def _is_a_base_url(cls, value: str) -> str:
        check_base_url(value)
        return value.rstrip("/")


def parse(raw: Mapping[str, Any]) -> Config:
    """Validate a raw configuration.

    Raises an AirbyteTracedException of type config_error that names every wrong field and what to do.
    """
    try:
        return Config.model_validate(tidy(raw))
    except ValidationError as error:
        problems = "; ".join(_sentence(detail) for detail in error.errors(include_input=False))
        raise AirbyteTracedException(
            message=f"The configuration is not usable: {problems}.",
            internal_message=f"{error.error_count()} invalid configuration field(s)",
            failure_type=FailureType.config_error,
        ) from None


def tidy(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A copy without the platform's own flags and without fields left blank.

    Forms and templates send "" or null for what a person left empty. An expiry that is a bare number of
    seconds, which a platform may store as it stands in the token answer, says nothing and goes, too.
    """
    if not isinstance(raw, Mapping):
        raise AirbyteTracedException(
            message="The configuration is not usable: it must be a JSON object with `credentials`.",
            failure_type=FailureType.config_error,
        )
    config = {key: value for key, value in _filled(raw).items() if not key.startswith(_PLATFORM_PREFIX)}
    if isinstance(config.get("credentials"), Mapping):
        config["credentials"] = {name: _stripped(value) for name, value in _filled(config["credentials"]).items()}
        if isinstance(config["credentials"].get("token_expiry_date"), int | float):
            del config["credentials"]["token_expiry_date"]
    if isinstance(config.get("spaces"), Mapping):
        config["spaces"] = {name: _stripped(value) for name, value in _filled(config["spaces"]).items() if value != []}
        # A form sends the group that nobody has filled in.
        if not config["spaces"].keys() - {"base_url"}:
            del config["spaces"]
    return config


def _stripped(value: Any) -> Any:
    # What is copied from a web page often brings a space or a line end.
    return value.strip() if isinstance(value, str) else value


def _filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None and value != ""}


# What pydantic finds wrong, in our words; `{...}` are of its context.
_SENTENCES = {
    "missing": "{field} is missing",
    "extra_forbidden": "{field} is not a setting of this connector; remove it or correct its name",
    "union_tag_invalid": '`credentials.auth_type` is {tag!r}; it must be "oauth2.0" or "access_token"',
    "union_tag_not_found": '`credentials.auth_type` is missing; it must be "oauth2.0" or "access_token"',
    "literal_error": "{field} must be one of {expected}",
    "string_too_short": "{field} is empty",
    "string_type": "{field} must be text",
    "list_type": "{field} must be a list",
    "int_type": "{field} must be a whole number, without quotes",
    "int_from_float": "{field} must be a whole number",
    "greater_than_equal": "{field} must be at least {ge}",
    "less_than_equal": "{field} must be at most {le}",
    "value_error": "{field}: {error}",
}


def _sentence(detail: Any) -> str:
    """One pydantic error as words: which field, what was wrong, what to do."""
    path = [str(part) for part in detail["loc"]]
    if path[0] == "credentials":
        # A discriminated union puts its branch's name here; a person knows only the field's path.
        del path[1:2]
    field = "`" + ".".join(path) + "`"
    sentence = _SENTENCES.get(detail["type"])
    if sentence is None:
        return f"{field} must be an object with the settings of its documentation"
    context = {name: value for name, value in (detail.get("ctx") or {}).items() if name != "field"}
    return sentence.format(field=field, **context)
