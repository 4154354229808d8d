"""The validation of a session as a document: prices, both decisions, fills, statistics, thresholds."""

from __future__ import annotations

from dataclasses import replace

from backtest.strategies.family import Choice
from live.reporting.text import text_of
from live.reporting.validation import check_table, validation_report
from live.validation.verdict import SessionCheck
from tests.support.report_samples import validation_sample


def test_both_decisions_stand_side_by_side_and_every_threshold_is_named() -> None:
    shown = text_of(validation_report(validation_sample()).document)
    assert "  cell         3             4\n" in shown
    assert "  TQQQ       80.1500      80.6000  +0.561 %\n" in shown
    assert shown.startswith("validation golden 2026-11-27 RED\nANOTHER decision on the final bars")
    assert "- RED: another decision, or a price off by more than 0.5 %\n" in shown


def test_a_decision_that_cannot_be_made_again_has_one_column_of_values() -> None:
    sample = replace(validation_sample(), logic_match=None, on_final=None, verdict="YELLOW")
    report = validation_report(sample)
    assert report.document.headline.startswith("the decision could not be recomputed")
    assert report.document.tone == "notice"
    assert "  cell         3             -\n" in text_of(report.document)


def test_a_positions_book_shows_exits_and_entries() -> None:
    choice = Choice(exits=("BBB", "AAA"), entries=("CCC",))
    sample = replace(validation_sample(), at_execution=choice, on_final=Choice(entries=("CCC",)))
    shown = text_of(validation_report(sample).document)
    assert "  exits    AAA, BBB      -\n" in shown
    assert "  entries  CCC           CCC\n" in shown


def test_no_prices_no_orders_and_no_data_are_said() -> None:
    sample = replace(validation_sample(), drifts=(), orders=(), slippages=(), fill_rate_pct=None)
    shown = text_of(validation_report(sample).document)
    assert "- the file names no price of a bar" in shown
    assert "no orders were sent" in shown
    table = check_table((SessionCheck("fill rate", None, None, ">= 99 %", 0),))
    assert table.rows == (("fill rate", "unknown", ">= 99 %", "0", "no data"),)
