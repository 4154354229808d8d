"""What `jutsu doctor` examines: a check fails for its own reason and does not stop the rest."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import BrokerError, DataError
from live.ledger.backup import REHEARSED
from live.ledger.ledger import OrderPlan
from live.ledger.opening import RESTORE_FOLDER, RESTORE_PLAN
from live.ledger.system_state import EVERY_ACCOUNT
from live.model.order_state import JournalState
from live.model.run import Overview, asked_for
from live.operations import checks, first_day
from live.operations.health import alert_problems, examine, start_time_problems
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.views.health import health_of
from tests.support.user_world import FIRST, new_user

NAMES = [
    "settings",
    "strategies",
    "manifest",
    "kill switch",
    "calendar",
    "data",
    "account",
    "books",
    "orders",
    "stops",
    "runs",
    "alerts",
    "dead man's switch",
    "backups",
]
MACHINE = ["disk", "login", "broker", "clock", "cron"]


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(checks, "crontab", lambda: "live.signal_generator\nlive.executor\n")
    user = new_user(tmp_path / "jutsu")
    with open_runtime("jutsu", Options(config=user.config), asked_for(f"{FIRST}T17:00:00")) as opened:
        yield opened


def verdicts(runtime: Any) -> Any:
    return {check.name: check.verdict for check in examine(runtime.context, runtime.broker, runtime.feed)}


def failed(runtime: Any) -> Any:
    return [check.name for check in health_of(examine(runtime.context, runtime.broker, runtime.feed)).failed]


def test_a_new_project_is_healthy(runtime: Any) -> None:
    assert list(verdicts(runtime)) == NAMES + MACHINE
    view = health_of(examine(runtime.context, runtime.broker, runtime.feed))
    assert view.healthy, view.failed


def test_the_kill_switch_names_its_reason(runtime: Any) -> None:
    runtime.ledger.state.set_kill("all", reason="a look first", by="me", at=runtime.clock.now())
    (check,) = health_of(examine(runtime.context, runtime.broker, runtime.feed)).failed
    assert (check.name, check.detail, check.remedy) == (
        "kill switch",
        "on (all): a look first",
        "jutsu resume",
    )


def test_an_order_of_unknown_fate(runtime: Any) -> None:
    plan = OrderPlan(
        client_order_id="20240102_QQQ_entry_buy",
        variant="golden",
        session=date.fromisoformat(FIRST),
        mode="offline_mock",
        symbol="QQQ",
        side="buy",
        intent="entry",
        quantity=10,
    )
    runtime.ledger.orders.plan(plan, at=runtime.clock.now())
    runtime.ledger.orders.transition(plan.client_order_id, JournalState.SENDING, at=runtime.clock.now())
    assert failed(runtime) == ["orders"]


@pytest.mark.parametrize(
    ("left", "verdict"), [(400, "ok"), (366, "ok"), (365, "warning"), (30, "warning"), (-900, "warning")]
)
def test_the_session_table_runs_out(
    runtime: Any, monkeypatch: pytest.MonkeyPatch, left: int, verdict: str
) -> None:
    from datetime import timedelta

    from backtest.calendar import sessions

    monkeypatch.setattr(sessions, "table_ends", lambda: runtime.today() + timedelta(days=left))
    assert verdicts(runtime)["calendar"] == verdict


class Broken:
    """A broker and feed that answer nothing."""

    name = "broken"

    def account(self) -> None:
        raise BrokerError("503")

    def history(self, *_: Any) -> None:
        raise DataError("no bars")

    def clock_offset(self) -> None:
        return None


def test_a_check_that_raises_is_a_failed_check_and_the_rest_goes_on(runtime: Any) -> None:
    found = verdicts(replace(runtime, broker=Broken(), feed=Broken()))
    assert list(found) == NAMES + MACHINE
    assert [name for name, verdict in found.items() if verdict == "failed"] == ["data", "account", "broker"]
    assert found["clock"] == "warning"


def test_one_alert_names_every_failed_check(runtime: Any) -> None:
    broken: Any = Broken()
    alert_problems(runtime.context, health_of(examine(runtime.context, broken, runtime.feed)).failed)
    (alert,) = runtime.ledger.alerts.recent()
    assert alert.level == "critical"
    assert [line.partition(":")[0] for line in alert.body.splitlines()] == ["account", "broker"]


def test_a_restore_that_nobody_rehearsed_for_long_is_a_warning(runtime: Any) -> None:
    old = datetime(2023, 11, 1, tzinfo=UTC)
    state = runtime.ledger.for_account(EVERY_ACCOUNT).state

    def said(value: str | None) -> tuple[str, str]:
        state.set(REHEARSED, value, at=old)
        check = next(
            check
            for check in examine(runtime.context, runtime.broker, runtime.feed)
            if check.name == "backups"
        )
        return check.verdict, check.detail

    left = runtime.loaded.root / RESTORE_FOLDER
    left.mkdir()
    assert said(None) == (
        "warning",
        f"a restore was killed before it replaced anything; {left} is left of it",
    )
    plan = runtime.loaded.root / RESTORE_PLAN
    plan.write_text("{}")  # of another account: the ledger of this one opens
    assert said(None) == (
        "failed",
        f"a restore was killed while it replaced files; the rest of them is in {left}",
    )
    plan.unlink()
    left.rmdir()
    runtime.ledger.state.set("created", old.isoformat(), at=old)
    assert said(None) == ("warning", "no restore was rehearsed yet (62 days)")
    assert said('{"at": "2023-12-01T00:00:00+00:00", "passed": true}')[0] == "ok"
    assert said('{"at": "2023-11-01T00:00:00+00:00", "passed": true}')[0] == "warning"
    assert said('{"at": "2024-01-01T00:00:00+00:00", "passed": false}') == (
        "failed",
        "the rehearsal of 2024-01-01 failed",
    )
    refused = '{"at": "2024-01-01T00:00:00+00:00", "passed": false, "why": "no space"}'
    assert said(refused) == ("failed", "the rehearsal of 2024-01-01 failed: no space")


def test_a_strategy_that_cannot_be_read_hides_no_other_check(runtime: Any) -> None:
    for file in runtime.strategies.glob("*.yaml"):
        file.write_text("nonsense: [")
    found = verdicts(runtime)
    assert list(found) == [*NAMES, *MACHINE, "start times"]
    assert [name for name, verdict in found.items() if verdict == "failed"] == [
        "strategies",
        "manifest",
        "data",
        "start times",
    ]
    asked = first_day.look(runtime.context, runtime.broker, runtime.feed)
    assert [(check.name, check.verdict) for check in asked] == [("first day", "failed")]


def test_the_loop_of_every_account_stands_in_for_the_lines_of_each(
    runtime: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are several accounts its sign of life lies in the folder that they share."""
    from live.operations import crontab, start_loop
    from live.operations.installed import with_block

    text = with_block("", runtime.loaded.root, ["# a block that starts nothing"])
    monkeypatch.setattr(crontab, "crontab", lambda: text)
    assert verdicts(runtime)["start times"] == "failed"
    (said,) = start_time_problems(replace(runtime.context, run=Overview()))
    assert "no line of the crontab starts" in said, "status says it too"
    monkeypatch.setattr(start_loop, "alive", lambda folder, _: folder == runtime.state)
    settings = runtime.settings.model_copy(update={"account": "ira"})
    context = replace(runtime.context, settings=settings, state=runtime.state / "ira")
    names = [check.name for check in examine(context, runtime.broker, runtime.feed)]
    assert "start times" not in names


def test_units_that_start_another_account_are_found(
    runtime: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from live.operations.installed import units_folder

    root = runtime.loaded.root
    place = units_folder(tmp_path, None)
    place.mkdir(parents=True)
    unit = f'[Service]\nWorkingDirectory={root}\nExecStart="jutsu" validate "--account" "taxable"\n'
    (place / "jutsu-validate.service").write_text(unit)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    for account, expected in (("ira", True), ("taxable", False)):
        settings = runtime.settings.model_copy(update={"account": account})
        context = replace(runtime.context, settings=settings)
        found = {check.name: check for check in examine(context, runtime.broker, runtime.feed)}
        assert ("start times" in found) == expected
        if expected:
            assert "jutsu-validate.service starts nothing of ira" in found["start times"].detail
            assert "--systemd" in found["start times"].remedy
