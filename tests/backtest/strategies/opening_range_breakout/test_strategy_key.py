"""Names of strategies: as the original writes them, and one for each."""

from fractions import Fraction
from itertools import product

from backtest.strategies.opening_range_breakout.strategy_key import StrategyKey


def test_the_name_of_a_strategy() -> None:
    assert (
        StrategyKey(5, "ORB_G4", "0900", "E1", Fraction(5, 2), 2).id("MGC") == "MGC_0900_E1_RR2.5_CB2_ORB_G4"
    )
    assert (
        StrategyKey(15, "NO_FILTER", "0900", "E2", Fraction(2), 1).id("MES")
        == "MES_0900M15_E2_RR2.0_CB1_NO_FILTER"
    )


def test_no_two_share_a_name() -> None:
    cells = product(
        (5, 15),
        ("NO_FILTER", "ORB_G4"),
        ("0900", "0030"),
        ("E1", "E3"),
        (Fraction(1), Fraction(3, 2)),
        (1, 2),
    )
    keys = [StrategyKey(*cell) for cell in cells]  # type: ignore[arg-type]
    assert len({key.id("MGC") for key in keys}) == len(keys) == 64
