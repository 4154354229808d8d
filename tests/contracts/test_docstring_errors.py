"""The errors that docstrings promise exist."""

from __future__ import annotations

import ast
import builtins
import re
import sqlite3

from tests.support.paths import PROJECT

PROMISED = re.compile(r"\b[A-Z][A-Za-z]*Error\b")


def test_every_error_named_in_a_docstring_is_a_class() -> None:
    trees = {
        p: ast.parse(p.read_text()) for room in ("backtest", "live") for p in (PROJECT / room).rglob("*.py")
    }
    defined = {
        node.name for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    }
    known = defined | set(dir(builtins)) | set(dir(sqlite3))
    wrong = {
        f"{path.relative_to(PROJECT)}: {name}"
        for path, tree in trees.items()
        for text in _docstrings(tree)
        for name in PROMISED.findall(text)
        if name not in known
    }
    assert wrong == set()


def _docstrings(tree: ast.Module) -> list[str]:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, kinds)]
