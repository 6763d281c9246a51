"""What has the shape of a secret is blanked wherever it stands, what only looks like one is kept, and the quick look
before it misses nothing."""

import json
import re
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from benchmarks.droplet import droplet
from source_digitalocean_quolum.redaction import holds_look_alikes_only, may_hold_secrets, redact_text, redact_value
from source_digitalocean_quolum.redaction.table import SECRET_NAMES, SHAPES, STEMS
from unit_tests.redaction.secrets import HARMLESS, NAMED, SECRETS

KINDS = {**SECRETS, **NAMED}
# What may stand around a secret within the same text.
around = st.sampled_from(["", " ", "a ", "see: ", "(", "ü ", "\n", "x\t", '"', "'", "url="])
behind = st.sampled_from(["", " ", " b", ")", "\n", " ü", '"', "'", ", a@b", '","x":"a@b"', " then https://a@b"])
harmless = st.lists(st.sampled_from(HARMLESS), max_size=3).map(" ".join)


def secret_of(marked: str) -> tuple[str, str]:
    """The text without its bars, and what stood between them."""
    return marked.replace("|", ""), marked.split("|")[1]


def written(value: Any) -> list[bytes]:
    """The same JSON as different programs write it."""
    plain, compact = json.dumps(value), json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    go = compact.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return [text.encode() for text in (plain, compact, go, plain.replace("/", "\\/"), compact.replace("/", "\\/"))]


def escaped(text: str) -> bytes:
    """A JSON text of which every character is an escape."""
    units = text.encode("utf-16-be")
    return b'"%s"' % b"".join(b"\\u%02x%02x" % (units[at], units[at + 1]) for at in range(0, len(units), 2))


@pytest.mark.parametrize("kind", [shape.name for shape in SHAPES])
def test_every_shape_of_the_table_is_tested_and_has_a_reason(kind: str) -> None:
    assert kind in SECRETS
    assert [shape.reason for shape in SHAPES if shape.name == kind and shape.reason]


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_is_blanked_wherever_it_stands(kind: str) -> None:
    @given(KINDS[kind], around, behind)
    def check(marked: str, before: str, after: str) -> None:
        text, secret = secret_of(marked)
        redacted = redact_text(before + text + after)

        assert secret not in redacted
        assert "[removed]" in redacted
        assert redact_text(redacted) == redacted

    check()


@pytest.mark.parametrize("kind", KINDS)
def test_the_quick_look_misses_no_shape_however_json_writes_it(kind: str) -> None:
    @given(KINDS[kind], around, behind, st.booleans())
    def check(marked: str, before: str, after: str, as_key: bool) -> None:
        text = before + secret_of(marked)[0] + after
        for content in (*written([{"a": [{text: 1} if as_key else {"b": text}]}]), escaped(text)):
            assert may_hold_secrets(content)
            assert not holds_look_alikes_only(content)

    check()


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_secret_is_kept(text: str) -> None:
    assert redact_text(text) is text


@given(st.lists(st.sampled_from(HARMLESS) | st.text(max_size=5), max_size=4), st.sampled_from(" \n,;"))
def test_harmless_texts_are_kept_together_too(texts: list[str], between: str) -> None:
    text = f"{between} ".join(texts)

    assert redact_text(text) == text


