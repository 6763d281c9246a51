"""The digests of what DigitalOcean documents: small, dated, without texts, and written anew word for word."""

import json
import re
from pathlib import Path

import pytest

from tools.digest import changes, facts, main, render, specification
from tools.openapi import FACTS, SPECIFICATION, OpenApi
from tools.pydo_reference import DIGEST, PydoReference, read_operations

OPERATIONS = '''
def build_droplets_list_request(*, page: int = 1, **kwargs: Any) -> HttpRequest:
    # Construct URL
    _url = "/v2/droplets"

    return HttpRequest(method="GET", url=_url, params=_params, headers=_headers, **kwargs)


def build_droplets_create_request(**kwargs: Any) -> HttpRequest:
    _url = "/v2/droplets"

    return HttpRequest(method="POST", url=_url, headers=_headers, **kwargs)


class DropletsOperations:
    def list(self, *, page: int = 1, **kwargs: Any) -> JSON:
        """List All Droplets.

        Example:
            .. code-block:: python

                # response body for status code(s): 200
                response == {
                    "droplets": [
                        {
                            "id": 0,  # A number for the Droplet. Comments go on in the
                              next line: "not": "a member".
                            "created_at": "2020-02-20 00:00:00",  # When it was made.
                            "locked": bool,
                            "size": {
                                "price_hourly": 0.0
                            },
                            "labels": {
                                "str": "str"
                            },
                            "tags": [
                                "str"
                            ]
                        }
                    ]
                }
                # response body for status code(s): 404
                response == {
                    "message": "str"
                }
        """
        _request = build_droplets_list_request(
            page=page,
        )

    def create(self, body: JSON, **kwargs: Any) -> JSON:
        """Create.

                # response body for status code(s): 200
                response == {
                    "links": {}
                }
        """
        _request = build_droplets_create_request(
            content_type=content_type,
        )
'''


def test_pydo_is_read_by_path_with_the_types_of_its_templates() -> None:
    assert read_operations(OPERATIONS.splitlines(keepends=True)) == {
        "/v2/droplets": {
            "droplets": "array",
            "droplets[].id": "integer",
            "droplets[].created_at": "date-time",
            "droplets[].locked": "boolean",
            "droplets[].size": "object",
            "droplets[].size.price_hourly": "number",
            "droplets[].labels": "object",
            "droplets[].labels.*": "string",
            "droplets[].tags": "array",
        }
    }


def test_of_pydo_only_what_the_specification_lacks_is_kept() -> None:
    known = {"droplets": "array", "droplets[].id": "integer", "droplets[].news": "string"}
    installed = PydoReference("1.2.3", {"/v2/droplets": known, "/v2/regions": {"regions": "array"}, "/v2/new": {}})

    assert installed.beyond(OpenApi(SPECIFICATION)).paths == {
        "/v2/droplets": {"droplets[].news": "string"},
        "/v2/new": {},
    }


@pytest.mark.parametrize("path", [SPECIFICATION, DIGEST, FACTS])
def test_a_digest_is_small_and_dated(path: Path) -> None:
    content = path.read_text(encoding="utf-8")

    assert re.fullmatch(r"20\d\d-\d\d-\d\d", json.loads(content)["taken"])
    assert len(content) < 600_000
    assert '"description":"' not in content
    assert render(json.loads(content)) == content


@pytest.mark.parametrize("read", [specification, facts])
def test_a_digest_is_what_its_source_says(read: object) -> None:
    assert callable(read)
    digest = read()
    if digest is None:
        pytest.skip("the source is not here")
    path = SPECIFICATION if read is specification else FACTS
    known = json.loads(path.read_text(encoding="utf-8"))

    assert {key: value for key, value in known.items() if key != "taken"} == digest


def test_a_change_is_told_by_name() -> None:
    before = {"taken": "2026-01-01", "paths": {"/v2/a": {"a": "string"}, "/v2/b": {}}, "insights": ["x"]}
    after = {
        "taken": "2026-02-01",
        "paths": {"/v2/a": {"a": "string", "b": "date"}, "/v2/c": {}},
        "insights": ["x", "y"],
    }

    assert list(changes(before, after)) == [
        "  insights y: new",
        "  paths /v2/a: changed",
        "    + b",
        "  paths /v2/b: gone",
        "  paths /v2/c: new",
    ]


def test_the_check_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in (SPECIFICATION, DIGEST, FACTS)}

    main(["--check"])

    assert {path: path.read_bytes() for path in before} == before
    assert "specification.json: " in capsys.readouterr().out
