"""No secret reaches a terminal, a log or a report."""

from __future__ import annotations

from warehouse.sync.redaction import Redactor


def test_every_string_under_a_secret_name_is_masked() -> None:
    redact = Redactor()
    redact.learn(
        {
            "credentials": {"auth_type": "access_token", "client_id": "app-id-1", "access_token": "tok-value-1"},
            "proxy": [{"password": "p4ssw0rd!"}],
            "start_date": "2026-01-01",
        }
    )
    text = redact("app-id-1 tok-value-1 p4ssw0rd! access_token 2026-01-01")
    assert text == "**** **** **** access_token 2026-01-01"


def test_a_rotated_secret_is_masked_beside_the_old_one() -> None:
    redact = Redactor()
    redact.learn({"credentials": {"refresh_token": "token-one"}})
    redact.learn({"credentials": {"refresh_token": "token-one-longer"}})
    assert redact("token-one-longer, token-one") == "****, ****"


def test_tokens_and_url_passwords_nobody_announced_are_masked_by_their_shape() -> None:
    token = "dop_v1_" + "a" * 64
    text = Redactor()(f"GET {token} postgresql://me:p@ss@db.example/x postgresql://me@db.example/x")
    assert token not in text
    assert "p@ss" not in text
    assert "postgresql://me:****@" in text
    assert "postgresql://me@db.example/x" in text