PIECES = [
    *("://", "@", ":", "/", "=", '"', "\\", "'", "password", "token", "sk-", "eyJ", ".", "_v1_", "dop"),
    *("AVNS_", "Bearer ", "aaaaaaaaaaaaaaaaaaaa", "0000000000000000", "\u00e9", "\u0000", "\ud800", " ", "&"),
    *("?", "https", "AKIAAAAAAAAAAAAAAAAA", "DO000000000000000000", "PRIVATE KEY", "-----BEGIN ", "-----"),
    *("ghp_", "xoxb-", "hf_", "uthorization", "Basic ", "@tcp(", "\n", ",", "<", "[removed]"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.integers(0, 5))
@example("a://\ud800:b@c", 0)
def test_bytes_that_pass_the_quick_look_hold_nothing_to_blank(text: str, how: int) -> None:
    clean = text.encode("utf-8", "replace").decode()
    content = [*written([clean]), b"[%s]" % escaped(clean)][how]
    if not may_hold_secrets(content) or holds_look_alikes_only(content):
        assert redact_value(json.loads(content)) == [clean]
    assert redact_text(redact_text(text)) == redact_text(text)


def test_bytes_that_are_no_text_are_looked_at() -> None:
    assert may_hold_secrets(b'{"a": "\xff"}')
    assert not may_hold_secrets('{"a": "ü"}'.encode())


def test_a_quick_look_passes_what_a_list_of_droplets_holds() -> None:
    page = {
        "droplets": [
            {"id": 1, "name": "web-1", "image": {"slug": "ubuntu-22-04-x64", "description": "R&D, it's 5 > 4"}}
        ],
        "links": {"pages": {"next": "https://api.digitalocean.com/v2/droplets?page=2&per_page=200"}},
        "meta": {"total": 600},
    }

    assert [may_hold_secrets(content) for content in written(page)] == [False] * 5


def test_keys_are_redacted_as_values_are_and_none_is_lost() -> None:
    one, two = "dop_v1_" + "a" * 64, "dop_v1_" + "b" * 64
    value = {one: 1, "kept": {two: [one, {"x": two}], one: None}, two: 2}

    redacted = redact_value(value)

    assert "_v1_" not in json.dumps(redacted)
    assert sorted(redacted.values(), key=str) == [
        1,
        2,
        {"[removed]": ["[removed]", {"x": "[removed]"}], "[removed] 2": None},
    ]


def test_a_value_is_redacted_however_deep_it_is() -> None:
    value: Any = "dop_v1_" + "a" * 64
    for _ in range(5_000):
        value = [{"a": value}]

    redacted = redact_value(value)
    while not isinstance(redacted, str):
        redacted = redacted[0]["a"]

    assert redacted == "[removed]"


def test_only_the_secret_part_of_a_text_is_blanked() -> None:
    token = "dop_v1_" + "b" * 64
    for text, wanted in {
        f"export T={token}; run": "export T=[removed]; run",
        "postgresql://doadmin:p4ss.w0rd@db.example:25060/app": "postgresql://[removed]@db.example:25060/app",
        "https://:s3cr3t-word@git.example/x": "https://[removed]@git.example/x",
        "amqp://u:p@one.example and mqtt://v:q@two.example": "amqp://[removed]@one.example and mqtt://[removed]@two.example",
        "amqp://u:p@one,amqp://v:q@two": "amqp://[removed]@one,amqp://[removed]@two",
        '{"uri":"postgres://u:p@h/d","mail":"a@b"}': '{"uri":"postgres://[removed]@h/d","mail":"a@b"}',
        "https://u:p@h/x?mail=a@b": "https://[removed]@h/x?mail=a@b",
        "postgres://u:p@s/s'w\"o@h/d": "postgres://[removed]@h/d",
        "host=a password=b&c user=d": "host=a password=[removed] user=d",
        "https://a/b?token=x&page=2": "https://a/b?token=[removed]&page=2",
        "Authorization: Basic dXNlcjpwYXNz": "Authorization: Basic [removed]",
        "say Bearer abc.DEF-123456": "say Bearer [removed]",
        "https://hooks.slack.com/services/T0/B0/abcdefgh": "https://hooks.slack.com/services/[removed]",
    }.items():
        assert redact_text(text) == wanted


def test_the_names_of_the_table_end_in_words_that_texts_are_searched_for() -> None:
    assert [name for name in SECRET_NAMES if not re.search(rf"({'|'.join(STEMS)})[a-z]*$", name)] == []


def test_a_page_as_digitalocean_writes_it_holds_no_hint_of_a_secret() -> None:
    assert not may_hold_secrets(orjson.dumps({"droplets": [droplet(number) for number in range(200)]}))


@pytest.mark.parametrize("name", ["disk-1", "task-runner-eu-central-1-0042", "web-sk-1", "a_v1_b", "hf_test"])
def test_a_name_that_only_looks_like_a_secret_is_known_as_one_at_once(name: str) -> None:
    content = orjson.dumps({**droplet(1), "name": name})

    assert may_hold_secrets(content)
    assert holds_look_alikes_only(content)
