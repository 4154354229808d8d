"""Review, approval and executor expect the same of a file: what one accepts, the others accept."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backtest.core.errors import JutsuError
from live.books.expectations import expectations_for, variant_of
from live.books.variants import BookVariant, groups
from live.execution.job import read_job
from live.handoff.canonical import bytes_sha256, render
from live.handoff.limits import limit_findings
from live.settings.model import Settings
from live.views.review_case import read_case
from tests.support.calendar_days import session_on
from tests.support.handoff_samples import order, sample
from tests.support.paths import PROJECT
from tests.support.review_world import DAY, generated, inputs, runtime

BOOKS = [{"primary": "golden"}, {"primary": "ema_p10", "run": "on_request"}]
SYMBOLS = ["QQQ", "TQQQ", "PSQ", "TMF", "TMV", "TLT", "GLD", "AAPL", "ZZZZ"]


def book_variants(run_settings: Settings) -> tuple[BookVariant, ...]:
    chosen = groups(run_settings, PROJECT / "config/strategies", everything=True)
    return tuple(variant for g in chosen for variant in g.variants)


def verdict_of_executor(world: Any, path: Path, variants: tuple[BookVariant, ...]) -> int | None:
    """Return None when the executor takes the approved file, else its exit code."""
    try:
        read_job(world.context, path, variants, session_on(DAY), accept_edits=False)
    except JutsuError as error:
        return error.exit_code
    return None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SYMBOLS), st.integers(1, 4000), st.sampled_from([1.0, 25.0, 120.0]))
def test_the_executor_accepts_a_manual_order_exactly_when_approval_does(
    tmp_path: Path, symbol: str, shares: int, price: float
) -> None:
    world = runtime(tmp_path, books=BOOKS, approval={"policy": "required"})
    original = sample()
    path = generated(world, original)
    added = order(symbol, "buy", "increase", shares, price, rank=-1.0, reason="by hand")
    content = render(original.model_copy(update={"orders": (*original.orders, added)}))
    path.write_bytes(content)
    case = read_case(inputs(world), path)
    accepted = not case.verdict.problems and not case.verdict.limits
    world.ledger.signals.approve(
        DAY,
        "golden",
        sha256=bytes_sha256(content),
        by="a person",
        at=world.clock.now(),
        expires_at=world.clock.now() + timedelta(minutes=5),
    )
    refused = verdict_of_executor(world, path, book_variants(world.settings))
    assert (refused is None) == accepted
    assert refused in {None, 2, 7}


def test_a_symbol_of_another_book_is_refused_before_it_is_approved(tmp_path: Path) -> None:
    world = runtime(tmp_path, books=[{"primary": "golden"}])
    world.ledger.positions.buy("else", "AAPL", 5, Decimal(100), session=DAY)
    original = sample()
    path = generated(world, original)
    added = order("AAPL", "buy", "increase", 1, 100.0, rank=-1.0)
    path.write_bytes(render(original.model_copy(update={"orders": (*original.orders, added)})))
    assert {finding.path for finding in read_case(inputs(world), path).verdict.problems} == {
        "$.orders[3].symbol"
    }


@pytest.mark.parametrize("data", [None, 3, {}, {"strategy": 1}, {"strategy": {"variant": "unheard_of"}}])
def test_a_file_that_names_no_known_variant_is_judged_as_the_primary(data: Any) -> None:
    variants = book_variants(
        Settings.model_validate({"books": [{"primary": "golden", "shadows": ["titan"]}]})
    )
    assert variant_of(data, variants).name == "golden"
    assert variant_of({"strategy": {"variant": "titan"}}, variants).name == "titan"
    assert variant_of(data, [variant for variant in variants if variant.role == "shadow"]) is None
    expected = expectations_for(data, variants, session=DAY, settings=Settings())
    assert expected.roles == {"golden": "primary", "titan": "shadow"}
    assert "TQQQ" in expected.symbols


def test_a_quoteless_file_counts_what_the_book_holds_without_an_order() -> None:
    account = sample().inputs.account.model_copy(update={"cash": 30_000.0, "positions": {"QQQ": 700}})
    inputs = sample().inputs.model_copy(update={"account": account, "quotes": ()})
    made = sample(inputs=inputs, orders=(order("TQQQ", "buy", "entry", 1200, 50.0),))
    problems = [f.problem for f in limit_findings(made, Settings().execution.limits, None)]
    assert problems == ["exposure would be 130.0 % of equity, max_total_exposure_pct is 100"]
