"""Earnings reports of the simulated world, drawn by the seed."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.simulation.market import STOCKS

if TYPE_CHECKING:
    from tests.simulation.world import World


def drop_report(world: World, *, broken: bool = False, number: int = 1) -> None:
    """Write the report of today's session; `number` 2 corrects the first. A broken one ends too early."""
    day = world.session.day
    chance = random.Random(f"{world.seed}/report/{day}/{number}")
    tickers = ["NOBODY", *chance.sample(STOCKS, chance.randint(1, 3))]
    rows = [
        {
            "ticker": ticker,
            "grade": chance.choice("ABCD"),
            "score": round(chance.uniform(40, 99), 1),
            "price": world.market.price(ticker, world.clock.true) if ticker in STOCKS else 50.0,
        }
        for ticker in tickers
    ]
    made = world.clock.true - timedelta(minutes=5 - number)
    document = {"report_date": day.isoformat(), "generated_at": made.isoformat(), "candidates": rows}
    text = json.dumps(document)
    name = f"earnings_trade_candidates_{day}{'' if number == 1 else '_2'}.json"
    (world.folder.reports / name).write_text(text[:-20] if broken else text)
    if not broken:
        world.answers.reported.update(tickers)
