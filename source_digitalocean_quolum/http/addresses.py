"""Where requests go: the API's address and that of the authorization server."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

DEFAULT_API_BASE_URL = "https://api.digitalocean.com"
DEFAULT_OAUTH_BASE_URL = "https://cloud.digitalocean.com/v1/oauth"

# RFC 1123 2.1, and the underscore that names of containers have.
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


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


def check_base_url(value: str) -> None:
    """Raise ValueError, with what to do, for an address that cannot be asked or would send the token in clear."""
    advice = "the default is right unless you run a test server"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(f"this is not a base URL; {advice}") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("a base URL must not carry a user name or password")
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment or port == 0:
        raise ValueError(f"this is not a base URL, such as {DEFAULT_API_BASE_URL}; {advice}")
    if not value.isascii() or any(character.isspace() or not character.isprintable() for character in value):
        raise ValueError(f"it holds characters that no address has; {advice}")
    if ":" not in parts.hostname and not all(_LABEL.fullmatch(label) for label in parts.hostname.split(".")):
        raise ValueError(f"{parts.hostname[:80]!r} is no name of a host; {advice}")
    if parts.scheme == "http" and not is_loopback(value):
        raise ValueError("http would send the token unencrypted: use https; only loopback may use http")
