"""The key with which Spaces is asked, and the regions it is asked in."""

import re

from pydantic import BaseModel, ConfigDict, Field, field_validator

from source_digitalocean_quolum.http.addresses import check_base_url
from source_digitalocean_quolum.http.sendable import refuse_odd_characters

DEFAULT_BASE_URL = "https://{region}.digitaloceanspaces.com"
# DigitalOcean's documentation, "Regional availability", Spaces. A bucket in a region that is opened later is found once
# the region is configured.
DEFAULT_REGIONS = ("nyc3", "ams3", "atl1", "blr1", "fra1", "lon1", "ric1", "sfo2", "sfo3", "sgp1", "syd1", "tor1")

_REGION = re.compile(r"[a-z]{3}[0-9]{1,2}", re.ASCII)


class SpacesSettings(BaseModel):
    """A Spaces key: an identifier and its secret. Without regions all that DigitalOcean documents are asked."""

    model_config = ConfigDict(extra="forbid")

    access_key: str = Field(min_length=1)
    secret_key: str = Field(min_length=1)
    regions: list[str] = Field(default=list(DEFAULT_REGIONS))
    base_url: str = DEFAULT_BASE_URL

    @field_validator("access_key", "secret_key")
    @classmethod
    def _can_be_sent(cls, value: str) -> str:
        return refuse_odd_characters(value.strip())

    @field_validator("regions")
    @classmethod
    def _are_regions(cls, values: list[str]) -> list[str]:
        for value in values:
            if not _REGION.fullmatch(value):
                raise ValueError(f"{value[:40]!r} is no region of DigitalOcean; write it as nyc3")
        return list(dict.fromkeys(values)) or list(DEFAULT_REGIONS)

    @field_validator("base_url")
    @classmethod
    def _names_each_region(cls, value: str) -> str:
        if value.count("{region}") != 1 or re.search(r"[{}]", value.replace("{region}", "")):
            raise ValueError(f"write it with {{region}} where the region stands, as {DEFAULT_BASE_URL}")
        check_base_url(value.replace("{region}", "nyc3"))
        return value.rstrip("/")

    def address_of(self, region: str) -> str:
        """Where a region's server is, without a slash at its end."""
        return self.base_url.replace("{region}", region)
