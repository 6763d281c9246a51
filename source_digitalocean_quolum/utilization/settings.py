"""How an operator wants utilization to be measured."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class UtilizationSettings(BaseModel):
    """How utilization is measured: the length of an interval (ISO 8601), where samples come from, and of what."""

    model_config = ConfigDict(extra="forbid")

    interval: Literal["PT5M", "PT15M", "PT1H", "P1D"] = "PT1H"
    source: Literal["auto", "insights", "monitoring"] = "auto"
    metrics: Literal["useful", "all"] = "useful"
