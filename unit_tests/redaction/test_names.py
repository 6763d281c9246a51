"""Names that mean a secret, as people write them, and names that only speak of one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_digitalocean_quolum.redaction import is_secret_field, is_secret_name
from source_digitalocean_quolum.redaction.table import SECRET_NAMES

SECRET = [
    *("password", "db_password", "DB_PASSWORD", "dbPassword", "admin-password", "passwords", "passwd", "pwd"),
    *("passphrase", "smtp_pass", "pass", "password_2", "secret", "secrets", "client_secret", "clientSecret"),
    *("CLIENT_SECRET", "client-secret", "clientsecret", "webhook_secret", "secret_value", "private_key"),
    *("privateKey", "private-key", "ssh_private_key", "privatekey", "private_key_pem", "PrivateKey"),
    *("secret_key", "secretKey", "api_key", "apiKey", "apikey", "API_KEY", "api_keys", "APIKey", "X-Api-Key"),
    *("access_key", "access_key_2", "secret_access_key", "auth_key", "encryption_key", "access_token"),
    *("accessToken", "refresh_token", "token", "hf_token", "auth-token", "bot.token", "access_tokens"),
    *("session_token", "id_token", "credentials", "credential", "registry_credentials", "creds", "kubeconfig"),
    *("auth", "basic_auth", "authorization", "proxy-authorization", "dsn", "sentry_dsn", "connection_string"),
    *("connectionString", "DATABASE_CONNECTION_URI", "client-key-data", "user_data", "cookie", "set-cookie"),
    *("access_cert", "OAuthToken", "jwt", "webhook_url"),
]
HARMLESS = [
    *("name", "id", "key", "value", "url", "uri", "title", "user", "username", "email", "public_key"),
    *("ssh_key", "ssh_keys", "fingerprint", "primary_key", "partition_key", "secret_name", "token_count"),
    *("max_tokens", "total_tokens", "input_tokens", "tokens", "prompt_tokens", "next_page_token"),
    *("nextPageToken", "page_token", "continuation_token", "eos_token", "password_policy"),
    *("password_encryption", "passwordPolicy", "token_expiry_date", "token_type", "credentials_expire_at"),
    *("api_key_uuid", "api_key_id", "access_key_id", "auth_method", "auth_type", "authority", "author"),
    *("max_connections", "connections_used", "connection_timeout", "certificate", "certificate_id"),
    *("encrypted_at", "monkey", "turkey", "bypass", "passing", "compass", "broken", "secretary", "keyboard"),
    *("tokenizer", "kubernetes", "data", "metadata", "user_database", "description"),
]


@pytest.mark.parametrize("name", SECRET)
def test_a_name_that_means_a_secret(name: str) -> None:
    assert is_secret_name(name)
    assert is_secret_field(name, "x")


@pytest.mark.parametrize("name", HARMLESS)
def test_a_name_that_means_none(name: str) -> None:
    assert not is_secret_name(name)
    assert not is_secret_field(name, "x")


@given(
    st.sampled_from(sorted(SECRET_NAMES)),
    st.sampled_from(["db", "my", "team", "old"]),
    st.sampled_from(["_", "-", ".", ""]),
)
def test_every_name_of_the_table_means_a_secret_behind_other_words(ending: str, first: str, between: str) -> None:
    assert is_secret_name(first + between + ending)
    assert is_secret_name(first + between + ending + "s") is (ending != "token")


@given(st.text(max_size=30))
def test_any_text_may_be_a_name(name: str) -> None:
    assert is_secret_name(name) in (True, False)


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("connection", {"host": "h", "user": "u"}, True),
        ("readReplicaConnection", {"uri": "x"}, True),
        ("private-connections", [{"host": "h"}, {"password": "p"}], True),
        ("connection", {"host": "h", "port": 1}, False),
        ("connection", "wifi", False),
        ("connections", 97, False),
        ("credentials", {"a": 1}, True),
        ("api_keys", ["a"], True),
        ("password", 1234, True),
        ("token", 5, False),
        ("secret", True, False),
        ("allow_credentials", True, False),
        ("secret", False, False),
        ("password", None, False),
        ("password", "", False),
    ],
)
def test_a_secret_is_told_by_its_value_too(name: str, value: object, secret: bool) -> None:
    assert is_secret_field(name, value) is secret
