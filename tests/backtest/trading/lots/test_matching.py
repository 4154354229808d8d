"""Tax lots against answers reviewed by hand, and what must hold for any history of trades."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.data.quality.actions import CorporateAction
from backtest.trading.lots.matching import part, tax_lots
from backtest.trading.lots.model import LotRules, LotTrade, TaxLots, cents
from tests.support.paths import PROJECT

CASES: list[dict[str, Any]] = yaml.safe_load((PROJECT / "tests/golden/tax_lots.yaml").read_text())


def trade_of(number: int, text: str) -> LotTrade:
    """Return the trade of one line."""
    day, side, quantity, symbol, _, price, *more = text.split()
    options = dict(pairwise(more))
    named = [word for word in more[:1] if word in {"ours", "other"}]
    return LotTrade(
        id=f"t{number}",
        account=named[0] if named else "ours",
        symbol=symbol,
        side="buy" if side == "buy" else "sell",
        quantity=Fraction(quantity),
        price=Decimal(price),
        day=date.fromisoformat(day),
        commission=Decimal(options.get("commission", "0")),
        purchase=options.get("order", ""),
        retirement="ira" in more,
    )


def split_of(text: str) -> CorporateAction:
    symbol, ratio, day = text.split()
    new, old = ratio.split(":")
    return CorporateAction(symbol, date.fromisoformat(day), "split", Fraction(int(new), int(old)))


def lots_of(case: dict[str, Any]) -> TaxLots:
    rules = LotRules(
        method=case.get("method", "fifo"),
        assigned={
            sale: {lot: Fraction(shares) for lot, shares in lots.items()}
            for sale, lots in case.get("assigned", {}).items()
        },
        identical=tuple(tuple(group) for group in case.get("identical", ())),
    )
    trades = [trade_of(number, text) for number, text in enumerate(case["trades"], 1)]
    return tax_lots(trades, [split_of(text) for text in case.get("splits", ())], rules)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]).replace(" ", "_"))
def test_the_answers_reviewed_by_hand(case: dict[str, Any]) -> None:
    found = lots_of(case)
    assert [
        f"{row.sale} from {row.lot} {row.quantity} gain {row.gain} disallowed {row.disallowed:.2f} {row.term}"
        for row in found.sold
    ] == case["sold"]
    assert [
        f"{lot.lot} {lot.quantity} basis {lot.cost} since {lot.holding_since}" for lot in found.open
    ] == case["open"]
    assert sum((row.lost for row in found.sold), Decimal(0)) == Decimal(case.get("lost", "0"))
    unknown = [f"{row.sale} {row.quantity} proceeds {row.proceeds}" for row in found.unknown]
    assert unknown == ([case["unknown"]] if "unknown" in case else [])


def test_a_deferral_names_sale_and_purchase() -> None:
    (case,) = [case for case in CASES if case["name"] == "a part is replaced"]
    (found,) = lots_of(case).deferrals
    assert (found.sale, found.sold) == ("t2", date(2024, 3, 1))
    assert (found.purchase, found.bought) == ("t3", date(2024, 3, 10))
    assert (found.quantity, found.amount, found.lost) == (40, Decimal("80.00"), False)


TRADES = st.builds(
    lambda day, side, quantity, symbol, price, commission, account, order: (
        day,
        side,
        quantity,
        symbol,
        price,
        commission,
        account,
        order,
    ),
    st.integers(0, 400),
    st.sampled_from(["buy", "buy", "sell"]),
    st.integers(1, 90),
    st.sampled_from(["QQQ", "QQQM", "TMF"]),
    st.decimals("1", "50", places=2),
    st.decimals("0", "2", places=2),
    st.sampled_from(["ours", "other", "ira"]),
    st.sampled_from(["", "", "A", "B"]),
)
SPLITS = st.lists(
    st.tuples(st.sampled_from(["QQQ", "TMF"]), st.integers(1, 400), st.sampled_from(["2:1", "3:2", "1:10"])),
    max_size=2,
)


@settings(max_examples=300, deadline=None)
@given(
    rows=st.lists(TRADES, max_size=25),
    splits=SPLITS,
    method=st.sampled_from(["fifo", "hifo"]),
)
def test_nothing_is_gained_or_lost_by_the_rules(rows: list[Any], splits: list[Any], method: Any) -> None:
    """Adjusted gains less what is deferred in open lots (and lost) are the cash result, to the cent."""
    start = date(2023, 1, 2)
    trades = [
        LotTrade(
            f"t{number}",
            account,
            symbol,
            side,
            Fraction(quantity),
            price,
            start + timedelta(days=day),
            commission,
            order,
            account == "ira",
        )
        for number, (day, side, quantity, symbol, price, commission, account, order) in enumerate(rows, 1)
    ]
    actions = [split_of(f"{symbol} {ratio} {start + timedelta(days=day)}") for symbol, day, ratio in splits]
    found = tax_lots(trades, actions, LotRules(method=method, identical=(("QQQ", "QQQM"),)))
    taxed = [trade for trade in trades if not trade.retirement]
    cash = sum((t.amount if t.side == "sell" else -t.amount for t in taxed), Decimal(0))
    open_ = [lot for lot in found.open if not lot.retirement]
    still = sum((lot.cost - lot.deferred for lot in open_), Decimal(0))
    unknown = sum((row.proceeds for row in found.unknown), Decimal(0))
    deferred = sum((lot.deferred for lot in open_), Decimal(0))
    lost = sum((row.lost for row in found.sold), Decimal(0))
    adjusted = sum((row.adjusted for row in found.sold), Decimal(0))
    assert adjusted - deferred - lost == cash + still - unknown
    for row in found.sold:
        assert 0 <= row.lost <= row.disallowed <= max(Decimal(0), -row.gain)
    for deferral in found.deferrals:
        assert abs((deferral.bought - deferral.sold).days) <= 30
        assert deferral.quantity > 0


@given(st.decimals("0", "1000", places=2), st.lists(st.integers(1, 50), min_size=1, max_size=9))
def test_parts_add_up(amount: Decimal, shares: list[int]) -> None:
    left, total, parts = amount, Fraction(sum(shares)), Decimal(0)
    for count in shares:
        share = part(left, Fraction(count), total)
        left, total, parts = left - share, total - count, parts + share
    assert parts == amount
    assert left == 0


def test_cents_are_ties_to_even() -> None:
    assert [cents(Decimal(text)) for text in ("1.005", "1.015", "-1.005")] == [
        Decimal("1.00"),
        Decimal("1.02"),
        Decimal("-1.00"),
    ]
