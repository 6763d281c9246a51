"""Secrets in what DigitalOcean answers, and in the configuration, never appear in any line of output."""

import json
from pathlib import Path
from typing import Any

import pytest

import source_digitalocean_quolum
from unit_tests.mock_server.clock import fake_clock
from unit_tests.mock_server.commands import TOKEN, Output, read, token_config
from unit_tests.mock_server.server import PAGE, DigitalOcean, Reply, digitalocean, error
from unit_tests.mock_server.world import World

_LIST = Path(source_digitalocean_quolum.__file__).parent / "schemas" / "removed_secrets.json"
REMOVED: dict[str, list[str]] = json.loads(_LIST.read_text(encoding="utf-8"))
MARK = "planted-secret"


def plant(row: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a path such as `users[].password`, into both members of every list on the way."""
    name, _, rest = path.partition(".")
    if not rest:
        row[name] = value
        return
    if name.endswith("[]"):
        members = row.setdefault(name[:-2], [{"name": "first"}, {"name": "second"}])
        for member in members:
            plant(member, rest, value)
        return
    plant(row.setdefault(name, {}), rest, value)


def reached(row: dict[str, Any], path: str) -> bool:
    """Whether the object that held the secret is still there: only the secret itself is removed."""
    *way, _ = path.split(".")
    place: Any = row
    for name in way:
        place = place.get(name.removesuffix("[]")) if isinstance(place, dict) else None
        place = place[-1] if isinstance(place, list) and place else place
    return isinstance(place, dict)


def no_line_holds(output: Output, *secrets: str) -> None:
    for line in output.lines:
        for secret in secrets:
            assert secret not in line


@pytest.fixture(scope="module", params=[False, True], ids=["info", "debug"])
def planted(request: pytest.FixtureRequest) -> Output:
    """A sync of every stream that could hold secrets, of an account that holds one at every known place."""
    world = World()
    for stream, paths in REMOVED.items():
        for number, path in enumerate(paths):
            shapes: list[Any] = [f"{MARK}-{number}", {"password": f"{MARK}-{number}"}, [f"{MARK}-{number}"]]
            for row in world.rows[stream]:
                plant(row, path, shapes[number % 3])
    with fake_clock(), digitalocean() as api:
        api.otherwise = world
        output = read(*REMOVED, debug=request.param, config=token_config())
    assert any(MARK in str(row) for row in world.rows["apps"])
    return output


def test_planted_secrets_never_come_out(planted: Output) -> None:
    no_line_holds(planted, MARK)
    assert not planted.failed


@pytest.mark.parametrize("stream", sorted(REMOVED))
def test_only_the_secret_itself_is_removed(planted: Output, stream: str) -> None:
    rows = planted.rows(stream)

    assert rows
    for row in rows:
        assert [path for path in REMOVED[stream] if not reached(row, path)] == []


SHAPES = {
    "dop_v1_" + "b" * 64: "[removed]",
    "doo_v1_" + "0" * 64: "[removed]",
    "export T=dor_v1_" + "b" * 64 + "; run": "export T=[removed]; run",
    "postgresql://doadmin:p4ss.w0rd@db.example:25060/app": "postgresql://[removed]@db.example:25060/app",
    "https://:s3cr3t-word@git.example/x": "https://[removed]@git.example/x",
    "redis://default:a%2Fb@r.example": "redis://[removed]@r.example",
    "amqp://u:p@one.example and mqtt://v:q@two.example": (
        "amqp://[removed]@one.example and mqtt://[removed]@two.example"
    ),
}
KEPT = [
    "https://cloud.digitalocean.com/droplets/1",
    "git@github.com:quolum/app.git",
    "ssh://git@github.com/quolum/app",
    "mail ops@example.com about 10:30",
    "https://example.com/path:with@sign",
    "dop_v1_ is how tokens begin",
]


def test_tokens_and_credentialed_addresses_are_blanked_wherever_they_stand(api: DigitalOcean) -> None:
    texts = [*SHAPES, *KEPT]
    row = {
        "id": 1,
        "name": texts[0],
        "tags": texts,
        "undeclared": {"deep": [{"er": text} for text in texts]},
    }
    api.lists("/v2/droplets", "droplets", [row], {"type": "droplets"})
    api.lists("/v2/droplets", "droplets", [], {"type": "gpus"})

    output = read("droplets", debug=True)

    (record,) = output.rows("droplets")
    wanted = [*SHAPES.values(), *KEPT]
    assert record["tags"] == wanted
    assert record["name"] == "[removed]"
    assert [inner["er"] for inner in record["undeclared"]["deep"]] == wanted
    no_line_holds(output, "b" * 64, "0" * 64, "p4ss.w0rd", "s3cr3t-word", "a%2Fb")


def test_an_escaped_token_is_blanked_too(api: DigitalOcean) -> None:
    escaped = b'{"volumes": [{"id": "a", "name": "dop\\u005fv1\\u005f%s"}]}' % (b"b" * 64)
    api.on("/v2/volumes", PAGE, Reply(escaped))

    no_line_holds(read("volumes"), "b" * 64)


def test_an_escaped_password_in_an_address_is_blanked_too(api: DigitalOcean) -> None:
    escaped = b'{"volumes": [{"id": "a", "name": "https:\\/\\/me:planted-secret\\u0040example.com\\/"}]}'
    api.on("/v2/volumes", PAGE, Reply(escaped))

    no_line_holds(read("volumes"), MARK)


@pytest.mark.parametrize("debug", [False, True])
def test_an_error_that_repeats_secrets_does_not_print_them(api: DigitalOcean, debug: bool) -> None:
    said = f"token {'dop_v1_' + 'b' * 64} via postgres://u:{MARK}@db.example failed"
    api.on("/v2/volumes", PAGE, error(422, "bad", said))

    output = read("volumes", debug=debug, expect_failure=True)

    no_line_holds(output, "b" * 64, MARK)
    assert output.failed


def test_the_token_of_the_configuration_is_masked_even_when_digitalocean_repeats_it(api: DigitalOcean) -> None:
    api.on("/v2/volumes", PAGE, error(422, "bad", f"you sent {TOKEN}"))

    output = read("volumes", config=token_config(), debug=True, expect_failure=True)

    no_line_holds(output, TOKEN)


# Fields that DigitalOcean may add tomorrow, by the stream whose records would hold them.
NEW_FIELDS: dict[str, dict[str, Any]] = {
    "apps": {
        "spec": {
            "gpu_workers": [{"name": "g", "envs": [{"key": "A", "value": MARK}, {"key": "B", "value": MARK}]}],
            "services_v2": [{"name": "s", "image": {"registry_credentials": MARK, "tag": "kept"}}],
            "databases": [{"name": "d", "envs": [{"key": "A", "value": MARK}]}],
        }
    },
    "database_clusters": {"read_replica_connection": {"user": "doadmin", "password": MARK, "host": "h"}},
    "monitoring_destinations": {"config": {"credentials": {"password": MARK}}},
    "genai_anthropic_keys": {"api_key": MARK},
    "genai_openai_keys": {"api_key": MARK},
    "genai_agents": {"api_keys": [{"api_key": MARK}]},
    "spaces_keys": {"secret_key": MARK},
    "function_access_keys": {"secret": MARK},
    "function_triggers": {"scheduled_details": {"cron": "* * * * *", "body": {"name": MARK, "any": [MARK]}}},
    "volumes": {
        "clientSecret": MARK,
        "kube-config": {"users": [{"client-key-data": MARK}]},
        "settings": [{"key": "DB_PASSWORD", "value": MARK}, {"deep": [{"auth": {"a": MARK}, "dsn": MARK}]}],
        "database_url": f"postgres://doadmin:{MARK}@/'@h/d",
        "repo_clone_url": f"https://ghp_{'a1' * 20}@github.com/a/b",
        "note": "AVNS_" + "a1" * 10,
        "by_token": {"dop_v1_" + "b" * 64: 1},
        "name": {"password": MARK},
    },
}


def test_what_is_new_is_judged_by_name_and_by_shape(api: DigitalOcean) -> None:
    world = World()
    for stream, fields in NEW_FIELDS.items():
        for row in world.rows[stream]:
            for name, value in fields.items():
                row[name] = {**row[name], **value} if isinstance(row.get(name), dict) else value
    api.otherwise = world

    output = read(*NEW_FIELDS, config=token_config())

    for stream in NEW_FIELDS:
        assert output.rows(stream), stream
        assert output.status(stream) == "COMPLETE"
    no_line_holds(output, MARK, "a1a1a1a1", "b" * 64)
    (app,) = output.rows("apps")
    assert app["spec"]["gpu_workers"] == [{"name": "g", "envs": [{"key": "A"}, {"key": "B"}]}]
    assert app["spec"]["services_v2"] == [{"name": "s", "image": {"tag": "kept"}}]
    (volume,) = output.rows("volumes")
    assert volume["settings"] == [{"key": "DB_PASSWORD"}, {"deep": [{}]}]


def test_new_fields_are_kept_and_named_where_they_are_harmless(api: DigitalOcean) -> None:
    new = {"secret_name": "a", "token_count": 5, "digest": "sha256:" + "9f" * 32, "max_tokens": {"a": [1]}}
    api.lists("/v2/volumes", "volumes", [{"id": "a", "name": "token-service", **new}, {"id": "b", "password": MARK}])

    output = read("volumes")

    assert output.rows("volumes") == [{"id": "a", "name": "token-service", **new}, {"id": "b"}]
    (line,) = [line for line in output.log().splitlines() if "does not declare" in line]
    for name in (*new, "password"):
        assert name in line
    no_line_holds(output, MARK)
