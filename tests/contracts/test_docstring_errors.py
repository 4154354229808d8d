"""The errors that docstrings promise exist."""

from __future__ import annotations

import ast
import builtins
import re
import sqlite3

from tests.support.paths import PROJECT
from tests.support.sources import docstrings, modules, parsed

PROMISED = re.compile(r"\b[A-Z][A-Za-z]*Error\b")


def test_every_error_named_in_a_docstring_is_a_class() -> None:
    files = modules("backtest", "live")
    defined = {
        node.name for path in files for node in ast.walk(parsed(path)) if isinstance(node, ast.ClassDef)
    }
    known = defined | set(dir(builtins)) | set(dir(sqlite3))
    wrong = {
        f"{path.relative_to(PROJECT)}: {name}"
        for path in files
        for text in docstrings(path)
        for name in PROMISED.findall(text)
        if name not in known
    }
    assert wrong == set()
