"""The table of what is secret: by the shape of a text and by the name of a field, each with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass

REMOVED = "[removed]"


@dataclass(frozen=True)
class Shape:
    """Text that is a secret in whatever field it stands.

    `pattern` is Python's, for a text; what it blanks is its group, or all of it where it has none. `hint` is Rust's,
    for the same text inside JSON or CSV: whatever `pattern` finds has it. A hint is a few literals of rare characters,
    so that Rust's engine jumps from one to the next. `in_text` is the hint where the text stands alone, if another.
    """

    name: str
    pattern: str
    hint: str
    reason: str
    in_text: str = ""


# A URI may stand between quotes, and its password hold some: the one that opened closes it, where something ends.
_SCHEME = r"""(?P<quote>["'])?\b(?!s3:)[A-Za-z][A-Za-z0-9+.-]{0,30}:\\?/\\?/"""
_IN_USER_INFO = r"""(?:(?!(?P=quote)(?:[\s,;}\]):>]|$)|://)[^ \t\r\n])"""
_URI_IN_JSON, _URI_IN_TEXT = r""":\\*/\\*/(?:[^"\\ \t\r\n]|\\.|"")*@""", r":\\?/\\?/[^ \t\r\n]*@"

SHAPES = (
    Shape(
        "DigitalOcean token",
        r"do[a-z]_v1_[0-9A-Za-z]{16,}",
        "_v1_",
        "API reference, Token prefixes: dop_v1_, doo_v1_, dor_v1_; and dof_v1_, of Functions",
    ),
    Shape(
        "database password",
        r"AVNS_[A-Za-z0-9_-]{8,}",
        "AVNS_",
        "the passwords that DigitalOcean gives to database users begin so",
    ),
    Shape(
        "URI password",
        # Not a host's port (`https://a:80)@team`), an image's tag before its digest, or a key in a bucket. Up to the
        # last @ before a query, since passwords with @ and slashes are met unescaped; else up to the last of all.
        rf"""{_SCHEME}([^\s:/?#"'<>()\[\]{{}},|\\]*:(?!\d{{1,5}}(?:[/?#)\]}}>,;|"'\s\\]|$))"""
        rf"(?:(?:(?![?#]){_IN_USER_INFO})+|{_IN_USER_INFO}+)(?=@))(?!@sha\d{{3}}:)",
        _URI_IN_JSON,
        "RFC 3986 3.2.1: user information is deprecated because it is shown wherever the URI is",
        _URI_IN_TEXT,
    ),
    Shape(
        "URI token",
        r"(?:(?<=//)|(?<=/\\/))(?=[A-Za-z_]*\d)(?=[\d_]*[A-Za-z])([A-Za-z0-9_]{20,}):?(?=@)",
        _URI_IN_JSON,
        "Git hosts take a token as user information without a password",
        _URI_IN_TEXT,
    ),
    Shape(
        "DSN of a driver",
        r"""(?:(?<=[\s"'=])|^)([^\s:/@"'=]+:(?!//)[^ \t\r\n]+)(?=@(?:tcp|udp|unix)\()"""
        r"|(?<=jdbc:oracle:thin:)([^\s/@]+/[^ \t\r\n]+)(?=@)",
        r"@(?:tcp|udp|unix)\(|oracle:thin:",
        "those of Go's MySQL driver and Oracle's for Java are no URIs",
    ),
    Shape(
        "private key",
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
        r"(?:[\s\S]*?-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|[\s\S]*)",
        "PRIVATE KEY",
        "RFC 7468, OpenSSH, OpenPGP; one that was cut off is blanked to the end",
    ),
    Shape(
        "private key in Base64",
        r"LS0tLS1CRUdJTi[A-Za-z0-9+/]*(?:UFJJVkFURSBLRV|QUklWQVRFIEtFW|BSSVZBVEUgS0VZ)[A-Za-z0-9+/=]*",
        "LS0tLS1CRUdJTi",
        "a kubeconfig holds its client's key so",
    ),
    Shape(
        "key of an inference provider",
        r"(?<![A-Za-z0-9])sk-(?=[A-Za-z_-]*\d)(?=[A-Za-z0-9_-]*[A-Za-z0-9]{16})[A-Za-z0-9_-]{20,}",
        "sk-",
        "OpenAI, Anthropic and DigitalOcean's inference; `sk-prod-web-01` and SSH's `sk-ssh-ed25519@` are none",
    ),
    Shape(
        "GitHub token",
        r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}",
        "gh[pousr]_|github_pat_",
        "App Platform builds from GitHub, and clone addresses hold its tokens",
    ),
    Shape(
        "GitLab token",
        r"(?<![A-Za-z0-9])gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|oas|ffct)-[A-Za-z0-9_.-]{16,}",
        "gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|oas|ffct)-",
        "App Platform builds from GitLab, too",
    ),
    Shape(
        "Slack token",
        r"(?<![A-Za-z0-9])(?:xox[a-z]-|xapp-\d-)[A-Za-z0-9-]{10,}",
        "xox|xapp-",
        "alerts are sent to Slack",
    ),
    Shape(
        "web hook",
        r"(?:hooks\.slack\.com\\?/(?:services|workflows|triggers)|discord(?:app)?\.com\\?/api\\?/webhooks)\\?/"
        r"([A-Za-z0-9_/\\-]{10,})",
        r"hooks\.slack\.com|/webhooks",
        "whoever knows the address of a hook may post there",
    ),
    Shape(
        "bearer token",
        r"\b(?:[Bb]earer|BEARER) +([A-Za-z0-9._~+/-]{20,}=*|(?=[A-Za-z._~+/-]*\d)[A-Za-z0-9._~+/-]{8,}=*)",
        "earer |EARER ",
        "RFC 6750; shorter words without a digit are prose",
    ),
    Shape(
        "Authorization header",
        r"""(?:[Aa]uthorization|AUTHORIZATION)[\\"']*\s*[:=]\s*[\\"']*(?i:basic|digest|token|apikey) +([^\s\\"',]+)""",
        "uthorization|UTHORIZATION",
        "RFC 9110 11.6.2",
    ),
    Shape(
        "JSON Web Token",
        r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,3}",
        "eyJ",
        "RFC 7519: a JSON object in Base64 begins with these three letters",
    ),
    Shape(
        "pair of AWS or Spaces keys",
        r"""(?<![A-Za-z0-9])(?:A[KS]IA[A-Z0-9]{16}|DO[08]0[A-Z0-9]{16})[\\\s:,;|/@="']{1,6}"""
        r"(?![0-9a-f]+\b)([A-Za-z0-9/+]{40,43})(?![A-Za-z0-9/+])",
        "A[KS]IA|DO[08]0",
        "an access key alone names who asks; the secret key behind it proves that",
    ),
    Shape(
        "key of a service",
        r"(?<![A-Za-z0-9])(?:[sr]k_live_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/]{16,}|hf_[A-Za-z0-9]{30,}"
        r"|AIza[A-Za-z0-9_-]{35}|npm_[A-Za-z0-9]{36}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})",
        r"k_live_|whsec_|hf_|AIza|npm_|SG\.",
        "Stripe, Hugging Face, Google, npm and SendGrid mark theirs; apps and models are configured with them",
    ),
)

