"""The secrets of the configuration are blanked in every text, whatever shape they have, and short words are not."""

import json
import threading
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_digitalocean_quolum.redaction import OwnSecrets, may_hold_secrets, own_secrets, redact_text, redact_value

CONFIG = {
    "credentials": {
        "auth_type": "oauth2.0",
        "client_id": "c",
        "client_secret": 'p"ass/wörd & more',
        "refresh_token": "refresh-of-the-tests",
        "token_expiry_date": "2026-01-01T00:00:00Z",
    },
    "spaces": {"secret_key": "spaces-of-the-tests"},
    "start_date": "2026-01-01T00:00:00Z",
}


@pytest.fixture(autouse=True)
def _own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in vars(OwnSecrets()).items():
        monkeypatch.setattr(own_secrets, name, value)


def test_the_secrets_of_a_configuration_are_blanked_and_nothing_else_of_it() -> None:
    own_secrets.learn(CONFIG)

    text = 'c oauth2.0 p"ass/wörd & more refresh-of-the-tests spaces-of-the-tests 2026-01-01T00:00:00Z'
    assert redact_text(text) == "c oauth2.0 [removed] [removed] [removed] 2026-01-01T00:00:00Z"
    assert redact_value({"refresh-of-the-tests": ["x refresh-of-the-tests"]}) == {"[removed]": ["x [removed]"]}


@pytest.mark.parametrize("secret", ["c", "id", "state", "record", "1234567"])
def test_a_short_one_corrupts_no_text(secret: str) -> None:
    own_secrets.learn({"credentials": {"client_secret": secret}})

    assert (
        redact_text('{"type":"STATE","state":{"id":"record 1234567"}}')
        == '{"type":"STATE","state":{"id":"record 1234567"}}'
    )


def test_a_secret_that_holds_another_one_disappears_whole() -> None:
    own_secrets.learn("token-one")
    own_secrets.learn("token-one-longer")

    assert redact_text("token-one-longer, token-one") == "[removed], [removed]"


def test_a_rotated_one_is_blanked_beside_the_old_one() -> None:
    own_secrets.learn(CONFIG)
    own_secrets.learn({"access_token": "renewed-of-the-tests", "expires_in": 5})

    assert redact_text("refresh-of-the-tests renewed-of-the-tests 5") == "[removed] [removed] 5"


@given(st.text(min_size=8, max_size=20).filter(lambda text: not {*text} <= {*"[removed]"}))
def test_a_secret_of_any_characters_is_found_in_texts_urls_and_json(secret: str) -> None:
    own = OwnSecrets()
    own.learn(secret)
    text = secret.encode("utf-8", "replace").decode()
    if secret == text:
        assert own.redact(f"a {secret} b") == "a [removed] b"
        assert own.redact(f"?x={quote(secret, safe='')}") == "?x=[removed]"
        for ascii_ in (True, False):
            assert own.stand_in(json.dumps(secret, ensure_ascii=ascii_).encode()) or may_hold_secrets(
                json.dumps(secret).encode()
            )


def test_the_quick_look_knows_them() -> None:
    own_secrets.learn(CONFIG)

    for secret in ("oauth2.0", "c", 'p"ass/wörd & more', "refresh-of-the-tests", "spaces-of-the-tests"):
        for content in (json.dumps({"a": secret}), json.dumps({"a": secret}, ensure_ascii=False)):
            assert may_hold_secrets(content.encode()) == (redact_text(secret) != secret)
            assert may_hold_secrets(content.replace("/", "\\/").encode()) == (redact_text(secret) != secret)


def test_threads_may_learn_and_look_at_the_same_time() -> None:
    def learn(number: int) -> None:
        for count in range(50):
            own_secrets.learn(f"secret-{number}-{count}-of-the-tests")
            assert redact_text(f"secret-{number}-{count}-of-the-tests") == "[removed]"

    threads = [threading.Thread(target=learn, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert redact_text("secret-0-0-of-the-tests secret-3-49-of-the-tests") == "[removed] [removed]"
