"""The backtest of a book's sessions: what the simulator makes of them, from the equity before the first."""

from datetime import timedelta

import pytest

from live.jobs.project import StoredFeed
from live.validation.backtested import backtested
from live.views.settings import SettingsSource
from live.web.world import World
from tests.support.user_world import FIRST, SECOND, THIRD, new_user
from tests.support.web_world import inside


def test_to_the_newest_session_that_ran_or_to_the_newest_close(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    user = new_user(tmp_path_factory.mktemp("backtested") / "jutsu")
    source = SettingsSource(user.config, None, {})
    with World(source, inside()).reading() as inputs:
        feed = StoredFeed(source.load(inputs.now))
        book = inputs.variants()[0]
        costs = inputs.settings.execution
        assert backtested(inputs.ledger, book, feed, costs, inputs.now) is None
    for day in (FIRST, SECOND):
        user.trade(day)
    assert user.jutsu("validate", THIRD).code in {0, 2}
    clock = inside(THIRD, "17:00")
    with World(source, clock).reading() as inputs:
        ran = backtested(inputs.ledger, book, feed, costs, inputs.now)
        closes = backtested(inputs.ledger, book, feed, costs, inputs.now, to_newest_close=True)
        marked = [row.session for row in inputs.ledger.snapshots.series(book.name)]
    assert ran is not None
    assert closes is not None
    assert [day.isoformat() for day in ran] == [FIRST, SECOND]
    assert list(closes) == marked
    assert {day: closes[day] for day in ran} == pytest.approx(ran)
    assert clock.now() - inputs.now < timedelta(seconds=1)
