"""The price gate of the backtest commands: confirmations from a file, suspicions as warnings."""

from pathlib import Path

import pytest

from backtest.core.errors import DataError
from backtest.data.believable import read_confirmations, require_believable_prices
from tests.support.price_gate_world import RELATIONS, index_and_funds, multiplied

WHERE = Path("prices")


def test_good_prices_need_nothing() -> None:
    assert require_believable_prices(index_and_funds(), RELATIONS, WHERE) == ()


def test_all_errors_come_at_once_and_a_confirmation_takes_its_own_away(tmp_path: Path) -> None:
    bars = index_and_funds()
    bars["QQQ"] = multiplied(bars["QQQ"], 399, "close", 1.3)
    bars["PSQ"] = multiplied(bars["PSQ"], 200, "close", 1.3)
    with pytest.raises(DataError, match="prices: 3 defects") as caught:
        require_believable_prices(bars, RELATIONS, WHERE)
    assert (caught.value.exit_code, len(caught.value.findings)) == (5, 3)
    file = tmp_path / "confirmed_prices.jsonl"
    price = float(bars["QQQ"].close[-1])
    file.write_text(f'{{"symbol": "QQQ", "session": "{bars["QQQ"].last}", "price": "{price:.2f}"}}\n')
    with pytest.raises(DataError) as fewer:
        require_believable_prices(bars, RELATIONS, WHERE, file)
    assert {f.path.split()[0] for f in fewer.value.findings} == {"PSQ"}


def test_a_suspicion_is_a_warning_with_its_day() -> None:
    bars = index_and_funds()
    bars["QQQ"].volume[200] = 0
    (warning,) = require_believable_prices(bars, RELATIONS, WHERE)
    assert warning.startswith(f"QQQ {bars['QQQ'].dates[200]}: volume is 0")


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"{}\n"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "confirmed_prices.jsonl"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(DataError, match="confirmed_prices") as caught:
        read_confirmations(file)
    assert caught.value.exit_code == 5
