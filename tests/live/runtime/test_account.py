"""The key of an account: paper and live books never share memory."""

from live.runtime.account import account_key
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
