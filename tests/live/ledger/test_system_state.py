"""Kill switch and the word for online."""

from typing import Any

import pytest

from tests.support.ledger_samples import NOW


def test_the_kill_switch_holds_for_every_account_and_programs_never_lower_it(ledger: Any) -> None:
    live = ledger.for_account("schwab-1")
    assert live.state.kill_level() == "none"
    ledger.state.set_kill("entries", reason="stop failed", by="executor", at=NOW)
    live.state.set_kill("all", reason="worried", by="ann", at=NOW)
    kept = ledger.state.set_kill("entries", reason="again", by="executor", at=NOW)

    assert (kept.level, kept.reason) == ("all", "worried")
    assert ledger.state.clear_kill(by="ann", at=NOW).level == "all"
    assert live.state.kill_level() == "none"


def test_online_needs_the_exact_words_once_per_account(ledger: Any) -> None:
    from backtest.core.errors import UsageError

    with pytest.raises(UsageError, match="type exactly"):
        ledger.state.confirm_online("yes", by="ann", at=NOW)
    assert not ledger.state.online_confirmed()

    ledger.state.confirm_online("  Trade real  money ", by="ann", at=NOW)

    assert ledger.state.online_confirmed()
    assert not ledger.for_account("other").state.online_confirmed()
    ledger.state.withdraw_online(at=NOW)
    assert not ledger.state.online_confirmed()
