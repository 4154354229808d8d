"""The page of a replay: whole, alone, and with the numbers of the sessions."""

from html.parser import HTMLParser

import pytest

from backtest.calendar.trading_days import days_with_bars
from backtest.research.opening_range_breakout.dashboard import dashboard
from backtest.research.opening_range_breakout.monitor import alerts_of
from backtest.research.opening_range_breakout.selection import SelectionLimits, select
from backtest.simulator.intraday.engine import SessionEngine
from backtest.simulator.intraday.plan import planned
from backtest.simulator.intraday.replay import ReplayTerms, replay
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS
from backtest.strategies.opening_range_breakout.labels import FUTURES_DAY
from backtest.strategies.opening_range_breakout.limits import RiskLimits
from backtest.strategies.opening_range_breakout.portfolio import Portfolio
from backtest.strategies.opening_range_breakout.sizing import Sizing
from tests.support.minute_world import random_bars
from tests.support.orb_world import discovery, key

MGC = INSTRUMENTS["MGC"]
Played = tuple[Portfolio, list[SessionEngine], list[int]]
VOID = {"meta", "br", "path", "line"}


class Balanced(HTMLParser):
    """Fails on a tag that is closed in the wrong place; keeps the text and what is fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [str(value) for name, value in attrs if name in {"src", "href"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def played() -> Played:
    bars = random_bars(3, 4, kept=0.5)
    days = days_with_bars(bars, FUTURES_DAY)
    keys = [key("1000"), key("1800", "E3", 1)]
    found = discovery({keys[0]: [0.5, 0.1], keys[1]: [0.4, 0.2]})
    portfolio = select(found, SelectionLimits(), Sizing(), RiskLimits(), name="gold <b>")
    terms = ReplayTerms(MGC, planned(keys, MGC), limits=RiskLimits())
    return portfolio, list(replay(bars, days, terms)), [day.end - day.first for day in days]


def test_the_page_is_whole_and_needs_nothing_else(
    played: Played,
) -> None:
    portfolio, sessions, bars = played
    page = Balanced()
    page.feed(dashboard(portfolio, sessions, list(alerts_of(portfolio, sessions, bars))))
    assert page.open == []
    assert page.fetched == []
    text = " ".join(page.text)
    assert "gold <b>: 2024-01-02 to 2024-01-05" in text
    for one in portfolio.strategies:
        assert one.key.id("MGC") in text
    total = sum(session.risk.realised_r for session in sessions)
    assert f"{total:+.2f} R on 4 days" in text
    assert "cannot be judged yet: not enough data" in text


def test_one_day_without_a_trade_is_a_page_too(
    played: Played,
) -> None:
    portfolio, sessions, _ = played
    quiet = SessionEngine(sessions[0].plan)
    quiet.end()
    assert "</html>" in dashboard(portfolio, [quiet], list(alerts_of(portfolio, [quiet], [0])))
