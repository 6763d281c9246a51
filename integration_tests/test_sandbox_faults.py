"""The sandbox's faults: each does what its name says, to the requests it is for, and leaves the world as it was."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from integration_tests.asking import get
from sandbox import Sandbox
from sandbox.faults import NAMES
from sandbox.faults.records import TIMES

ROOT = Path(__file__).parents[1]
NOON = "2026-11-23T12:00:00Z"
DROPLETS = "/v2/droplets"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(droplets=70, days=5, now=NOON, rate_limit=100_000) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_faults(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.clear_faults()


def hit(sandbox: Sandbox, name: str, url: str = DROPLETS, **parameters: Any) -> requests.Response:
    """The answer to one request that a fault hits."""
    sandbox.fault(name, path=url.partition("?")[0], times=1, **parameters)
    return get(sandbox, url)


def test_faults_that_answer_instead(sandbox: Sandbox) -> None:
    sandbox.fault("status", path="/v2/droplets", status=503, times=2, retry_after=1)
    answers = [get(sandbox, "/v2/droplets") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].headers["retry-after"] == "1"
    assert get(sandbox, "/v2/volumes").status_code == 200
    for name, status in {"html": 200, "empty_body": 200, "forbid": 403, "gone": 404, "rate_limited": 429}.items():
        sandbox.fault(name, path="/v2/droplets", times=1)
        answer = get(sandbox, "/v2/droplets")
        assert answer.status_code == status
        assert "droplets" not in answer.text
    sandbox.fault("error_object", path="/v2/droplets", times=1)
    assert set(get(sandbox, "/v2/droplets").json()) == {"id", "message"}
    unknown = requests.post(f"{sandbox.api_base_url}/_sandbox/fault", json={"name": "nonsense"}, timeout=10)
    assert unknown.status_code == 400
    assert "unknown fault 'nonsense'" in unknown.json()["error"]


def test_faults_of_the_connection(sandbox: Sandbox) -> None:
    sandbox.fault("truncated_json", path="/v2/droplets", times=1)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        get(sandbox, "/v2/droplets").json()
    sandbox.fault("reset", path="/v2/droplets", times=1)
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        get(sandbox, "/v2/droplets")
    sandbox.fault("slow", path="/v2/account", times=1, seconds=0.3)
    assert get(sandbox, "/v2/account").elapsed.total_seconds() >= 0.3
    assert get(sandbox, "/v2/droplets").status_code == 200


def test_faults_in_the_body(sandbox: Sandbox) -> None:
    sandbox.fault("wrong_host_next", path="/v2/droplets", times=1)
    following = get(sandbox, "/v2/droplets?per_page=5").json()["links"]["pages"]["next"]
    assert following.startswith("https://api.elsewhere.example/v2/droplets?")
    sandbox.fault("self_link", path="/v2/droplets", times=1)
    answer = get(sandbox, "/v2/droplets?per_page=5")
    assert answer.json()["links"]["pages"]["next"] == answer.url
    sandbox.fault("extra_fields", path="/v2/droplets", times=1)
    assert get(sandbox, "/v2/droplets").json()["droplets"][0]["field_of_tomorrow"] == "new"
    sandbox.fault("null_fields", path="/v2/droplets", times=1, fields=["region", "tags"])
    droplet = get(sandbox, "/v2/droplets").json()["droplets"][0]
    assert (droplet["region"], droplet["tags"]) == (None, None)
    assert droplet["size_slug"]
    sandbox.fault("odd_types", path="/v2/droplets", times=1)
    droplet = get(sandbox, "/v2/droplets").json()["droplets"][0]
    assert isinstance(droplet["vcpus"], str)
    assert droplet["created_at"] == ""
    assert get(sandbox, "/v2/droplets").json()["droplets"][0]["tags"] is not None


def test_a_fault_touches_the_answer_and_not_the_world(sandbox: Sandbox) -> None:
    before = get(sandbox, "/v2/account").json()
    sandbox.fault("null_fields", path="/v2/account", times=1)
    assert get(sandbox, "/v2/account").json()["account"]["status"] is None
    assert get(sandbox, "/v2/account").json() == before


def records(answer: requests.Response) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer.json()["droplets"]
    return found


def reset_in(answer: requests.Response) -> float:
    """Seconds from an answer's `Date` to the reset that it tells."""
    return int(answer.headers["ratelimit-reset"]) - parsedate_to_datetime(answer.headers["date"]).timestamp()


