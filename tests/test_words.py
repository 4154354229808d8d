"""One word for one thing: identifiers that were replaced do not return (word list of the house)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import CodeType

import pytest

from tests.support.paths import PROJECT
from tests.support.sources import modules, parsed

#: refused anywhere in an identifier, as whole words of it -> what is said instead
BANNED_PARTS = {
    "looked_after": "run_preflight_and_note_missed",
    "tell_unprotected": "alert_unprotected",
    "in_spite": "protect_after_failure",
    "hang_up": "close_all",
    "mind_faults": "raise_due_faults",
    "spell_out": "print_details",
    "stranger": "unknown",
    "invitation": "the plain term of the login",
    "redeem": "the plain term of the login",
    "each_book_as_one": "each_book",
    "report_input": "candidate_input",
    "liar": "what the fake does wrong",
}
#: refused as the whole identifier -> what is said instead
BANNED_NAMES = {
    "but": "except_for",
    "turns": "each_book",
    "slots": "position_limits",
    "told": "text, lines or diagnostics",
    "once": "rerun_rules",
    "strange": "unknown",
    "desk": "context",
    "rang": "was_delivered",
    "naked": "unprotected",
}
ROOTS = ("backtest", "live", "benchmarks", "tools", "tests")


@cache
def words_of(identifier: str) -> str:
    """Return an identifier as lower-case words joined by underscores: `ReportInput` -> `report_input`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", identifier).lower().strip("_")


@cache
def refused(identifier: str) -> str | None:
    """Return what to say instead of a banned identifier, None for a good one."""
    words = words_of(identifier)
    if words in BANNED_NAMES:
        return BANNED_NAMES[words]
    return next((good for bad, good in BANNED_PARTS.items() if f"_{bad}_" in f"_{words}_"), None)


def identifiers(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield every name that a source binds or uses with its line; names of tests are sentences, not words."""
    for node in ast.walk(tree):
        names: list[str | None] = []
        if isinstance(node, ast.keyword):
            names = [node.arg if node.arg != "slots" else None]  # of `dataclass`
        elif isinstance(node, ast.Name):
            names = [node.id]
        elif isinstance(node, ast.Attribute):
            names = [node.attr]
        elif isinstance(node, ast.arg):
            names = [node.arg]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.alias):
            names = [*node.name.split("."), node.asname]
        for name in names:
            if name and not name.startswith(("test_", "Test")) and not (name[:2] == name[-2:] == "__"):
                yield name, getattr(node, "lineno", 0)


def spelled(code: CodeType) -> Iterator[str]:
    """Yield the names that compiled code uses, keywords of calls too; annotations are text by then."""
    yield from (code.co_name, *code.co_names, *code.co_varnames, *code.co_cellvars, *code.co_freevars)
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield from spelled(value)
        elif isinstance(value, tuple):
            yield from (word for word in value if isinstance(word, str))


def findings(path: Path) -> Iterator[str]:
    """Yield one line for each banned identifier of a file, its own name included."""
    words = {path.stem, *spelled(compile(path.read_text(encoding="utf-8"), path.name, "exec"))}
    if not any(map(refused, words)):
        return  # most files, told by the compiler in a tenth of the time that a walk over the tree takes
    found = [(path.stem, 0), *identifiers(parsed(path))]
    for name, line in found:
        good = refused(name)
        if good:
            yield f"{path.relative_to(PROJECT)}:{line}: {name} (say: {good})"


@pytest.mark.parametrize("root", ROOTS)
def test_banned_identifiers_do_not_return(root: str) -> None:
    files = modules(root)
    assert files
    assert [line for path in files for line in findings(path)] == []


def test_a_variant_of_a_book_is_no_line() -> None:
    files = [path for path in modules("live", "tests") if "BookVariant" in path.read_text(encoding="utf-8")]
    assert files
    arguments = [
        f"{path.relative_to(PROJECT)}:{node.lineno}"
        for path in files
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.arg) and node.arg in {"line", "lines"} and node.annotation is not None
        if "BookVariant" in ast.unparse(node.annotation)
    ]
    assert arguments == []


@pytest.mark.parametrize(
    ("identifier", "banned"),
    [
        ("_hang_up", True),
        ("protect_in_spite", True),
        ("Invitation", True),
        ("but", True),
        ("attribute", False),
        ("redeemed", False),
        ("turns", True),
        ("returns", False),
        ("_Told", True),
    ],
)
def test_words_are_matched_whole(identifier: str, banned: bool) -> None:
    assert (refused(identifier) is not None) is banned


def test_every_kind_of_identifier_is_read() -> None:
    source = (
        "import a.hang_up as b\n\ndef f(but, *redeem):\n    x.hang_up(slots=1, turns=2)\n    stranger = but\n"
    )
    words = {word for word in spelled(compile(source, "source", "exec")) if refused(word)}
    assert words >= {"but", "redeem", "hang_up", "turns", "stranger"}
    found = {name for name, _ in identifiers(ast.parse(source)) if refused(name)}
    assert found == {"hang_up", "but", "redeem", "turns", "stranger"}
