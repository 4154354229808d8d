"""All parts together, and which are left out why."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from backtest.core.errors import UsageError
from backtest.core.execution_rules import ExecutionRules
from backtest.research.monte_carlo.computing import Parts, monte_carlo, preview_of
from backtest.research.monte_carlo.histories import Rules
from backtest.research.monte_carlo.resampling import Resampling
from backtest.research.monte_carlo.subjects import Subject, of_trial
from backtest.research.session import OpenStudy
from tests.backtest.research.conftest import Searched
from tests.support.scripted_strategy import ScriptedWeights

PLAN = Resampling(paths=64, sessions=50, block=5.0, seed=7)
PARTS = Parts(
    ruin_below=0.5, sets=10, shape="uniform", spread=0.1, histories=2, noise=0.25, stress=True, workers=2
)
RUN = Subject("mine", np.random.default_rng(1).normal(0, 0.01, 50), (date(2024, 1, 2), date(2024, 3, 14)))


def test_a_set_gets_every_part(searched: Searched) -> None:
    subject = of_trial(searched.opened, searched.row, 54)
    found = monte_carlo(subject, PLAN, PARTS, ExecutionRules())
    document = found.document()
    assert not document["skipped"]
    assert document["parameters"]["sets"] == 10
    assert document["noise"]["histories"] == document["orders"]["histories"] == 2
    assert document["stress"][0]["name"] == "as it was"
    preview = preview_of(subject, PLAN, PARTS)
    assert (preview.sets, preview.histories, preview.stress) == (10, 4, True)
    assert "not run" in list(preview.lines())[-1]


def test_a_run_alone_gets_resampled_returns_and_the_reason_for_the_rest() -> None:
    found = monte_carlo(RUN, PLAN, PARTS, ExecutionRules())
    assert set(found.skipped) == {"parameters", "noise", "orders", "stress"}
    assert found.stressed == ()
    assert preview_of(RUN, PLAN, PARTS).document()["histories"] == 0
    text = "\n".join(found.lines())
    assert "stress: not computed: a run does not hold its bars" in text


def test_parts_switched_off_say_so(searched: Searched) -> None:
    none = replace(PARTS, sets=0, histories=0, stress=False)
    found = monte_carlo(of_trial(searched.opened, searched.row, 54), PLAN, none, ExecutionRules())
    assert dict(found.skipped) == {
        "parameters": "--sets 0",
        "noise": "--histories 0",
        "orders": "--histories 0",
        "stress": "--no-stress",
    }


@pytest.mark.parametrize(
    ("plan", "parts", "words"),
    [
        (replace(PLAN, kind="moving"), PARTS, "--kind"),
        (PLAN, replace(PARTS, shape="square"), "--shape"),
        (PLAN, replace(PARTS, ruin_below=1.5), "--ruin"),
    ],
)
def test_words_out_of_range_are_refused(plan: Resampling, parts: Parts, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        preview_of(RUN, plan, parts)


def test_a_strategy_of_ones_own_is_put_under_stress_but_no_loop_has_its_rules(opened: OpenStudy) -> None:
    first, last = opened.days
    own = ScriptedWeights({first: {"QQQ": 0.9}}, tradable_symbols=("QQQ",), signal_symbols=("QQQ",))
    history = {"QQQ": opened.history["QQQ"].until(last)}
    subject = replace(RUN, rules=Rules(own, history, (first, last), 0.0))
    found = monte_carlo(subject, PLAN, PARTS, ExecutionRules())
    assert found.skipped["noise"] == found.skipped["orders"] == "no search knows the rules of scripted"
    crash = next(item for item in found.stressed if item.name == "crash in 1")
    assert crash.worst_session == pytest.approx(-0.18, abs=0.02)
