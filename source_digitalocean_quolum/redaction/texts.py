"""Blanks secrets in texts, and tells which bytes cannot hold any."""

import re
from typing import Any

from source_digitalocean_quolum.redaction.names import is_secret_name, split_name
from source_digitalocean_quolum.redaction.own_secrets import own_secrets
from source_digitalocean_quolum.redaction.scanner import compile_scanner
from source_digitalocean_quolum.redaction.table import REMOVED, SHAPES, SIGNATURES, STEMS

# JSON may write any character as an escape: one of ASCII could be part of a hint. Programs in Go escape &, < and >.
_ESCAPED = r"\\u00(?:[4-7]|2[0-57-9a-fA-F]|3[0-9abdfABDF])"
_LONGEST_NAME = 100

# `password=x` of a DSN, a query or a script, and `"password": "x"` of JSON within a text.
_NAME = re.compile(rf"""([A-Za-z][A-Za-z0-9_.-]{{0,{_LONGEST_NAME - 1}}})(?:( *= *)|\\?["'] *: *(?=\\?["']))""")
_QUOTED = r"""\\"(?:(?!\\").)*\\"|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.|'')*'"""
# A quote within a bare value is part of it; before a comma, a bracket or the end it closes the text around. So are &
# and ; where no name follows, and what ends a sentence where it does not.
_BARE = (
    r"""(?![=>])(?:[^\s"'<>&;\\,.)\]}]|["'](?![\s,;}\]):&]|$)|[&;](?![A-Za-z0-9_.-]+=|\s|$)|[,.)\]}](?![\s"']|$))+"""
)
_QUOTED_VALUE, _ANY_VALUE = re.compile(_QUOTED), re.compile(f"{_QUOTED}|{_BARE}")
_NAMED_HINT = rf"""(?i)(?:{"|".join(STEMS)})[a-z0-9_.-]{{0,{_LONGEST_NAME}}}(?: *=|(?:\\*["]|') *:)"""
# What stands for a secret, or says whether there is one.
_PLACEHOLDER = re.compile(
    r"\$\{.*|\$[A-Z_][A-Z0-9_]*|\{\{.*|\{[\w. ]+\}|<.*|\*+|\[removed.*|"
    r"(?i:true|false|yes|no|on|off|none|null|nil|required|optional|)"
)

_SHAPES = [(re.compile(shape.pattern), compile_scanner(shape.in_text or shape.hint)) for shape in SHAPES]
_LITERAL_SHAPES = [one for one, shape in zip(_SHAPES, SHAPES, strict=True) if not shape.in_text]
# Apart: in one search with what is more than literals the engine jumps no longer, and takes ten times as long.
_has_literal = compile_scanner(*(shape.hint for shape in SHAPES if not shape.in_text))
_has_user_info = compile_scanner(*(shape.hint for shape in SHAPES if shape.in_text))
_has_escape = compile_scanner(_ESCAPED)
_is_shaped = compile_scanner(*(shape.in_text or shape.hint for shape in SHAPES))
_is_named = compile_scanner(_NAMED_HINT)
_is_utf8 = compile_scanner("")


def may_hold_secrets(content: bytes) -> bool:
    """Whether JSON or CSV could hold what redact_value blanks: false only where it cannot.

    Measured on a page of 200 Droplets of 2 KB: 0.7 us for each. What is rare is asked for byte by byte first.
    """
    is_escaped = b"\\" in content
    if _has_literal(content) or own_secrets.stand_in(content):
        return True
    if (is_escaped and _has_escape(content)) or (b"@" in content and _has_user_info(content)):
        return True
    # Where a page has assignments, they mostly stand in one place: its links.
    first, last = content.find(b"="), content.rfind(b"=")
    if last >= 0 and _is_named(_part(content, first - _LONGEST_NAME * 2, last + 1)):
        return True
    if (is_escaped or b"'" in content) and _is_named(content):
        return True
    # Nothing is known of what is no text.
    return not content.isascii() and not _is_utf8(content)


def holds_look_alikes_only(content: bytes) -> bool:
    """Whether JSON in which may_hold_secrets finds something is known to hold no secret after all.

    A name such as `disk-1` has the hint of a key (`sk-`). Where no text is escaped and none has user information or an
    assignment, the shapes themselves are looked for in all of the JSON: whatever is one in a text is one there.
    """
    if any(mark in content for mark in (b"\\", b"=", b"'")) or _has_user_info(content) or own_secrets.stand_in(content):
        return False
    if not _is_utf8(content):
        return False
    text = content.decode()
    return not any(is_hinted(content) and pattern.search(text) for pattern, is_hinted in _LITERAL_SHAPES)


def _part(content: bytes, start: int, end: int) -> bytes:
    # Cut between two characters.
    return content[max(0, start) : end].decode("utf-8", "ignore").encode()


def redact_text(text: str) -> str:
    """The text with everything that is shaped like a secret, and each of the run's own secrets, blanked.

    One that holds none is returned itself. Not for JSON as it is written: what is blanked may end beyond a quote.
    """
    text = own_secrets.redact(text)
    scanned = text if text.isascii() else text.encode("utf-8", "replace")
    if _is_shaped(scanned):
        for pattern, is_hinted in _SHAPES:
            if is_hinted(scanned):
                text = pattern.sub(_without_secret, text)
    return _without_named_secrets(text) if _is_named(scanned) else text


def redact_value(value: Any) -> Any:
    """A parsed JSON value with all its texts and keys redacted: objects and lists in place, however deep they are."""
    if isinstance(value, str):
        return redact_text(value)
    rest = [value]
    while rest:
        inner = rest.pop()
        if isinstance(inner, dict):
            _redact_keys(inner)
        members = inner.items() if isinstance(inner, dict) else enumerate(inner) if isinstance(inner, list) else ()
        for at, member in members:
            if isinstance(member, str):
                # Values change while they are gone through; keys do not.
                inner[at] = redact_text(member)
            elif isinstance(member, dict | list):
                rest.append(member)
    return value


def _redact_keys(value: dict[str, Any]) -> None:
    if all(redact_text(key) == key for key in value):
        return
    members = list(value.items())
    value.clear()
    for key, member in members:
        name = redacted = redact_text(key)
        while name in value:
            name = f"{redacted} {len(value) + 1}"
        value[name] = member


def _without_secret(found: re.Match[str]) -> str:
    group = found.lastindex
    if group is None:
        return REMOVED
    whole: str = found.group()
    begin = found.start()
    return whole[: found.start(group) - begin] + REMOVED + whole[found.end(group) - begin :]


def _without_named_secrets(text: str) -> str:
    parts, at = [], 0
    while found := _NAME.search(text, at):
        value = (_ANY_VALUE if found[2] else _QUOTED_VALUE).match(text, found.end())
        end = found.end()
        parts.append(text[at:end])
        if value and _is_secret_in_text(found[1]):
            quotes = re.match(r"""\\?["']|""", value.group())
            mark = quotes.group() if quotes else ""
            bare = value.group()[len(mark) : len(value.group()) - len(mark)]
            parts.append(value.group() if _PLACEHOLDER.fullmatch(bare) else f"{mark}{REMOVED}{mark}")
            end = value.end()
        at = end
    redacted = "".join((*parts, text[at:]))
    return text if redacted == text else redacted


def _is_secret_in_text(name: str) -> bool:
    """As is_secret_name, but for words that a text has for other things, such as `auth=PLAIN`."""
    joined = "".join(split_name(name))
    return joined in SIGNATURES or (is_secret_name(name) and not joined.endswith(("auth", "data", "bearer")))
