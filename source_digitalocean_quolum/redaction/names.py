"""Whether the name of a field means that it holds a secret."""

import re
from functools import lru_cache
from typing import Any

from source_digitalocean_quolum.redaction.table import (
    HARMLESS_TOKENS,
    NAME_VALUE_LISTS,
    SECRET_NAMES,
    SECRET_TOKENS,
    WORDS_BESIDE,
)

_ENDING = re.compile(rf"(?:{'|'.join(SECRET_NAMES)})$")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# A connection that names its user holds the password, too.
_OF_A_LOGIN = frozenset({"user", "username", "password", "uri", "url", "dsn"})


def split_name(name: str) -> list[str]:
    """The words of a name in snake_case, camelCase or kebab-case, in small letters."""
    return [word.lower() for word in _WORDS.findall(name)]


@lru_cache(4096)
def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret, in snake_case, camelCase, kebab-case or in one word.

    The end of a name decides, as in English: `next_page_token` and `password_policy` hold none.
    """
    words = split_name(name)
    while len(words) > 1 and (words[-1] in WORDS_BESIDE or words[-1].isdigit()) and not _ENDING.search("".join(words)):
        words.pop()
    joined = "".join(words)
    if joined.endswith("tokens"):
        return joined.endswith(SECRET_TOKENS)
    if words and words[-1] == "pass":
        return True
    is_secret = _ENDING.search(joined) or _ENDING.search(joined.removesuffix("s"))
    return is_secret is not None and not joined.endswith(HARMLESS_TOKENS)


def is_secret_field(name: str, value: Any) -> bool:
    """Whether a field holds a secret, by its name and by whether its value can be one.

    Nothing, a boolean and (but for a password) a number are none. A connection is one if it names its user.
    """
    if not value or value is True:
        return False
    if isinstance(value, int | float):
        return is_secret_name(name) and "pass" in name.lower()
    if "".join(split_name(name)).removesuffix("s").endswith("connection"):
        members = value if isinstance(value, list) else [value]
        return any(isinstance(member, dict) and _OF_A_LOGIN & member.keys() for member in members)
    return is_secret_name(name)


def is_secret_list(name: str) -> bool:
    """Whether the members of a list of this name are names with values that are secret, whatever the names are."""
    return "".join(split_name(name)) in NAME_VALUE_LISTS
