"""The authorization server's token endpoint: what is asked of it, and what its answers hold."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

# A token this close to its end is renewed before the request rather than after a 401. Well below the 30 days
# a token lives, and above what a request takes.
ABOUT_TO_EXPIRE = timedelta(minutes=5)
APPLICATION_ERRORS = ("invalid_client", "unauthorized_client")

_TOKENS = ("access_token", "refresh_token")


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """An answer of /token: `fields` are its members as far as they can be read."""

    status: int
    fields: Mapping[str, Any]

    @classmethod
    def from_content(cls, status: int, content: bytes) -> "TokenAnswer":
        """Read an answer. The refresh token is spent by now: the new pair is taken from whatever can be read of it."""
        try:
            fields = orjson.loads(content)
        except orjson.JSONDecodeError:
            # Infinity is no JSON, and nobody nests tokens a thousand deep; but the tokens may still be there.
            fields = {name: found for name in _TOKENS if (found := _find_text(content, name))}
        return cls(status, fields if isinstance(fields, dict) else {})

    @property
    def has_token(self) -> bool:
        """Whether it grants access. Not only 200 may say so."""
        return 200 <= self.status < 300 and bool(_text(self.fields.get("access_token")))

    @property
    def error(self) -> str:
        """The error code of RFC 6749, or what DigitalOcean sends in its place; shown only if it looks like one."""
        code = self.fields.get("error") or self.fields.get("id")
        return code if isinstance(code, str) and re.fullmatch(r"[A-Za-z0-9_ -]{1,60}", code) else f"HTTP {self.status}"

    @property
    def expiry(self) -> datetime | None:
        """When the access token ends, by this machine's clock; None where that is not known.

        A life so short that the token would count as about to expire at once is unknown, too: then only a 401 tells.
        """
        lifetime = self.fields.get("expires_in")
        if isinstance(lifetime, bool) or not isinstance(lifetime, int | float):
            return None
        if not lifetime > 2 * ABOUT_TO_EXPIRE.total_seconds():
            return None
        try:
            return datetime.now(UTC) + timedelta(seconds=lifetime)
        except (OverflowError, ValueError):
            return None

    def renew(self, credentials: Mapping[str, Any]) -> dict[str, Any]:
        """The credentials with the tokens of this answer, and their expiry.

        Without a refresh token in the answer the one before stays (RFC 6749 section 6).
        """
        renewed = {**credentials, "access_token": self.fields["access_token"]}
        if refresh_token := _text(self.fields.get("refresh_token")):
            renewed["refresh_token"] = refresh_token
        renewed.pop("token_expiry_date", None)
        if self.expiry is not None:
            renewed["token_expiry_date"] = self.expiry.strftime("%Y-%m-%dT%H:%M:%SZ")
        return renewed


def refresh_form(credentials: Mapping[str, Any]) -> dict[str, str]:
    """RFC 6749 section 6, in a form body: nothing secret in a URL."""
    form = {name: credentials.get(name) for name in ("refresh_token", "client_id", "client_secret")}
    return {"grant_type": "refresh_token", **{name: str(value) for name, value in form.items() if value}}


def read_expiry(credentials: Mapping[str, Any]) -> datetime | None:
    """When the access token expires; None where that is not known for sure."""
    written = credentials.get("token_expiry_date")
    if not isinstance(written, str) or written.strip().isdigit():
        return None
    try:
        expiry = datetime.fromisoformat(written)
        expiry = expiry if expiry.tzinfo else expiry.replace(tzinfo=UTC)
        # Years at the edge of the calendar cannot be compared, and tell nothing.
        return expiry if datetime(1970, 1, 1, tzinfo=UTC) <= expiry else None
    except (ValueError, OverflowError):
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _find_text(content: bytes, name: str) -> str:
    found = re.search(rb'"%s"\s*:\s*"([!#-\[\]-~]+)"' % name.encode(), content)
    return found[1].decode() if found else ""
