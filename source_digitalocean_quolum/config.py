"""The connector's configuration: its shape, and a sentence for everything a person can get wrong in it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from source_digitalocean_quolum.http.addresses import DEFAULT_API_BASE_URL, DEFAULT_OAUTH_BASE_URL
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
        if any(character.isspace() for character in value.strip()) or not value.isascii():
            raise ValueError("it contains characters that no token has; paste the token alone")
        return _refuse_refresh_token(value.strip()) or value


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
    num_workers: int = Field(default=10, ge=1, le=20)
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
        try:
            parts = urlsplit(value)
        except ValueError:
            raise ValueError("this is not a base URL; the default is right unless you run a test server") from None
        if parts.username or parts.password:
            raise ValueError("a base URL must not carry a user name or password")
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"{value!r} is not a base URL; the default is right unless you run a test server")
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise ValueError(f"{value!r} would send the token unencrypted; only loopback may use http")
        return value.rstrip("/")


def _is_loopback(host: str) -> bool:
    # host.docker.internal is the loopback of the machine a container runs on.
    if host in ("localhost", "host.docker.internal"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


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
    return config


def _stripped(value: Any) -> Any:
    # What is copied from a web page often brings a space or a line end.
    return value.strip() if isinstance(value, str) else value


def _filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None and value != ""}


def _sentence(detail: Any) -> str:
    """One pydantic error as words: which field, what was wrong, what to do."""
    path = [str(part) for part in detail["loc"]]
    if path[0] == "credentials":
        # A discriminated union puts its branch's name here; a person knows only the field's path.
        del path[1:2]
    field = "`" + ".".join(path) + "`"
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "missing":
        return f"{field} is missing"
    if kind == "extra_forbidden":
        return f"{field} is not a setting of this connector; remove it or correct its name"
    if kind == "union_tag_invalid":
        return f'`credentials.auth_type` is {context.get("tag")!r}; it must be "oauth2.0" or "access_token"'
    if kind == "union_tag_not_found":
        return '`credentials.auth_type` is missing; it must be "oauth2.0" or "access_token"'
    if kind == "literal_error":
        return f"{field} must be one of {context.get('expected')}"
    if kind == "string_too_short":
        return f"{field} is empty"
    if kind == "value_error":
        return f"{field}: {context.get('error')}"
    return f"{field}: {detail['msg'][0].lower()}{detail['msg'][1:]}"
