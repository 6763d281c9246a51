"""What a secret looks like that nobody announced: by its own shape, or by the name in front of it.

The connector's guard has the same rules for what the connector says; these are for what else this host prints, such as
a database's error or the last words of a process that crashed.
"""

from __future__ import annotations

import re

MASK = "****"

# A URI may stand between quotes, and its password hold some: the one that opened closes it, where something ends.
_SCHEME = r"""(?P<quote>["'])?\b(?!s3:)[A-Za-z][A-Za-z0-9+.-]{0,30}:\\?/\\?/"""
_IN_USER_INFO = r"""(?:(?!(?P=quote)(?:[\s,;}\]):>]|$)|://)[^ \t\r\n])"""

# What is blanked is the group, or all of the match where there is none.
SHAPES = {
    "DigitalOcean token": r"do[a-z]_v1_[0-9A-Za-z]{16,}",
    "database password": r"AVNS_[A-Za-z0-9_-]{8,}",
    # Not a host's port (`https://a:80)@team`), an image's tag before its digest, or a key in a bucket. Up to the last @
    # before a query, since passwords with @ and slashes are met unescaped; else up to the last of all.
    "URI password": (
        rf"""{_SCHEME}([^\s:/?#"'<>()\[\]{{}},|\\]*:(?!\d{{1,5}}(?:[/?#)\]}}>,;|"'\s\\]|$))"""
        rf"(?:(?:(?![?#]){_IN_USER_INFO})+|{_IN_USER_INFO}+)(?=@))(?!@sha\d{{3}}:)"
    ),
    "URI token": r"(?:(?<=//)|(?<=/\\/))(?=[A-Za-z_]*\d)(?=[\d_]*[A-Za-z])([A-Za-z0-9_]{20,}):?(?=@)",
    "DSN of a driver": (
        r"""(?:(?<=[\s"'=])|^)([^\s:/@"'=]+:(?!//)[^ \t\r\n]+)(?=@(?:tcp|udp|unix)\()"""
        r"|(?<=jdbc:oracle:thin:)([^\s/@]+/[^ \t\r\n]+)(?=@)"
    ),
    "private key": (
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
        r"(?:[\s\S]*?-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|[\s\S]*)"
    ),
    "private key in Base64": (
        r"LS0tLS1CRUdJTi[A-Za-z0-9+/]*(?:UFJJVkFURSBLRV|QUklWQVRFIEtFW|BSSVZBVEUgS0VZ)[A-Za-z0-9+/=]*"
    ),
    "key of an inference provider": (
        r"(?<![A-Za-z0-9])sk-(?=[A-Za-z_-]*\d)(?=[A-Za-z0-9_-]*[A-Za-z0-9]{16})[A-Za-z0-9_-]{20,}"
    ),
    "GitHub token": r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}",
    "GitLab token": r"(?<![A-Za-z0-9])gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|oas|ffct)-[A-Za-z0-9_.-]{16,}",
    "Slack token": r"(?<![A-Za-z0-9])(?:xox[a-z]-|xapp-\d-)[A-Za-z0-9-]{10,}",
    "web hook": (
        r"(?:hooks\.slack\.com\\?/(?:services|workflows|triggers)|discord(?:app)?\.com\\?/api\\?/webhooks)\\?/"
        r"([A-Za-z0-9_/\\-]{10,})"
    ),
    "bearer token": r"\b(?:[Bb]earer|BEARER) +([A-Za-z0-9._~+/-]{20,}=*|(?=[A-Za-z._~+/-]*\d)[A-Za-z0-9._~+/-]{8,}=*)",
    "Authorization header": (
        r"""(?:[Aa]uthorization|AUTHORIZATION)[\\"']*\s*[:=]\s*[\\"']*(?i:basic|digest|token|apikey) +([^\s\\"',]+)"""
    ),
    "JSON Web Token": r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,3}",
    "pair of AWS or Spaces keys": (
        r"""(?<![A-Za-z0-9])(?:A[KS]IA[A-Z0-9]{16}|DO[08]0[A-Z0-9]{16})[\\\s:,;|/@="']{1,6}"""
        r"(?![0-9a-f]+\b)([A-Za-z0-9/+]{40,43})(?![A-Za-z0-9/+])"
    ),
    "key of a service": (
        r"(?<![A-Za-z0-9])(?:[sr]k_live_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/]{16,}|hf_[A-Za-z0-9]{30,}"
        r"|AIza[A-Za-z0-9_-]{35}|npm_[A-Za-z0-9]{36}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})"
    ),
}
_PATTERNS = [re.compile(pattern) for pattern in SHAPES.values()]