# How the name of a secret ends, without what separates its words; its plural, too. And why.
SECRET_NAMES: Mapping[str, str] = {
    **dict.fromkeys(("password", "passwd", "passphrase", "passcode", "pwd", "dbpass", "userpass"), "opens an account"),
    **dict.fromkeys(("secret", "privatekey", "signingkey", "encryptionkey", "masterkey"), "says so itself"),
    **dict.fromkeys(("token", "jwt", "bearer"), "whoever holds it may act"),
    **dict.fromkeys(("apikey", "accesskey", "authkey", "accountkey", "sharedkey", "sessionkey"), "proves a program"),
    **dict.fromkeys(("secretkey", "clientkey", "tlskey", "sslkey", "licensekey", "servicekey"), "proves a program"),
    **dict.fromkeys(("credential", "cred", "kubeconfig"), "holds one of the above"),
    **dict.fromkeys(("auth", "authorization", "cookie"), "what a request proves itself with"),
    **dict.fromkeys(("dsn", "connectionstring", "connectionuri", "connectionurl"), "an address with its password"),
    **dict.fromkeys(("webhookurl", "ssourl"), "opens to whoever knows it"),
    **dict.fromkeys(("userdata",), "people write secrets into the scripts of cloud-init"),
    **dict.fromkeys(("accesscert",), "DigitalOcean hands it out together with the key of a database user"),
}
# Words that may follow such a name: `password_2`, `secret_value`, `client-key-data`.
WORDS_BESIDE = frozenset(
    [
        *("value", "text", "string", "plain", "plaintext", "raw", "data", "json", "pem", "base64", "b64"),
        *("hash", "hashed", "encoded", "encrypted", "new", "old", "current", "previous", "primary", "secondary"),
    ]
)
# Tokens that tell where a list goes on, or that a model reads as a mark.
HARMLESS_TOKENS = tuple(
    f"{kind}token"
    for kind in (
        *("page", "paging", "pagination", "next", "prev", "previous", "continuation", "continue", "sync", "cursor"),
        *("skip", "eos", "bos", "pad", "stop", "start", "end", "unk", "mask", "special"),
    )
)
# Tokens in the plural are what a model counts, but for these.
SECRET_TOKENS = tuple(
    f"{kind}tokens"
    for kind in (
        "access",
        "api",
        "auth",
        "bearer",
        "deploy",
        "personal",
        "refresh",
        "registration",
        "secret",
        "session",
    )
)
# Lists of names with values, such as an app's environment: the values are secret whatever their names are.
NAME_VALUE_LISTS = frozenset({"env", "envs", "envvars", "environmentvariables", "secrets", "headers"})
# Parameters that prove that a query was signed; a field of this name holds no secret.
SIGNATURES = frozenset({"sig", "signature", "xamzsignature", "xgoogsignature", "xamzcredential", "xamzsecuritytoken"})
# A name in a text has one of these, and perhaps more words behind it.
STEMS = (
    *("pass", "pwd", "secret", "token", "jwt", "bearer", "key", "cred", "kubeconfig", "auth", "cookie", "dsn"),
    *("string", "uri", "url", "data", "cert", "sig"),
)
