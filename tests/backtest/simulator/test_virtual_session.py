"""Each family settles its sessions by its own simulator."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from backtest.core.decision import Book, FamilyName
from backtest.simulator import virtual_session
from backtest.simulator.session_values import Settled


def test_every_family_has_a_module_that_settles() -> None:
    assert set(virtual_session._SETTLE) == set(get_args(FamilyName))
    for name in virtual_session._SETTLE.values():
        assert callable(importlib.import_module(name).settle)


@pytest.mark.parametrize("family", get_args(FamilyName))
def test_the_family_of_the_strategy_decides(family: FamilyName, monkeypatch: pytest.MonkeyPatch) -> None:
    done = Settled(Book(1.0), 1.0, {"by": family})
    module = importlib.import_module(virtual_session._SETTLE[family])
    monkeypatch.setattr(module, "settle", lambda *_: done)
    asked: Any = SimpleNamespace(strategy=SimpleNamespace(family=SimpleNamespace(name=family)))
    assert virtual_session.settle_virtual_session(asked, lambda _: {}) is done
