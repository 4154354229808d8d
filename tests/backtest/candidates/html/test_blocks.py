"""Where the stocks are: what names a ticker, what its card is, which section it stands in."""

from __future__ import annotations

import pytest

from backtest.candidates.html.blocks import (
    Block,
    Section,
    blocks,
    heading_level,
    is_card,
    marked_empty,
    outside,
    section_at,
    sections,
    ticker_marks,
    titled_empty,
    unmarked_cards,
)
from backtest.candidates.html.dom import Node, Page, parse_page


def page_of(body: str) -> Page:
    return parse_page(f"<body>{body}</body>")


def first(body: str) -> Node:
    return page_of(body).nodes[1]


def found(body: str) -> list[Block]:
    page = page_of(body)
    return blocks(page, ticker_marks(page))


def texts(block: Block) -> list[str]:
    return [segment.text for segment in block.segments]


@pytest.mark.parametrize(
    ("markup", "tickers", "strength"),
    [
        ("<span class='stock-ticker'>AEO</span>", ("AEO",), 3),
        ("<span class='symbol'>$AEO</span>", ("AEO",), 3),
        ("<h3>$AEO</h3>", ("AEO",), 3),
        ("<h3>1. AEO - American Eagle</h3>", ("AEO",), 2),
        ("<div class='card-title'>AEO</div>", ("AEO",), 2),
        ("<p>NYSE: AEO</p>", ("AEO",), 3),
    ],
)
def test_a_ticker_is_named_more_or_less_strongly(
    markup: str, tickers: tuple[str, ...], strength: int
) -> None:
    (mark,) = ticker_marks(page_of(markup))
    assert (mark.tickers, mark.strength) == (tickers, strength)


@pytest.mark.parametrize(
    "markup",
    [
        "<h3>A</h3>",  # a grade
        "<h3>MICROSOFT</h3>",  # a name in capitals
        "<p>AEO</p>",  # nothing says what it is
        "<table><tr><td class='ticker'>AEO</td></tr></table>",  # tables are read as tables
        "<div class='watchlist'><span class='ticker'>AEO</span></div>",
    ],
)
def test_what_is_no_certain_ticker_is_no_mark(markup: str) -> None:
    assert ticker_marks(page_of(markup)) == []


def test_the_innermost_element_of_a_ticker_class_names_it() -> None:
    (mark,) = ticker_marks(page_of("<div class='ticker-row'>x<b class='ticker'>AEO</b></div>"))
    assert mark.tickers == ("AEO",)


@pytest.mark.parametrize(
    ("markup", "card"),
    [
        ("<article>x</article>", True),
        ("<div class='stock-card'>x</div>", True),
        ("<li class='stock'>x</li>", True),
        ("<section class='card-a'>x</section>", True),
        ("<span class='stock-card'>x</span>", False),
        ("<div class='summary-card'>x</div>", False),
        ("<div class='card-header'>x</div>", False),
        ("<div class='cardinal'>x</div>", False),
        ("<div>x</div>", False),
    ],
)
def test_what_a_card_is(markup: str, card: bool) -> None:
    assert is_card(first(markup)) is card


def test_each_card_is_one_block_with_its_own_texts() -> None:
    one, two = found(
        "<div class='card'><b class='ticker'>AEO</b><i>$20</i></div>"
        "<div class='card'><b class='ticker'>DKS</b><i>$30</i></div>"
    )
    assert (one.tickers, texts(one)) == (("AEO",), ["AEO", "$20"])
    assert (two.tickers, texts(two)) == (("DKS",), ["DKS", "$30"])


def test_a_card_inside_a_card_keeps_its_texts_for_itself() -> None:
    outer, inner = found(
        "<div class='card'><b class='ticker'>AEO</b><i>before</i>"
        "<div class='card'><b class='ticker'>DKS</b></div><i>after</i></div>"
    )
    assert texts(outer) == ["AEO", "before", "after"]
    assert texts(inner) == ["DKS"]


def test_nested_cards_of_one_stock_are_one_block() -> None:
    (block,) = found(
        "<div class='card'><h3>AEO</h3><div class='card'><b class='ticker'>AEO</b><i>$20</i></div></div>"
    )
    assert texts(block) == ["AEO", "AEO", "$20"]


def test_the_strongest_mark_of_a_card_names_it() -> None:
    (block,) = found("<div class='card'><h3>AEO - Eagle</h3><p>NASDAQ: DKS</p></div>")
    assert block.tickers == ("DKS",)


