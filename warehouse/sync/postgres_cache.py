"""PyAirbyte's PostgreSQL cache with the operator's own URL: sockets, sslmode and any password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from airbyte.caches import PostgresCache
from airbyte.secrets import SecretString

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import URL


class PostgresUrlCache(PostgresCache):  # type: ignore[misc]  # PyAirbyte is an optional extra, seen as Any
    """PyAirbyte's cache builds its URL from five parts, unescaped; this one keeps the URL it is given."""

    url: str
    application: str

    @classmethod
    def at(cls, url: URL, schema: str, cache_dir: Path, holder: str) -> Self:
        """Open the cache; `holder` names this process to whoever finds the schema locked."""
        return cls(
            url=url.render_as_string(hide_password=False),
            application=f"source-digitalocean-quolum-sync {holder}",
            schema_name=schema,
            cache_dir=cache_dir,
            host=url.host or "",
            port=url.port or 5432,
            database=url.database or "",
            username=url.username or "",
            password="",
        )

    def get_sql_alchemy_url(self) -> SecretString:
        """Return the operator's URL."""
        return SecretString(self.url)

    def get_sql_alchemy_connect_args(self) -> dict[str, Any]:
        """Name this process in pg_stat_activity, and give up on a server that does not answer."""
        return {"application_name": self.application[:63], "connect_timeout": 15}
