"""Neither stage goes back behind the newest session of the ledger."""

from pathlib import Path

import pytest

from backtest.calendar.sessions import previous_session
from backtest.core.errors import UsageError
from live.model.run import asked_for
from live.runtime.past import refuse_the_past
from tests.support.calendar_days import session_on
from tests.support.review_world import DAY, NOW
from tests.support.runtimes import runtime_in


@pytest.mark.parametrize("flag", [None, "2024-03-15"])
def test_an_earlier_session_is_refused_and_the_same_one_is_not(tmp_path: Path, flag: str | None) -> None:
    world = runtime_in(tmp_path, NOW, run=asked_for(flag))
    refuse_the_past(world.context, previous_session(DAY))  # nothing is known yet
    world.ledger.runs.generated(DAY, "golden", role="primary", mode="offline_mock", at=NOW)
    refuse_the_past(world.context, session_on(DAY))
    with pytest.raises(UsageError, match="already knows session 2024-03-15") as caught:
        refuse_the_past(world.context, previous_session(DAY))
    assert caught.value.exit_code == 2
    assert caught.value.where == ("--as-of" if flag else "ledger")
