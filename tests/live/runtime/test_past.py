"""Neither stage goes back behind the newest session of the ledger."""

from pathlib import Path

import pytest

from backtest.calendar.sessions import previous_session
from backtest.core.errors import UsageError
from live.model.run import asked_for
from live.runtime.past import name_limits_of_now, refuse_the_past
from live.settings.model import Settings
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


@pytest.mark.parametrize(
    ("flag", "safety", "said"),
    [
        ("2024-03-15", {"min_balance": 5000}, ": safety.min_balance\n"),
        (
            "2024-03-15",
            {"min_balance": 5000, "min_free_disk_mb": 9},
            ": safety.min_balance, safety.min_free_disk_mb\n",
        ),
        ("2024-03-15", {}, ""),
        (None, {"min_balance": 5000}, ""),
    ],
)
def test_limits_that_a_past_session_does_not_judge_are_named(
    tmp_path: Path, flag: str | None, safety: dict[str, float], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings.model_validate({"safety": safety})
    name_limits_of_now(runtime_in(tmp_path, NOW, settings=settings, run=asked_for(flag)).context)
    err = capsys.readouterr().err
    assert err == (f"not judged in a run about a past session{said}" if said else "")
