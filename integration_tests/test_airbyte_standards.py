"""Airbyte's own standard tests, as acceptance-test-config.yml declares them, against the sandbox."""

import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.test.models import ConnectorTestScenario
from airbyte_cdk.test.standard_tests import SourceTestSuiteBase
from airbyte_cdk.test.standard_tests.pytest_hooks import pytest_generate_tests

from sandbox import Sandbox
from source_digitalocean_quolum import SourceDigitaloceanQuolum

__all__ = ["pytest_generate_tests"]

ROOT = Path(__file__).parents[1]

# By the name of the configuration's file. pytest collects before there is a sandbox: the scenarios get these objects,
# and the fixture below fills them.
CONFIGS: dict[str, dict[str, Any]] = {"config": {}, "config_oauth": {}, "invalid_config": {}}


@pytest.fixture(scope="module", autouse=True)
def _configurations(sandbox: Sandbox) -> Iterator[None]:
    """Fill CONFIGS; the suite writes them to the temporary folder and leaves them there, so it gets one of its own."""
    invalid = json.loads((ROOT / "integration_tests/acceptance/invalid_config.json").read_text(encoding="utf-8"))
    # Two months of utilization in every feature and region would keep Prometheus busy for minutes; the last invoice is
    # that of the month before.
    begin = datetime.now(UTC) - timedelta(days=31)
    CONFIGS["config"].update(sandbox.config(start_date=begin.strftime("%Y-%m-%dT00:00:00Z")))
    CONFIGS["config_oauth"].update(sandbox.config("oauth2.0"))
    CONFIGS["invalid_config"].update(sandbox.config() | invalid)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", folder)
        yield


@pytest.mark.timeout(600)
class TestStandards(SourceTestSuiteBase):
    """spec, check, discover and read; every stream of `basic_read` must give records that fit its schema."""

    connector = SourceDigitaloceanQuolum
    connector_name = "source-digitalocean-quolum"

    @classmethod
    def get_connector_root_dir(cls) -> Path:
        return ROOT

    @classmethod
    def get_scenarios(cls) -> list[ConnectorTestScenario]:
        return [
            scenario.model_copy(update={"config_dict": CONFIGS[scenario.id]}) for scenario in super().get_scenarios()
        ]


# It reads everything, a month of utilization in every region, too: minutes of Prometheus. All of it is asked for in
# parts by test_protocol.py and test_utilization.py.
TestStandards.test_basic_read = pytest.mark.full(TestStandards.test_basic_read)  # type: ignore[method-assign]


# These build and run an image, for which there must be Docker; `make image` and the lines in CONTRIBUTING.md do that.
for _name in dir(SourceTestSuiteBase):
    if _name.startswith("test_docker_image"):
        setattr(TestStandards, _name, None)
