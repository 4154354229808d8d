"""Every alert has a key of a listed cause: nobody is woken by a message whose remedy is not written down."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from live.alerts.causes import CAUSE_NAMES, CAUSES
from live.cli.commands import COMMANDS
from tests.support.paths import PROJECT
from tests.support.sources import parsed
from tools.alerts_page import PAGE, page

#: what writes an alert -> where the key stands when it is not named
WRITERS = {
    "send": None,
    "alert": None,
    "alert_without_ledger": None,
    "add": 0,
    "_record": 1,
    "_alert_beside": None,
}
MAKERS = ("key_of", "alert_key", "_key")


def keys(tree: ast.AST) -> Iterator[tuple[ast.expr, ast.AST]]:
    """Yield the key of every alert that a module writes, with the function it is in."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        for call in ast.walk(function):
            if not isinstance(call, ast.Call) or not _writes(call.func):
                continue
            named = [word.value for word in call.keywords if word.arg == "key"]
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            place = WRITERS[name]
            if not named and place is not None and len(call.args) > place:
                named = [call.args[place]]
            yield from ((key, function) for key in named)


def _writes(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        owner = ast.unparse(function.value)
        return (function.attr == "send" and owner == "alerts") or (
            function.attr == "add" and owner.endswith(("alerts", "outbox"))
        )
    return isinstance(function, ast.Name) and function.id in WRITERS and function.id != "add"


def listed(key: ast.expr, function: ast.AST) -> bool:
    """Tell whether a key is made of the list, or handed on."""
    if isinstance(key, ast.Call):
        return isinstance(key.func, ast.Name) and key.func.id in MAKERS
    if isinstance(key, ast.Attribute):
        return key.attr == "key"  # of an alert that was kept before
    if not isinstance(key, ast.Name) or not isinstance(function, ast.FunctionDef):
        return False
    arguments = {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)}
    made = [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == key.id for t in node.targets)
    ]
    return key.id in arguments if not made else all(listed(value, function) for value in made)


def test_no_alert_is_written_with_a_key_that_is_not_of_the_list() -> None:
    found = [
        (path, key, function)
        for path in sorted((PROJECT / "live").rglob("*.py"))
        for key, function in keys(parsed(path))
    ]
    wrong = [
        f"{path.relative_to(PROJECT)}:{key.lineno}: key={ast.unparse(key)}"
        for path, key, function in found
        if not listed(key, function)
    ]
    assert len(found) > 15
    assert wrong == [], "make the key with live.alerts.causes.key_of, and list its cause there"


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    send(context, key='made_up', level='info')",
        "def f():\n    key = f'made_{up}'\n    alerts.send(context, key=key)",
        "def f():\n    ledger.alerts.add('made_up', level='info')",
    ],
)
def test_a_key_written_by_hand_is_found(source: str) -> None:
    ((key, function),) = keys(ast.parse(source))
    assert not listed(key, function)


def test_every_cause_is_described_and_used() -> None:
    assert set(CAUSES) == set(CAUSE_NAMES)
    source = "\n".join(path.read_text(encoding="utf-8") for path in (PROJECT / "live").rglob("*.py"))
    assert [name for name in CAUSE_NAMES if source.count(f'"{name}"') < 3] == []


def test_the_commands_a_cause_names_exist() -> None:
    named = {
        word
        for cause in CAUSES.values()
        for word in re.findall(r"`jutsu ([a-z]+)", cause.remedy + cause.meaning)
    }
    assert named <= set(COMMANDS)


def test_the_page_is_made_of_the_list() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tools.alerts_page"
    assert Path(PAGE).name == "alerts.md"
