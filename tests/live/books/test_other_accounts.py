"""Wash sales across the accounts of an installation: what one bought, the other's loss is told."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from live.books.other_accounts import traded_elsewhere
from live.settings.load import LoadedSettings, load_settings
from tests.support.user_world import FIRST, User, new_user

NOW = datetime(2024, 1, 3, tzinfo=UTC)
BOOK = {"primary": "golden", "shadows": []}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two accounts, of which the retirement account traded a session."""
    user = new_user(tmp_path_factory.mktemp("taxes") / "two")
    user.set(books=[BOOK], accounts={"taxable": {}, "ira": {"tax": {"retirement": True}}})
    for ran in (user.generate(FIRST, "--account", "ira"), user.execute(FIRST, "--account", "ira")):
        assert ran.code == 0, ran.text
    return user.root


def settings(user: User, account: str) -> LoadedSettings:
    return load_settings(config=user.config, account=account, environ={})


def test_what_another_account_bought_is_known(project: Path) -> None:
    user = User(project)
    found = traded_elsewhere(settings(user, "taxable"), {}, NOW)
    assert found.problems == ()
    bought = user.rows("executions", "symbol, quantity", project / "state" / "ira" / "ledger.db")
    assert [(trade.symbol, int(trade.quantity)) for trade in found.trades] == bought
    assert {(trade.account, trade.retirement) for trade in found.trades} == {("ira", True)}
    assert all(trade.id.startswith("ira:") for trade in found.trades)
    assert traded_elsewhere(settings(user, "ira"), {}, NOW).trades == ()  # the other has no ledger yet


def test_paper_never_replaces_real_shares(project: Path) -> None:
    user = User(project).copy(project.parent / "live")
    user.set(
        accounts={
            "taxable": {
                "mode": "online_live",
                "broker": {"name": "alpaca", "alpaca": {"account_last4": "1"}},
            },
            "ira": {},
        }
    )
    assert traded_elsewhere(settings(user, "taxable"), {}, NOW).trades == ()


def test_an_account_that_cannot_be_read_is_named_and_stops_nothing(project: Path) -> None:
    user = User(project).copy(project.parent / "damaged")
    (user.root / "state" / "ira" / "ledger.db").write_bytes(b"no database" * 500)
    found = traded_elsewhere(settings(user, "taxable"), {}, NOW)
    assert found.trades == ()
    assert "the account ira are not known" in found.problems[0]
    ran = user.generate(FIRST, "--account", "taxable")
    assert ran.code == 0
    assert "tax: the trades of the account ira are not known" in ran.text


def test_without_accounts_there_is_no_other(tmp_path: Path) -> None:
    user = new_user(tmp_path / "one")
    assert traded_elsewhere(load_settings(config=user.config, environ={}), {}, NOW).trades == ()
