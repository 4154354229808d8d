"""`jutsu realign` on the screen: which file carries the orders, and what was taken back."""

from pathlib import Path
from typing import Any

import pytest

from live.books.realign import REALIGN, carried
from live.cli import realign
from tests.support.review_world import DAY, NOW, generated, invoke, runtime


@pytest.fixture
def world(tmp_path: Path) -> Any:
    return runtime(tmp_path)


def said(monkeypatch: pytest.MonkeyPatch, world: Any, *words: str) -> str:
    result = invoke(monkeypatch, world, realign, "realign", *words)
    assert result.exit_code == 0, result.exception
    return " ".join(result.output.split())


def test_it_names_the_file_that_carries_the_orders(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "not asked for golden: nothing was changed" in said(monkeypatch, world, "--cancel")
    assert said(monkeypatch, world) == "realign is asked: the next file of golden carries the orders"
    generated(world)
    assert f"the file after that of {DAY} carries the orders" in said(monkeypatch, world)
    assert said(monkeypatch, world, "--cancel") == "realign is withdrawn for golden"
    said(monkeypatch, world)
    carried(world.ledger, "golden", DAY, {REALIGN: "asked"}, at=NOW)
    assert f"the file of {DAY} carries the orders" in said(monkeypatch, world)
    assert f"the file of {DAY} still carries its orders" in said(monkeypatch, world, "--cancel")


@pytest.mark.parametrize("variant", ["ema_p10", "titan", "nobody"])
def test_a_book_without_targets_is_a_usage_error(
    world: Any, monkeypatch: pytest.MonkeyPatch, variant: str
) -> None:
    result = invoke(monkeypatch, world, realign, "realign", "--variant", variant)
    assert "UsageError" in type(result.exception).__name__
    assert world.ledger.audit.all() == ()
