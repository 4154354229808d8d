"""The digest of the code that makes a strategy's decisions, for the manifest."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from backtest.core.errors import JutsuError
from backtest.strategies.base import Strategy

#: Modules that decide nothing: messages, and the yearly table of holidays.
_LEFT_OUT = ("backtest.core.errors", "backtest.calendar.table")
_PACKAGE = "backtest"


def code_sha256(strategy: Strategy) -> str:
    """Return the SHA-256 of the rules of a strategy, as 64 hex digits.

    Hashed are the syntax trees, without docstrings, of the strategy's own module and of every module of
    `backtest` that it imports, directly or not. Comments, layout and docstrings change nothing; any other
    change of the code does. The digest is the same on every supported version of Python.

    It is made once for each class of a process.

    Raises:
        JutsuError: the source of a module cannot be found.
    """
    return _code_of(type(strategy))


@cache
def _code_of(rules: type[Strategy]) -> str:
    digest = hashlib.sha256()
    for name, tree in sorted(_modules(rules.__module__).items()):
        digest.update(f"{name}\n{_text(tree)}\n".encode())
    return digest.hexdigest()


@cache
def package_sha256() -> str:
    """Return the SHA-256 of the names and bytes of every module of `backtest`, as 64 hex digits.

    While it stays the same no rule has changed: ten times as fast as `code_sha256`. A comment changes it.
    """
    digest, root = hashlib.sha256(), Path(__file__).resolve().parents[1]
    for path in sorted(root.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()


def _modules(first: str) -> dict[str, ast.Module]:
    """Return the trees of a module and of what it imports from the package, by name."""
    found: dict[str, ast.Module] = {}
    waiting = [first]
    while waiting:
        name = waiting.pop()
        if name not in found and name not in _LEFT_OUT:
            tree = ast.parse(_source(name).read_bytes())
            found[name] = tree
            waiting += _imports(tree)
    return found


def _source(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        raise JutsuError("the source of this module cannot be found", where=name)
    return Path(spec.origin)


def _imports(tree: ast.Module) -> Iterator[str]:
    """Yield the modules of the package that a tree imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # `from package import name`: the name may be a module itself.
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == _PACKAGE and _is_module(name))


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # the parent is a module, not a package
        return False


def _text(node: ast.AST) -> str:
    """Return a tree as text; empty fields are left out, because newer versions of Python add some."""
    parts = []
    for name, value in ast.iter_fields(node):
        values = value if isinstance(value, list) else [value]
        if name == "body" and _documented(node):
            values = values[1:]
        texts = [
            _text(one) if isinstance(one, ast.AST) else f"{type(one).__name__} {one!r}"
            for one in values
            if one is not None or isinstance(node, ast.Constant)
        ]
        if texts and not (isinstance(node, ast.Constant) and name == "kind"):
            parts.append(f"{name}=[{', '.join(texts)}]")
    return f"{type(node).__name__}({', '.join(parts)})"


def _documented(node: ast.AST) -> bool:
    """Tell whether a node that may have a docstring begins with one."""
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    first = node.body[0] if node.body else None
    return (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
