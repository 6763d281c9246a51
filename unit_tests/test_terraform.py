"""The Terraform module: its streams, and every argument against the documentation of Airbyte's provider.

The provider itself cannot be had everywhere, so nothing here plans or applies.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
MODULE = ROOT / "deploy" / "terraform"

# docs/resources/*.md of the provider airbytehq/airbyte: required arguments, optional ones, and what can be read.
DOCUMENTED: dict[str, tuple[set[str], set[str], set[str]]] = {
    "airbyte_source_definition": (
        {"docker_image_tag", "docker_repository", "name", "workspace_id"},
        {"documentation_url"},
        {"id"},
    ),
    "airbyte_source": (
        {"configuration", "name", "workspace_id"},
        {"definition_id", "resource_allocation", "secret_id"},
        {"created_at", "source_id", "source_type"},
    ),
    "airbyte_connection": (
        {"destination_id", "source_id"},
        {
            *("configurations", "data_residency", "name", "namespace_definition", "namespace_format", "prefix"),
            *("non_breaking_schema_updates_behavior", "schedule", "status"),
        },
        {"connection_id", "workspace_id"},
    ),
}


def text() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(MODULE.glob("*.tf")))


def test_every_argument_of_a_resource_is_documented_and_none_is_missing() -> None:
    blocks = re.findall(r'^resource "(\w+)" "\w+" \{\n(.*?)^\}', text(), re.MULTILINE | re.DOTALL)
    assert [kind for kind, _ in blocks] == list(DOCUMENTED)
    for kind, body in blocks:
        required, optional, _ = DOCUMENTED[kind]
        given = set(re.findall(r"^  (\w+) +=", body, re.MULTILINE))
        assert required <= given <= required | optional, kind


def test_what_is_read_of_a_resource_exists() -> None:
    for kind, field in re.findall(r"\b(airbyte_\w+)\.\w+\.(\w+)", text()):
        assert field in set.union(*DOCUMENTED[kind]), f"{kind}.{field}"


def test_every_variable_is_used_and_declared() -> None:
    used = set(re.findall(r"\bvar\.(\w+)", (MODULE / "main.tf").read_text(encoding="utf-8")))
    assert used == set(re.findall(r'^variable "(\w+)"', text(), re.MULTILINE))


def test_without_a_choice_the_recommended_streams_are_read() -> None:
    streams = json.loads((MODULE / "recommended_streams.json").read_text(encoding="utf-8"))
    metadata = yaml.safe_load((ROOT / "metadata.yaml").read_text(encoding="utf-8"))["data"]
    assert set(streams) == set(metadata["suggestedStreams"]["streams"])
    modes = re.search(r'\["(full_refresh_overwrite.*?)"\]', text())
    assert modes
    assert set(streams.values()) <= set(modes[1].split('", "'))


def test_the_image_is_that_of_the_metadata() -> None:
    metadata = yaml.safe_load((ROOT / "metadata.yaml").read_text(encoding="utf-8"))["data"]
    assert f'default     = "{metadata["dockerRepository"]}"' in text()
    assert f'default     = "{metadata["dockerImageTag"]}"' in text()


def test_it_is_formatted() -> None:
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("no terraform here")
    done = subprocess.run(  # noqa: S603
        [terraform, "fmt", "-check", "-diff", str(MODULE)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
