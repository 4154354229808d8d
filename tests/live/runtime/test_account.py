"""The key of an account: paper and live books never share memory."""

import pytest

from live.runtime.account import account_key, is_paper
from live.settings.model import Settings


def test_paper_is_paper_whatever_the_broker() -> None:
    settings = Settings.model_validate({"broker": {"name": "schwab", "schwab": {"account_last4": "1234"}}})
    assert account_key(settings) == "paper"


def test_schwab_is_named_by_its_last_digits() -> None:
    settings = {"mode": "online_live", "broker": {"name": "schwab", "schwab": {"account_last4": "1234"}}}
    assert account_key(Settings.model_validate(settings)) == "schwab-1234"


def test_two_accounts_at_alpaca_have_two_keys() -> None:
    """What one account confirmed and remembers is not the other's."""

    def key(**alpaca: object) -> str:
        settings = {"mode": "online_live", "broker": {"name": "alpaca", "alpaca": alpaca}}
        return account_key(Settings.model_validate(settings))

    keys = [key(), key(account_last4="2345"), key(paper=False, account_last4="2345")]
    keys.append(key(paper=False, account_last4="6789"))
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("broker", "paper"),
    [
        ({"name": "paper"}, True),
        ({"name": "alpaca", "alpaca": {"paper": True}}, True),
        ({"name": "alpaca", "alpaca": {"paper": True, "account_last4": "2345"}}, True),
        ({"name": "alpaca", "alpaca": {"paper": False, "account_last4": "2345"}}, False),
        ({"name": "schwab", "schwab": {"account_last4": "2345"}}, False),
    ],
)
def test_the_key_says_whether_money_is_at_stake(broker: dict[str, object], paper: bool) -> None:
    settings = Settings.model_validate({"mode": "online_live", "broker": broker})
    assert is_paper(account_key(settings)) == paper
    assert is_paper(account_key(settings.model_copy(update={"mode": "offline_mock"})))


@pytest.mark.parametrize(("number", "paper"), [("DU1234567", True), ("U1234567", False), ("", False)])
def test_accounts_of_interactive_brokers_are_told_apart_by_their_number(number: str, paper: bool) -> None:
    settings = Settings.model_validate({"mode": "online_live", "broker": {"name": "ibkr"}})
    assert is_paper(account_key(settings, {"IBKR_ACCOUNT": number})) == paper
