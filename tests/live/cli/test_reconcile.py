"""`jutsu reconcile`, `resolve` and `panic` as a person calls them."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from backtest.core.errors import BrokerError, JutsuError, UsageError
from live.cli import panic
from live.cli import reconcile as orders
from live.operations import crontab


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Return a function that runs one command on a fresh demo account."""
    config = tmp_path / "live.yaml"
    config.write_text("mode: offline_mock\n")
    monkeypatch.setattr(crontab, "crontab", lambda: "1 2 * * * python -m live.executor\n")
    installed = []
    monkeypatch.setattr(crontab, "install_crontab", lambda text: installed.append(text) or True)
    app = typer.Typer()
    orders.register(app)
    panic.register(app)

    def run(*words, answer=None):
        words = [*words, "--config", str(config), "--state-db", str(tmp_path / "state" / "ledger.db")]
        done = CliRunner().invoke(app, words, input=answer)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output

    run.installed = installed
    return run


def test_reconcile_of_a_new_account_agrees(call):
    told = json.loads(call("reconcile", "--json"))
    assert told["agrees"] is True
    assert told["positions"] == []
    assert "agree" in call("reconcile")


def test_reconcile_adopt_takes_the_cash_as_starting_point(call):
    assert json.loads(call("reconcile", "--json"))["cash"]["ledger"] is None
    call("reconcile", "--adopt")
    told = json.loads(call("reconcile", "--json"))
    assert told["cash"]["ledger"] == told["cash"]["broker"] == 100_000


def test_resolve_wants_exactly_one_verdict_and_a_known_order(call):
    with pytest.raises(UsageError, match="exactly one"):
        call("resolve", "20250305_AAA_entry_buy")
    with pytest.raises(UsageError, match="not in the ledger"):
        call("resolve", "20250305_AAA_entry_buy", "--absent")


def test_panic_asks_for_the_word(call):
    with pytest.raises(UsageError, match="nothing was done"):
        call("panic", answer="yes\n")
    assert call.installed == []


def test_panic_turns_everything_off(call):
    told = call("panic", "--yes")
    assert "kill switch is ON (all)" in told
    assert call.installed == ["# disabled by jutsu panic: 1 2 * * * python -m live.executor\n"]


def test_panic_says_what_it_could_not_do(call, monkeypatch):
    from live.brokers.paper.broker import PaperBroker

    def down(*_):
        raise BrokerError("503")

    monkeypatch.setattr(PaperBroker, "orders", down)
    with pytest.raises(JutsuError, match="503"):
        call("panic", "--yes")
