"""Numbers and spans as a report writes them; sections that say nothing are not shown."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from live.reporting.document import (
    Document,
    Fact,
    Section,
    Table,
    amount,
    days,
    instant,
    percent,
    points,
    price,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (percent(0.12345), "12.35 %"),
        (percent(-0.00001, signed=True), "+0.00 %"),
        (percent(None), "unknown"),
        (points(-0.0004), "+0.000 %"),
        (points(99.0, signed=False), "99.000 %"),
        (points(None), "unknown"),
        (amount(1234.5), "1,234.50"),
        (amount(-1234.5, signed=True), "-1,234.50"),
        (amount(None), "unknown"),
        (price(12.5), "12.5000"),
        (price(None), "-"),
        (instant(datetime(2026, 7, 1, 20, 0, 5, tzinfo=UTC)), "2026-07-01 16:00:05 New York"),
        (instant(None), "never"),
        (days(date(2026, 7, 1), date(2026, 7, 1)), "2026-07-01"),
        (days(date(2026, 7, 1), date(2026, 7, 3)), "2026-07-01 to 2026-07-03"),
    ],
)
def test_a_value_is_written_with_its_unit(text: str, expected: str) -> None:
    assert text == expected


def test_a_section_is_shown_when_it_says_something() -> None:
    sections = (
        Section("nothing"),
        Section("no rows", table=Table(("a",), ())),
        Section("a fact", facts=(Fact("cash", "1"),)),
        Section("a row", table=Table(("a",), (("1",),))),
        Section("a line", lines=("text",)),
    )
    shown = Document("s", "h", "plain", sections).shown
    assert [section.title for section in shown] == ["a fact", "a row", "a line"]
