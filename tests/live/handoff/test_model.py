"""The typed file: what each kind of field accepts, and that nothing unknown gets in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from live.handoff import model
from live.handoff.canonical import as_data
from live.handoff.model import SignalFile, SignalOrder
from tests.support.handoff_samples import order, sample


def accepts(kind: Any, value: Any) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (model.IsoDate, ["2024-02-29"], ["2023-02-29", "2024-2-9", "20240229", "2024-02-29T00:00:00", ""]),
        (
            model.Instant,
            ["2024-03-15T15:45:00-04:00", "2024-03-15T15:45:00.5+00:00"],
            [
                "2024-03-15T15:45:00",
                "2024-03-15T25:45:00-04:00",
                "2024-03-15 15:45:00-04:00",
                "2024-03-15T15:45:00Z",
            ],
        ),
        (
            model.Symbol,
            ["A", "BRK.B", "BRK-B", "ABCDEFGHIJ"],
            ["", "aapl", "ABCDEFGHIJK", "A B", "1A", "../X", "A\n"],
        ),
        (model.Digest, ["0" * 64], ["0" * 63, "0" * 65, "G" * 64, "A" * 64]),
        (model.Price, [0.0001, 10_000_000.0], [0.0, -1.0, 10_000_001.0, float("nan"), float("inf")]),
        (model.QuotedPrice, [0.0, 1.0], [-0.01, float("nan")]),
        (model.Money, [-5.0, 0.0], [float("inf"), float("nan")]),
        (
            model.ClientOrderId,
            ["20240315_QQQ_exit_sell", "golden_20240315_BRK.B_entry_buy_r2"],
            ["20240315_QQQ_exit", "2024-03-15_QQQ_exit_sell", "20240315_QQQ_exit_sell_r0", "x" * 40],
        ),
    ],
)
def test_fields(kind: Any, good: list[Any], bad: list[Any]) -> None:
    assert [value for value in good if not accepts(kind, value)] == []
    assert [value for value in bad if accepts(kind, value)] == []


def test_a_file_is_read_back_as_it_was_written() -> None:
    assert SignalFile.model_validate_json(json.dumps(as_data(sample()))) == sample()


@pytest.mark.parametrize(
    "changes", [{"quantity": "400"}, {"quantity": 400.5}, {"enabled": 1}, {"extra": 1}, {"side": "short"}]
)
def test_nothing_is_converted_and_nothing_unknown_gets_in(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SignalOrder.model_validate(order().model_dump() | changes)


def test_a_file_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        sample().trade_date = "2024-03-18"
