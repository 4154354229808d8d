"""The whole `Runtime` goes to programs and commands; a step is given the parts it needs.

A step that takes everything can ask everything: its signature then says nothing, and its test needs a world.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.paths import PROJECT

#: the stages, the commands, history through the stages, and where a `Runtime` is made; the list only shrinks
ROOTS = ("live/signal_generator.py", "live/executor.py", "live/cli/", "live/replay/", "live/runtime/")
#: what `live/runtime` itself may know of it: making one, and handing it out
MAKES_ONE = {"live/runtime/runtime.py", "live/runtime/open.py"}
LIVE = sorted(path.relative_to(PROJECT).as_posix() for path in (PROJECT / "live").rglob("*.py"))


def names_runtime(module: str) -> bool:
    """Tell whether a module imports, defines or annotates with the whole `Runtime`."""
    tree = ast.parse(Path(PROJECT, module).read_text())
    return any(
        (isinstance(node, ast.Name) and node.id == "Runtime")
        or (isinstance(node, ast.alias) and node.name == "Runtime")
        or (isinstance(node, ast.ClassDef) and node.name == "Runtime")
        for node in ast.walk(tree)
    )


@pytest.mark.parametrize("module", [module for module in LIVE if not module.startswith(ROOTS)])
def test_a_step_takes_the_parts_it_needs(module: str) -> None:
    assert not names_runtime(module), (
        "take a RunContext, or the ledger, clock or settings; broker and feed beside it"
    )


def test_of_the_room_that_makes_it_only_two_modules_know_it() -> None:
    assert {m for m in LIVE if m.startswith("live/runtime/") and names_runtime(m)} == MAKES_ONE


def test_a_command_is_seen_to_name_it() -> None:
    assert names_runtime("live/cli/common.py")
    assert not names_runtime("live/operations/health.py")
