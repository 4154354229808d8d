"""A report price far from the last known one is not entered; both prices are named."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.candidate import Candidate
from live.generation.candidates import CandidateInput
from live.generation.report_prices import FAR_FROM_LAST, with_believed_prices
from live.views.words import skipped_because

DAY = date(2026, 11, 12)


def report(price: float | None) -> CandidateInput:
    return CandidateInput((Candidate("LUMA", DAY, "A", 91.0, price),))


@pytest.mark.parametrize("price", [62.0, 310.0, 1240.0, 6200.0])
def test_a_price_wrong_by_two_or_by_ten_is_not_entered(price: float) -> None:
    found = with_believed_prices(report(price), {"LUMA": 620.0})
    assert found.candidates == ()
    (skip,) = found.excluded
    assert (skip.symbol, skip.reason) == ("LUMA", FAR_FROM_LAST)
    assert skipped_because(skip.reason, skip.details) == (
        f"its report price {price} is far from the last known 620.0"
    )
    assert found.notes[0].startswith(f"LUMA: report price {price:g} is ")
    assert "the last known 620: not entered" in found.notes[0]


@pytest.mark.parametrize("price", [80.0, 120.0, 129.9])
def test_a_large_gap_is_entered_with_a_warning(price: float) -> None:
    found = with_believed_prices(report(price), {"LUMA": 100.0})
    assert (found.candidates, found.excluded) == (report(price).candidates, ())
    (note,) = found.notes
    assert note.endswith("the last known 100")


@given(st.floats(0.86, 1.14), st.floats(0.5, 5000))
def test_a_usual_price_changes_nothing(ratio: float, last: float) -> None:
    given_ = report(last * ratio)
    assert with_believed_prices(given_, {"LUMA": last}) is given_


@pytest.mark.parametrize(("price", "known"), [(None, {"LUMA": 1.0}), (62.0, {}), (62.0, {"OTHER": 620.0})])
def test_what_cannot_be_compared_stays(price: float | None, known: dict[str, float]) -> None:
    given_ = report(price)
    assert with_believed_prices(given_, known) is given_
