"""Client order ids: `{YYYYMMDD}_{SYMBOL}_{intent}_{side}`, `_rN` for a retry, variant first when needed.

Of several accounts each puts its name and the variant first: `ira-golden_20260102_QQQ_entry_buy`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final, get_args

from backtest.core.decision import Side
from backtest.core.planned_orders import Intent

_DAY: Final = len("20260102")
#: a symbol that can be ordered, as a pattern
SYMBOL_FORM: Final = r"[A-Z][A-Z0-9./-]{0,9}"
PATTERN: Final = (
    rf"^((?:[a-z][a-z0-9]{{0,15}}-)?[a-z][a-z0-9_]*_)?\d{{8}}_{SYMBOL_FORM}"
    rf"_({'|'.join(get_args(Intent))})_({'|'.join(get_args(Side))})(_r[1-9]\d*)?$"
)
"""What an id looks like: account and variant with its underscore, day, symbol, intent, side, retry."""
#: of an order of a session of breakouts: eight digits say of which plan and strategy
_OF_SESSION: Final = re.compile(
    rf"^\d{{8}}_{SYMBOL_FORM}_(?:entry|exit|stop)_(?:buy|sell)_[0-9a-f]{{8}}(_r[1-9]\d*)?$"
)
_WHOLE: Final = re.compile(PATTERN)
_RETRY: Final = re.compile(r"_r([1-9]\d*)$", re.ASCII)


@dataclass(frozen=True, slots=True)
class OrderName:
    """The parts of a client order id; `account` is the name of one of several."""

    session: date
    symbol: str
    intent: str
    side: str
    variant: str = ""
    attempt: int = 0
    account: str = ""

    @classmethod
    def of(cls, prefix: str, *, session: date, symbol: str, intent: str, side: str) -> OrderName:
        """Return the name of a first try whose prefix is that of a book (`books.variants.id_prefix`)."""
        account, _, variant = prefix.rpartition("-")
        return cls(session, symbol, intent, side, variant, account=account)

    def __str__(self) -> str:
        """Return the id."""
        account = f"{self.account}-" if self.account else ""
        prefix = f"{account}{self.variant}_" if self.variant else ""
        first = f"{prefix}{self.session:%Y%m%d}_{self.symbol}_{self.intent}_{self.side}"
        return retry_id(first, self.attempt) if self.attempt else first


def parse(client_order_id: str) -> OrderName | None:
    """Return the parts of an id, None when it is not well formed (or its date does not exist)."""
    match = _WHOLE.match(client_order_id)
    if match is None:
        return None
    variant, intent, side, _ = match.groups(default="")
    start = len(variant)
    try:
        day = date.fromisoformat(client_order_id[start : start + _DAY])
    except ValueError:
        return None
    account, _, variant = variant.rpartition("-")
    return OrderName(
        session=day,
        symbol=client_order_id[start + _DAY + 1 : match.start(2) - 1],
        intent=intent,
        side=side,
        variant=variant.removesuffix("_"),
        attempt=attempt_of(client_order_id),
        account=account,
    )


def is_session_order(client_order_id: str) -> bool:
    """Tell whether an order belongs to a session of breakouts: its account holds a position per entry."""
    return _OF_SESSION.match(client_order_id) is not None


def base_id(client_order_id: str) -> str:
    """Return the id of the first try: without its retry suffix."""
    return _RETRY.sub("", client_order_id)


def attempt_of(client_order_id: str) -> int:
    """Return the number of a retry, 0 for the first try."""
    match = _RETRY.search(client_order_id)
    return int(match[1]) if match else 0


def retry_id(client_order_id: str, attempt: int) -> str:
    """Return the id of try number `attempt` (1 is the first retry) of the same intent."""
    return f"{base_id(client_order_id)}_r{attempt}"


def with_account(account: str, variant: str) -> str:
    """Return a variant as ids carry it: after the name of its account where there are several."""
    return f"{account}-{variant}" if account else variant
