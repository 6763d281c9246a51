"""Reads what a person wrote or saved as JSON; what is wrong with it is said with line and column."""

import json
from collections.abc import Callable
from typing import Any


class UnusableFile(ValueError):
    """The content of a file cannot be used; the text says why and has no full stop."""


def decode(content: bytes, loads: Callable[[bytes], Any] = json.loads) -> Any:
    """The value of a JSON text, in UTF-8 whatever the locale. A faster `loads` may take what it can."""
    if not content.strip():
        raise UnusableFile("it is empty")
    try:
        try:
            return loads(content)
        except json.JSONDecodeError:
            # Python's own reads more (UTF-16, as PowerShell writes it) and has the better words.
            return json.loads(content)
    except json.JSONDecodeError as error:
        raise UnusableFile(f"it is not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except UnicodeDecodeError:
        raise UnusableFile("it is not text in UTF-8") from None
    except RecursionError:
        raise UnusableFile("it is nested too deeply") from None
