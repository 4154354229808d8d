"""The compiled walk: every function that it calls is compiled with it, and works without a compiler."""

import ast
import inspect
import sys

import pytest

from backtest.simulator.intraday import compiled, loops
from backtest.strategies.opening_range_breakout import rules


def test_every_function_called_is_named_for_the_compiler() -> None:
    """A function that is not would be found out by the compiler, minutes later, in the long suite only."""
    named = {function.__name__ for function in compiled._CALLED}
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for module in (loops, rules)
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Call)
    }
    ours = {
        name for module in (loops, rules) for name in vars(module) if inspect.isfunction(vars(module)[name])
    }
    assert called & ours <= named


def test_without_a_compiler_the_walk_is_run_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    compiled.compiled_outcomes.cache_clear()
    assert compiled.compiled_outcomes() is compiled.outcomes_as_they_are
    compiled.compiled_outcomes.cache_clear()
