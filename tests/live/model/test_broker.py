"""Values of the broker contract."""

from decimal import Decimal

from live.model.broker import Account, Holding


def test_rows_of_one_symbol_add_up() -> None:
    rows = [("AAA", 60), ("BBB", 5), ("AAA", 40)]
    held = tuple(Holding(symbol, Decimal(quantity), Decimal(10)) for symbol, quantity in rows)
    assert Account(
        reference="***1",
        kind="cash",
        cash=None,
        settled_cash=None,
        buying_power=None,
        equity=None,
        holdings=held,
    ).shares() == {"AAA": 100, "BBB": 5}
