"""The figures count what they say, on small sources with known answers."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import figures


def function(text: str) -> figures.FunctionNode:
    node = ast.parse(text).body[0]
    assert isinstance(node, figures.FunctionNode)
    return node


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f() -> None: ...", True),
        ("def f(): ...", False),
        ("def f(a) -> None: ...", False),
        ("def f(self, a: int) -> None: ...", True),
        ("def f(a: int, self) -> None: ...", False),
        ("def f(*args, b: int) -> None: ...", False),
        ("def f(**kw) -> None: ...", False),
        ("def f(a: int, /, *args: str, b: int, **kw: str) -> None: ...", True),
        ("async def f(a: int): ...", False),
    ],
)
def test_a_function_is_typed_when_everything_but_self_is(text: str, expected: bool) -> None:
    assert figures.typed(function(text)) is expected


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        ("except Exception: pass", True),
        ("except: pass", True),
        ("except (OSError, BaseException): pass", True),
        ("except OSError: pass", False),
        ("except (OSError, KeyError): pass", False),
        ("except BaseException: clean(); raise", False),
        ("except Exception as e: raise OSError from e", True),
    ],
)
def test_a_broad_except_that_raises_again_is_none(handler: str, expected: bool) -> None:
    node = ast.parse(f"try:\n    x()\n{handler}").body[0]
    assert isinstance(node, ast.Try)
    assert figures.is_broad(node.handlers[0]) is expected


def test_a_module_is_measured(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    caught = "        try:\n            x()\n        except Exception:\n            pass\n"
    source = f"class A:\n    def one(self):\n{caught}"
    (tmp_path / "a" / "b.py").write_text(source + "\n\ndef two() -> None: ...\n")
    (module,) = figures.modules_of(["a"], tmp_path)
    assert (module.path, module.lines, module.broad) == ("a/b.py", 9, (5,))
    assert {(f.name, f.lines, f.typed) for f in module.functions} == {("one", 5, False), ("two", 1, True)}


@given(st.lists(st.integers(0, 500), min_size=1), st.sampled_from([0.5, 0.9, 0.99, 1.0]))
def test_a_percentile_is_the_smallest_value_that_covers_the_share(values: list[int], share: float) -> None:
    found = figures.percentile(values, share)
    assert sum(v <= found for v in values) >= share * len(values)
    assert sum(v < found for v in values) < share * len(values)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=20))
def test_cycles_are_the_names_that_reach_each_other(pairs: list[tuple[int, int]]) -> None:
    arrows: dict[str, set[str]] = {str(n): set() for n in range(7)}
    for start, end in pairs:
        arrows[str(start)].add(str(end))
    reach = {a: set(b) for a, b in arrows.items()}
    for _ in range(7):
        reach = {a: b | {d for c in b for d in reach[c]} for a, b in reach.items()}
    expected = {tuple(sorted(b for b in reach if a == b or (b in reach[a] and a in reach[b]))) for a in reach}
    assert figures.cycles(arrows) == sorted(g for g in expected if len(g) > 1)


def test_rooms_are_folders_of_the_packages() -> None:
    arrows = {"live.a.x": {"live.a.y", "live.b.z", "backtest.core.bars"}, "live.a.y": set[str]()}
    assert figures.room_arrows(arrows) == {"live.a": {"live.b", "backtest.core"}}


def test_a_missed_target_is_marked_and_fails_the_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [figures.Figure("a", "1", "<= 2", kept=True), figures.Figure("b", "3", "<= 2", kept=False)]
    monkeypatch.setattr(figures, "figures", lambda: rows)
    assert figures.main([]) == 0
    assert figures.main(["--check"]) == 1
    assert "| b | 3 | <= 2 | **no** |" in capsys.readouterr().out
    monkeypatch.setattr(figures, "figures", lambda: rows[:1])
    assert figures.main(["--check"]) == 0


def test_the_product_is_typed_and_catches_everything_only_at_its_boundaries() -> None:
    modules = figures.modules_of(figures.PACKAGES)
    assert figures.typed_figure("typed", modules).kept
    assert figures.broad_figure(modules).kept
    assert figures.root_figure().kept


def test_a_stray_broad_except_is_found() -> None:
    module = figures.Module("live/orders/resolve.py", 3, (), (2,))
    assert figures.broad_figure([module]).kept is False
    assert figures.broad_figure([module]).value == "live/orders/resolve.py:2"
