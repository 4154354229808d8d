"""One source after the other; what counts as an answer is no reason for another one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from backtest.core.errors import DataError
from live.feeds.sources.errors import RateLimited, UnknownSymbol, VendorDown, VendorError
from live.feeds.sync.chosen import ChosenSource
from live.feeds.sync.fallback import Answered, NoAnswer, able_for, alone, in_turn
from live.system.clock import SimulatedClock
from tests.support.source_world import ListSource, chosen

CLOCK = SimulatedClock(datetime(2024, 3, 12, 22, tzinfo=UTC))


def sources(*names: str) -> list[ChosenSource]:
    return [chosen(ListSource(name, {}), CLOCK) for name in names]


def asked(errors: dict[str, VendorError]) -> tuple[Answered[str] | NoAnswer, list[str]]:
    failures = []

    def ask(one: ChosenSource) -> str:
        if one.name in errors:
            raise errors[one.name]
        return f"from {one.name}"

    found = in_turn(sources("a", "b", "c"), ask, lambda one, error: failures.append(one.name))
    return found, failures


def test_the_first_one_that_answers_ends_it() -> None:
    assert asked({}) == (Answered("from a", "a", ()), [])
    down = {"a": VendorDown("503"), "b": RateLimited("25 a day")}
    assert asked(down) == (Answered("from c", "c", ("a: 503", "b: 25 a day")), ["a", "b"])


def test_a_symbol_that_is_not_known_is_an_answer() -> None:
    unknown = UnknownSymbol("QQQ?")
    assert asked({"a": VendorDown("503"), "b": unknown}) == (
        NoAnswer("b", unknown, ("a: 503",)),
        ["a", "b"],
    )


def test_nobody_answered() -> None:
    last = VendorDown("c")
    found, failures = asked({"a": VendorDown("a"), "b": VendorDown("b"), "c": last})
    assert (found, failures) == (NoAnswer("c", last, ("a: a", "b: b")), ["a", "b", "c"])


def test_only_sources_of_one_basis_and_feed_are_able() -> None:
    split, raw = sources("split")[0], chosen(ListSource("raw", {}), CLOCK, bases=("raw",))
    both = chosen(ListSource("both", {}), CLOCK, bases=("raw", "split"))
    other = chosen(ListSource("iex", {}), CLOCK, feed="one exchange")
    assert [one.name for one in able_for([split, raw, both, other], "split")] == ["split", "both"]
    assert [one.name for one in able_for([split, raw, both], "raw")] == ["raw", "both"]
    assert able_for([split], "total") == []


def test_a_second_sync_is_told(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(DataError, match="another sync is running"), alone(tmp_path):
        pass
    with alone(tmp_path):
        pass
