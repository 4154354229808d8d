"""The settings model: defaults that stand, limits of every value, books that fit together."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from live.settings.model import Settings


def problem(values: dict[str, Any]) -> str:
    """Return what is said about settings that must be refused."""
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(values)
    return str(caught.value)


def test_without_any_source_nothing_can_trade_real_money() -> None:
    settings = Settings()
    assert (settings.mode, settings.broker.name, settings.broker.alpaca.paper) == (
        "offline_mock",
        "paper",
        True,
    )
    assert [(book.primary, book.run) for book in settings.books] == [("golden", "daily")]


def test_silence_sells_and_never_buys() -> None:
    answers = Settings().approval.on_no_answer
    assert {intent for intent, answer in answers.items() if answer == "trade"} == {"exit", "reduce", "stop"}
    assert {intent for intent, answer in answers.items() if answer == "skip"} == {"entry", "increase"}


@pytest.mark.parametrize(
    ("books", "said"),
    [
        ([], "at least one book"),
        ([{"primary": "golden"}, {"primary": "golden"}], "golden appears more than once"),
        ([{"primary": "golden", "shadows": ["golden"]}], "golden appears more than once"),
        (
            [{"primary": "a", "budget_pct": 60}, {"primary": "b", "budget_pct": 41}],
            "more than 100 percent of the account",
        ),
    ],
)
def test_books_that_cannot_share_the_account_are_refused(books: list[dict[str, Any]], said: str) -> None:
    assert said in problem({"books": books})


def test_a_book_on_request_does_not_count_against_the_daily_budgets() -> None:
    books = [{"primary": "a", "budget_pct": 100}, {"primary": "b", "budget_pct": 50, "run": "on_request"}]
    assert len(Settings.model_validate({"books": books}).books) == 2


@pytest.mark.parametrize("values", [(0.6, 0.5, 1.0), (0.3, 1.1, 1.0)])
def test_slippage_limits_rise_from_warning_to_abort(values: tuple[float, float, float]) -> None:
    names = ("slippage_warn_pct", "slippage_flag_pct", "slippage_abort_pct")
    assert "slippage_warn_pct <= slippage_flag_pct" in problem(
        {"safety": dict(zip(names, values, strict=True))}
    )


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("safety", "run_deadline_seconds", 0),
        ("safety", "cash_jump_pct", float("nan")),
        ("polling", "retries", 11),
        ("paper", "initial_cash", float("inf")),
        ("paper", "fault", "explode"),
        ("data", "max_quote_age_seconds", -1),
        ("backup", "keep_days", 0),
        ("alerts", "urls_env", "https://secret.example/token"),
        ("alerts", "minimum_level", "loud"),
        ("logging", "level", "chatty"),
        ("broker", "name", "somebody"),
        ("safety", "run_deadline", 60),
    ],
)
def test_a_value_out_of_its_range_and_a_name_nobody_knows_are_refused(
    section: str, name: str, value: object
) -> None:
    assert f"{section}.{name}" in problem({section: {name: value}})


def test_settings_cannot_be_changed_after_they_were_judged() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().paper.initial_cash = 1.0
