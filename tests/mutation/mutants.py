"""The small mistakes that are put into a module, one at a time, to see whether a test notices."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

_SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
# What is logged decides nothing; what can never be reached has no test.
_TELLS = frozenset({"log", "_tell", "assert_never"})
Node = TypeVar("Node", bound=ast.AST)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake: the `number`-th place of this file at which one can be made."""

    path: Path
    number: int
    line: int
    what: str

    @property
    def module(self) -> str:
        return ".".join(self.path.with_suffix("").parts)

    def tree(self) -> ast.Module:
        """Return the module with the mistake in it."""
        return _Mistaken(self.number).changed(self.path)

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


def as_it_is(path: Path) -> Mutant:
    """Return no mistake at all, which no test may notice."""
    return Mutant(path, -1, 0, "as it is")


def mutants(path: Path) -> list[Mutant]:
    """Return all mistakes that can be made in a file, in the order of its text."""
    mistaken = _Mistaken(None)
    mistaken.changed(path)
    return [Mutant(path, *one) for one in mistaken.seen]


class _Mistaken(ast.NodeTransformer):
    """Counts the places for a mistake, and makes it at one of them (None: at none)."""

    def __init__(self, number: int | None) -> None:
        self._number = number
        self.seen: list[tuple[int, int, str]] = []

    def changed(self, path: Path) -> ast.Module:
        tree = ast.parse(path.read_text(), str(path))
        return ast.fix_missing_locations(self.visit(tree))  # type: ignore[no-any-return]

    def _place(self, node: ast.AST, wrong: Callable[[], ast.AST], what: str = "") -> ast.AST:
        """Return the node, or, if this is the place, what is wrong in its stead."""
        made = len(self.seen) == self._number
        told = what or f"{_text(node)}  ->  {_text(wrong())}"
        self.seen.append((len(self.seen), getattr(node, "lineno", 0), told))
        return ast.copy_location(wrong(), node) if made else node

    # What only names types, or makes a class, is no decision.

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        node.body = self._visited(node.body)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = self._visited(node.body)
        return node

    def _visited(self, body: list[ast.stmt]) -> list[ast.stmt]:
        return [self.visit(one) for one in body]

    # The mistakes

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        made: ast.AST = node
        for at in range(len(node.ops)):
            placed = self._place(node, partial(_swapped_at, node, at))
            made = made if placed is node else placed
        return made

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        other = _SWAPPED[type(node.op)]()
        return self._place(node, lambda: ast.BoolOp(other, node.values))  # type: ignore[arg-type]

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        other = _SWAPPED.get(type(node.op))
        if other is None or any(map(_is_no_number, (node.left, node.right))):
            return node
        return self._place(node, lambda: ast.BinOp(node.left, other(), node.right))  # type: ignore[arg-type]

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return self._place(node, lambda: node.operand) if isinstance(node.op, ast.Not) else node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, bool):
            return self._place(node, lambda: ast.Constant(not node.value))
        if isinstance(node.value, int):
            return self._place(node, lambda: ast.Constant(node.value + 1))  # type: ignore[operator]
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        node.test = self._negated(node.test)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        node.test = self._negated(node.test)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        node.ifs = [self._negated(one) for one in node.ifs]
        return node

    def _negated(self, test: ast.expr) -> ast.expr:
        # These are made wrong by what is wrong within them.
        if isinstance(test, (ast.Compare, ast.BoolOp, ast.UnaryOp)):
            return test
        return self._place(test, lambda: ast.UnaryOp(ast.Not(), test))  # type: ignore[return-value]

    def visit_Return(self, node: ast.Return) -> ast.AST:
        self.generic_visit(node)
        if node.value is None or _is_empty(node.value):
            return node
        return self._place(node, lambda: ast.Return(ast.Constant(None)))

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if isinstance(node.value, ast.Constant) or _called(node.value) in _TELLS:
            return node
        self.generic_visit(node)
        return self._deleted(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        return self._deleted(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        return self._deleted(node)

    def visit_Continue(self, node: ast.Continue) -> ast.AST:
        return self._deleted(node)

    def visit_Break(self, node: ast.Break) -> ast.AST:
        return self._deleted(node)

    def _deleted(self, node: ast.stmt) -> ast.AST:
        return self._place(node, ast.Pass, f"deleted: {_text(node)}")


def _called(node: ast.expr) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def _swapped_at(node: ast.Compare, at: int) -> ast.Compare:
    other = _SWAPPED[type(node.ops[at])]()
    return ast.Compare(node.left, [*node.ops[:at], other, *node.ops[at + 1 :]], node.comparators)  # type: ignore[list-item]


def _is_no_number(node: ast.expr) -> bool:
    """Tell whether it is a text, or a type: `Accepted | Deferred` decides nothing."""
    text = isinstance(node, ast.JoinedStr)
    text |= isinstance(node, ast.Constant) and not isinstance(node.value, (int, float))
    return text or (isinstance(node, ast.Name) and node.id[:1].isupper() and not node.id.isupper())


def _is_empty(node: ast.expr) -> bool:
    """Tell whether nobody could tell it from nothing: `False`, `None`, `()`."""
    return (isinstance(node, ast.Constant) and not node.value) or (
        isinstance(node, ast.Tuple) and not node.elts
    )


def _text(node: ast.AST) -> str:
    return " ".join(ast.unparse(ast.fix_missing_locations(node)).split())[:100]
