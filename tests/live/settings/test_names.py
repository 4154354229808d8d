"""Dotted names of settings: found, grouped, suggested, and never the name of a secret."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.settings import names
from live.settings.model import Settings
from live.settings.names import flat


def test_the_leaves_are_the_values_of_the_settings() -> None:
    assert sorted(names.leaves()) == sorted(flat(Settings().model_dump(mode="json")))


def test_a_table_with_fixed_keys_is_a_section() -> None:
    assert names.is_section("approval.on_no_answer")
    assert "approval.on_no_answer.entry" in names.leaves()
    assert not names.is_section("approval.policy")


ORB = {"orb.portfolio", "orb.bars", "orb.instruments"}


def test_places_are_what_holds_a_path() -> None:
    found = names.paths()
    assert {"paths.state_db", "data.store", "broker.schwab.token_file"} <= found
    assert found <= set(names.leaves())
    others = {"data.store", "broker.schwab.token_file", "metrics.textfile", *ORB}
    assert all("path" in name or name in others for name in found)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("safety.max_drift", "did you mean safety.max_drift_pct?"),
        ("logging.levle", "did you mean logging.level?"),
        ("logging.min_cash_pct", "did you mean execution.min_cash_pct?"),
        ("brokr.name", "did you mean broker?"),
        ("qqqq", "known sections: mode, books"),
    ],
)
def test_a_slip_is_answered_with_the_nearest_name(wrong: str, hint: str) -> None:
    assert names.suggest(wrong).startswith(hint)


@given(st.sampled_from(names.leaves()), st.data())
def test_one_missing_letter_is_always_forgiven(name: Any, data: Any) -> None:
    section, _, last = name.rpartition(".")
    if len(last) < 5:
        return
    cut = data.draw(st.integers(min_value=1, max_value=len(last) - 1))
    slip = last[:cut] + last[cut + 1 :]
    siblings = names.sections()[section]
    if slip in siblings:
        return
    assert names.suggest(f"{section}.{slip}" if section else slip).startswith("did you mean ")


@pytest.mark.parametrize("name", ["strategy.golden.sma_fast", "strategy.a.b"])
def test_parameters_of_strategies_have_three_parts(name: str) -> None:
    assert names.is_parameter(name)
    assert not names.is_parameter(name + ".more")
    assert not names.is_parameter(name.rpartition(".")[0])
    assert not names.is_parameter("strategy..x")


@pytest.mark.parametrize(
    "name", ["broker.api_key", "schwab.APP-SECRET", "token", "alpaca.password", "x.apikey"]
)
def test_what_sounds_like_a_secret_is_one(name: str) -> None:
    assert names.looks_secret(name)


def test_no_setting_of_ours_sounds_like_a_secret() -> None:
    assert [name for name in names.leaves() if names.looks_secret(name)] == ["broker.schwab.token_file"]
