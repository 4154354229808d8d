"""Promotion: refused where luck would show as much, counted looks at the holdout, nothing looks ahead."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import LimitError, UsageError
from backtest.research import audit as look_ahead
from backtest.research import honest as honesty
from backtest.research.audit import AuditCheck, Difference
from backtest.research.honest import Value, judge
from backtest.research.promote import Promotion, promote
from backtest.research.session import results_of_row
from backtest.strategies.registry import load_strategy
from tests.backtest.research.conftest import Searched


@pytest.fixture(autouse=True)
def audited(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the audit, which has its own tests and takes seconds, by a note that it was asked."""
    asked: list[str] = []

    def clean(strategy: Any, *_: object, **__: object) -> tuple[AuditCheck, ...]:
        asked.append(strategy.variant)
        return ()

    monkeypatch.setattr(look_ahead, "audit", clean)
    return asked


def run(searched: Searched, folder: Path, **changes: Any) -> Promotion:
    results = results_of_row(searched.opened.study, searched.row, searched.database)
    settings: dict[str, Any] = {"trial": None, "name": "found", "folder": folder, "despite": False, **changes}
    return promote(searched.opened, searched.row, results, searched.database, **settings)


def certain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every set be judged as certain."""

    def sure(*arguments: Any) -> Any:
        return replace(judge(*arguments), dsr=Value(0.99), pbo=Value(0.1))

    monkeypatch.setattr(honesty, "judge", sure)


def test_luck_is_refused_and_nothing_is_written_or_looked_at(searched: Searched, tmp_path: Path) -> None:
    with pytest.raises(LimitError, match="DSR") as error:
        run(searched, tmp_path)
    assert error.value.exit_code == 7
    assert list(tmp_path.glob("*.yaml")) == []
    assert searched.database.looks() == ()


def test_a_promoted_set_is_a_strategy_file_with_its_figures(
    searched: Searched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, audited: list[str]
) -> None:
    certain(monkeypatch)
    done = run(searched, tmp_path)
    strategy = load_strategy(done.path)
    best = results_of_row(searched.opened.study, searched.row, searched.database).kept[0]
    assert strategy.parameters == searched.opened.study.parameters(best.changes)
    assert strategy.variant == "found"
    text = done.path.read_text()
    assert searched.row.id in text
    assert "N = 108 tried" in text
    assert done.honest.holdout.value is not None
    assert audited == ["base"]
    with pytest.raises(UsageError, match="exists already"):
        run(searched, tmp_path)


def test_a_holdout_is_good_for_one_set(
    searched: Searched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certain(monkeypatch)
    first = run(searched, tmp_path)
    again = run(searched, tmp_path, name="again")  # the same set: no new look
    assert again.honest.holdout == first.honest.holdout
    other = results_of_row(searched.opened.study, searched.row, searched.database).kept[5].trial
    with pytest.raises(LimitError, match="holdout was looked at 1 time"):
        run(searched, tmp_path, name="other", trial=other)
    done = run(searched, tmp_path, name="other", trial=other, despite=True)
    assert "promoted although its holdout was looked at" in done.path.read_text()
    assert len(searched.database.looks()) == 2


def test_nothing_overrules_a_look_ahead(
    searched: Searched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = searched.row.last_day
    found = AuditCheck(day, "cut", 9, 9, Difference(day, "cut", day, "decision: cell 1 became 6"))
    monkeypatch.setattr(look_ahead, "audit", lambda *_, **__: (found,))
    with pytest.raises(LimitError, match="looks ahead"):
        run(searched, tmp_path, despite=True)
    assert list(tmp_path.glob("*.yaml")) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": "../up"}, "must be a name"),
        ({"trial": 119_999}, "not among"),
        ({"name": ""}, "must be a name"),
    ],
)
def test_mistakes_are_refused(
    searched: Searched, tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    with pytest.raises(UsageError, match=problem):
        run(searched, tmp_path, **changes)
