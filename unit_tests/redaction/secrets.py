"""Texts that are secrets, by the name of their shape, and texts that only look like them; made when tests run."""

from hypothesis import strategies as st

_ALNUM = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def _some(least: int, most: int | None = None, alphabet: str = _ALNUM) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=least, max_size=most or least + 20)


def _glued(*parts: str | st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*(st.just(part) if isinstance(part, str) else part for part in parts)).map("".join)


def _key(kind: str) -> st.SearchStrategy[str]:
    return _glued(
        f"-----BEGIN {kind}PRIVATE KEY-----\n", _some(40, 80, _ALNUM + "+/\n"), f"\n-----END {kind}PRIVATE KEY-----"
    )


# Passwords that nobody encoded: with all that ends a URI's user information, and none that is a port.
_password = _some(4, 20, _ALNUM + "@/'\"!$%&*+,;=~^.-").filter(lambda text: text[0].isalpha() and '",' not in text)
_host = st.sampled_from(["h", "db.example:25060/app", "10.0.0.1:80", "[::1]:5432/x?sslmode=require", "one.example/d#x"])

# The part of each text that must be gone stands between two bars.
SECRETS: dict[str, st.SearchStrategy[str]] = {
    "DigitalOcean token": _glued(
        "|", st.sampled_from(["dop", "doo", "dor", "dof"]), "_v1_", _some(16, 64, "0123456789abcdef"), "|"
    ),
    "database password": _glued("|AVNS_", _some(15, 20, _ALNUM + "_-"), "|"),
    "URI password": _glued(
        st.sampled_from(["postgres", "https", "mongodb+srv", "redis", "amqp"]),
        st.sampled_from(["://", ":\\/\\/"]),
        st.sampled_from(["doadmin", "", "me@example.com", "u-1"]),
        ":|",
        _password.filter(lambda text: "\\" not in text),
        "|@",
        _host,
    ),
    "URI token": _glued("https://|x1", _some(20, 40), "|", st.sampled_from(["", ":"]), "@git.example/a/b.git"),
    "DSN of a driver": _glued("root:|", _some(4), "|@", st.sampled_from(["tcp(db:3306)/x", "unix(/run/x.sock)/x"]))
    | _glued("jdbc:oracle:thin:scott/|", _some(4), "|@//db.example:1521/x"),
    "private key": _glued("|", st.sampled_from(["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "]).flatmap(_key), "|"),
    "private key in Base64": _glued(
        "|",
        st.sampled_from(
            [
                "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQo",
                "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk",
                "LS0tLS1CRUdJTiBPUEVOU1NIIFBSSVZBVEUgS0VZLS0tLS0K",
            ]
        ),
        _some(40),
        "|",
    ),
    "key of an inference provider": _glued(
        "|sk-", st.sampled_from(["", "proj-", "ant-api03-", "do-"]), "a1", _some(40), "|"
    ),
    "GitHub token": _glued("|", st.sampled_from(["ghp_", "gho_", "ghs_", "github_pat_11AA_"]), _some(36), "|"),
    "GitLab token": _glued("|", st.sampled_from(["glpat-", "glrt-", "gldt-"]), _some(20, 30, _ALNUM + "_-"), "|"),
    "Slack token": _glued("|", st.sampled_from(["xoxb-123-", "xoxp-", "xapp-1-"]), _some(24), "|"),
    "web hook": _glued("https://hooks.slack.com/services/|T", _some(8), "/B", _some(8), "/", _some(24), "|")
    | _glued("https://discord.com/api/webhooks/|123456789/", _some(40), "|"),
    "bearer token": _glued("curl -H 'x: Bearer |", _some(20, 60, _ALNUM + "-._~"), "|'"),
    "Authorization header": _glued("Authorization: Basic |", _some(12, 40), "|"),
    "JSON Web Token": _glued("|eyJ", _some(10), ".", _some(10), ".", _some(10), "|"),
    "pair of AWS or Spaces keys": _glued(
        "AKIA", _some(16, 16, "ABCDEFG234567"), st.sampled_from([":", ", ", "\n"]), "|", _some(36, 36), "xY/z", "|"
    )
    | _glued("DO00", _some(16, 16, "ABCDEFG234567"), " ", "|", _some(39, 39), "xY/z", "|"),
    "key of a service": _glued("|", st.sampled_from(["sk_live_", "rk_live_", "hf_", "npm_"]), _some(36, 36), "|")
    | _glued("|AIza", _some(35, 35), "|"),
}
NAMED: dict[str, st.SearchStrategy[str]] = {
    "libpq": _glued("host=db user=me password=|", _some(9), "| sslmode=require"),
    "quoted": _glued("host=db password='|", _some(9, 20, _ALNUM + " &;,"), "|' user=me"),
    "odbc": _glued("Server=db;Uid=me;Pwd=|", _some(9), "|;Encrypt=yes"),
    "query": _glued(
        "https://a.example/x?page=2&",
        st.sampled_from(["token", "api_key", "X-Amz-Signature", "sig"]),
        "=|",
        _some(9),
        "|&b=1",
    ),
    "environment": _glued("export DB_PASSWORD=|", _some(9), "|"),
    "json": _glued(
        '{"user": "me", "', st.sampled_from(["password", "clientSecret", "api-key"]), '": "|', _some(9), '|", "x": 1}'
    ),
    "json in json": _glued('{\\"user\\": \\"me\\", \\"password\\":\\"|', _some(9), '|\\"}'),
    "python": _glued("{'refresh_token': '|", _some(9), "|'}"),
}

