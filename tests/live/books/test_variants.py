"""What a primary owns, from the ledger and the broker."""

from decimal import Decimal

import pytest

from backtest.core.errors import BrokerError
from live.books.variants import primary_book
from live.model.broker import Account


def account(**figures):
    known = {
        "cash": Decimal(5000),
        "settled_cash": Decimal(5000),
        "buying_power": Decimal(5000),
        "equity": Decimal(9000),
    }
    return Account(reference="***1", kind="cash", holdings=(), **{**known, **figures})


@pytest.mark.parametrize(("figures", "budget"), [({"cash": None}, 100.0), ({"equity": None}, 40.0)])
def test_a_figure_the_broker_did_not_give_is_never_zero(figures, budget):
    with pytest.raises(BrokerError, match="gave no"):
        primary_book([], account(**figures), budget, {})


def test_figures_that_are_not_needed_may_be_missing():
    assert primary_book([], account(equity=None), 100.0, {}).cash == 5000.0
