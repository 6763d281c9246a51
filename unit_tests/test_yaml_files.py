"""No key stands twice in one object of the package's YAML files: YAML would let the last one win without a word."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import pytest
import yaml

PACKAGE = Path(__file__).parents[1] / "source_digitalocean_quolum"
FILES = sorted(PACKAGE.rglob("*.yaml"))


class OnceLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key that stands twice, with the place of the second one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """See SafeLoader."""
        keys = set()
        for key, _ in node.value:
            if key.value in keys:
                raise ValueError(f"line {key.start_mark.line + 1}: `{key.value}` stands here twice")
            keys.add(key.value)
        return super().construct_mapping(node, deep)


def load_once(text: str) -> Any:
    return yaml.load(text, OnceLoader)  # noqa: S506 (a SafeLoader)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_key_stands_twice(path: Path) -> None:
    assert load_once(path.read_text(encoding="utf-8"))


def test_a_key_that_stands_twice_is_named_with_its_line() -> None:
    with pytest.raises(ValueError, match="line 3: `paging` stands here twice"):
        load_once("tags:\n  paging: none\n  paging: total\n")
