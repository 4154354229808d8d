"""Log lines as JSON: one document a line, whatever stands in them."""

from __future__ import annotations

import json
import logging
from datetime import date, datetime

from hypothesis import given
from hypothesis import strategies as st

from live.model.order_ids import OrderName
from live.system.log_formats import JsonLines, formatter
from live.system.redaction import RedactionFilter, register_secret


def line(text: str, **more: object) -> str:
    record = logging.makeLogRecord({"name": "jutsu", "levelname": "INFO", "msg": text, **more})
    RedactionFilter().filter(record)
    return JsonLines().format(record)


@given(st.text(max_size=200))
def test_any_text_is_one_line(text: str) -> None:
    shown = line(text)
    assert len(shown.splitlines()) == 1 or any(ord(mark) > 126 for mark in text)
    assert "\n" not in shown
    row = json.loads(shown)
    assert row.get("event", "") == text or "***" in row["event"]
    assert datetime.fromisoformat(row["at"]).tzinfo is not None


@given(
    st.dates(min_value=date(2000, 1, 1)),
    st.sampled_from(["AAA", "BRK.B", "QQQ"]),
    st.sampled_from(["entry", "exit", "reduce", "increase", "stop"]),
    st.sampled_from(["buy", "sell"]),
    st.sampled_from(["", "golden", "ema_p10"]),
    st.integers(0, 12),
)
def test_the_order_an_event_names_is_found(
    day: object, symbol: str, intent: str, side: str, variant: str, attempt: int
) -> None:
    name = str(OrderName(day, symbol, intent, side, variant, attempt))  # type: ignore[arg-type] # a date
    assert json.loads(line(f"{name}: not sent: too late"))["order"] == name


def test_a_traceback_is_part_of_the_line_and_masked() -> None:
    register_secret("s3cr3t-of-the-format-test")
    try:
        int("s3cr3t-of-the-format-test")
    except ValueError as error:
        shown = line("stopped", exc_info=(type(error), error, error.__traceback__))
    assert "ValueError" in json.loads(shown)["traceback"]
    assert "s3cr3t" not in shown


def test_formats_by_name() -> None:
    assert isinstance(formatter("json"), JsonLines)
    assert not isinstance(formatter("text"), JsonLines)
