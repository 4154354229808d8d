"""What a Monte Carlo leaves for people."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from backtest.research.monte_carlo.histories import Histories
from backtest.research.monte_carlo.parameter_draws import Around
from backtest.research.monte_carlo.report import MonteCarlo, page_of, write_report
from backtest.research.monte_carlo.resampling import Resampling, resample
from backtest.research.monte_carlo.stress import Stressed
from backtest.research.monte_carlo.summaries import Distribution, summary_of

DAYS = (date(2024, 1, 2), date(2024, 12, 31))
PLAN = Resampling(paths=200, sessions=120, block=4.0, seed=7)
FIGURES = {name: Distribution.of(np.arange(9.0)) for name in ("annual_return", "sharpe", "max_drawdown")}


def found() -> MonteCarlo:
    returns = np.random.default_rng(2).normal(0.0005, 0.01, 252)
    return MonteCarlo(
        name="<mine>",
        days=DAYS,
        plan=PLAN,
        summary=summary_of(resample(returns, PLAN), 0.5),
        around=Around(9, 1, "maximise sharpe", 1.2, 0.75, FIGURES, {"sma_slow": -0.5, "sma_fast": None}),
        noise=Histories(9, FIGURES),
        orders=None,
        stressed=(
            Stressed("crash in 1", "a crash", *DAYS, -0.3, 0.35, -0.2, 12),
            Stressed("pandemic", "the real one", *DAYS, reason="no data: bars of QQQ do not cover it"),
        ),
        skipped={"orders": "--histories 0"},
    )


def test_a_set_of_a_study_is_shown_with_how_many_were_tried() -> None:
    assert "N = " not in "\n".join(found().lines())
    chosen = replace(found(), tried=1_200)
    assert "one of N = 1,200 sets tried on these sessions" in page_of(chosen)
    assert (found().document()["tried"], chosen.document()["tried"]) == (None, 1_200)


def test_the_screen_tells_every_part() -> None:
    text = "\n".join(found().lines())
    for words in (
        "200 paths of 120 sessions, stationary blocks of 4.0, seed 7",
        "75% of them reach 0.9 of maximise sharpe 1.2",
        "sma_slow -0.50, sma_fast –",
        "crash in 1       -30.0% in all, drawdown 35.0%, worst session -20.0%, 12 trades",
        "pandemic         no data",
        "orders: not computed: --histories 0",
    ):
        assert words in text, words


@pytest.mark.parametrize(
    ("var", "cvar", "most", "worst"),
    [
        (-1.297, -0.427, "with a gain of 129.7% or more", "on average with a gain of 42.7%"),
        (-0.1, 0.05, "with a gain of 10.0% or more", "on average with a loss of 5.0%"),
        (0.1, 0.2, "with a loss of 10.0% or less, or a gain", "on average with a loss of 20.0%"),
    ],
)
def test_the_end_of_a_path_is_said_as_gain_or_loss_without_a_sign(
    var: float, cvar: float, most: str, worst: str
) -> None:
    made = found()
    made = replace(made, summary=replace(made.summary, var_95=var, cvar_95=cvar))
    lines = list(made.lines())
    (first,) = [line for line in lines if "(VaR)" in line]
    (second,) = [line for line in lines if "(CVaR)" in line]
    assert first.endswith(most)
    assert second.endswith(worst)


def test_the_page_is_one_document_without_anything_from_outside() -> None:
    text = page_of(found())
    assert "<svg" in text
    assert "&lt;mine&gt;" in text
    assert "<mine>" not in text
    for outside in ("http:", "https:", "<script", "src="):
        assert outside not in text
    assert text.count("session 1") >= 1
    assert len(text) < 60_000


def test_both_files_are_written_and_the_document_is_json(tmp_path: Path) -> None:
    write_report(found(), tmp_path)
    document = json.loads((tmp_path / "monte_carlo.json").read_text())
    assert document["returns"]["paths"] == 200
    assert len(document["returns"]["bands"]["p50"]) == 100
    assert document["stress"][1]["total_return"] is None
    assert (tmp_path / "monte_carlo.html").read_text().startswith("<!DOCTYPE html>")
