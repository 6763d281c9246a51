"""Imports airbyte-cdk without what this connector never uses, which is half of the CPU that its import takes.

Nothing of the CDK is changed: three things are out of reach while its modules are imported, and back afterwards.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from importlib.metadata import version
from types import ModuleType

_CDK = "airbyte_cdk"


def import_cdk() -> None:
    """Import airbyte-cdk 7.39 if nobody has imported it yet."""
    if _CDK not in sys.modules:
        with ExitStack() as out_of_reach:
            # requests_cache can keep answers in DynamoDB where boto3 is installed; the CDK keeps them in SQLite.
            out_of_reach.enter_context(_replaced_module("boto3", None))
            # It would look for Git before it reads the installed version.
            out_of_reach.enter_context(_replaced_module("dunamai", _installed_versions()))
            out_of_reach.enter_context(_without_attribute_docs())
            import_module(_CDK)


@contextmanager
def _replaced_module(name: str, stand_in: ModuleType | None) -> Iterator[None]:
    """Let `import name` find the stand-in, or nothing (as Python documents None in sys.modules)."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = stand_in  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]


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