# Fault, parameters, and what is then true of the answer to /v2/droplets?per_page=50.
ANSWERS: list[tuple[str, dict[str, Any], Callable[[requests.Response], bool]]] = [
    ("html", {"status": 524}, lambda answer: answer.status_code == 524 and "<h1>" in answer.text),
    ("empty_body", {"status": 204}, lambda answer: answer.status_code == 204 and not answer.content),
    (
        "body",
        {"status": 403, "body": {"code": "invalid", "messages": {"": ["no"]}}},
        lambda answer: answer.status_code == 403 and answer.json()["messages"] == {"": ["no"]},
    ),
    ("locked", {}, lambda answer: answer.status_code == 403 and "locked" in answer.json()["message"]),
    (
        "burst",
        {},
        lambda answer: (
            answer.headers["retry-after"] == "23"
            and answer.headers["ratelimit-remaining"] == "0"
            and 3500 < reset_in(answer) < 3600
        ),
    ),
    (
        "rate_limited",
        {"reset_in": -60},
        lambda answer: "retry-after" not in answer.headers and reset_in(answer) < -50,
    ),
    ("prometheus_error", {"status": 422}, lambda answer: answer.json()["status"] == "error"),
    (
        "redirect",
        {"location": "https://api.elsewhere.example/", "cookie": "c"},
        lambda answer: answer.status_code == 302 and "session=c" in answer.headers["set-cookie"],
    ),
    ("echo", {"status": 422}, lambda answer: "Bearer dop_v1_" in answer.json()["message"]),
    (
        "other_status",
        {"status": 422},
        lambda answer: answer.status_code == 422 and len(answer.json()["droplets"]) == 50,
    ),
    ("wrong_date", {"days": 4}, lambda answer: answer.headers["date"].startswith("Fri, 27 Nov 2026")),
    ("nothing_remaining", {}, lambda answer: answer.ok and answer.headers["ratelimit-remaining"] == "0"),
    ("next_link", {"page": 3}, lambda answer: "page=3" in answer.json()["links"]["pages"]["next"]),
    ("next_link", {"url": "http://[::1"}, lambda answer: answer.json()["links"]["pages"]["next"] == "http://[::1"),
    ("hollow_list", {}, lambda answer: answer.json() == {"droplets": [], "meta": {"total": 600}}),
    ("no_records", {"form": "absent"}, lambda answer: answer.json() == {"meta": {"total": 0}}),
    ("no_records", {"form": "null"}, lambda answer: answer.json() == {"droplets": None, "meta": {"total": 0}}),
    (
        "wrong_total",
        {"total": 600},
        lambda answer: answer.json()["meta"]["total"] == 600 and "links" not in answer.json(),
    ),
    ("page_size", {"size": 20}, lambda answer: len(records(answer)) == 20 and "links" not in answer.json()),
    (
        "page_size",
        {"size": 20, "links": True},
        lambda answer: "per_page=20" in answer.json()["links"]["pages"]["next"],
    ),
    (
        "replace",
        {"at": "droplets.0.region", "value": None},
        lambda answer: answer.json()["droplets"][0]["region"] is None,
    ),
    (
        "replace",
        {"at": "droplets.*.name", "value": "x"},
        lambda answer: {d["name"] for d in answer.json()["droplets"]} == {"x"},
    ),
    ("remove", {"at": "droplets.*.networks.v4"}, lambda answer: "v4" not in answer.json()["droplets"][7]["networks"]),
    ("raw", {"at": "droplets.0.name", "raw": '"half \\ud83d"'}, lambda answer: b'"half \\ud83d"' in answer.content),
    ("raw", {"at": "droplets.0.memory", "raw": "NaN"}, lambda answer: b'"memory":NaN' in answer.content),
]


@pytest.mark.parametrize(
    ("name", "parameters", "holds"), ANSWERS, ids=[f"{name}-{at}" for at, (name, *_) in enumerate(ANSWERS)]
)
def test_a_fault_does_what_its_name_says(
    sandbox: Sandbox, name: str, parameters: dict[str, Any], holds: Callable[[requests.Response], bool]
) -> None:
    before = get(sandbox, f"{DROPLETS}?per_page=50").json()
    sandbox.fault(name, path=DROPLETS, times=1, **parameters)
    url = f"{sandbox.api_base_url}{DROPLETS}?per_page=50"
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    assert holds(requests.get(url, headers=headers, timeout=10, allow_redirects=False))
    assert get(sandbox, f"{DROPLETS}?per_page=50").json() == before


