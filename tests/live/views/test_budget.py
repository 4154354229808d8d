"""A budget that cannot pay for the places of its book is a finding."""

from pathlib import Path

import pytest

from live.ledger.snapshots import WHOLE_ACCOUNT
from tests.support.earnings_world import MON, new_trader


@pytest.mark.parametrize(("cash", "fits"), [(50_000.0, False), (199_999.0, False), (200_000.0, True)])
def test_twenty_positions_of_ten_thousand_need_two_hundred_thousand(
    tmp_path: Path, cash: float, fits: bool
) -> None:
    ran = new_trader(tmp_path, "AAA", cash=cash).user.jutsu_check()
    assert ran.code == (0 if fits else 2)
    assert ("20 positions of 10,000 cost 200,000" in ran.text) is not fits


def test_what_the_account_is_worth_now_counts_more_than_its_initial_cash(tmp_path: Path) -> None:
    trader = new_trader(tmp_path, "AAA", cash=200_000.0)
    assert trader.user.jutsu_check().code == 0
    with trader.at(f"{MON}T17:00") as runtime:
        runtime.ledger.snapshots.add(
            WHOLE_ACCOUNT,
            runtime.today(),
            at=runtime.clock.now(),
            mode="offline_mock",
            equity=50_000.0,
            cash=50_000.0,
        )
    assert "its budget is 50,000: only 5 of them" in trader.user.jutsu_check().text


def test_a_book_on_request_and_a_book_of_weights_are_not_judged(tmp_path: Path) -> None:
    books = [{"primary": "golden"}, {"primary": "ema_p10", "run": "on_request"}]
    trader = new_trader(tmp_path, "AAA", cash=50_000.0, books=books)
    assert trader.user.jutsu_check().code == 0
