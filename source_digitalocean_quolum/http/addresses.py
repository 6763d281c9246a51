"""Where requests go: the API's address and that of the authorization server."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

DEFAULT_API_BASE_URL = "https://api.digitalocean.com"
DEFAULT_OAUTH_BASE_URL = "https://cloud.digitalocean.com/v1/oauth"


def api_base_url(config: Mapping[str, Any]) -> str:
    """The API's address, without a slash at its end."""
    return str(config.get("api_base_url") or DEFAULT_API_BASE_URL).rstrip("/")


def oauth_base_url(config: Mapping[str, Any]) -> str:
    """The address below which /authorize, /token and /revoke are, without a slash at its end."""
    return str(config.get("oauth_base_url") or DEFAULT_OAUTH_BASE_URL).rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether an address is this machine's own; host.docker.internal is that of the machine a container runs on."""
    try:
        host = urlsplit(url).hostname or ""
        return host in ("localhost", "host.docker.internal") or ip_address(host).is_loopback
    except ValueError:
        return False
