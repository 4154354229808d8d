"""The page as a tree over one list of texts: every part of the page is a slice of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.candidates.html.dom import MAX_DEPTH, MAX_TEXT, Node, Page, nesting, parse_page, words


@dataclass(frozen=True)
class Element:
    """What is written: a div around texts and elements."""

    inside: tuple[Element | str, ...]

    def html(self) -> str:
        return f"<div>{''.join(i if isinstance(i, str) else i.html() for i in self.inside)}</div>"

    def texts(self) -> list[str]:
        found: list[str] = []
        for one in _joined(self.inside):
            found += [one] if isinstance(one, str) else one.texts()
        return found


def _joined(inside: tuple[Element | str, ...]) -> list[Element | str]:
    """Texts that follow each other are one text of the page."""
    joined: list[Element | str] = []
    for one in inside:
        last = joined[-1] if joined else None
        if isinstance(one, str) and isinstance(last, str):
            joined[-1] = last + one
        else:
            joined.append(one)
    return joined


text = st.text("abcXYZ019$%", min_size=1, max_size=4)
elements = st.recursive(
    st.lists(text, max_size=3).map(lambda parts: Element(tuple(parts))),
    lambda inner: st.lists(text | inner, max_size=4).map(lambda parts: Element(tuple(parts))),
    max_leaves=12,
)


def texts(page: Page, node: Node | None = None) -> list[str]:
    return [segment.text for segment in (page.segments if node is None else page.text_of(node))]


def only(page: Page, tag: str) -> Node:
    (node,) = (node for node in page.nodes if node.tag == tag)
    return node


@given(elements)
def test_every_element_is_a_slice_of_the_texts_in_page_order(written: Element) -> None:
    page = parse_page(written.html())
    waiting: list[tuple[Node, Element]] = [(page.root.children[0], written)]
    while waiting:
        node, element = waiting.pop()
        assert texts(page, node) == element.texts()
        inner = [one for one in element.inside if isinstance(one, Element)]
        waiting += zip(node.children, inner, strict=True)
        assert all(one.end <= two.start for one, two in pairwise(node.children))
        assert all(child.parent is node and child.within(node) for child in node.children)
        assert not any(node.within(child) for child in node.children)
    assert [node.order for node in page.nodes] == list(range(len(page.nodes)))
    assert page.root.last_order() == len(page.nodes) - 1
    assert [segment.index for segment in page.segments] == list(range(len(page.segments)))


def test_neighbours_never_run_together() -> None:
    page = parse_page("<div>CMC<span>B-Grade</span>tail</div>")
    assert texts(page) == ["CMC", "B-Grade", "tail"]
    assert texts(page, only(page, "span")) == ["B-Grade"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Price: $5 | Gap: 3%", ["Price: $5", "Gap: 3%"]),
        ("A·B•C‖D¦E", ["A", "B", "C", "D", "E"]),
        ("−5% – 6%\u00a0x", ["-5% - 6% x"]),
        ("＋3％", ["+3%"]),
        ("  two\n\n words ", ["two words"]),
        (" \n ", []),
        ("|", []),
    ],
)
def test_a_text_is_cleaned_and_split_at_bars(written: str, read: list[str]) -> None:
    assert texts(parse_page(f"<p>{written}</p>")) == read


@pytest.mark.parametrize(
    "markup",
    [
        "<script>AAPL</script>",
        "<style>AAPL</style>",
        "<template>AAPL</template>",
        "<svg><text>AAPL</text></svg>",
        "<select><option>AAPL</option></select>",
        "<div hidden>AAPL</div>",
        "<div style='color: red; DISPLAY : none'>AAPL</div>",
        "<p style='visibility:hidden'><b>AAPL</b></p>",
        "<!-- AAPL -->",
    ],
)
def test_what_nobody_sees_leaves_no_text(markup: str) -> None:
    assert texts(parse_page(f"<body>{markup}<i>seen</i></body>")) == ["seen"]


def test_class_names_are_tokens_and_their_parts_words() -> None:
    node = only(parse_page("<div class='Stock-Ticker  cardTitle big_one'>x</div>"), "div")
    assert node.tokens == {"stock-ticker", "cardtitle", "big_one"}
    assert node.words == words("stock ticker card title big one")


def test_the_ancestors_of_a_node_begin_with_its_parent() -> None:
    page = parse_page("<article><section><p>x</p></section></article>")
    assert [place.tag for place in only(page, "p").ancestors()] == ["section", "article", "html"]


def test_a_page_that_is_too_deep_is_cut_and_says_so() -> None:
    deep = parse_page("<div>" * (MAX_DEPTH + 5) + "low" + "</div>" * (MAX_DEPTH + 5) + "<p>after</p>")
    assert deep.cut == "nested too deeply"
    assert texts(deep) == ["after"]
    assert parse_page("<p>x</p>").cut == ""


def test_a_text_without_end_is_cut() -> None:
    assert texts(parse_page(f"<p>{'x' * (3 * MAX_TEXT)}</p>")) == ["x" * MAX_TEXT]


@pytest.mark.parametrize(
    ("html", "deep"),
    [
        ("", 0),
        ("<div><b>x</b></div>", 2),
        ("<br><img><p>x<p>y", 0),
        ("</div></div><i>x", 1),
        ("<B><b><b>", 3),
    ],
)
def test_how_deep_elements_are_left_open(html: str, deep: int) -> None:
    assert nesting(html) == deep


@given(st.integers(0, 60))
def test_elements_that_end_do_not_deepen_a_page(count: int) -> None:
    assert nesting("<div>x</div>" * count) == (1 if count else 0)
    assert nesting("<div>" * count) == count
