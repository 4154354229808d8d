"""The price gate as the backtest commands use it: confirmations from a file, errors stop, suspicions warn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from backtest.core.bars import Bars
from backtest.core.errors import DataError
from backtest.core.files import LARGE, read_regular
from backtest.data.quality.confirmations import ConfirmedPrice, parse_confirmations
from backtest.data.quality.findings import require_believable
from backtest.data.quality.price_gate import judge_history
from backtest.data.quality.relations import PriceRelation


def require_believable_prices(
    bars: Mapping[str, Bars], relations: Sequence[PriceRelation], where: Path, confirmed: Path | None = None
) -> tuple[str, ...]:
    """Return the suspicions as warnings.

    Args:
        bars: histories by symbol.
        relations: which symbol multiplies which index.
        where: the folder they came from, for the message.
        confirmed: file of confirmed prices, None for none.

    Raises:
        DataError: 5, prices that are neither explained nor confirmed, or an unreadable file.
    """
    looked_at = () if confirmed is None else read_confirmations(confirmed)
    found = judge_history(bars, relations, confirmed=looked_at)
    return tuple(str(suspicion) for suspicion in require_believable(found, str(where)))


def read_confirmations(path: Path) -> tuple[ConfirmedPrice, ...]:
    """Read a file of confirmed prices, one JSON object a line.

    Raises:
        DataError: it cannot be read, or a line is no confirmation.
    """
    try:
        text = read_regular(path, LARGE).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"cannot be read: {getattr(error, 'strerror', None) or error}",
            where=str(path),
            remedy="check the file",
        ) from error
    return parse_confirmations(text, str(path))
