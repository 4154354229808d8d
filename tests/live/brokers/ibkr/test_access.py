"""Live money never reaches Interactive Brokers, and paper shares nothing with live."""

import pytest

from backtest.core.errors import SettingsError
from live.brokers.ibkr.access import account_key, require_paper
from live.brokers.ibkr.broker import IbkrBroker
from live.system.clock import SystemClock


@pytest.mark.parametrize(
    "environ",
    [
        {"IBKR_PORT": "7496", "IBKR_ACCOUNT": "DU1234567"},
        {"IBKR_PORT": "4001", "IBKR_ACCOUNT": "DU1234567"},
        {"IBKR_PORT": "7497", "IBKR_ACCOUNT": "U1234567"},
        {"IBKR_PORT": "5000", "IBKR_ACCOUNT": "U1234567"},
        {"IBKR_ACCOUNT": "U1234567"},
        {"IBKR_PORT": "paper", "IBKR_ACCOUNT": "DU1234567"},
        {"IBKR_PORT": "-1", "IBKR_ACCOUNT": "DU1234567"},
        {"IBKR_CLIENT_ID": "one", "IBKR_ACCOUNT": "DU1234567"},
        {},
    ],
)
def test_live_ports_and_live_accounts_are_refused(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as caught:
        IbkrBroker.open(environ=environ, clock=SystemClock())
    assert caught.value.exit_code == 2
    assert caught.value.remedy


def test_a_paper_account_passes() -> None:
    assert require_paper(4002, "DU1234567") == "DU1234567"


def test_paper_and_live_have_different_keys() -> None:
    keys = {account_key({"IBKR_ACCOUNT": name}) for name in ("DU1234567", "U1234567", "DU7654321", "")}
    assert len(keys) == 4
