"""Private parts of airbyte-cdk and requests are reached from cdk_ext/ only."""

from pathlib import Path

import pytest

from unit_tests.cdk_ext.private_reaches import Module

CONNECTOR = Path(__file__).parents[2] / "source_digitalocean_quolum"


def test_only_cdk_ext_reaches_into_private_parts() -> None:
    found = [
        f"{path.relative_to(CONNECTOR.parent)}:{line} {words}"
        for path in sorted(CONNECTOR.rglob("*.py"))
        if path.parent.name != "cdk_ext"
        for line, words in sorted(set(Module(path.read_text(encoding="utf-8")).reaches()))
    ]

    assert found == []


OURS = "from source_digitalocean_quolum.cdk_ext.declarative_source import DeclarativeSource\n"
SOURCE = (
    "from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource as Base\n"
)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def f(error):\n    return error._stream_descriptor", "reads error._stream_descriptor"),
        ("def f(response):\n    response._content = b''", "reads response._content"),
        (
            "import requests\nclass A:\n    _content = b''\ndef f(x: requests.Response): return x._content",
            "reads x._content",
        ),
        ("def f(x):\n    return x.one._two.three", "reads x.one._two"),
        ("def f(x):\n    return getattr(x, '_session', None)", "calls getattr(x, '_session', None)"),
        (
            "from requests.adapters import _urllib3_request_context",
            "imports requests.adapters._urllib3_request_context",
        ),
        ("import airbyte_cdk._x", "imports airbyte_cdk._x"),
        ("from requests import Session\nSession.send = print", "replaces Session.send"),
        ("import requests\nrequests.Session.send = print", "replaces requests.Session.send"),
        (
            SOURCE + "class A(Base):\n    def f(self): return self._config",
            "uses self._config of ConcurrentDeclarativeSource",
        ),
        (
            SOURCE + "class A(Base):\n    def _create_streams(self): ...",
            "overrides _create_streams of ConcurrentDeclarativeSource",
        ),
        (
            SOURCE + "class A(Base): ...\nclass B(A):\n    _config = 1",
            "overrides _config of ConcurrentDeclarativeSource",
        ),
        (
            SOURCE + "class A(Base):\n    def f(self): return super()._stream_configs({})",
            "uses super()._stream_configs of ConcurrentDeclarativeSource",
        ),
        (
            OURS + "class A(DeclarativeSource):\n    def f(self): return self._message_repository",
            "uses self._message_repository of ConcurrentDeclarativeSource",
        ),
    ],
)
def test_each_kind_of_reach_is_found(code: str, words: str) -> None:
    assert words in [found for _, found in Module(code).reaches()]


@pytest.mark.parametrize(
    "code",
    [
        "class A:\n    def __init__(self): self._x = 1\n    def __eq__(self, other): return self._x == other._x",
        "class A:\n    __slots__ = ('_x',)\ndef f(a): return a._x",
        SOURCE + "class A(Base):\n    def f(self):\n        self._ours = self.name\n        return self._ours",
        "def f(x): return x.__dict__, x.__class__.__name__",
        SOURCE + "class A(Base):\n    def _f(self): ...\nclass B(A):\n    def _f(self): return super()._f()",
        "_table = {}\ndef f(x): return getattr(x, 'name')",
    ],
)
def test_what_is_our_own_is_no_reach(code: str) -> None:
    assert list(Module(code).reaches()) == []
