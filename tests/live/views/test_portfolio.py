"""What is held, beside what was wanted; the journal."""

from pathlib import Path

import pytest

from live.model.run import asked_for
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.views.inputs import ViewInputs
from live.views.portfolio import read_order, read_orders, read_portfolio
from tests.support.user_world import FIRST, new_user


def test_a_traded_session(tmp_path: Path) -> None:
    user = new_user(tmp_path / "jutsu")
    user.trade(FIRST)
    with open_runtime("test", Options(config=user.config), asked_for(f"{FIRST}T17:00")) as runtime:
        inputs = ViewInputs.of(runtime.context)
        found = read_portfolio(inputs)
        orders = read_orders(inputs, 10)
        story = read_order(inputs, orders[-1].client_order_id)
        nobody = read_order(inputs, "nobody")
    golden, titan = found.books
    assert (golden.role, titan.role) == ("primary", "shadow")
    assert {w.symbol: w.shares for w in golden.weights if w.shares} == {
        p.symbol: p.quantity for p in golden.positions
    }
    assert all(w.held == pytest.approx(w.target, abs=0.05) for w in golden.weights)
    assert titan.weights == ()
    assert found.open_orders == found.unprotected == ()
    assert [order.state for order in orders] == ["FILLED", "FILLED"]
    assert story is not None
    assert story.order == orders[-1]
    assert [step.state for step in story.steps][:2] == ["PLANNED", "SENDING"]
    assert nobody is None
