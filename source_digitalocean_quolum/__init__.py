"""Airbyte source connector for DigitalOcean."""

from source_digitalocean_quolum.source import SourceDigitaloceanQuolum

__all__ = ["SourceDigitaloceanQuolum"]
