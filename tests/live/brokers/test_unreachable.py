"""What stands in for a broker or feed that could not be opened gives the reason, whatever is asked."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from backtest.core.errors import AuthenticationFailed, BrokerError, JutsuError, SettingsError
from live.brokers.unreachable import UnreachableBroker, UnreachableFeed
from live.model.broker import Broker, OrderRequest
from live.model.feed import Feed

AT = datetime(2024, 1, 2, tzinfo=UTC)
ORDER = OrderRequest("20240102_QQQ_entry_buy", "QQQ", "buy", 1)
QUESTIONS: dict[str, Callable[[Broker], object]] = {
    "account": lambda broker: broker.account(),
    "orders": lambda broker: broker.orders(AT, AT),
    "order": lambda broker: broker.order("1"),
    "find": lambda broker: broker.find("1"),
    "body": lambda broker: broker.body(ORDER),
    "submit": lambda broker: broker.submit(ORDER),
    "cancel": lambda broker: broker.cancel("1"),
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    ("why", "kind"),
    [
        (SettingsError("keys are missing", where="KEY", remedy="set it"), BrokerError),
        (AuthenticationFailed("keys are missing", where="KEY", remedy="set it"), AuthenticationFailed),
    ],
)
def test_every_question_gets_the_reason(question: str, why: JutsuError, kind: type[JutsuError]) -> None:
    broker: Broker = UnreachableBroker(why)
    with pytest.raises(kind) as caught:
        QUESTIONS[question](broker)
    assert caught.value.line() == why.line()


def test_a_feed_gives_it_too_and_nobody_told_the_time() -> None:
    feed: Feed = UnreachableFeed(SettingsError("keys are missing"))
    for ask in (lambda: feed.history(["QQQ"], AT), lambda: feed.quotes(["QQQ"], AT)):
        with pytest.raises(BrokerError, match="keys are missing"):
            ask()
    assert UnreachableBroker(SettingsError("keys are missing")).clock_offset() is None