HARMLESS = [
    "token-service",
    "9fceb02d0ae598e95dc970b74767f19372d61af8",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "4de7ac8b-495b-4884-9a69-1050c6793cd6",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB3iS5YnVvDkdx8ysk-GUjD3k5fJ1+/x ops@example.com",
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDdo_AVNSeyJhkYmKsn/Mp2ghp== me@host",
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIE me",
    "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8",
    "3b:16:bf:e4:8b:00:8b:b8:59:8c:a9:d3:f0:19:45:fa",
    "docker://repo:tag@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "docker://registry.example:5000/team/app:1.2@sha256:9f86d081884c7d65",
    "https://grafana.example:3000?user=ops@example.com",
    "https://grafana.example:3000/d/x?from=now&to=ops@example.com",
    "[link](https://a:80)@team",
    "see (https://a.example:8443) or mail me@example.com",
    "s3://bucket:key@x",
    "https://example.com/path:with@sign",
    "git@github.com:quolum/app.git",
    "ssh://git@github.com/quolum/app",
    "git+https://github.com/quolum/app@v1.2.3",
    "https://cloud.digitalocean.com/droplets/1",
    "https://registry.example/@scope/package",
    "mail ops@example.com about 10:30",
    "dop_v1_ is how tokens begin, and AVNS_ is how passwords do",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUQ",
    "sk-prod-web-01",
    "sk-bratislava-database-standby-02",
    "disk-0123456789abcdef0123456789abcdef",
    "Bearer authentication is required",
    "the bearer of bad news",
    "Basic Subscription, Basic AMD",
    "password=${db.PASSWORD} token={{ secrets.TOKEN }} secret=<yours>",
    "password required, token=none, PasswordAuthentication=no",
    "next_page_token=abc&token_count=5&max_tokens=100&password_policy=strict",
    '{"token_count": "5", "secret_name": "db", "password_policy": "strict"}',
    "https://hooks.slack.com/services/",
    "AKIAIOSFODNN7EXAMPLE",
    "DO00QWERTYUIOPASDFGH",
    "do:droplet:12345",
    "eyJ.a.b",
    "2026-01-31T10:00:00Z",
    "a=b; c=d & e == f",
    "monkey=see, turkey = 5",
    "[removed]",
    "https://[removed]@git.example/x",
]
