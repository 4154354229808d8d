"""What is known about prices: the largest multiple by which a symbol follows an index."""

from __future__ import annotations

from backtest.data.quality.known import NOTHING_KNOWN, Known
from backtest.data.quality.relations import PriceRelation


def test_an_inverse_fund_counts_by_its_size() -> None:
    known = Known(
        (PriceRelation("TMV", "TLT", -3.0), PriceRelation("TQQQ", "QQQ", 3.0), PriceRelation("X", "Y", 0.5))
    )
    assert (known.multiple("TMV"), known.multiple("TQQQ")) == (3.0, 3.0)


def test_without_a_relation_it_is_one() -> None:
    assert NOTHING_KNOWN.multiple("AAPL") == 1.0
    assert Known((PriceRelation("TQQQ", "QQQ", 3.0),)).multiple("QQQ") == 1.0