@pytest.mark.parametrize("form", TIMES)
def test_times_come_in_another_form(sandbox: Sandbox, form: str) -> None:
    droplets = hit(sandbox, "times", at="droplets.*.created_at", form=form).json()["droplets"]
    written = [droplet["created_at"] for droplet in get(sandbox, DROPLETS).json()["droplets"]]
    assert [droplet["created_at"] for droplet in droplets] == [TIMES[form](text) for text in written]
    assert all(TIMES[form](text) != text for text in written)


def test_a_large_answer_comes_in_a_small_body(sandbox: Sandbox) -> None:
    answer = hit(sandbox, "gzip_bomb", megabytes=30, begin='{"droplets":[', end="]}")
    assert int(answer.headers["content-length"]) < 100_000
    assert len(answer.content) > 30 << 20
    assert answer.json() == {"droplets": []}


def test_a_body_without_end_goes_on_for_as_long_as_it_is_read(sandbox: Sandbox) -> None:
    sandbox.fault("endless", path=DROPLETS, times=1)
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    with requests.get(sandbox.api_base_url + DROPLETS, headers=headers, timeout=10, stream=True) as answer:
        read = sum(len(answer.raw.read(1 << 20)) for _ in range(40))
    assert read == 40 << 20
    assert get(sandbox, DROPLETS).ok


def test_a_head_comes_line_by_line(sandbox: Sandbox) -> None:
    answer = hit(sandbox, "slow_head", lines=3, seconds=0.05)
    assert answer.elapsed.total_seconds() >= 0.15
    assert [answer.headers[f"x-line-{number}"] for number in range(3)] == ["1"] * 3
    assert len(answer.json()["droplets"]) == 20


def test_requests_are_chosen_by_what_they_ask(sandbox: Sandbox) -> None:
    sandbox.fault("status", path=DROPLETS, above={"per_page": 50}, status=524)
    sandbox.fault("gone", path=DROPLETS, contains={"name": "web"})
    queries = {"per_page=51": 524, "per_page=50": 200, "": 200, "name=my-web-1": 404, "name=db": 200}
    assert {query: get(sandbox, f"{DROPLETS}?{query}").status_code for query in queries} == queries


def test_the_token_endpoint_has_faults_too(sandbox: Sandbox) -> None:
    url = sandbox.oauth_base_url + "/token"
    form = {"grant_type": "refresh_token"}

    def renewed(name: str, **parameters: Any) -> requests.Response:
        sandbox.fault(name, path="/v1/oauth/token", times=1, **parameters)
        refresh = sandbox.connect()["refresh_token"]
        return requests.post(url, {**form, "refresh_token": refresh}, timeout=10, allow_redirects=False)

    # Whoever connects uses the endpoint, too: the fault is for the request after that.
    assert renewed("redirect", status=307, after=1, location="http://127.0.0.1:1/").status_code == 307
    created = renewed("other_status", status=201, after=1)
    assert created.status_code == 201
    assert created.json()["access_token"].startswith("doo_v1_")
    assert b'"expires_in":1e15' in renewed("raw", at="expires_in", raw="1e15", after=1).content
    assert b'{"a":{"a":' in renewed("deep", levels=1000, after=1).content
    assert "dor_v1_" in renewed("echo", status=400, after=1, error="invalid_request").json()["error_description"]


def test_a_fault_can_be_switched_on_from_the_command_line() -> None:
    command = [sys.executable, "-m", "sandbox", "--quiet", "--droplets", "3", "--exit-with-stdin", "--fault"]
    wrong = subprocess.run([*command, '{"name": "nonsense"}'], cwd=ROOT, capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "no fault is called 'nonsense'" in wrong.stderr
    fault = json.dumps({"name": "status", "path": "/v2/volumes", "parameters": {"status": 503}})
    pipe = subprocess.PIPE
    with subprocess.Popen([*command, fault], cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        headers = {"Authorization": f"Bearer {ready['token']}"}
        assert requests.get(ready["api_base_url"] + "/v2/volumes", headers=headers, timeout=10).status_code == 503
        process.communicate()


def test_the_page_of_the_sandbox_lists_every_fault() -> None:
    page = (ROOT / "sandbox" / "README.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"`{name}`" not in page] == []
