"""The fields of one stock: every hint has a standing; equals that differ mean no value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.candidates.html.blocks import blocks, ticker_marks
from backtest.candidates.html.dom import parse_page
from backtest.candidates.html.fields import Fields, Hint, decide, enclosing_grade, normal_label, read_fields

hints = st.lists(st.builds(Hint, st.integers(0, 3), st.sampled_from([1.0, 2.0, 3.0])), max_size=6)


def fields(inner: str, head: str = "<b class='ticker'>AEO</b>") -> Fields:
    page = parse_page(f"<div class='card'>{head}{inner}</div>")
    (block,) = blocks(page, ticker_marks(page))
    return read_fields(block, page)


def pair(label: str, value: str, name: str = "") -> str:
    return f"<div><span>{label}</span><span class='{name}'>{value}</span></div>"


@given(hints, st.randoms())
def test_the_strongest_hints_decide_whatever_their_order(found: list[Hint], random: object) -> None:
    value, unclear = decide(found)
    best = {hint.value for hint in found if hint.level == min(h.level for h in found)}
    assert unclear is (len(best) > 1)
    assert value == (next(iter(best)) if len(best) == 1 else None)
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert decide(shuffled) == (value, unclear)


@given(hints, st.sampled_from([1.0, 2.0]))
def test_a_weaker_hint_never_changes_a_value(found: list[Hint], other: float) -> None:
    if found:
        assert decide([*found, Hint(9, other)]) == decide(found)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Current Price:", "current price"),
        ("📈 Gap Size (%)", "gap size"),
        ("Gap  %", "gap %"),
        ("Score [weighted] /100", "score /100"),
        ("- Total -", "total"),
        ("", ""),
    ],
)
def test_a_label_without_its_decoration(written: str, normal: str) -> None:
    assert normal_label(written) == normal
    assert normal_label(normal) == normal


@pytest.mark.parametrize(
    ("inner", "price"),
    [
        (pair("Price", "$20.50"), 20.5),
        (pair("Current Price", "20.50"), 20.5),
        ("<div><span class='price'>$20.50</span></div>", 20.5),
        ("<p>Price: $20.50</p>", 20.5),
        (pair("Price", "$20.50") + pair("Market Price", "$99"), 20.5),
        (pair("Stop", "$18", "price"), None),
        (pair("52-week High", "$30"), None),
        (pair("Price", "$20.50") + pair("Price", "$21"), None),
    ],
)
def test_the_price(inner: str, price: float | None) -> None:
    found = fields(inner)
    assert found.price == price
    assert ("price" in found.unclear) is (price is None and inner.count("Price") == 2)


@pytest.mark.parametrize(
    ("inner", "gap"),
    [
        (pair("Gap Up", "+12.5%"), 12.5),
        (pair("Gap", "-3%"), -3.0),
        ("<p>Gap Size (10.88%)</p>", 10.88),
        ("<p>+5.2% gap</p>", 5.2),
        ("<div><span class='gap-value'>7.1%</span></div>", 7.1),
        (pair("Gap score", "25%"), None),
        (pair("Volume", "250%"), None),
    ],
)
def test_the_gap(inner: str, gap: float | None) -> None:
    assert fields(inner).gap == gap


@pytest.mark.parametrize(
    ("inner", "score"),
    [
        (pair("Total Score", "78"), 78.0),
        (pair("Score", "78/100"), 78.0),
        ("<p>B (78/100)</p>", 78.0),
        ("<div><span class='score'>78</span></div>", 78.0),
        (pair("Trend", "78", "points"), None),
        (pair("Gap", "78", "score-value"), None),
        (pair("Total Score", "78") + pair("Overall Score", "79"), None),
    ],
)
def test_the_score(inner: str, score: float | None) -> None:
    found = fields(inner)
    assert found.score == score
    assert ("score" in found.unclear) is ("Overall" in inner)


@pytest.mark.parametrize(
    ("inner", "grade", "unclear"),
    [
        ("<span class='grade-badge'>B</span>", "B", False),
        ("<span class='grade'>B-Grade</span><em>an A-Grade stock</em>", "B", False),  # the badge wins
        ("<em>an A-Grade stock</em>", "A", False),
        ("<span class='badge-c'>fine</span>", "C", False),
        ("<span class='grade'>A</span><span class='grade'>B</span>", None, True),
        ("<p>an A-Grade stock</p>", None, False),  # a sentence is no badge
        ("<i>nothing</i>", None, False),
    ],
)
def test_the_grade(inner: str, grade: str | None, unclear: bool) -> None:
    found = fields(inner)
    assert (found.grade, "grade" in found.unclear) == (grade, unclear)


def test_the_company_by_class_or_behind_the_ticker() -> None:
    assert fields("<span class='company-name'>American Eagle</span>").company == "American Eagle"
    assert fields("", "<h3>AEO - American Eagle</h3>").company == "American Eagle"
    assert fields("<span class='company'>--</span>").company is None


def test_a_section_may_give_the_grade_by_its_class() -> None:
    page = parse_page("<section class='grade-a'><div class='x'><p>AEO</p></div></section><p>out</p>")
    inside, out = (node for node in page.nodes if node.tag == "p")
    assert enclosing_grade(inside) == "A"
    assert enclosing_grade(out) is None
