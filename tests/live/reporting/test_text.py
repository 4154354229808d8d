"""A document as text: aligned, one line per line, whatever the values hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from live.reporting.document import Document, Fact, Section, Table
from live.reporting.text import text_of


def test_facts_tables_and_lines_are_aligned() -> None:
    table = Table(("symbol", "shares"), (("QQQ", "1,204"), ("TMF", "9")), ("shares",))
    section = Section(
        "held", facts=(Fact("cash", "1.00"), Fact("all", "20.00")), table=table, lines=("late",)
    )
    assert text_of(Document("subject", "headline", "good", (section,))).splitlines() == [
        "subject",
        "headline",
        "",
        "HELD",
        "  cash  1.00",
        "  all   20.00",
        "  symbol  shares",
        "  QQQ      1,204",
        "  TMF          9",
        "  - late",
    ]


@given(st.text())
def test_no_value_makes_a_line_of_its_own(value: str) -> None:
    section = Section("held", facts=(Fact("note", value),), table=Table(("a",), ((value,),)), lines=(value,))
    text = text_of(Document(value, value, "plain", (section,)))
    assert len(text.split("\n")) == len(
        ["subject", "headline", "", "title", "fact", "column", "row", "line", ""]
    )
    assert all(sign.isprintable() for sign in text.replace("\n", ""))
