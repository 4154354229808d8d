"""The sources of the project, parsed once for all contracts of a worker."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tests.support.paths import PROJECT


@cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file; nobody changes it."""
    return ast.parse(path.read_text(encoding="utf-8"))


def modules(*roots: str) -> list[Path]:
    """Return the Python files below folders of the project, sorted within each."""
    return [path for root in roots for path in sorted((PROJECT / root).rglob("*.py"))]


@cache
def docstrings(path: Path) -> tuple[str, ...]:
    """Return the docstrings of a file, of classes and functions too, as they are written."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found: Iterable[ast.AST] = (node for node in ast.walk(parsed(path)) if isinstance(node, kinds))
    return tuple(ast.get_docstring(node, clean=False) or "" for node in found)  # type: ignore[arg-type]
