"""What stands in for a broker or a feed that could not be opened: every question gets the reason why."""

# ruff: noqa: ARG002 - whatever is asked, the answer is the same

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from backtest.core.errors import BrokerError, JutsuError
from live.model.broker import Account, BrokerOrder, OrderRequest
from live.model.feed import Quote

if TYPE_CHECKING:
    from backtest.core.bars import Bars

NAME = "unreachable"


class _Unreachable:
    """Remembers the reason.

    Args:
        why: what went wrong when the real one was opened.
    """

    name = NAME

    def __init__(self, why: JutsuError) -> None:
        self._why = why

    def _fail(self) -> NoReturn:
        kind = type(self._why) if isinstance(self._why, BrokerError) else BrokerError
        raise kind(self._why.problem, where=self._why.where, remedy=self._why.remedy)


class UnreachableBroker(_Unreachable):
    """A broker that answers nothing. Every method raises BrokerError with the reason."""

    honours_client_id = False
    supports_attached_stop = False

    def account(self) -> Account:
        """Raise BrokerError."""
        self._fail()

    def orders(self, since: datetime, until: datetime) -> Sequence[BrokerOrder]:
        """Raise BrokerError."""
        self._fail()

    def order(self, order_id: str) -> BrokerOrder | None:
        """Raise BrokerError."""
        self._fail()

    def find(self, client_order_id: str) -> BrokerOrder | None:
        """Raise BrokerError."""
        self._fail()

    def body(self, request: OrderRequest) -> dict[str, Any]:
        """Raise BrokerError."""
        self._fail()

    def submit(self, request: OrderRequest) -> str | None:
        """Raise BrokerError: nothing was sent."""
        self._fail()

    def cancel(self, order_id: str) -> None:
        """Raise BrokerError."""
        self._fail()

    def clock_offset(self) -> timedelta | None:
        """Return None: nobody told the time."""
        return None


class UnreachableFeed(_Unreachable):
    """A feed that answers nothing. Every method raises BrokerError with the reason."""

    def history(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Bars]:
        """Raise BrokerError."""
        self._fail()

    def quotes(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Quote]:
        """Raise BrokerError."""
        self._fail()
