"""Permission for real orders: typed once, withdrawn at any time, per account."""

from collections.abc import Iterator
from typing import Any

import pytest

from backtest.core.errors import UsageError
from live.actions.mode import offline, online
from live.ledger.ledger import Ledger
from tests.support.review_world import NOW


@pytest.fixture
def ledger() -> Iterator[Any]:
    with Ledger.open("sqlite://", account="live", now=NOW) as opened:
        yield opened


def test_confirmed_by_the_exact_words_only(ledger: Any) -> None:
    with pytest.raises(UsageError, match="not confirmed"):
        online(ledger, "yes", actor="me", at=NOW)
    assert not ledger.state.online_confirmed()
    assert online(ledger, "  Trade  REAL money ", actor="me", at=NOW).changed is True
    assert online(ledger, "", actor="me", at=NOW).changed is False  # it holds already
    assert not ledger.for_account("other").state.online_confirmed()


def test_withdrawn_without_words(ledger: Any) -> None:
    assert offline(ledger, actor="me", at=NOW).changed is False
    online(ledger, "trade real money", actor="me", at=NOW)
    assert offline(ledger, actor="me", at=NOW).changed is True
    assert not ledger.state.online_confirmed()
