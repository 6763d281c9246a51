"""Which feature and which resource a billed line belongs to, by the table in features.yaml."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from airbyte_cdk.utils.yaml_loader import safe_load_yaml

_TABLE = Path(__file__).with_name("features.yaml")
UNKNOWN = "other"


@dataclass(frozen=True)
class Feature:
    """One feature of the table; features.yaml says what each field holds."""

    name: str
    products: re.Pattern[str]
    skus: tuple[str, ...]
    texts: tuple[str, ...]
    id: str = ""
    uuid: str = ""


class FeatureTable:
    """The table, asked by line. Products and SKUs are remembered: a bill has thousands of lines and few of either."""

    def __init__(self, features: Mapping[str, Mapping[str, Any]]) -> None:
        self.features = {name: _feature(name, facts) for name, facts in features.items()}
        self._by_product = cache(self._of_product)
        self._by_sku = cache(self._of_sku)

    def find(self, row: Mapping[str, Any]) -> Feature | None:
        """The feature of a line of an invoice (by `product`) or of a day's cost (by `sku`), else by its texts.

        None when the table does not know the line.
        """
        product, sku = row.get("product"), row.get("sku")
        known = self._by_product(product) if isinstance(product, str) else None
        known = known or (self._by_sku(sku) if isinstance(sku, str) else None)
        return known or self._of_texts(row.get("group_description"), row.get("description"))

    def _of_product(self, product: str) -> Feature | None:
        return next((one for one in self.features.values() if one.products.search(product)), None)

    def _of_sku(self, sku: str) -> Feature | None:
        return next((one for one in self.features.values() if sku.startswith(one.skus)), None)

    def _of_texts(self, *texts: Any) -> Feature | None:
        for text in texts:
            for one in self.features.values():
                if isinstance(text, str) and any(part in text for part in one.texts):
                    return one
        return None


@cache
def load() -> FeatureTable:
    """The table of features.yaml, read once."""
    return FeatureTable(safe_load_yaml(_TABLE.read_text(encoding="utf-8"))["features"])


def resource_urn(feature: Feature | None, row: Mapping[str, Any]) -> str | None:
    """The URN of the resource a line is for, as in project_resources; None where the line does not tell.

    A Droplet has two identifiers on an invoice, and its URN is made of the number.
    """
    if feature is None:
        return None
    for kind, value in ((feature.uuid, row.get("resource_uuid")), (feature.id, row.get("resource_id"))):
        if kind and value and (kind != "droplet" or str(value).isdigit()):
            return f"do:{kind}:{value}"
    return None


def unknown_name(row: Mapping[str, Any]) -> str:
    """What to call a line the table does not know: its product, or its SKU without the number of the size."""
    name = row.get("product") or re.sub(r"-\d+$", "", str(row.get("sku") or ""))
    return str(name or row.get("group_description") or "(no product)")[:80]


def _feature(name: str, facts: Mapping[str, Any]) -> Feature:
    words = "|".join(re.escape(word) for word in facts["products"])
    return Feature(
        name=name,
        products=re.compile(rf"\b(?:{words})", re.IGNORECASE),
        skus=tuple(facts["skus"]),
        texts=tuple(facts["texts"]),
        id=facts.get("id", ""),
        uuid=facts.get("uuid", ""),
    )
