"""The orders of an account as its broker lists them: everything recent, and what still lives from before."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from live.model.broker import ListsResting

if TYPE_CHECKING:
    from live.model.broker import Broker, BrokerOrder
    from live.system.clock import Clock

#: how far back every order is listed: some brokers give no longer list at once
LOOK_BACK: Final = timedelta(days=59)
#: a broker's times may differ from ours by this much
LIST_MARGIN: Final = timedelta(minutes=10)
#: how long a broker's list may miss a new order: observed a quarter of a second
LIST_LAG: Final = timedelta(seconds=2)


def listed(broker: Broker, clock: Clock) -> tuple[BrokerOrder, ...]:
    """Return every order of the last 59 days and every older one that lives (good till cancelled).

    Raises:
        BrokerError: a list cannot be read, or may be cut.
    """
    now = clock.now()
    since = now - LOOK_BACK
    older = broker.resting(since) if isinstance(broker, ListsResting) else ()
    rows = {shown.order_id: shown for shown in (*older, *broker.orders(since, now + LIST_MARGIN))}
    return tuple(rows.values())


def living(broker: Broker, clock: Clock) -> tuple[BrokerOrder, ...]:
    """Return those of them that can still do something. BrokerError: as `listed`."""
    return tuple(shown for shown in listed(broker, clock) if not shown.state.terminal)
