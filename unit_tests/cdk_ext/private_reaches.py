"""Finds, by syntax tree, where code reaches into private parts of a package that is not its own."""

import ast
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any

FOREIGN = ("airbyte_cdk", "requests", "urllib3", "requests_cache")
# What the standard library documents by such names: named tuples, enumerations, the end of a process.
PUBLIC = {"_asdict", "_exit", "_field_defaults", "_fields", "_make", "_replace", "_value_"}
_BY_NAME = {"getattr", "setattr", "hasattr", "delattr"}


def is_private(name: str) -> bool:
    """`_name`, and neither `__name__` nor the `_` of nothing."""
    return name.startswith("_") and not name.endswith("__") and name.strip("_") != "" and name not in PUBLIC


class Module:
    """One module of the connector as a tree, with what it imports."""

    def __init__(self, source: str) -> None:
        self.tree = ast.parse(source)
        self._imports: dict[str, tuple[str, str | None]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                self._imports |= {(a.asname or a.name): (node.module, a.name) for a in node.names}
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name.partition(".")[0]
                    self._imports[alias.asname or top] = (alias.name if alias.asname else top, None)
        self._classes = {node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef)}

    def reaches(self) -> Iterator[tuple[int, str]]:
        """Line and words of each reach."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom | ast.Import):
                yield from self._imported(node)
            elif isinstance(node, ast.Attribute):
                yield from self._accessed(node)
            elif isinstance(node, ast.Call):
                yield from self._by_name(node)
            elif isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete):
                yield from self._replaced(node)
            elif isinstance(node, ast.ClassDef):
                yield from self._inherited(node)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from self._given(node)

    def _imported(self, node: ast.ImportFrom | ast.Import) -> Iterator[tuple[int, str]]:
        for alias in node.names:
            parts = [
                *((node.module or "").split(".") if isinstance(node, ast.ImportFrom) else ()),
                *alias.name.split("."),
            ]
            if parts[0] in FOREIGN and any(is_private(part) for part in parts):
                yield node.lineno, f"imports {'.'.join(parts)}"

    def _accessed(self, node: ast.Attribute) -> Iterator[tuple[int, str]]:
        """`x._name`, unless x is the object itself or a class of this module has such a member."""
        if not is_private(node.attr) or _is_self(node.value) or node.attr in self._own_members:
            return
        yield node.lineno, f"reads {ast.unparse(node)}"

    def _given(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[int, str]]:
        """`response._content` where `response: requests.Response`, even if a class of this module has a `_content`."""
        given = {
            argument.arg: private_members(found)
            for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            if argument.annotation and isinstance(found := self._resolve(argument.annotation), type)
        }
        for inner in ast.walk(node):
            if isinstance(inner, ast.Attribute) and inner.attr in given.get(ast.unparse(inner.value), ()):
                yield inner.lineno, f"reads {ast.unparse(inner)}"

    def _by_name(self, node: ast.Call) -> Iterator[tuple[int, str]]:
        """`getattr(x, "_name")`."""
        if isinstance(node.func, ast.Name) and node.func.id in _BY_NAME and len(node.args) > 1:
            name = node.args[1]
            if isinstance(name, ast.Constant) and isinstance(name.value, str) and is_private(name.value):
                yield node.lineno, f"calls {ast.unparse(node)}"

    def _replaced(self, node: ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete) -> Iterator[tuple[int, str]]:
        """`Session.send = ...`: a member of a class or module that is not our own."""
        targets = node.targets if isinstance(node, ast.Assign | ast.Delete) else [node.target]
        for target in targets:
            found = self._resolve(target.value) if isinstance(target, ast.Attribute) else None
            if isinstance(found, type | ModuleType) and _root(found) in FOREIGN:
                yield node.lineno, f"replaces {ast.unparse(target)}"

    def _inherited(self, node: ast.ClassDef) -> Iterator[tuple[int, str]]:
        """What a class defines or uses of itself that is a private member of a base from another package."""
        private = self._private_members(node)
        for inner in ast.walk(node):
            if isinstance(inner, ast.Attribute) and inner.attr in private and _is_self(inner.value):
                yield inner.lineno, f"uses {ast.unparse(inner)} of {private[inner.attr]}"
        for member in node.body:
            for name in _defined(member):
                if name in private:
                    yield member.lineno, f"overrides {name} of {private[name]}"

    def _private_members(self, node: ast.ClassDef) -> dict[str, str]:
        found: dict[str, str] = {}
        for base in node.bases:
            plain = base.value if isinstance(base, ast.Subscript) else base
            if isinstance(plain, ast.Name) and plain.id in self._classes:
                found |= self._private_members(self._classes[plain.id])
            elif isinstance(resolved := self._resolve(plain), type):
                found |= private_members(resolved)
        return found

    def _resolve(self, node: ast.expr) -> Any:
        """What a dotted name stands for, by the module's imports; None where it is no import."""
        if isinstance(node, ast.Name) and node.id in self._imports:
            module, name = self._imports[node.id]
            imported = importlib.import_module(module)
            if name is None:
                return imported
            return getattr(imported, name, None) or importlib.import_module(f"{module}.{name}")
        if isinstance(node, ast.Attribute) and (owner := self._resolve(node.value)) is not None:
            return getattr(owner, node.attr, None)
        return None

    @property
    def _own_members(self) -> set[str]:
        return {name for node in self._classes.values() for name in members(node)}


def members(node: ast.ClassDef) -> set[str]:
    """The names that a class gives its members: methods, class variables, slots and what it sets on itself."""
    found = {name for member in node.body for name in _defined(member)}
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store) and ast.unparse(inner.value) == "self":
            found.add(inner.attr)
    return found


@cache
def private_members(class_: type) -> dict[str, str]:
    """The private members that a class has from other packages, with the class that each is from."""
    found: dict[str, str] = {}
    for one in reversed(class_.__mro__):
        if _root(one) in FOREIGN:
            (node,) = ast.parse(textwrap.dedent(inspect.getsource(one))).body
            assert isinstance(node, ast.ClassDef)
            found |= {name: one.__name__ for name in members(node) if is_private(name)}
    return found


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        names = [inner.id for target in node.targets for inner in ast.walk(target) if isinstance(inner, ast.Name)]
        if names == ["__slots__"]:
            return list(ast.literal_eval(node.value))
        return names
    return [node.target.id] if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) else []


def _is_self(node: ast.expr) -> bool:
    """`self`, `cls` or `super()`: whose members they are, the bases of the class tell."""
    return ast.unparse(node) in ("self", "cls", "super()")


def _root(found: type | ModuleType) -> str:
    return (found.__module__ if isinstance(found, type) else found.__name__).partition(".")[0]
