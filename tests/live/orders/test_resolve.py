"""What a person decides about an order of unknown fate."""

from typing import Any

import pytest

from backtest.core.errors import (
    BrokerUnknown,
    UnresolvedError,
)
from tests.support.exec_world import ENTRY, signal, states


def test_exit_8_when_a_fate_is_unknown_and_resolve_ends_it(made: Any) -> None:
    from live.orders.resolve import declare_absent

    made.honours_client_id = False

    class Swallows:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: Any) -> Any:
            return getattr(self.inner, name)

        def submit(self, request: Any) -> None:
            raise BrokerUnknown("timeout")

    made.wrap = Swallows
    made.write(signal([ENTRY]))
    with pytest.raises(UnresolvedError) as caught:
        made.executor()
    assert caught.value.exit_code == 8
    made.wrap = None
    with pytest.raises(UnresolvedError):
        made.executor()
    declare_absent(made.ledger, ENTRY["client_order_id"], by="test", at=made.clock.now())
    assert made.executor() == 0
    assert made.broker.account().shares() == {"AAA": 100}
    assert states(made)[1][0] == "AAA_entry_buy_r1"
