"""Names and docstrings: the words a reader meets."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import functions, modules

# Words that name nothing: whatever is in such a module has a name of its own.
EMPTY_WORDS = {"manager", "helper", "helpers", "util", "utils", "common", "misc"}


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [path for path in modules() if _words(path.stem) & EMPTY_WORDS] == []


def test_no_function_or_class_has_a_name_that_says_nothing() -> None:
    empty = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if _words(node.name) & EMPTY_WORDS or node.name.lstrip("_").startswith("handle_")
    ]

    assert empty == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [path for path, tree in modules().items() if not ast.get_docstring(tree)]

    assert silent == []


def test_every_promise_of_a_port_is_written_down() -> None:
    ports = {path: tree for path, tree in modules().items() if path.parts[1].startswith("ports")}
    assert ports, "where did the ports go?"

    silent = [missing for path, tree in ports.items() for missing in _without_docstring(path, tree)]

    assert silent == []


def _without_docstring(path: Path, tree: ast.Module) -> Iterator[str]:
    public = [
        node
        for node in (*functions(tree), *(n for n in tree.body if isinstance(n, ast.ClassDef)))
        if not node.name.startswith("_")
    ]
    yield from (f"{path}:{n.lineno} {n.name}" for n in public if not ast.get_docstring(n))
