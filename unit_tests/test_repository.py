"""The repository agrees with itself: version and metadata; and no file says what must not be said."""

import os
import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest
import yaml

from source_digitalocean_quolum import SourceDigitaloceanQuolum
from source_digitalocean_quolum.http.addresses import DEFAULT_API_BASE_URL, DEFAULT_OAUTH_BASE_URL
from source_digitalocean_quolum.spaces.settings import DEFAULT_BASE_URL as DEFAULT_SPACES_BASE_URL
from source_digitalocean_quolum.utilization.table import load as load_metrics

ROOT = Path(__file__).parents[1]
LONGEST_MODULE = 400

# Written so that they do not match themselves.
MACHINE_PATH = re.compile(r"/work/(main|shared|\.)|/roo[t]/|/hom[e]/\w|/opt/pyp[i]|\.pyen[v]/")
REGISTRY_HOST = re.compile(r"pyp[i]\.org|pythonhoste[d]\.|npmj[s]\.|pyp[i]\.python\.|[a-z]\.jfro[g]\.io")
TOKEN = re.compile(r"do[por]_v1_([0-9a-f]{64})")


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def metadata() -> dict[str, Any]:
    document = yaml.safe_load(text("metadata.yaml"))
    assert document["metadataSpecVersion"] == "1.0"
    return dict(document["data"])


@cache
def project() -> dict[str, Any]:
    return dict(tomllib.loads(text("pyproject.toml"))["project"])


@cache
def manifest() -> dict[str, Any]:
    return dict(SourceDigitaloceanQuolum().resolved_manifest)


@cache
def files() -> list[Path]:
    """Every file that is in git or would be with the next commit."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = [git, "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, check=True, text=True).stdout  # noqa: S603
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def findings(pattern: re.Pattern[str]) -> list[str]:
    """Where a pattern occurs, as path:line, in every text file."""
    found = []
    for path in files():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}:{n}" for n, line in enumerate(lines, 1) if pattern.search(line)]
    return found


def test_metadata_has_what_the_registry_requires() -> None:
    data = metadata()
    required = (
        "name definitionId connectorType connectorSubtype dockerRepository dockerImageTag license documentationUrl "
        "githubIssueLabel releaseStage supportLevel icon tags allowedHosts connectorBuildOptions suggestedStreams"
    )
    assert not set(required.split()) - set(data)
    assert UUID(data["definitionId"]).version == 4
    assert (data["connectorType"], data["connectorSubtype"]) == ("source", "api")
    assert {"language:python", "cdk:low-code"} <= set(data["tags"])
    assert data["dockerRepository"].split("/")[-1] == data["githubIssueLabel"] == project()["name"]
    assert (ROOT / data["icon"]).is_file()


def test_metadata_says_what_pyproject_and_the_spec_say() -> None:
    spec = manifest()["spec"]
    assert metadata()["license"] == project()["license"]
    assert metadata()["name"] == spec["connection_specification"]["title"]
    assert metadata()["documentationUrl"] == spec["documentation_url"] == project()["urls"]["Documentation"]


def test_the_connector_may_reach_the_hosts_it_asks() -> None:
    spaces = DEFAULT_SPACES_BASE_URL.replace("{region}", "*")
    hosts = {urlsplit(url).hostname for url in (DEFAULT_API_BASE_URL, DEFAULT_OAUTH_BASE_URL, spaces)}
    assert set(metadata()["allowedHosts"]["hosts"]) == hosts


def test_suggested_streams_exist() -> None:
    existing = {stream["$parameters"]["name"] for stream in manifest()["streams"]} | set(load_metrics().features)
    suggested = metadata()["suggestedStreams"]["streams"]
    assert suggested
    assert not set(suggested) - existing


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("metadata.yaml", r"^  dockerImageTag: (\S+)$"),
        ("warehouse/pyproject.toml", r'^version = "(\S+)"$'),
        ("CHANGELOG.md", r"^## (\S+) - \d{4}-\d\d-\d\d$"),
        ("docs/digitalocean-quolum.md", r"^\| (\d\S+) \| \d{4}-\d\d-\d\d \|"),
        ("Dockerfile", r"^LABEL io\.airbyte\.version=(\S+)$"),
        ("warehouse/models/dbt_project.yml", r"^version: (\S+)$"),
        ("deploy/terraform/variables.tf", r'^  default     = "(\d\S+)"$'),
        ("deploy/terraform/README.md", r'^  docker_image_tag  = "(\S+)"$'),
        ("docs/add-to-airbyte.md", r"^\| Docker image tag \| `(\S+)` \|$"),
        ("docs/add-to-airbyte.md", r'^    "dockerImageTag": "(\S+)",$'),
    ],
)
def test_every_file_names_the_same_newest_version(path: str, pattern: str) -> None:
    newest = re.search(pattern, text(path), re.MULTILINE)
    assert newest, f"{path} names no version like {pattern}"
    assert newest[1] == project()["version"], f"{path} names {newest[1]}, pyproject.toml {project()['version']}"


def test_every_command_of_the_page_names_the_newest_image() -> None:
    images = re.findall(r"source-digitalocean-quolum:(\d\S+)", text("docs/add-to-airbyte.md"))
    assert len(images) > 2
    assert set(images) == {project()["version"]}


def test_the_icon_is_a_square_svg_that_loads_nothing() -> None:
    svg = ET.fromstring(text("icon.svg"))  # noqa: S314 (our own file)
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    left, top, width, height = map(float, svg.attrib["viewBox"].split())
    assert (left, top) == (0, 0)
    assert width == height == float(svg.attrib["width"]) == float(svg.attrib["height"])
    kinds = {element.tag.split("}")[1] for element in svg.iter()}
    assert not kinds & {"script", "image", "use", "foreignObject", "style"}


def test_no_file_names_a_package_registry() -> None:
    assert findings(REGISTRY_HOST) == []


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    assert findings(MACHINE_PATH) == []


def test_no_file_holds_what_could_be_a_token() -> None:
    suspicious = [
        str(path.relative_to(ROOT))
        for path in files()
        for token in TOKEN.findall(path.read_text(encoding="utf-8", errors="replace"))
        if len(set(token)) > 1
    ]
    assert suspicious == []


def test_modules_stay_short() -> None:
    modules = [path for path in files() if path.suffix == ".py"]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in modules}
    assert lengths
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_the_ci_script_can_be_run() -> None:
    assert os.access(ROOT / ".ci/run", os.X_OK)
