"""The schemas declare everything DigitalOcean documents, bar the secrets, and the tool that says so can say no."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.sources.utils.schema_helpers import ResourceSchemaLoader

from source_digitalocean_quolum import manifest
from tools.openapi import SPECIFICATION, WHOLE_SPECIFICATION
from tools.schema_coverage import PACKAGE, main, resolved


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    return Path(
        shutil.copytree(PACKAGE / "schemas", tmp_path / "schemas", ignore=shutil.ignore_patterns("*.py*", "__*"))
    )


def change(path: Path, edit: Any) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    edit(schema)
    path.write_text(json.dumps(schema), encoding="utf-8")


def test_every_documented_property_is_declared_or_removed_as_secret(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0, capsys.readouterr().out


def test_a_property_missing_deep_inside_a_shared_schema_is_named(
    schemas: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def forget(schema: Any) -> None:
        del schema["properties"]["taints"]["items"]["properties"]["effect"]

    change(schemas / "shared" / "node_pool.json", forget)
    assert main(["--schemas", str(schemas)]) == 1
    report = capsys.readouterr().out
    assert "missing: node_pools[].taints[].effect" in report
    assert "missing: taints[].effect" in report


def test_a_declared_secret_is_named(schemas: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def reveal(schema: Any) -> None:
        schema["properties"]["value"] = {"type": ["null", "string"], "description": "Value."}

    change(schemas / "shared" / "app_env.json", reveal)
    assert main(["--schemas", str(schemas)]) == 1
    assert "secret but declared: active_deployment.spec.services[].envs[].value" in capsys.readouterr().out


def test_a_stream_without_a_schema_is_named(schemas: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (schemas / "volumes.json").unlink()
    assert main(["--schemas", str(schemas)]) == 1
    assert "no schema: volumes" in capsys.readouterr().out


def test_without_the_document_nothing_is_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--spec", str(tmp_path / "none.json")]) == 2
    assert "--spec" in capsys.readouterr().err


def test_the_digest_says_what_the_document_says(capsys: pytest.CaptureFixture[str]) -> None:
    if not WHOLE_SPECIFICATION.is_file():
        pytest.skip("the whole specification is not here")
    totals = []
    for document in (WHOLE_SPECIFICATION, SPECIFICATION):
        assert main(["--spec", str(document)]) == 0
        totals.append(capsys.readouterr().out.splitlines()[-1].partition(";")[0])

    assert totals[0] == totals[1]


def test_what_only_pydo_knows_is_missed_too(schemas: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(schemas / "droplets.json", lambda schema: schema["properties"].pop("subnet_uuid"))

    assert main(["--schemas", str(schemas)]) == 1
    assert "missing: subnet_uuid" in capsys.readouterr().out


def test_the_tool_compares_the_schemas_the_cdk_loads() -> None:
    different = []
    for stream in sorted(manifest.declared_streams()):
        raw = json.loads((PACKAGE / "schemas" / f"{stream}.json").read_text(encoding="utf-8"))
        loaded = ResourceSchemaLoader(PACKAGE.name).get_schema(stream)
        if resolved(raw, PACKAGE / "schemas" / "shared") != loaded or '"$ref"' in json.dumps(loaded):
            different.append(stream)

    assert different == []
