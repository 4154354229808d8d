"""Words about bars: how long they are, what their prices hold."""

from typing import Literal

Timeframe = Literal["1d", "1m"]
#: as traded; adjusted for splits; adjusted for dividends too
Basis = Literal["raw", "split", "total"]
#: which price of a session, or which end of a bar, is meant
Moment = Literal["open", "close"]
