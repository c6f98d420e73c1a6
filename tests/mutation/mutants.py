"""Makes mutants of a module: copies of its source tree that differ in one place each."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "next": "list"}


@dataclass(frozen=True)
class Mutant:
    """One change: where, what, and the tree of the module with it."""

    path: Path
    line: int
    function: str  # qualified name of the outermost function; "" for a statement of the module
    change: str
    tree: ast.Module

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.function or 'module'}: {self.change}"


def mutants_of(path: Path, root: Path) -> Iterator[Mutant]:
    """All mutants of a source file, in the order of its lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for function, nodes in _places(tree):
        for node in nodes:
            for change, replacement in _changes(node):
                yield Mutant(
                    path.relative_to(root),
                    getattr(
                        node.target if isinstance(node, ast.comprehension) else node, "lineno", 0
                    ),
                    function,
                    change,
                    _replaced(tree, node, replacement),
                )


def _places(tree: ast.Module) -> Iterator[tuple[str, list[ast.AST]]]:
    """(function, its nodes), then the values that the module assigns; annotations and docstrings are left alone."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            yield statement.name, list(_nodes(statement.body))
        elif isinstance(statement, ast.ClassDef):
            for member in statement.body:
                if isinstance(member, ast.FunctionDef):
                    yield f"{statement.name}.{member.name}", list(_nodes(member.body))
        elif isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            yield "", list(_nodes([statement.value]))


def _nodes(roots: list[ast.stmt] | list[ast.expr]) -> Iterator[ast.AST]:
    for root in roots:
        yield root
        for name, value in ast.iter_fields(root):
            if name in ("annotation", "returns"):
                continue
            children = value if isinstance(value, list) else [value]
            yield from _nodes([child for child in children if isinstance(child, ast.AST)])  # type: ignore[arg-type]


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What may be put in a node's place, and a word for it."""
    match node:
        case ast.Compare(ops=operators):
            for place, operator in enumerate(operators):
                other = _COMPARISONS[type(operator)]
                yield (
                    f"{type(operator).__name__} becomes {other.__name__}",
                    _with(node, ops=[*operators[:place], other(), *operators[place + 1 :]]),
                )
        case ast.BoolOp(op=ast.And()):
            yield "and becomes or", _with(node, op=ast.Or())
        case ast.BoolOp(op=ast.Or()):
            yield "or becomes and", _with(node, op=ast.And())
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "not goes", operand
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield "minus goes", operand
        case ast.BinOp(op=operator) if type(operator) in _OPERATORS:
            other_operator = _OPERATORS[type(operator)]
            yield (
                f"{type(operator).__name__} becomes {other_operator.__name__}",
                _with(node, op=other_operator()),
            )
        case ast.Constant(value=bool(value)):
            yield f"{value} becomes {not value}", ast.Constant(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield f"{value} becomes {value + 1}", ast.Constant(value + 1)
            yield f"{value} becomes {value - 1}", ast.Constant(value - 1)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield "condition turned", ast.IfExp(test, orelse, body)
        case ast.If(test=test) | ast.comprehension(ifs=[test]):
            replacement = copy.deepcopy(node)
            turned = ast.UnaryOp(ast.Not(), copy.deepcopy(test))
            if isinstance(replacement, ast.If):
                replacement.test = turned
            else:
                replacement.ifs = [turned]
            yield "condition turned", replacement
        case ast.Call(func=ast.Name(id=name)) if name in _CALLS and _CALLS[name] != "list":
            yield (
                f"{name} becomes {_CALLS[name]}",
                _with(node, func=ast.Name(_CALLS[name], ast.Load())),
            )
        case ast.Return(value=ast.AST() as value) if not _is_empty(value):
            yield "returns None", ast.Return(ast.Constant(None))
        case ast.Continue():
            yield "continue becomes break", ast.Break()
        case ast.Break():
            yield "break becomes continue", ast.Continue()
        case ast.Expr(value=ast.Call()) | ast.AugAssign():
            yield "statement goes", ast.Pass()


def _is_empty(node: ast.AST) -> bool:
    """Whether a returned value is as false as None: False, {}, [] …"""
    if isinstance(node, ast.Constant):
        return not node.value
    return isinstance(node, ast.Dict | ast.List | ast.Tuple) and not ast.unparse(node)[1:-1]


def _with(node: ast.AST, **changes: object) -> ast.AST:
    replacement = copy.copy(node)
    for name, value in changes.items():
        setattr(replacement, name, value)
    return replacement


def _replaced(tree: ast.Module, target: ast.AST, replacement: ast.AST) -> ast.Module:
    """A copy of the tree with one node replaced."""

    class Replace(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            if node is target:
                return ast.copy_location(replacement, node)
            return self.generic_visit(_copied(node))

    return ast.fix_missing_locations(Replace().visit(tree))


def _copied(node: ast.AST) -> ast.AST:
    """A node whose lists may be changed without changing the original's."""
    fields = {
        name: list(value) if isinstance(value, list) else value
        for name, value in ast.iter_fields(node)
    }
    return ast.copy_location(type(node)(**fields), node)