# How the name of a secret ends, in snake_case, camelCase or kebab-case.
_SECRET_NAME = re.compile(
    r"(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|jwt|credentials?|kubeconfig|cookie|dsn"
    r"|(?:private|signing|encryption|master|api|access|auth|account|shared|session|secret|client|tls|ssl)[_.-]?key)"
    r"(?:[_.-]?(?:value|text|plain|raw|old|new|previous|\d+))?",
    re.IGNORECASE,
)
_HARMLESS_NAME = re.compile(
    r"(?:page|paging|next|prev|previous|continuation|continue|sync|cursor|skip|eos|bos|pad|stop|start|end|unk|mask|special)"
    r"[_.-]?token",
    re.IGNORECASE,
)
# Parameters that prove that a query was signed.
_SIGNATURE = re.compile(r"sig|signature|X-(?:Amz|Goog)-(?:Signature|Credential|Security-Token)", re.IGNORECASE)

# `password=x` of a DSN, a query or a script, and `"password": "x"` of JSON within a text.
_NAME = re.compile(r"""([A-Za-z][A-Za-z0-9_.-]{0,99})(?:( *= *)|\\?["'] *: *(?=\\?["']))""")
_QUOTED = r"""\\"(?:(?!\\").)*\\"|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.|'')*'"""
# A quote within a bare value is part of it; before a comma, a bracket or the end it closes the text around. So are &
# and ; where no name follows, and what ends a sentence where it does not.
_BARE = (
    r"""(?![=>])(?:[^\s"'<>&;\\,.)\]}]|["'](?![\s,;}\]):&]|$)|[&;](?![A-Za-z0-9_.-]+=|\s|$)|[,.)\]}](?![\s"']|$))+"""
)
_QUOTED_VALUE, _ANY_VALUE = re.compile(_QUOTED), re.compile(f"{_QUOTED}|{_BARE}")
# What stands for a secret, or says whether there is one.
_PLACEHOLDER = re.compile(
    r"\$\{.*|\$[A-Z_][A-Z0-9_]*|\{\{.*|\{[\w. ]+\}|<.*|\*+|\[removed.*|"
    r"(?i:true|false|yes|no|on|off|none|null|nil|required|optional|)"
)


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret: the end of a name decides, as in English."""
    end = _SECRET_NAME.search(name)
    while end and end.end() != len(name):
        end = _SECRET_NAME.search(name, end.start() + 1)
    return end is not None and not _HARMLESS_NAME.search(name)


def without_shapes(text: str) -> str:
    """Return the text with everything blanked that is shaped like a secret, or named like one."""
    for pattern in _PATTERNS:
        text = pattern.sub(_masked, text)
    return _without_named(text)


def _masked(found: re.Match[str]) -> str:
    if not found.lastindex:
        return MASK
    whole: str = found.group()
    begin, group = found.start(), found.lastindex
    return whole[: found.start(group) - begin] + MASK + whole[found.end(group) - begin :]


def _without_named(text: str) -> str:
    parts, at = [], 0
    while found := _NAME.search(text, at):
        value = (_ANY_VALUE if found[2] else _QUOTED_VALUE).match(text, found.end())
        end = found.end()
        parts.append(text[at:end])
        if value and (is_secret_name(found[1]) or _SIGNATURE.fullmatch(found[1])):
            opening = re.match(r"""\\?["']|""", value.group())
            mark = opening.group() if opening else ""
            bare = value.group()[len(mark) : len(value.group()) - len(mark)]
            parts.append(value.group() if _PLACEHOLDER.fullmatch(bare) else f"{mark}{MASK}{mark}")
            end = value.end()
        at = end
    return "".join((*parts, text[at:]))
