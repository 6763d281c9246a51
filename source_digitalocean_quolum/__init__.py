"""Airbyte source connector for DigitalOcean."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from source_digitalocean_quolum.source import SourceDigitaloceanQuolum

__all__ = ["SourceDigitaloceanQuolum"]


def __getattr__(name: str) -> Any:
    """The source, imported when it is asked for: a command that needs no CDK does not import it (PEP 562)."""
    if name != "SourceDigitaloceanQuolum":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from source_digitalocean_quolum.source import SourceDigitaloceanQuolum  # noqa: PLC0415

    return SourceDigitaloceanQuolum
