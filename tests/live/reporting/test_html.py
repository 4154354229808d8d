"""A document as a page: no value is markup, nothing is loaded, no program, small enough for mail."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.reporting.document import Document, Fact, Section, Table, Tone
from live.reporting.files import StoredReport
from live.reporting.html import COLOURS, LARGEST_BYTES, html_of
from tests.support.report_samples import HOSTILE, reports

#: what a mail program shows without asking
TAGS = {
    *("html", "head", "meta", "title", "body", "div", "h1", "h2", "p", "table", "tr", "th", "td", "ul", "li")
}
ATTRIBUTES = {"lang", "charset", "name", "content", "style", "role"}


class Page(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def document_with(value: str) -> Document:
    section = Section(value, facts=(Fact(value, value),), table=Table((value,), ((value,),)), lines=(value,))
    return Document(value, value, "plain", (section,))


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc"))) | st.just(HOSTILE))
def test_a_value_stays_text_wherever_it_stands(value: str) -> None:
    page = Page(html_of(document_with(value)))
    assert page.tags <= TAGS
    assert page.attributes <= ATTRIBUTES
    if value.strip():
        # title, heading, headline, section, fact name and value, column, cell, line
        assert page.texts.count(value) == 9


@pytest.mark.parametrize("report", reports(), ids=lambda report: report.kind)
def test_a_report_is_a_small_page_without_a_program_that_loads_nothing(report: StoredReport) -> None:
    text = html_of(report.document)
    page = Page(text)
    assert len(text.encode()) < LARGEST_BYTES
    assert page.tags <= TAGS
    assert page.attributes <= ATTRIBUTES
    assert "url(" not in text
    assert "<script" not in text
    assert "color-scheme" in text


@pytest.mark.parametrize("report", reports(), ids=lambda report: report.kind)
def test_a_telephone_shows_its_tables(report: StoredReport) -> None:
    for section in report.document.sections:
        assert section.table is None or len(section.table.columns) <= 6


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.1)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("tone", [tone for tone in COLOURS if tone != "plain"])
def test_a_tone_is_readable_on_white_and_on_black(tone: Tone) -> None:
    own = luminance(COLOURS[tone])
    assert 1.05 / (own + 0.05) >= 3.5
    assert (own + 0.05) / 0.05 >= 3.5
