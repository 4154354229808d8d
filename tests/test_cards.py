"""The cards of `docs/broker_contract.md`, the contract suites and the adapters that run them agree."""

from __future__ import annotations

import importlib
import inspect
import re
from dataclasses import dataclass

import pytest

from tests.support.broker_contract import BrokerContract
from tests.support.feed_contract import FeedContract
from tests.support.paths import PROJECT

PAGE = PROJECT / "docs" / "broker_contract.md"
CARD = re.compile(
    r"^### (?P<number>[CF]\d\d)\n(?P<promise>.+)\n\n- proven by: `(?P<test>\w+)`\n- runs with: (?P<with>.+)$",
    re.MULTILINE,
)
Suite = type[BrokerContract] | type[FeedContract]


@dataclass(frozen=True)
class Card:
    """One card of the page."""

    number: str
    test: str
    runs_with: tuple[str, ...]


def cards(letter: str) -> list[Card]:
    found = CARD.finditer(PAGE.read_text(encoding="utf-8"))
    every = [Card(m["number"], m["test"], tuple(m["with"].split("; "))) for m in found]
    return [card for card in every if card.number.startswith(letter)]


def contract_tests(suite: Suite) -> list[str]:
    return [name for name, _ in inspect.getmembers(suite, inspect.isfunction) if name.startswith("test_")]


def runners(suite: Suite) -> dict[str, frozenset[str]]:
    """Name on the cards -> abilities, of every test class that runs the suite."""
    name, folder = ("BROKER", "brokers") if suite is BrokerContract else ("FEED", "feeds")
    for path in sorted((PROJECT / "tests" / "live" / folder).rglob("test_*.py")):
        if suite.__name__ in path.read_text(encoding="utf-8"):
            importlib.import_module(".".join(path.relative_to(PROJECT).with_suffix("").parts))
    return {getattr(runner, name): runner.ABILITIES for runner in suite.__subclasses__()}


SUITES = pytest.mark.parametrize(("letter", "suite"), [("C", BrokerContract), ("F", FeedContract)])


@SUITES
def test_cards_are_numbered_without_a_gap(letter: str, suite: Suite) -> None:
    numbers = re.findall(rf"^### ({letter}\d+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [card.number for card in cards(letter)] == numbers
    assert numbers == [f"{letter}{n:02}" for n in range(1, len(contract_tests(suite)) + 1)]


@SUITES
def test_every_card_names_its_test_and_every_test_has_a_card(letter: str, suite: Suite) -> None:
    assert [card.test for card in cards(letter)] == sorted(contract_tests(suite))
    assert all(card.test.startswith(f"test_{card.number.lower()}_") for card in cards(letter))


@SUITES
def test_every_card_names_the_adapters_it_runs_with(letter: str, suite: Suite) -> None:
    able = runners(suite)
    assert able
    for card in cards(letter):
        need = suite.NEEDS.get(card.number)
        expected = {name for name, abilities in able.items() if need is None or need in abilities}
        assert set(card.runs_with) == expected, card.number


@SUITES
def test_what_a_card_needs_is_an_ability_somebody_has(letter: str, suite: Suite) -> None:
    assert set(suite.NEEDS) <= {card.number for card in cards(letter)}
    assert set(suite.NEEDS.values()) <= frozenset().union(*runners(suite).values())


def test_every_fault_of_the_page_names_tests_that_exist() -> None:
    rows = re.findall(r"^\| (S\d-\d+b?) \| .+ \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == 23
    for number, tests in rows:
        named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", tests)
        assert named, number
        for path, test in named:
            assert f"def {test}(" in (PROJECT / "tests" / path).read_text(encoding="utf-8"), (number, test)
