"""`jutsu panic` as a person calls it: the word first, everything off, and what could not be done in words."""

from __future__ import annotations

from datetime import datetime

import pytest
from typer.testing import CliRunner

from backtest.core.errors import (
    BrokerError,
    DisagreementError,
    JutsuError,
    UsageError,
)
from live.execution import panic as closing_everything
from live.model.broker import BrokerOrder, OrderState
from live.operations import crontab
from live.runtime.runtime import RunContext
from live.system.account_words import ACCOUNT
from live.system.lock import AnotherRunError
from tests.live.cli.conftest import Program


def test_panic_asks_for_the_word(call: Program) -> None:
    with pytest.raises(UsageError, match="nothing was done"):
        call("panic", answer="yes\n")
    assert call.installed == []


def test_panic_turns_everything_off(call: Program) -> None:
    text = call("panic", "--yes")
    assert "kill switch is ON (all)" in text
    assert call.installed == ["# disabled by jutsu panic: 1 2 * * * python -m live.executor\n"]


def test_a_second_panic_sells_nothing_while_the_first_is_at_work(
    call: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    began: list[str] = []

    def close(context: RunContext, *_: object, **__: object) -> closing_everything.Result:
        began.append(context.ledger.account)
        if len(began) == 1:
            with pytest.raises(AnotherRunError, match="another panic"):
                call("panic", "--yes")
        return closing_everything.Result()

    monkeypatch.setattr(closing_everything, "close_everything", close)
    call("panic", "--yes")
    call("panic", "--yes")
    assert began == ["paper", "paper"]


def test_panic_says_what_it_could_not_do(call: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    from live.brokers.paper.broker import PaperBroker

    def down(*_: datetime | PaperBroker) -> None:
        raise BrokerError("503")

    monkeypatch.setattr(PaperBroker, "orders", down)
    with pytest.raises(JutsuError, match="503"):
        call("panic", "--yes")


def test_panic_goes_on_with_the_word(call: Program) -> None:
    text = call("panic", answer="PANIC\n")
    assert "this ends our orders and sells the positions of our books" in text
    assert "kill switch is ON (all)" in text


@pytest.mark.parametrize("answer", ["\n", "panic\n", "PANI\n", "yes\n"])
def test_any_other_word_does_nothing(call: Program, answer: str) -> None:
    with pytest.raises(UsageError, match="nothing was done"):
        call("panic", "--everything", answer=answer)
    assert not call.installed


def test_foreign_shares_and_orders_are_shown_before_the_question(
    call: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = BrokerOrder("b1", "BBB", "sell", 30, 0, OrderState.WORKING, "stop", "gtc")
    monkeypatch.setattr(
        closing_everything, "foreign", lambda *_: closing_everything.Foreign({"BBB": 30}, (order,))
    )
    text = call("panic", "--everything", "--yes")
    assert "foreign: BBB 30 shares that no book owns" in text
    assert "foreign: BBB order b1 (sell 30)" in text


def test_what_is_left_is_exit_code_4(call: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    left = closing_everything.Result(
        closed=["AAA: 10 sold (FILLED)"], left=["BBB: 30 shares that no book owns"]
    )
    monkeypatch.setattr(closing_everything, "close_everything", lambda *_, **__: left)
    with pytest.raises(DisagreementError, match="BBB: 30 shares") as caught:
        call("panic", "--yes")
    assert caught.value.exit_code == 4
    assert "--everything" in str(caught.value.remedy)


def test_a_crontab_that_cannot_be_changed_is_said_loudly(
    call: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crontab, "install_crontab", lambda _: False)
    assert "could NOT be changed" in call("panic", "--yes")
    monkeypatch.setattr(crontab, "crontab", lambda: None)
    assert "cron: nothing to disable" in call("panic", "--yes")


def test_panic_of_one_account_leaves_the_schedule_and_says_so(call: Program) -> None:
    (call.folder / "live.yaml").write_text("accounts: {ira: {}, taxable: {}}\n")
    ACCOUNT[0] = "ira"
    try:
        config = str(call.folder / "live.yaml")
        shown = CliRunner().invoke(call.app, ["panic", "--dry-run", "--config", config])
    finally:
        ACCOUNT[0] = None
    assert "turn the kill switch of account ira on (all); the schedule is left alone" in shown.output
    assert "cron" not in shown.output
    assert "comment out the cron lines" in call_without_accounts(call)


def call_without_accounts(call: Program) -> str:
    (call.folder / "live.yaml").write_text("mode: offline_mock\n")
    return call("panic", "--dry-run")


def test_a_paper_account_has_no_screen_to_look_at(call: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    left = closing_everything.Result(problems=["AAA: the sell is still WORKING"])
    monkeypatch.setattr(closing_everything, "close_everything", lambda *_, **__: left)
    with pytest.raises(BrokerError) as caught:
        call("panic", "--yes")
    assert caught.value.remedy == "`jutsu status` names what still waits"
