"""The monthly report: causes, shadows, changes, the machine, what was realised; what is wrong is not good."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from live.operations.health import HealthCheck
from live.reporting.monthly import monthly_report
from live.reporting.text import text_of
from live.views.audit import AuditState
from live.views.compare import Comparison
from tests.support.report_samples import monthly_sample

FINE: dict[str, Any] = {"secrets": (), "books": (), "checks": ()}


def text(**changes: Any) -> str:
    return text_of(monthly_report(replace(monthly_sample(), **changes)).document)


@pytest.mark.parametrize(
    ("changes", "tone"),
    [
        (FINE, "good"),
        (FINE | {"secrets": ("secrets.env: others can read it",)}, "bad"),
        (FINE | {"audit": AuditState(3, "a" * 64, "row 2 was changed")}, "bad"),
        (FINE | {"checks": (HealthCheck("login", "failed", "dead"),)}, "bad"),
        (FINE | {"books": monthly_sample().books}, "notice"),
    ],
)
def test_it_is_good_when_nothing_is_wrong(changes: dict[str, Any], tone: str) -> None:
    assert monthly_report(replace(monthly_sample(), **changes)).document.tone == tone


def test_nothing_changed_and_nothing_sold_is_said() -> None:
    assert "- nothing changed" in text(changes=())
    assert "- nothing was sold" in text(realised=())
    without = text(changes=(), missing=("settings: no report of the month before to compare with",))
    assert "nothing changed" not in without


def test_a_shadow_with_too_few_shared_sessions_is_a_line() -> None:
    lone = Comparison("golden", "titan", (), (), None, 1)
    assert "- missing: 1 shared session(s), two are needed" in text(comparisons=(lone,))


def test_a_broken_audit_chain_is_named() -> None:
    assert "BROKEN: row 2 was changed" in text(audit=AuditState(3, "a" * 64, "row 2 was changed"))
    assert monthly_report(monthly_sample()).document.subject == "monthly report 2026-11"
