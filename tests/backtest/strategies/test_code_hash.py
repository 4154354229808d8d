"""The digest of a strategy's code."""

import ast
import shutil
import sys
from collections.abc import Callable, Iterator
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


@pytest.mark.parametrize("build", [adaptive, earnings])
def test_the_text_names_every_module_that_the_trees_import(
    build: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, read = type(build("x", {})).__module__, set[str]()
    mentioned = code_hash._mentioned

    def spied(text: str) -> Iterator[Path]:
        found = list(mentioned(text))
        read.update(path.relative_to(code_hash._ROOT).as_posix() for path in found)
        yield from found

    monkeypatch.setattr(code_hash, "_mentioned", spied)
    code_hash.files_sha256.__wrapped__(first)
    parts = [name.split(".")[1:] for name in code_hash._modules(first) if name != first]
    assert {"/".join(part) for part in parts if (code_hash._ROOT.joinpath(*part).is_dir())} <= {
        name.removesuffix("/__init__.py") for name in read
    }
    assert {f"{'/'.join(part)}.py" for part in parts if not code_hash._ROOT.joinpath(*part).is_dir()} <= read


def test_any_byte_or_name_of_what_may_be_imported_changes_the_digest_of_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "backtest"
    shutil.copytree(code_hash._ROOT, root, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code_hash, "_ROOT", root)
    monkeypatch.setattr(code_hash, "_source", lambda _: root / "strategies/earnings_swing/strategy.py")
    first = "backtest.strategies.earnings_swing.strategy"

    def digest() -> str:
        return code_hash.files_sha256.__wrapped__(first)

    found = [before := digest()]
    (root / "research" / "new.py").write_text("")
    assert before == digest(), "nothing that trades imports research"
    module = root / "strategies" / "terms.py"
    module.write_bytes(module.read_bytes() + b"# a comment\n")
    found.append(digest())
    module.with_name("more.py").write_text("")
    module.write_bytes(
        module.read_bytes() + b"def f():\n    from backtest.strategies import (\n        more)\n"
    )
    found.append(digest())
    module.with_name("more.py").unlink()
    found.append(digest())
    assert len(set(found)) == 4


def test_it_is_made_once_for_each_class(monkeypatch: pytest.MonkeyPatch) -> None:
    one = adaptive("golden", {})
    made = code_sha256(one)
    monkeypatch.setattr(code_hash, "_modules", lambda _: {})
    assert code_sha256(adaptive("titan", {"T_max": 60})) == made
