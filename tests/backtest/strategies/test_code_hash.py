"""The digest of a strategy's code."""

import ast
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backtest.strategies import code_hash
from backtest.strategies.code_hash import code_sha256
from backtest.strategies.earnings_swing.strategy import build as earnings
from backtest.strategies.hierarchical_adaptive.strategy import build as adaptive


def test_the_digest_covers_what_decides_and_not_the_other_family() -> None:
    one, other = adaptive("golden", {}), earnings("ema", {})
    assert code_sha256(one) == code_sha256(adaptive("titan", {"T_max": 60}))
    assert code_sha256(one) != code_sha256(other)
    covered = code_hash._modules(type(one).__module__)
    assert any("series" in name for name in covered)
    assert any("kernels" in name for name in covered)
    assert not any("earnings" in name for name in covered)
    assert any("trend" in name for name in code_hash._modules(type(other).__module__))


RULES = '''"""Rules."""

from backtest.strategies.parameters import suggest

class Rules:
    """Say nothing."""

    def decide(self, x: int) -> str:
        """Decide."""
        return suggest("a", ["b"]) if x > 1 else ""
'''


@pytest.fixture
def digest_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.syspath_prepend(tmp_path)

    def digest(text: str) -> str:
        shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
        (tmp_path / "own_rules.py").write_text(text)
        sys.modules.pop("own_rules", None)
        return code_sha256(type("Rules", (), {"__module__": "own_rules"})())

    return digest


def test_words_and_layout_change_nothing(digest_of: Callable[..., Any]) -> None:
    same = RULES.replace('"""Decide."""', '"""Another text."""\n        # and a comment').replace(
        "x > 1", "(x  >  1)"
    )
    assert digest_of(RULES) == digest_of(same)
    without = RULES.replace('        """Decide."""\n', "").replace('    """Say nothing."""\n\n', "")
    assert digest_of(RULES) == digest_of(without)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x > 1", "x >= 1"),
        ("x > 1", "x > 1.0"),
        ('["b"]', '["c"]'),
        ('else ""', "else None"),
        ("suggest(", "str.join("),
    ],
)
def test_any_change_of_the_code_shows(digest_of: Callable[..., Any], old: str, new: str) -> None:
    assert digest_of(RULES) != digest_of(RULES.replace(old, new))


def test_the_text_of_a_tree_leaves_out_what_newer_versions_add() -> None:
    tree = ast.parse("def f(): pass")
    before = code_hash._text(tree)
    setattr(tree.body[0], "type_params", [])  # noqa: B010 - Python 3.11 does not know it
    assert code_hash._text(tree) == before
    assert "type_params" not in before


def test_any_byte_or_name_of_the_package_changes_its_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "backtest"
    shutil.copytree(Path(code_hash.__file__).parents[1], root, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code_hash, "__file__", str(root / "strategies" / "code_hash.py"))

    def digest() -> str:
        code_hash.package_sha256.cache_clear()
        return code_hash.package_sha256()

    found = [before := digest()]
    assert before == digest()
    module = root / "strategies" / "base.py"
    module.write_bytes(module.read_bytes() + b"# a comment\n")
    found.append(digest())
    module.rename(module.with_name("bases.py"))
    found.append(digest())
    (root / "new.py").write_text("")
    found.append(digest())
    monkeypatch.undo()
    code_hash.package_sha256.cache_clear()
    assert len(set(found)) == 4


def test_it_is_made_once_for_each_class(monkeypatch: pytest.MonkeyPatch) -> None:
    one = adaptive("golden", {})
    made = code_sha256(one)
    monkeypatch.setattr(code_hash, "_modules", lambda _: {})
    assert code_sha256(adaptive("titan", {"T_max": 60})) == made
