"""Where requests go: the API's address and that of the authorization server."""

from collections.abc import Mapping
from typing import Any

DEFAULT_API_BASE_URL = "https://api.digitalocean.com"
DEFAULT_OAUTH_BASE_URL = "https://cloud.digitalocean.com/v1/oauth"


def api_base_url(config: Mapping[str, Any]) -> str:
    """The API's address, without a slash at its end."""
    return str(config.get("api_base_url") or DEFAULT_API_BASE_URL).rstrip("/")


def oauth_base_url(config: Mapping[str, Any]) -> str:
    """The address below which /authorize, /token and /revoke are, without a slash at its end."""
    return str(config.get("oauth_base_url") or DEFAULT_OAUTH_BASE_URL).rstrip("/")
