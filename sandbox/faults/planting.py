"""Plants recognisable secrets in an answer: in any text, under names that mean a secret, and as keys."""

from collections.abc import Iterator
from random import Random
from typing import Any
from zlib import crc32

from sandbox.faults.places import Body, Parameters

# A part of every planted secret: whoever finds it in what a client says has found a leak. Hexadecimal, as tokens are.
MARK = "5ec2e75ec2e7"
# Each shape once, made when it is planted.
_SHAPES = (
    "dop_v1_{hex}",
    "doo_v1_{hex}",
    "AVNS_{mark}Zq8xTtK1",
    "ghp_{mark}0aB1cD2eF3gH4iJ5kL6mN7oP",
    "glpat-{mark}0aB1cD2e",
    "xoxb-123456789012-1234567890123-{mark}aBcDeFgHiJkL",
    "https://hooks.slack.com/services/T01234567/B01234567/{mark}aBcDeFgHiJkL",
    "postgres://doadmin:{mark}@db.example:25060/defaultdb?sslmode=require",
    "https://{mark}0aB1cD2eF3gH4iJ5kL:x-oauth-basic@github.com/team/repo",
    "host=db.example user=doadmin password={mark} dbname=x",
    "-----BEGIN PRIVATE KEY-----\n{mark}MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----",
    "Authorization: Bearer {mark}0aB1cD2eF3gH4iJ5kL6mN7oP",
)
_NAMES = (
    "password",
    "privateKey",
    "client-secret",
    "api_key",
    "access_token",
    "db_password",
    "secretKey",
    "kubeconfig",
)


def plant(body: Body, _key: str | None, url: str, parameters: Parameters) -> None:
    """In a `share` of all texts (0.3), in every object a field whose name means a secret; chosen by `seed` and URL."""
    chance = Random(crc32(f"{parameters.get('seed', 0)} {url}".encode()))
    share = float(parameters.get("share", 0.3))
    for node in list(_containers(body)):
        for place, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
            if isinstance(value, str) and chance.random() < share:
                node[place] = f"{value} {_secret(chance)}" if chance.random() < 0.5 else _secret(chance)
        if isinstance(node, dict) and chance.random() < share:
            node[chance.choice(_NAMES)] = MARK
        if isinstance(node, dict) and chance.random() < share / 4:
            node["labels_of_tomorrow"] = {f"dop_v1_{MARK * 5}abcd": 1}


def _secret(chance: Random) -> str:
    hexadecimal = (MARK + f"{chance.getrandbits(208):052x}")[:64]
    return chance.choice(_SHAPES).format(mark=MARK, hex=hexadecimal)


def _containers(node: Any) -> Iterator[Any]:
    if isinstance(node, dict | list):
        yield node
        for value in list(node.values() if isinstance(node, dict) else node):
            yield from _containers(value)
