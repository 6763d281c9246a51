"""Small changes to a module's source, by its syntax tree: each is one that a test should notice."""

import ast
import copy
from collections.abc import Sequence
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
}


@dataclass(frozen=True)
class Mutant:
    """One change: where it is, what it does, and the whole changed source.

    `lines` are those of the statement, without the statements in it. `function` is the qualified name of the outermost
    function that holds the change in its body; empty for what runs when the module is imported.
    """

    line: int
    what: str
    source: str
    lines: range
    function: str


def find_places(source: str) -> list[int]:
    """Where a module can be changed, in the order of its lines; annotations, docstrings, messages and types stay.

    The numbers are those of nodes in the order of a walk. To find them takes a hundredth of making all mutants.
    """
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    return [number for number in _sort_places(nodes) if _change(copy.deepcopy(nodes[number])) is not None]


def make_mutant(source: str, place: int) -> Mutant:
    """The module with a change at one of these places."""
    tree = ast.parse(source)
    node = list(ast.walk(tree))[place]
    lines, function = _find_lines(tree, node), _find_function(tree, node)
    what = _change(node)
    if what is None or not isinstance(node, ast.expr | ast.stmt):
        raise ValueError(f"there is nothing to change at place {place}")
    return Mutant(node.lineno, what, ast.unparse(ast.fix_missing_locations(tree)), lines, function)


def _find_lines(tree: ast.Module, node: ast.AST) -> range:
    holders = [one for one in ast.walk(tree) if isinstance(one, ast.stmt) and node in ast.walk(one)]
    # A walk goes from the outer to the inner.
    statement = holders[-1]
    body = getattr(statement, "body", None)
    end = body[0].lineno if body else (statement.end_lineno or statement.lineno) + 1
    return range(statement.lineno, max(end, statement.lineno + 1))


def _find_function(tree: ast.Module, node: ast.AST) -> str:
    names: list[str] = []
    holder: ast.Module | ast.ClassDef = tree
    while True:
        for inner in holder.body:
            if isinstance(inner, ast.FunctionDef) and any(node in ast.walk(one) for one in inner.body):
                return ".".join([*names, inner.name])
            if isinstance(inner, ast.ClassDef) and node in ast.walk(inner):
                names.append(inner.name)
                holder = inner
                break
        else:
            return ""


def _sort_places(nodes: Sequence[ast.AST]) -> list[int]:
    """The numbers of the nodes that may be changed, by line."""
    left_out = {id(inner) for node in nodes for outer in _left_out(node) for inner in ast.walk(outer)}
    lines = {
        number: node.lineno
        for number, node in enumerate(nodes)
        if isinstance(node, ast.expr | ast.stmt) and id(node) not in left_out
    }
    return sorted(lines, key=lambda number: (lines[number], number))


def _left_out(node: ast.AST) -> list[ast.AST]:
    """What belongs to a node and is never changed: annotations, docstrings, what is logged."""
    if isinstance(node, ast.FunctionDef):
        arguments = [*node.args.args, *node.args.kwonlyargs]
        annotations = [one.annotation for one in arguments if one.annotation] + ([node.returns] if node.returns else [])
        return [*annotations, *node.decorator_list, *_docstring(node)]
    if isinstance(node, ast.Module | ast.ClassDef):
        return _docstring(node)
    if isinstance(node, ast.AnnAssign):
        return [node.annotation]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _is_logging(node.value):
        return [node]
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript | ast.BinOp) and _is_alias(node):
        return [node]
    # Messages: their words are not behaviour, and a test that holds each of them would be in the way.
    return [node] if isinstance(node, ast.JoinedStr) else []


def _docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> list[ast.AST]:
    return [node.body[0]] if ast.get_docstring(node, clean=False) is not None else []


def _is_logging(call: ast.Call) -> bool:
    return (
        isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "logger"
    )


def _is_alias(node: ast.Assign) -> bool:
    """Whether an assignment names a type: nothing reads it when the program runs."""
    target = node.targets[0]
    return isinstance(target, ast.Name) and target.id.lstrip("_")[:1].isupper() and not target.id.isupper()


def _change(node: ast.AST) -> str | None:
    """Change a node in place; says what was done, or None where there is nothing to change."""
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in _COMPARISONS:
            node.ops = [_COMPARISONS[type(operator)]()]
            return f"{type(operator).__name__} is {type(node.ops[0]).__name__}"
        case ast.BoolOp(op=operator):
            node.op = ast.Or() if isinstance(operator, ast.And) else ast.And()
            return f"{type(operator).__name__} is {type(node.op).__name__}"
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator) if type(operator) in _ARITHMETIC:
            node.op = _ARITHMETIC[type(operator)]()
            return f"{type(operator).__name__} is {type(node.op).__name__}"
        case ast.Constant(value=value):
            return _change_constant(node, value)
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            node.value = ast.Constant(None)
            return "returns None"
        case ast.Expr(value=ast.Call()):
            node.value = ast.Constant(None)
            return "call is left out"
        case ast.If(test=test) | ast.IfExp(test=test):
            node.test = ast.UnaryOp(ast.Not(), test)
            return "condition is turned"
    return None


def _change_constant(node: ast.Constant, value: object) -> str | None:
    if isinstance(value, bool):
        node.value = not value
    elif isinstance(value, int | float):
        node.value = value + 1
    elif isinstance(value, str) and value:
        node.value = f"{value}x"
    else:
        return None
    return f"{value!r} is {node.value!r}"
