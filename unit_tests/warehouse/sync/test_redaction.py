"""No secret reaches a terminal, a log or a report, and nothing harmless is blanked."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit_tests.redaction.secrets import HARMLESS, NAMED, SECRETS
from warehouse.sync.redaction import Redactor
from warehouse.sync.secret_shapes import SHAPES, is_secret_name

KINDS = {**SECRETS, **NAMED}
# What may stand around a secret within the same text.
before = st.sampled_from(["", " ", "see: ", "(", "ü ", "\n", '"', "'", "url="])
behind = st.sampled_from(["", " ", " b", ")", "\n", '"', "'", ", a@b", " then https://a@b"])


def test_every_string_under_a_secret_name_is_masked() -> None:
    redact = Redactor()
    redact.learn(
        {
            "credentials": {
                "auth_type": "access_token",
                "client_id": "app-id-1",
                "access_token": "tok-value-1",
                "token_expiry_date": "2026-02-01",
            },
            "proxy": [{"password": "p4ssw0rd!"}],
            "start_date": "2026-01-01",
        }
    )
    text = redact("app-id-1 tok-value-1 p4ssw0rd! access_token 2026-01-01 2026-02-01")
    assert text == "**** **** **** access_token 2026-01-01 2026-02-01"


def test_a_rotated_secret_is_masked_beside_the_old_one() -> None:
    redact = Redactor()
    redact.learn({"credentials": {"refresh_token": "token-one"}})
    redact.learn({"credentials": {"refresh_token": "token-one-longer"}})
    assert redact("token-one-longer, token-one") == "****, ****"


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_secret_nobody_announced_is_masked_by_its_shape_or_its_name(kind: str) -> None:
    @given(KINDS[kind], before, behind)
    def check(marked: str, ahead: str, after: str) -> None:
        secret = marked.split("|")[1]
        redacted = Redactor()(ahead + marked.replace("|", "") + after)
        assert secret not in redacted
        assert "****" in redacted
        assert Redactor()(redacted) == redacted

    check()


def test_every_shape_is_tested() -> None:
    assert set(SHAPES) <= set(SECRETS)


@given(st.lists(st.sampled_from(HARMLESS) | st.text(max_size=5), max_size=4), st.sampled_from(" \n,;"))
def test_harmless_texts_pass_whole(texts: list[str], between: str) -> None:
    text = f"{between} ".join(texts)
    assert Redactor()(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "The warehouse PostgreSQL db.example, database app, schema digitalocean went away: server closed it",
        "30 streams into PostgreSQL db.example:25060, database app, schema digitalocean",
        "postgresql://me@db.example/x",
        "Waiting for DigitalOcean's rate limit: the next request goes out at 10:00:00 UTC, in 58 s.",
        'Requests made: {"droplets": 4, "spaces_keys": 1, "dedicated_inference_tokens": 2}',
    ],
)
def test_what_the_host_itself_says_passes_whole(text: str) -> None:
    assert Redactor()(text) == text


def test_the_password_of_an_url_goes_whatever_it_holds() -> None:
    for password in ("p@ss", "p/a@s:s", "it's", 'say"x"', "a?b", "100%"):
        redacted = Redactor()(f'could not connect to "postgresql://me:{password}@db.example/x": refused')
        assert redacted == 'could not connect to "postgresql://****@db.example/x": refused', password


@given(st.text(min_size=6, max_size=20).filter(lambda text: text.encode("utf-8", "replace").decode() == text))
def test_a_secret_of_any_characters_is_found_in_texts_urls_and_json(secret: str) -> None:
    redact = Redactor()
    redact.learn(secret)
    for form in (secret, quote(secret, safe=""), json.dumps(secret), json.dumps(secret, ensure_ascii=False)):
        assert form.strip('"') not in redact(f"a {form} b") or set(secret) <= set("*")


@pytest.mark.parametrize("name", ["password", "clientSecret", "api-key", "DB_PASSWORD", "refresh_token", "token_2"])
def test_names_that_mean_a_secret(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["next_page_token", "token_count", "password_policy", "secret_name", "key", "monkey"])
def test_names_that_mean_none(name: str) -> None:
    assert not is_secret_name(name)
