"""Imports airbyte-cdk without what this connector never uses, which is half of the CPU that its import takes.

Nothing of the CDK is changed: a few modules are out of reach while its own are imported, and back afterwards.
"""

import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from importlib.metadata import version
from types import ModuleType

_CDK = "airbyte_cdk"

# Modules that the CDK imports for a cache of answers on disk and for tokens that it signs itself, with the classes that
# it names while it is imported. No stream of this connector has either.
_UNUSED = {
    "requests_cache": ("CacheMixin", "CachedSession", "SQLiteCache", "SQLiteDict"),
    "airbyte_cdk.sources.declarative.auth.jwt": ("JwtAlgorithm", "JwtAuthenticator"),
}


def import_cdk() -> None:
    """Import airbyte-cdk 7.39 if nobody has imported it yet."""
    if _CDK not in sys.modules:
        with ExitStack() as out_of_reach:
            # It would look for Git before it reads the installed version.
            out_of_reach.enter_context(_replaced_module("dunamai", _installed_versions()))
            for name, classes in _UNUSED.items():
                out_of_reach.enter_context(_replaced_module(name, _empty_classes(name, classes)))
            out_of_reach.enter_context(_without_attribute_docs())
            import_module(_CDK)


@contextmanager
def _replaced_module(name: str, stand_in: ModuleType) -> Iterator[None]:
    """Let `import name` find the stand-in."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        del sys.modules[name]


def _empty_classes(name: str, classes: Collection[str]) -> ModuleType:
    """A module of these classes, which can be named and inherited from, and made with no argument."""
    module = ModuleType(name)
    vars(module).update({each: type(each, (), {}) for each in classes})
    return module


def _installed_versions() -> ModuleType:
    """The two names of dunamai that airbyte_cdk/__init__.py uses."""
    dunamai = ModuleType("dunamai")
    vars(dunamai).update(get_version=_installed_version, Version=_Version)
    return dunamai


class _Version(str):
    """What the CDK asks of dunamai's Version."""

    __slots__ = ()

    from_any_vcs = None

    def serialize(self) -> str:
        return str(self)


def _installed_version(name: str, **_: object) -> _Version:
    return _Version(version(name))


@contextmanager
def _without_attribute_docs() -> Iterator[None]:
    """Let serpyco_rs not parse the protocol's source files, a file for each class, for the docstrings of attributes.

    It wants them for JSON schemas of the messages, which nobody asks for; what it reads and writes is the same.
    """
    documents = import_module("attributes_doc")
    original = documents.get_attributes_doc
    documents.get_attributes_doc = lambda _: {}  # type: ignore[attr-defined]
    try:
        yield
    finally:
        documents.get_attributes_doc = original  # type: ignore[attr-defined]
