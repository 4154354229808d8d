"""A year of realised gains as a person is shown it."""

from datetime import date
from decimal import Decimal

from live.views.taxes import NO_ADVICE, tax_view
from tests.backtest.trading.lots.test_matching import CASES, lots_of


def case(name: str) -> dict[str, object]:
    return next(item for item in CASES if item["name"] == name)


def test_a_year_holds_its_own_sales_and_every_open_lot() -> None:
    found = lots_of(case("the holding period of what was replaced counts on"))
    first, second = (tax_view(found, found, year, "fifo", "ours") for year in (2023, 2024))
    assert [(s.sale, s.term, s.adjusted) for s in first.sales] == [("t2", "short", Decimal("0.00"))]
    assert [(w.sale, w.purchase, w.amount, w.lost) for w in first.wash_sales] == [
        ("t2", "t3", Decimal("100.00"), False)
    ]
    assert [(s.sale, s.term, s.adjusted) for s in second.sales] == [("t4", "long", Decimal("200.00"))]
    assert second.wash_sales == ()
    assert {t.term: (t.gain, t.adjusted) for t in second.totals} == {
        "short": (Decimal("0.00"), Decimal("0.00")),
        "long": (Decimal("200.00"), Decimal("200.00")),
    }


def test_lots_carry_what_is_deferred_and_when_they_are_long() -> None:
    found = lots_of(case("a part is replaced"))
    view = tax_view(found, found, 2024, "fifo", "ours")
    (lot,) = view.lots
    assert (lot.shares, lot.cost, lot.deferred, lot.holding_since, lot.long_from) == (
        "40",
        Decimal("440.00"),
        Decimal("80.00"),
        date(2024, 1, 11),
        date(2025, 1, 12),
    )
    assert view.deferred == Decimal("80.00")
    assert view.notes == (NO_ADVICE,)


def test_what_has_no_basis_is_named() -> None:
    found = lots_of(case("shares whose purchase nobody knows"))
    (gone,) = tax_view(found, found, 2024, "fifo", "x").without_basis
    assert (gone.sale, gone.shares, gone.proceeds) == ("t2", "5", Decimal("60.00"))