def test_without_cards_a_block_reaches_to_the_next_ticker() -> None:
    one, two = found("<div><div><h3>AEO</h3><p>$20</p></div><div><h3>DKS</h3><p>$30</p></div></div>")
    assert texts(one) == ["AEO", "$20"]
    assert texts(two) == ["DKS", "$30"]


def test_a_card_that_begins_with_a_plain_ticker_is_marked_when_nothing_else_marks_it() -> None:
    page = page_of("<div class='card'><p>EGBN</p></div><div class='card'><p>EPS</p></div>")
    assert [mark.tickers for mark in unmarked_cards(page, [])] == [("EGBN",)]
    marks = ticker_marks(page_of("<div class='card'><b class='ticker'>EGBN</b></div>"))
    assert unmarked_cards(page_of("<div class='card'><b class='ticker'>EGBN</b></div>"), marks) == []


def test_only_the_innermost_of_nested_cards_is_marked() -> None:
    page = page_of("<div class='card'><i>TOP</i><div class='card'><p>EGBN</p></div></div>")
    assert [mark.tickers for mark in unmarked_cards(page, [])] == [("EGBN",)]


@pytest.mark.parametrize(
    ("markup", "level"),
    [
        ("<h2>x</h2>", 2),
        ("<h6>x</h6>", 6),
        ("<div class='section-title'>x</div>", 2),
        ("<div class='section-header'><h3>x</h3></div>", None),
        ("<p>x</p>", None),
    ],
)
def test_what_a_heading_is(markup: str, level: int | None) -> None:
    assert heading_level(first(markup)) == level


def said(body: str) -> list[Section]:
    return sections(page_of(body), [])


def test_a_heading_holds_for_what_is_below_it() -> None:
    page = page_of(
        "<h2>A-Grade stocks</h2><p>one</p><h3>Energy</h3><p>two</p><h2>Upcoming</h2><p>three</p>"
        "<h3>B-Grade</h3><p>four</p>"
    )
    heard = sections(page, [])
    at = {s.text: section_at(heard, s.index) for s in page.segments}
    assert [(at[t].grade, at[t].outside) for t in ("one", "two", "three", "four")] == [
        ("A", False),
        ("A", False),  # a smaller heading without a grade keeps the one above it
        (None, True),
        ("B", True),  # what stands below a part without candidates is in it
    ]


def test_a_heading_holds_only_inside_the_element_it_heads() -> None:
    filler = "".join(f"<p>{n}</p>" for n in range(8))
    page = page_of(f"<div><h2>Methodology</h2>{filler}</div><p>last</p>")
    heard = sections(page, [])
    assert section_at(heard, 3).outside
    assert not section_at(heard, len(page.segments) - 1).outside


def test_a_heading_with_two_grades_names_none_and_a_badge_beside_it_one() -> None:
    assert [s.grade for s in said("<h2>A-Grade and B-Grade</h2>")] == [None]
    assert [s.grade for s in said("<div class='grade-header'><h2>Best</h2><b>A</b></div>")] == ["A"]


def test_headings_inside_cards_head_no_section() -> None:
    page = page_of("<div class='card'><h2>Upcoming</h2></div>")
    assert sections(page, [page.nodes[1]]) == []
    assert len(sections(page, [])) == 1


def test_before_the_first_heading_nothing_is_said() -> None:
    assert section_at([], 5) == Section(0, 0, 0, grade=None, outside=False)


@pytest.mark.parametrize("name", ["upcoming", "summary-section", "list-disqualified", "legend", "watch-list"])
def test_parts_without_candidates_are_known_by_their_class(name: str) -> None:
    page = page_of(f"<div class='{name}'><p>x</p></div><p>y</p>")
    assert [outside(node) for node in page.nodes[1:]] == [True, True, False]


@pytest.mark.parametrize(
    ("title", "empty"),
    [
        ("<h2>No stocks today</h2>", True),
        ("<h1>No qualifying gap-ups found</h1>", True),
        ("<h2>No A-Grade stocks</h2>", False),  # other grades may follow
        ("<h4>No stocks today</h4>", False),
        ("<h2>Now stocks</h2>", False),
        ("<div class='grade-part'><h2>No stocks</h2></div>", False),
    ],
)
def test_a_main_heading_may_say_that_nothing_qualifies(title: str, empty: bool) -> None:
    assert titled_empty(page_of(title)) is empty


def test_a_class_may_say_that_nothing_qualifies() -> None:
    assert marked_empty(page_of("<div class='no-stocks-card'>none</div>"))
    assert not marked_empty(page_of("<div class='stocks-card'>some</div>"))
