"""Accounts: the right one, and no figure invented."""

from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import BrokerError, SettingsError
from live.brokers.schwab.account import choose_account, parse_account
from live.model.broker import Account

ROWS = [
    {"accountNumber": "11112222", "hashValue": "AAAAHASH"},
    {"accountNumber": "87654321", "hashValue": "BBBBHASH"},
    {"accountNumber": "55552222", "hashValue": "CCCCHASH"},
]


def account(kind: str, balances: dict[str, Any], positions: list[Any] | None = None) -> Account:
    body = {"type": kind, "accountNumber": "87654321", "currentBalances": balances}
    return parse_account(
        {"securitiesAccount": body | ({"positions": positions} if positions is not None else {})}, "***4321"
    )


def test_the_configured_account_is_chosen_never_the_first() -> None:
    assert choose_account(ROWS, "4321") == ("BBBBHASH", "***4321")


@pytest.mark.parametrize("last4", [None, "9999", "2222"])
def test_doubt_about_the_account_is_refused_and_shows_only_masked_numbers(last4: str | None) -> None:
    with pytest.raises(SettingsError) as caught:
        choose_account(ROWS, last4)
    assert "***4321" in str(caught.value)
    assert "87654321" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_cash_account_spends_settled_funds_only() -> None:
    found = account(
        "CASH",
        {
            "cashBalance": 1000.0,
            "totalCash": 1000.0,
            "unsettledCash": 300.0,
            "cashAvailableForTrading": 900.0,
            "liquidationValue": 2500.5,
        },
    )
    assert (found.kind, found.cash, found.settled_cash) == ("cash", Decimal(1000), Decimal(700))
    assert found.buying_power == Decimal(700)
    assert found.equity == Decimal("2500.5")


def test_margin_account_does_not_borrow() -> None:
    found = account(
        "MARGIN",
        {"cashBalance": 800.0, "availableFunds": 1600.0, "buyingPower": 3200.0, "liquidationValue": 5000.0},
    )
    assert (found.settled_cash, found.buying_power) == (Decimal(800), Decimal(3200))


@pytest.mark.parametrize("kind", ["CASH", "MARGIN"])
def test_missing_and_null_balances_stay_unknown(kind: str) -> None:
    for balances in ({}, dict.fromkeys(("cashBalance", "totalCash", "liquidationValue", "buyingPower"))):
        found = account(kind, balances)
        assert (found.cash, found.settled_cash, found.buying_power, found.equity) == (None,) * 4


def test_flat_account_has_no_positions_key() -> None:
    assert account("CASH", {}).holdings == ()


def test_etfs_are_equities_and_unknown_rows_are_kept() -> None:
    rows = [
        {
            "longQuantity": 10.0,
            "shortQuantity": 0.0,
            "averagePrice": 50.25,
            "marketValue": 510.0,
            "instrument": {"assetType": "COLLECTIVE_INVESTMENT", "symbol": "TQQQ"},
        },
        {"longQuantity": 0.0, "shortQuantity": 3.0, "instrument": {"assetType": "EQUITY", "symbol": "BRK/B"}},
        {"longQuantity": 1234.5, "instrument": {"assetType": "MUTUAL_FUND", "symbol": "SWVXX"}},
        {"longQuantity": 1.0, "instrument": {"assetType": "PLANETARY_BOND", "symbol": "MARS"}},
        {"longQuantity": 2.0},
    ]
    found = account("MARGIN", {}, rows)
    assert found.shares() == {"BRK.B": -3, "TQQQ": 10}
    assert [h.asset_type for h in found.holdings] == [
        "equity",
        "equity",
        "mutual_fund",
        "planetary_bond",
        "unknown",
    ]


@pytest.mark.parametrize("answer", [{}, {"securitiesAccount": None}, {"securitiesAccount": {"type": "MOON"}}])
def test_an_answer_without_an_account_is_an_error_not_an_empty_account(answer: dict[str, Any]) -> None:
    with pytest.raises(BrokerError):
        parse_account(answer, "***4321")


@pytest.mark.parametrize("flag", [True, False, None])
def test_an_account_restricted_to_closing_trades_says_so(flag: bool | None) -> None:
    body: dict[str, object] = {"type": "CASH", "currentBalances": {}, "isClosingOnlyRestricted": flag}
    assert bool(parse_account({"securitiesAccount": body}, "***4321").restriction) is bool(flag)
