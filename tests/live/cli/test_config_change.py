"""`jutsu config set | unset | freeze`: what a person wrote is what is kept, from when to when they said."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backtest.core.errors import UsageError
from live.cli.config_change import _instant
from live.cli.init import _kept_accounts
from tests.support.user_world import new_user, write_demo_prices


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-20", datetime(2026, 11, 20, 5, tzinfo=UTC)),  # midnight in New York, winter
        ("2026-07-01", datetime(2026, 7, 1, 4, tzinfo=UTC)),  # summer
        ("2026-11-20T15:00", datetime(2026, 11, 20, 20, tzinfo=UTC)),
        ("2026-11-20T15:00+01:00", datetime(2026, 11, 20, 14, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_new_york(text: str, instant: datetime) -> None:
    assert _instant(text) == instant
    assert _instant(None) is None


@pytest.mark.parametrize("text", ["soon", "", "2026-02-30", "15:00", "9999-12-31T23:59"])
def test_what_is_no_time_is_one_clear_line(text: str) -> None:
    with pytest.raises(UsageError, match=r"not a date or time|outside the years") as caught:
        _instant(text)
    assert caught.value.where == "--from / --until"


def test_another_initial_cash_says_that_the_paper_account_keeps_its_own(tmp_path: Path) -> None:
    """From `config set` and from a second `init`; nothing is said before there is an account."""
    user = new_user(tmp_path / "project", tmp_path)
    assert not list(_kept_accounts(user.root))
    assert "keeps its cash" not in user.jutsu("config", "set", "paper.initial_cash", "5000").out
    (user.root / "state" / "ledger.paper.db").touch()
    (text,) = _kept_accounts(user.root)
    assert "keeps its cash" in text
    assert "keeps its cash" in user.jutsu("config", "set", "paper.initial_cash", "6000").out
    assert "keeps its cash" not in user.jutsu("config", "set", "safety.max_drift_pct", "0.9").out


def test_a_slip_in_a_name_or_value_is_one_of_the_command_line(tmp_path: Path) -> None:
    """Not of the settings file, which may be fine: set and freeze alike."""
    user = new_user(tmp_path / "project", tmp_path)
    for words in (
        ("config", "set", "aproval.policy", "required"),
        ("config", "freeze", "--set", "aproval.policy=required"),
    ):
        ran = user.jutsu(*words)
        assert ran.code == 2
        assert "error 2: command line: aproval.policy: unknown setting → did you mean approval" in ran.err
    ran = user.jutsu("config", "set", "approval.policy", "sometimes")
    assert ran.code == 2
    assert "error 2: command line: approval.policy: " in ran.err
    for text in ("flag", "live.yaml"):
        assert text not in ran.err


def test_freezing_writes_the_baseline_of_a_backtest_over_the_stored_bars(tmp_path: Path) -> None:
    """The same twice; books of positions have none, which is said; a made-up one is marked and replaced."""
    user = new_user(tmp_path / "project", write_demo_prices(tmp_path / "prices"))
    manifest = user.root / "config" / "manifest.json"
    made_up = user.jutsu("config", "freeze")
    assert "golden: baseline of " in made_up.out
    assert "golden: no baseline" not in made_up.err
    entry = json.loads(manifest.read_text())["variants"]["golden"]
    assert entry["baseline_made_up"] is True
    assert "data" not in entry
    user.set(data={"source": "store"})
    imported = user.jutsu("data", "import", str(user.prices))
    assert imported.code == 0, imported.text
    ran = user.jutsu("config", "freeze")
    assert ran.code == 0, ran.text
    assert "golden: baseline of " in ran.out
    assert "ema_p10: no baseline for monitoring: no report of its past is kept" in ran.err
    assert "baseline_made_up" not in json.loads(manifest.read_text())["variants"]["golden"]
    baseline = json.loads(manifest.read_text())["variants"]["golden"]["baseline"]
    assert baseline["last"] == "2024-12-31"
    assert baseline["trades"] > 0
    before = manifest.read_bytes()
    assert "already frozen" in user.jutsu("config", "freeze").out
    assert manifest.read_bytes() == before
