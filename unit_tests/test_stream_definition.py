"""A misspelt word of a stream is refused before the first request, by name; so is a stream without its files."""

import gc
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from source_digitalocean_quolum import manifest
from source_digitalocean_quolum import run as command_line
from source_digitalocean_quolum.stream_definition import verify
from unit_tests.stream_files import PACKAGE, problems

Edit = Callable[[str, str], None]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of what declares the streams, which the connector reads for the time of a test."""
    for folder in ("streams", "schemas"):
        shutil.copytree(PACKAGE / folder, tmp_path / folder)
    shutil.copy(PACKAGE / "manifest.yaml", tmp_path)
    monkeypatch.setattr(manifest, "_HERE", tmp_path)
    manifest.declared_streams.cache_clear()
    yield tmp_path
    manifest.declared_streams.cache_clear()


@pytest.fixture
def edit(package: Path) -> Edit:
    """Put one text in the place of another in streams/<file>.yaml, at `file: text`."""

    def edit(old: str, new: str) -> None:
        (path,) = [path for path in (package / "streams").glob("*.yaml") if old in path.read_text(encoding="utf-8")]
        path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
        manifest.declared_streams.cache_clear()

    return edit


MISTAKES = {
    "an unknown way of paging": (
        'records: garbage_collections\n      scope: "registry:read"\n      paging: total',
        'records: garbage_collections\n      scope: "registry:read"\n      paging: totl',
        "streams/kubernetes.yaml, registry_garbage_collections: `api`: Invalid enum value 'totl' - at `$.paging`",
    ),
    "a misspelt word": (
        "{path: volumes, records: volumes,",
        "{path: volumes, record: volumes,",
        "streams/compute.yaml, volumes: `api`: Object contains unknown field `record`",
    ),
    "a missing word": (
        "{path: volumes, records: volumes,",
        "{path: volumes,",
        "streams/compute.yaml, volumes: `api`: Object missing required field `records`",
    ),
    "a text for a number": (
        'records: microvms, scope: "microvm:read", absent: [404]',
        "records: microvms, scope: \"microvm:read\", absent: ['404']",
        "streams/compute.yaml, microvms: `api`: Expected `int`, got `str` - at `$.absent[0]`",
    ),
    "a status that is no refusal": (
        'records: microvms, scope: "microvm:read", absent: [404]',
        'records: microvms, scope: "microvm:read", absent: [40]',
        "streams/compute.yaml, microvms: `api`: Expected `int` >= 400 - at `$.absent[0]`",
    ),
    "an unknown source of an added field": (
        "derived: {gpu: {slice: type, equals: gpus}}",
        "derived: {gpu: {slise: type, equals: gpus}}",
        "streams/compute.yaml, droplets: `api`: Object contains unknown field `slise` of `derived.gpu`",
    ),
    "two sources of an added field": (
        "derived: {gpu: {slice: type, equals: gpus}}",
        "derived: {gpu: {slice: type, text: gpus}}",
        (
            "streams/compute.yaml, droplets: `api`: An added value comes from one of slice, text, clock, outer, body, "
            "nested; here: ['slice', 'text'] of `derived.gpu`"
        ),
    ),
    "a comparison with nothing": (
        "derived: {gpu: {slice: type, equals: gpus}}",
        "derived: {gpu: {text: type, equals: gpus}}",
        "streams/compute.yaml, droplets: `api`: `equals` compares with a value of the `slice` of `derived.gpu`",
    ),
    "a way out of nothing": (
        "derived: {gpu: {slice: type, equals: gpus}}",
        "derived: {gpu: {text: type, if_absent: true}}",
        "streams/compute.yaml, droplets: `api`: `if_absent` takes a value of the `slice` of `derived.gpu`",
    ),
    "an unknown clock": (
        (
            'path: customers/my/balance\n      records: ""\n      scope: "billing:read"\n      paging: none\n'
            "      derived: {synced_at: {clock: now}}"
        ),
        (
            'path: customers/my/balance\n      records: ""\n      scope: "billing:read"\n      paging: none\n'
            "      derived: {synced_at: {clock: nwo}}"
        ),
        "streams/billing.yaml, balance: `api`: Invalid enum value 'nwo' - at `$.clock` of `derived.synced_at`",
    ),
    "a misspelt word of a key": (
        "key: {field: row_hash, of: [date,",
        "key: {filed: row_hash, of: [date,",
        "streams/billing.yaml, billing_history: `api`: Object contains unknown field `filed` - at `$.key`",
    ),
    "one value where a list belongs": (
        "unfinished: {field: status, until: [resolved]}",
        "unfinished: {field: status, until: resolved}",
        (
            "streams/monitoring.yaml, insights_alert_instances: `api`: Expected `array`, got `str` - at "
            "`$.unfinished.until`"
        ),
    ),
    "a path with its beginning": (
        "{path: volumes, records: volumes,",
        "{path: /v2/volumes, records: volumes,",
        "streams/compute.yaml, volumes: `api`: Expected `str` matching regex",
    ),
    "an unknown option of a retriever": (
        "    labels: [feature, resource_urn]\n    partition_router:\n      type: CustomPartitionRouter",
        "    lables: [feature, resource_urn]\n    partition_router:\n      type: CustomPartitionRouter",
        "streams/billing.yaml, invoice_items: Object contains unknown field `lables` - at `$.retriever`",
    ),
    "an unknown label": (
        "    labels: [feature, resource_urn]\n    partition_router:\n      type: CustomPartitionRouter",
        "    labels: [feture]\n    partition_router:\n      type: CustomPartitionRouter",
        "streams/billing.yaml, invoice_items: Invalid enum value 'feture' - at `$.retriever.labels[0]`",
    ),
    "an unknown option of a router": (
        "      always: [in_progress_deployment, pending_deployment]\n",
        "      allways: [in_progress_deployment, pending_deployment]\n",
        (
            "streams/apps.yaml, app_deployments: Object contains unknown field `allways` - at "
            "`$.retriever.partition_router`"
        ),
    ),
    "an unknown option of a cursor": (
        "    cursor_field: invoice_period\n    is_client_side_incremental: true",
        "    cursor_field: invoice_period\n    is_client_side_incrementel: true",
        (
            "streams/billing.yaml, invoices: Object contains unknown field `is_client_side_incrementel` - at "
            "`$.incremental_sync`"
        ),
    ),
    "a word beside the others": (
        'volumes:\n  $ref: "#/definitions/stream"\n',
        'volumes:\n  $ref: "#/definitions/stream"\n  primary_keys: [id]\n',
        "streams/compute.yaml, volumes: Object contains unknown field `primary_keys`",
    ),
    "another name": (
        "    name: volumes\n",
        "    name: volume\n",
        "streams/compute.yaml, volumes: `$parameters.name` is volume",
    ),
}


@pytest.mark.parametrize(("old", "new", "words"), MISTAKES.values(), ids=MISTAKES.keys())
def test_spec_refuses_a_definition_that_is_not_understood(
    old: str, new: str, words: str, edit: Edit, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gc, "disable", lambda: None)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    edit(old, new)

    with pytest.raises(SystemExit, match="1"):
        command_line.run(["spec"])

    (line,) = capsys.readouterr().out.splitlines()
    error = json.loads(line)["trace"]["error"]
    assert error["failure_type"] == "system_error"
    assert words in error["message"]


def test_a_stream_in_two_files_is_refused(package: Path) -> None:
    (package / "streams" / "new.yaml").write_text(
        '# New: things.\n\nvolumes:\n  $ref: "#/definitions/streams/volumes"\n', encoding="utf-8"
    )

    with pytest.raises(manifest.WrongDefinition, match=r"new\.yaml, volumes: it stands in another file, too"):
        manifest.load()


def test_every_option_of_the_definitions_in_use_is_known() -> None:
    for name, stream in manifest.declared_streams().items():
        verify(name, stream)


# -------------------------------------------------------------------------------- what is checked before all tests
def test_everything_that_belongs_to_a_stream_is_there() -> None:
    assert problems() == []


def test_a_missing_schema_is_named_alone(package: Path) -> None:
    (package / "schemas" / "volumes.json").unlink()

    assert problems(package) == ["schemas/volumes.json is missing: stream volumes has no schema."]


def test_all_that_is_left_over_is_named_at_once(package: Path, edit: Edit) -> None:
    shutil.copy(package / "schemas" / "volumes.json", package / "schemas" / "volume.json")
    secrets = package / "schemas" / "removed_secrets.json"
    content: dict[str, Any] = json.loads(secrets.read_text(encoding="utf-8"))
    secrets.write_text(json.dumps({**content, "nothing": ["secret"]}), encoding="utf-8")
    edit("# Droplets and storage: ", "# - ")
    edit('stream: {$ref: "#/definitions/streams/volumes"}', 'stream: {$ref: "#/definitions/streams/volume"}')

    assert problems(package) == [
        "streams/compute.yaml: its first line must name a product, `# Product: what of it.`",
        "schemas/volume.json belongs to no stream of streams/*.yaml.",
        "schemas/removed_secrets.json names nothing, which is no stream.",
        "Stream droplet_associated_resources refers to #/definitions/streams/volume, which does not exist.",
    ]
