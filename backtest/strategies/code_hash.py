"""The digest of the code that makes a strategy's decisions, for the manifest."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from backtest.core.errors import JutsuError
from backtest.strategies.base import Strategy

#: Modules that decide nothing: messages, and the yearly table of holidays.
_LEFT_OUT = ("backtest.core.errors", "backtest.calendar.table")
_PACKAGE = "backtest"
_ROOT = Path(__file__).resolve().parents[1]
_LEFT_OUT_FILES = tuple(_ROOT.joinpath(*name.split(".")[1:]).with_suffix(".py") for name in _LEFT_OUT)
_IMPORT_LINE = re.compile(r"^.*\bimport\b.*$", re.MULTILINE)
_DOTTED_NAME = re.compile(r"\bbacktest(?:\.\w+)*")


def code_sha256(strategy: Strategy) -> str:
    """Return the SHA-256 of the rules of a strategy, as 64 hex digits.

    Hashed are the syntax trees, without docstrings, of the strategy's own module and of every module of
    `backtest` that it imports, directly or not. Comments, layout and docstrings change nothing; any other
    change of the code does. The digest is the same on every supported version of Python.

    It is made once for each class of a process.

    Raises:
        JutsuError: the source of a module cannot be found.
    """
    return _together([_code_of(rules) for rules in _classes(strategy)])


def strategy_files_sha256(strategy: Strategy) -> str:
    """Return `files_sha256` of the modules that a strategy is made of: its own, and of rules around it.

    Raises:
        JutsuError: the source of a module cannot be found.
    """
    return _together([files_sha256(rules.__module__) for rules in _classes(strategy)])


def _classes(strategy: Strategy) -> list[type[Strategy]]:
    """Return the class of a strategy, and of the one that it wraps (`strategies.managed`)."""
    inner: Strategy | None = getattr(strategy, "inner", None)
    return [type(strategy), *([] if inner is None else _classes(inner))]


def _together(digests: list[str]) -> str:
    return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()


@cache
def _code_of(rules: type[Strategy]) -> str:
    digest = hashlib.sha256()
    for name, tree in sorted(_modules(rules.__module__).items()):
        digest.update(f"{name}\n{_text(tree)}\n".encode())
    return digest.hexdigest()


@cache
def files_sha256(first: str) -> str:
    """Return the SHA-256 of the names and bytes of a module and of all it may import, as 64 hex digits.

    While it stays the same `code_sha256` does too, at a tenth of the time: imports are looked for in the
    text, where more is found than a syntax tree would name. A comment changes it.

    Args:
        first: the name of the strategy's module.

    Raises:
        JutsuError: the source of a module cannot be found.
    """
    digest, waiting, seen = hashlib.sha256(), [_source(first)], set[Path]()
    found: dict[str, bytes] = {}
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            found[_dotted(path, first)] = content = path.read_bytes()
            waiting += _mentioned(content.decode())
    for name, content in sorted(found.items()):
        digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()


def _dotted(path: Path, first: str) -> str:
    """Return the name of a file of the package, else that of the strategy's own module."""
    return path.relative_to(_ROOT).as_posix() if path.is_relative_to(_ROOT) else first


def _mentioned(text: str) -> Iterator[Path]:
    """Yield the files of the package that lines with an import name; of a package its modules too."""
    for line in _IMPORT_LINE.findall(text.replace("\\\n", " ")):
        for name in _DOTTED_NAME.findall(line):
            place = _ROOT.joinpath(*name.split(".")[1:])
            if place.is_dir():
                yield from (
                    path for path in (*place.glob("*.py"), *place.glob("*/__init__.py")) if _hashed(path)
                )
            elif _hashed(place.with_suffix(".py")):
                yield place.with_suffix(".py")


def _hashed(path: Path) -> bool:
    return path not in _LEFT_OUT_FILES and path.is_file()


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
