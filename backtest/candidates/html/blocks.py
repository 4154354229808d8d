"""Where the stocks are on a page: ticker evidence, the block that belongs to it, the section it stands in."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

from backtest.candidates.html import values
from backtest.candidates.html.dom import HEADINGS, Node, Page, Segment, words
from backtest.core.candidate import Grade

_TICKER_WORDS: Final = frozenset({"ticker", "tickers", "symbol", "tick", "sym"})
_TITLE_WORDS: Final = frozenset({"title", "name", "company", "heading", "head", "header"})
_CARD_TOKENS: Final = re.compile(
    r"(?:.*[-_])?(?:card|stock|stock-item|stock-entry|stock-block|stock-panel)(?:[-_][abcd])?"
)
_NOT_CARDS: Final = words(
    "summary stat stats dashboard metric legend info highlight overview header body content grade"
)
_OUTSIDE_TOKENS: Final = re.compile(
    r".*(?:upcoming|summary-section|disqualif|reject|excluded|screened-out|not-qualif|stock-reviewed|methodology|"
    r"legend|disclaimer|watchlist|watch-list).*"
)
_OUTSIDE_HEADINGS: Final = re.compile(
    r"\bupcoming\b|\bdisqualif|\bexcluded\b|\bnot qualif|\brejected\b|\bwatch ?list\b|\bearnings to watch\b|"
    r"\bmethodology\b|\bcalendar\b|\bfiltered out\b|\bscreened out\b|\bnear[- ]miss",
    re.IGNORECASE,
)
_NO_STOCKS: Final = re.compile(
    r"\W*no\s+(?!.*\b[abcd][- ]?grade)(?:[\w-]+\s+){0,4}?"
    r"(?:stocks?|candidates?|gap-?ups?|opportunit\w+|setups?)\b",
    re.IGNORECASE,
)
_RANK: Final = re.compile(r"^(?:[^\w$(#]+\s*)?(?:(?:#\d{1,3}|\d{1,3}[.)])[\s:-]*)?")
_PLAIN_TICKER: Final = re.compile(r"[A-Z]{2,5}")
MAX_HEADINGS: Final = 2_000
_HEADER_TEXTS: Final = 6  # an element with no more texts is only a header line


@dataclass(frozen=True, slots=True)
class TickerMark:
    """One place that names a ticker, and how strongly: 3 by class, exchange or $, 2 heading, 1 title text."""

    tickers: tuple[str, ...]
    strength: int
    segment: Segment


@dataclass(frozen=True, slots=True)
class Block:
    """The part of the page that describes one stock.

    Attributes:
        tickers: one, or two share classes of one company.
        node: the card.
        segments: its text without cards of other stocks inside it.
        mark: the place that named the ticker.
    """

    tickers: tuple[str, ...]
    node: Node
    segments: tuple[Segment, ...]
    mark: TickerMark


@dataclass(frozen=True, slots=True)
class Section:
    """What a heading says about the stocks below it.

    Attributes:
        level: 1 (page title) to 6.
        start, end: segments it holds for, later headings aside.
        grade: the one grade it names.
        outside: the stocks there are no candidates.
    """

    level: int
    start: int
    end: int
    grade: Grade | None
    outside: bool


def outside(node: Node) -> bool:
    """Tell whether a node is inside a part of the page that lists no candidates, by its classes."""
    return any(
        _OUTSIDE_TOKENS.fullmatch(token) for place in (node, *node.ancestors()) for token in place.tokens
    )


def marked_empty(page: Page) -> bool:
    """Tell whether the page says by class that no stock qualifies."""
    return any(node.tokens & {"no-stocks-card", "no-stocks-title"} for node in page.nodes)


def titled_empty(page: Page) -> bool:
    """Tell whether a main heading says that no stock qualifies."""
    for node in page.nodes:
        if node.tag in {"h1", "h2", "h3"} and node.end > node.start and not _in_grade_part(node):
            text = " ".join(segment.text for segment in page.text_of(node))
            if _NO_STOCKS.match(text):
                return True
    return False


def _in_grade_part(node: Node) -> bool:
    return any("grade" in place.words for place in (node, *node.ancestors()))


def sections(page: Page, cards: list[Node]) -> list[Section]:
    """Return what the headings outside cards say, in document order.

    A heading holds until a later one of the same or a higher level, and only inside the element it heads: the
    nearest one around it that holds more than a header line.
    """
    found: list[Section] = []
    inside = {card.order for card in cards}
    for node in page.nodes:
        level = heading_level(node)
        if level is None or node.start == node.end or len(found) >= MAX_HEADINGS:
            continue
        if any(place.order in inside for place in (node, *node.ancestors())):
            continue
        text = " ".join(segment.text for segment in page.text_of(node))
        above = next((s for s in reversed(found) if s.level < level and s.start <= node.start < s.end), None)
        named = values.grades_named(text) or _header_grade(node, page)
        grade = above.grade if above is not None and not named else None
        found.append(
            Section(
                level=level,
                start=node.start,
                end=_scope(node).end,
                grade=next(iter(named)) if len(named) == 1 else grade,
                outside=bool(_OUTSIDE_HEADINGS.search(text)) or (above is not None and above.outside),
            )
        )
    return found


def _scope(heading: Node) -> Node:
    place = heading
    for place in heading.ancestors():
        if place.end - place.start > _HEADER_TEXTS:
            break
    return place


def heading_level(node: Node) -> int | None:
    """Return 1..6 for headings, 2 for elements that are headings by class, None for others."""
    if node.tag in HEADINGS:
        return int(node.tag[1])
    if node.tokens & {"section-title", "grade-header", "grade-title", "section-header"} and not any(
        child.tag in HEADINGS for child in node.children
    ):
        return 2
    return None


def _header_grade(node: Node, page: Page) -> set[Grade]:
    """Return the grade that a badge beside a heading shows, both inside an element `grade-header`."""
    header = next((place for place in node.ancestors() if "grade-header" in place.tokens), None)
    if header is None:
        return set()
    shown = (values.as_grade(segment.text) for segment in page.text_of(header))
    return {grade for grade in shown if grade is not None}


def section_at(found: list[Section], index: int) -> Section:
    """Return the section a segment stands in."""
    nearest = next((s for s in reversed(found) if s.start <= index < s.end), None)
    return nearest or Section(0, 0, 0, grade=None, outside=False)


def ticker_marks(page: Page) -> list[TickerMark]:
    """Return every place that names a ticker, outside tables and parts without candidates, in page order."""
    marks = []
    for node in page.nodes:
        if node.end == node.start or node.tag in {"table", "tbody", "thead", "tr"}:
            continue
        mark = _mark(node, page)
        if (
            mark is not None
            and not outside(node)
            and not any(place.tag == "table" for place in node.ancestors())
        ):
            marks.append(mark)
    return marks


def unmarked_cards(page: Page, marks: list[TickerMark]) -> list[TickerMark]:
    """Return marks for innermost cards that begin with a ticker no class or heading marks: "EGBN"."""
    places = sorted(mark.segment.index for mark in marks)
    cards = [node for node in page.nodes if is_card(node)]
    found = []
    orders = [card.order for card in cards]
    for position, node in enumerate(cards):
        holds_card = position + 1 < len(cards) and orders[position + 1] <= node.last_order()
        known = bisect_left(places, node.start) < bisect_left(places, node.end)
        if holds_card or known or node.start == node.end or outside(node):
            continue
        first = page.segments[node.start]
        if _PLAIN_TICKER.fullmatch(first.text) and not values.is_common_word(first.text):
            found.append(TickerMark((first.text,), 1, first))
    return found


def _mark(node: Node, page: Page) -> TickerMark | None:
    if node.words & _TICKER_WORDS:
        inner = [child for child in node.children if child.words & _TICKER_WORDS]
        if not inner:
            return _first_form(page.text_of(node), 3)
        return None
    texts = page.text_of(node)
    if node.tag in HEADINGS or node.tokens & {"stock-title", "card-title"}:
        first = texts[0]
        if _RANK.sub("", first.text)[:1] == "$":
            return _first_form(texts[:1], 3)
        return _first_form([segment for segment in texts if segment.node is first.node][:1], 2)
    if len(texts) <= 3:
        prefixed = [s for s in texts if s.node is node and re.match(r"\(?[A-Za-z]{3,10}\s?:", s.text)]
        for segment in prefixed:
            found = values.marked_tickers(segment.text)
            if found and len(segment.text) < 80:
                return TickerMark(found, 3, segment)
    if node.words & _TITLE_WORDS and texts[0].node is node:
        found = values.marked_tickers(texts[0].text)
        if found:
            return TickerMark(found, 1, texts[0])
    return None


def _first_form(texts: list[Segment], strength: int) -> TickerMark | None:
    for segment in texts[:2]:
        text = _RANK.sub("", segment.text)
        if strength < 3 and re.fullmatch(r"[ABCD]|[A-Z0-9]{6,}", text):
            return None  # a grade, or a company name in capitals
        found = values.exact_tickers(text) or values.marked_tickers(text) or values.leading_ticker(text)
        found = found or values.bracketed_ticker(text)
        if found and not (strength < 3 and values.is_common_word(found[0])):
            return TickerMark(found, strength, segment)
    return None


def is_card(node: Node) -> bool:
    """Tell whether an element is a card by its tag or class."""
    if node.tag == "article":
        return True
    if node.tag not in {"div", "section", "li", "details"}:
        return False
    return any(
        _CARD_TOKENS.fullmatch(token) and not set(re.split(r"[-_]", token)) & _NOT_CARDS
        for token in node.tokens
    )


def blocks(page: Page, marks: list[TickerMark]) -> list[Block]:
    """Return one block per stock named outside tables, in page order."""
    cards: dict[int, tuple[Node, list[TickerMark]]] = {}
    for mark in marks:
        card = _card_of(mark, marks)
        cards.setdefault(card.order, (card, []))[1].append(mark)
    owners = {order: max(found, key=lambda mark: mark.strength) for order, (_, found) in cards.items()}
    merged = {order: (card, owners[order]) for order, (card, _) in cards.items()}
    for order, (card, mark) in sorted(merged.items(), reverse=True):
        outer = next((merged[place.order] for place in card.ancestors() if place.order in merged), None)
        if outer is not None and outer[1].tickers == mark.tickers:
            del merged[order]
    nodes = [merged[order][0] for order in sorted(merged)]
    return [
        Block(mark.tickers, card, _own_segments(page, card, nodes), mark)
        for _, (card, mark) in sorted(merged.items())
    ]


def _card_of(mark: TickerMark, marks: list[TickerMark]) -> Node:
    """Return the nearest card around a mark, else the widest element that names no other ticker."""
    start = mark.segment.node
    card = next((place for place in (start, *start.ancestors()) if is_card(place)), None)
    if card is not None:
        return card
    places = {other.segment.index for other in marks if other.tickers != mark.tickers}
    node = start
    for place in start.ancestors():
        if place.tag in {"body", "html", "main"} or any(place.start <= index < place.end for index in places):
            break
        if any(heading_level(child) == 1 for child in place.children[:50]) or place.tag == "section":
            break
        node = place
    return node


def _own_segments(page: Page, card: Node, others: list[Node]) -> tuple[Segment, ...]:
    """Return the texts of a card without those of the cards of other stocks inside it."""
    own: list[Segment] = []
    position = card.start
    for other in others:  # in page order: of nested ones the outermost comes first
        if (
            other.order > card.order
            and other.start >= position
            and other.end <= card.end
            and other.within(card)
        ):
            own += page.segments[position : other.start]
            position = max(position, other.end)
    return (*own, *page.segments[position : card.end])
