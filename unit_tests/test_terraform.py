"""The Terraform module: its streams, and every argument against the documentation of Airbyte's provider.

The provider itself cannot be had everywhere, so no resource is planned or applied. What Terraform computes without it
is looked at: each resource becomes a value of the same arguments, and Terraform evaluates them for given variables.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from source_digitalocean_quolum import manifest
from tools import ready_sets, streams_table

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
# What the same pages say of values and of nested arguments.
ALLOWED = {
    "namespace_definition": {"source", "destination", "custom_format"},
    "non_breaking_schema_updates_behavior": {"ignore", "disable_connection", "propagate_columns", "propagate_fully"},
    "status": {"active", "inactive", "deprecated"},
}
MODES = {"full_refresh_overwrite", "full_refresh_append", "incremental_append", "incremental_deduped_history"}
GIVEN = {"workspace_id": "w", "destination_id": "d", "access_token": "dop_v1_from_a_variable"}

Resources = dict[str, dict[str, Any]]


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
    assert set(modes[1].split('", "')) == MODES
    found = streams_table.streams()
    assert {name for name, mode in streams.items() if mode.startswith("incremental")} == {
        name for name in streams if ready_sets.is_incremental(found[name])
    }


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


@pytest.fixture
def evaluate(tmp_path: Path) -> Callable[..., Resources]:
    """The resources' arguments as Terraform computes them for these variables; AssertionError with what it refuses."""
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("no terraform here")
    main = (MODULE / "main.tf").read_text(encoding="utf-8")
    for kind, (_, _, read_only) in DOCUMENTED.items():
        computed = "".join(f'  {name} = "{kind}.{name}"\n' for name in sorted(read_only - {"workspace_id"}))
        start, end = f'resource "{kind}" "digitalocean" {{\n', "\n}\n"
        body = main.partition(start)[2].partition(end)[0]
        assert body
        main = main.replace(start + body + end, f"locals {{\n{kind} = {{\n{body}\n{computed}}}\n}}\n")
        main = main.replace(f"{kind}.digitalocean.", f"local.{kind}.")
    values = ", ".join(f"{kind} = local.{kind}" for kind in DOCUMENTED)
    (tmp_path / "main.tf").write_text(main, encoding="utf-8")
    (tmp_path / "outputs.tf").write_text(
        f'output "all" {{\n  value = {{ {values} }}\n  sensitive = true\n}}\n', "utf-8"
    )
    for name in ("variables.tf", "recommended_streams.json"):
        shutil.copy(MODULE / name, tmp_path / name)
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1"}

    def run(*arguments: str) -> str:
        done = subprocess.run(  # noqa: S603
            [terraform, f"-chdir={tmp_path}", *arguments], capture_output=True, text=True, check=False, env=environment
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def evaluated(**variables: Any) -> Resources:
        (tmp_path / "given.auto.tfvars.json").write_text(json.dumps({**GIVEN, **variables}), encoding="utf-8")
        run("init", "-input=false", "-no-color")
        run("apply", "-auto-approve", "-input=false", "-no-color")
        found: Resources = json.loads(run("output", "-json", "all"))
        return found

    return evaluated


def test_what_terraform_computes_is_what_connector_and_provider_take(evaluate: Callable[..., Resources]) -> None:
    found = evaluate()

    configuration = json.loads(found["airbyte_source"]["configuration"])
    jsonschema.validate(configuration, manifest.specification()["connection_specification"])
    assert configuration == {
        "credentials": {"auth_type": "access_token", "access_token": GIVEN["access_token"]},
        "utilization": {"interval": "PT1H"},
    }
    assert found["airbyte_source"]["definition_id"] == "airbyte_source_definition.id"
    connection = found["airbyte_connection"]
    assert connection["source_id"] == "airbyte_source.source_id"
    for argument, values in ALLOWED.items():
        assert connection[argument] in values
    assert connection["schedule"] == {"schedule_type": "cron", "cron_expression": "0 17 5 * * ?"}
    streams = {stream["name"]: stream["sync_mode"] for stream in connection["configurations"]["streams"]}
    assert streams == json.loads((MODULE / "recommended_streams.json").read_text(encoding="utf-8"))


def test_every_variable_reaches_what_it_is_for(evaluate: Callable[..., Resources]) -> None:
    spaces = {"access_key": "DO00KEY", "secret_key": "from a variable"}
    given = {"start_date": "2026-01-01T00:00:00Z", "utilization_interval": "P1D", "spaces_key": spaces}
    found = evaluate(**given, streams={"spaces_buckets": "full_refresh_append"}, cron=None, schema="do")

    configuration = json.loads(found["airbyte_source"]["configuration"])
    jsonschema.validate(configuration, manifest.specification()["connection_specification"])
    assert configuration["start_date"] == given["start_date"]
    assert configuration["utilization"] == {"interval": "P1D"}
    assert configuration["spaces"] == spaces
    connection = found["airbyte_connection"]
    assert connection["configurations"]["streams"] == [{"name": "spaces_buckets", "sync_mode": "full_refresh_append"}]
    assert connection["schedule"] == {"schedule_type": "manual", "cron_expression": None}
    assert connection["namespace_format"] == "do"


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"utilization_interval": "PT2H"}, "The interval is PT5M, PT15M, PT1H or P1D."),
        ({"streams": {"droplets": "overwrite"}}, "A mode is full_refresh_overwrite,"),
        ({"access_token": None}, "access_token"),
    ],
)
def test_a_wrong_variable_is_refused_with_what_is_allowed(
    evaluate: Callable[..., Resources], variables: dict[str, Any], words: str
) -> None:
    with pytest.raises(AssertionError, match=re.escape(words)):
        evaluate(**variables)
