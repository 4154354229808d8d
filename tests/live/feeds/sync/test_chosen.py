"""Which sources a sync asks, and that each is opened at most once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import BrokerError, SettingsError, UsageError
from live.feeds.sources.errors import NotEntitled
from live.feeds.sources.model import Opening, Source, SourceKind
from live.feeds.sync.chosen import ChosenSource, Fetchers, choose
from live.settings.model import Settings, SourceSettings
from live.system.clock import SimulatedClock
from tests.support.source_world import ListSource, chosen

CLOCK = SimulatedClock(datetime(2024, 3, 12, 22, tzinfo=UTC))
OPENING = Opening(Settings(), Path("/project"), {}, CLOCK)


def configured(*sources: dict[str, Any]) -> tuple[SourceSettings, ...]:
    return tuple(SourceSettings.model_validate(source) for source in sources)


def test_the_order_of_the_settings_is_the_order_of_asking() -> None:
    found = choose(configured({"name": "schwab"}, {"name": "alpaca"}), OPENING, "1d")
    assert [one.name for one in found] == ["schwab", "alpaca"]


def test_a_source_named_need_not_be_configured() -> None:
    listed = configured({"name": "schwab"}, {"name": "csv", "folder": "in", "basis": "raw"})
    (found,) = choose(listed, OPENING, "1d", only="alpaca")
    assert found.name == "alpaca"
    (csv,) = choose(listed, OPENING, "1d", only="csv")
    assert csv.opening.folder == Path("/project/in")
    assert csv.capabilities.bases == ("raw",)
    (other,) = choose(listed, OPENING, "1d", only="csv", folder=Path("here"))
    assert other.opening.folder == Path("here")


def test_a_plan_may_take_more_requests() -> None:
    (found,) = choose(configured({"name": "massive", "per_minute": 100}), OPENING, "1d")
    assert found.capabilities.per_minute == 100
    (smallest,) = choose((), OPENING, "1d", only="massive")
    assert smallest.capabilities.per_minute == 5


def test_nobody_to_ask_is_a_mistake_with_a_way_out() -> None:
    with pytest.raises(UsageError, match="name one: --source alpaca"):
        choose((), OPENING, "1d")
    with pytest.raises(UsageError, match="there is no source 'reuters'"):
        choose((), OPENING, "1d", only="reuters")
    with pytest.raises(UsageError, match="csv has none of 1m"):
        choose((), OPENING, "1m", only="csv")


def test_a_basis_that_the_source_has_not_is_refused() -> None:
    with pytest.raises(SettingsError, match="schwab has no prices of basis raw"):
        choose(configured({"name": "schwab", "basis": "raw"}), OPENING, "1d")


def test_a_source_is_opened_once_and_closed(tmp_path: Path) -> None:
    source = ListSource("made", {})
    one = chosen(source, CLOCK)
    fetchers = Fetchers(tmp_path)
    assert fetchers.of(one) is fetchers.of(one)
    fetchers.close()
    assert source.closed


def test_a_login_that_cannot_be_used_is_tried_once(tmp_path: Path) -> None:
    tries = []

    def fails(opening: Opening) -> Source:
        tries.append(opening)
        raise BrokerError("the token is dead", remedy="jutsu auth login")

    one = chosen(ListSource("made", {}), CLOCK)
    broken = ChosenSource(SourceKind("made", one.capabilities, fails), one.capabilities, OPENING)
    fetchers = Fetchers(tmp_path)
    for _ in range(2):
        with pytest.raises(NotEntitled, match="the token is dead"):
            fetchers.of(broken)
    assert len(tries) == 1
