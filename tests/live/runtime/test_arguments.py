"""Flags that both stages share, and the run they ask for."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

import pytest

from backtest.core.errors import UsageError
from live import executor, signal_generator
from live.model.run import Daily, DryRun, PastSession
from live.runtime.arguments import add_shared, options_of, run_of
from live.runtime.options import Options


def parsed(*flags: str) -> argparse.Namespace:
    """Parse flags as a stage with `--dry-run` does."""
    made = argparse.ArgumentParser()
    add_shared(made)
    made.add_argument("--dry-run", action="store_true")
    return made.parse_args(flags)


def test_without_flags_everything_comes_from_the_settings() -> None:
    assert options_of(parsed()) == Options()
    assert isinstance(run_of(parsed()), Daily)


def test_every_place_can_be_named() -> None:
    found = options_of(
        parsed(
            *("--config", "c", "--state-db", "s", "--manifest", "m", "--output-dir", "o", "--prices", "p"),
            *("--mode", "online_live", "--verbose"),
        )
    )
    assert found == Options(
        config=Path("c"),
        state_db=Path("s"),
        manifest=Path("m"),
        output_dir=Path("o"),
        prices=Path("p"),
        mode="online_live",
        verbose=True,
    )


def test_a_past_session_a_dry_run_and_a_date_that_is_none() -> None:
    past = run_of(parsed("--as-of", "2025-03-05"))
    assert isinstance(past, PastSession)
    assert past.as_of is not None
    assert past.as_of.day == date(2025, 3, 5)
    assert isinstance(run_of(parsed("--dry-run")), DryRun)
    with pytest.raises(UsageError) as refused:
        run_of(parsed("--as-of", "yesterday"))
    assert (refused.value.exit_code, refused.value.where) == (2, "--as-of")


@pytest.mark.parametrize("stage", [signal_generator, executor])
def test_both_stages_offer_the_shared_flags(stage: object) -> None:
    shared = argparse.ArgumentParser()
    add_shared(shared)
    wanted = {flag for action in shared._actions for flag in action.option_strings}
    offered = {flag for action in stage.parser()._actions for flag in action.option_strings}  # type: ignore[attr-defined]
    assert wanted <= offered
