"""The fields of one stock, by weighing every hint in its block; two equal hints that differ mean no value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from backtest.candidates.html import values
from backtest.candidates.html.blocks import Block
from backtest.candidates.html.dom import Node, Page, Segment
from backtest.core.candidate import Grade

_PRICE_LABELS: Final = (
    frozenset({"price", "current price", "stock price", "share price", "last price", "price now", "current"}),
    frozenset({"market price", "latest price", "quote"}),
)
_PRICE_CLASSES: Final = frozenset(
    {"price-current", "price-value", "stock-price", "current-price", "price", "share-price", "last-price"}
)
_OTHER_PRICE: Final = re.compile(
    r"(?!.*:.*\d)"  # "Pre-Market: $75.00" is complete: it labels nothing beside it
    r"(?:.*\b(?:stop|target|entry|support|resistance|prev\w*|close|high|low|open|ma ?\d*|vs|change|zone)\b"
    r"|(?:pre-?market|after-?hours)(?: price)?\W*$)",
    re.IGNORECASE,
)
_GAP_LABEL: Final = re.compile(r"\bgap\b(?!.*\b(?:points?|score|pts|range|weight|factor)\b)", re.IGNORECASE)
_GAP_EXACT: Final = frozenset(
    {"gap", "gap size", "gap up", "gap-up", "gap %", "gap up %", "gap change", "today gap"}
)
_GAP_TEXTS: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"[^:(]*\bgap\b[^:(]*:(.*)",
        r"gap(?:[- ]up)?\s+([+-]?\d.*)",
        r"([+-]?\d[\d.]*%)\s+gap(?:[- ]up)?",
    )
)
_GAP_CLASSES: Final = frozenset(
    {"gap", "gap-value", "gap-size", "gap-pct", "gap-percent", "stock-gap", "gap-badge"}
)
_FACTOR: Final = re.compile(
    r"\b(?:gap|trend|volume|vol|ma ?\d+|moving|momentum|position|eps|revenue|earnings|surprise|pre|beat|risk|"
    r"success|probability|sentiment|technical|rsi|average|top)\b",
    re.IGNORECASE,
)
_SCORE_LABEL: Final = re.compile(r"\bscore\b|^total\b|^final\b|^points$|\btotal\b.*/\s*100", re.IGNORECASE)
_TOTAL_LABEL: Final = re.compile(
    r"\b(?:total|final|overall|backtest|composite)\b.*\bscore\b|^score$|^total\b", re.IGNORECASE
)
_SCORE_CLASSES: Final = re.compile(
    r"(?:.*-)?score(?:-(?:value|number|badge|total|display|big|num|circle|ring|main))?|total-(?:score-)?value|total-score|grade-score"
)
_BREAKDOWN: Final = re.compile(
    r"(?:.*-)?(?:breakdown|factors?|components?|scoring|score-(?:item|row|bar|grid|details?)|element)s?(?:-.*)?"
)
_GRADE_TOKEN: Final = re.compile(
    r"(?:.*-)?(?:grade-?|(?:badge|rating|tier|card|pill)-)([abcd])(?:-.*)?"
    r"|([abcd])-(?:grade|header|badge|rating|tier|card)(?:-.*)?"
)
_COMPANY_CLASSES: Final = frozenset({"stock-company", "company-name", "company", "stock-name", "name"})
_LONG: Final = 60
_CROWDED: Final = 8  # an element with more texts is a whole card: its neighbours label nothing
T = TypeVar("T", float, Grade)


@dataclass(frozen=True, slots=True)
class Hint:
    """One possible value; a lower level is stronger."""

    level: int
    value: float


@dataclass(frozen=True, slots=True)
class Pair:
    """A value and the label beside it, "" without one."""

    label: str
    value: Segment
    crowd: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Fields:
    """What a block says about its stock; `unclear` names fields whose hints contradict each other."""

    grade: Grade | None
    score: float | None
    price: float | None
    gap: float | None
    company: str | None
    unclear: tuple[str, ...]


def read_fields(block: Block, page: Page) -> Fields:
    """Weigh all hints of a block."""
    pairs = _pairs(block, page)
    price, price_unclear = decide(_price_hints(block, pairs))
    gap, gap_unclear = decide(_gap_hints(pairs))
    score, score_unclear = decide(_score_hints(pairs))
    grade, grade_unclear = _grade(block, page)
    unclear = [
        name
        for name, bad in (
            ("price", price_unclear),
            ("gap", gap_unclear),
            ("score", score_unclear),
            ("grade", grade_unclear),
        )
        if bad
    ]
    return Fields(grade, score, price, gap, _company(block), tuple(unclear))


def decide(hints: Iterable[Hint]) -> tuple[float | None, bool]:
    """Return the value of the strongest hints, and whether they contradict each other (no value then)."""
    found = list(hints)
    if not found:
        return None, False
    best = min(hint.level for hint in found)
    distinct = {hint.value for hint in found if hint.level == best}
    return (distinct.pop(), False) if len(distinct) == 1 else (None, True)


def normal_label(text: str) -> str:
    """Return a label in lower case without brackets, colons, emoji and doubled blanks."""
    plain = re.sub(r"\(.*?\)|\[.*?\]", " ", text.lower())
    return " ".join(re.sub(r"[^a-z0-9%/. -]", " ", plain).split()).strip(" -:")


def _pairs(block: Block, page: Page) -> list[Pair]:
    """Return every segment of a block with the label its layout gives it."""
    own = {segment.index for segment in block.segments}
    cache: dict[int, list[Segment]] = {}
    pairs = []
    for segment in block.segments:
        crowd = _crowd(segment, block.node, page, own, cache)
        pairs.append(Pair(_label(segment, crowd), segment, tuple(crowd)))
    return pairs


def _crowd(
    segment: Segment, top: Node, page: Page, own: set[int], cache: dict[int, list[Segment]]
) -> list[Segment]:
    """Return the texts of the smallest element around a segment that holds at least two."""
    node: Node | None = segment.node
    while node is not None:
        if node.order not in cache:
            cache[node.order] = [found for found in page.text_of(node) if found.index in own]
        if len(cache[node.order]) >= 2 or node is top:
            return cache[node.order]
        node = node.parent
    return [segment]


def _is_value(text: str) -> bool:
    return bool(re.match(r"[+-]?\s?\$?\s?\d", text))


def _label(segment: Segment, crowd: Sequence[Segment]) -> str:
    """Return the label of a segment among its neighbours.

    Two or three texts: the one that is no value. More: the text before it when the row begins with a label,
    else the text after it.
    """
    if not 2 <= len(crowd) <= _CROWDED:
        return ""
    others = [other for other in crowd if other is not segment]
    words = [other for other in others if not _is_value(other.text)]
    if len(crowd) <= 3:
        return words[0].text if words else ""
    position = next((i for i, other in enumerate(crowd) if other is segment), 0)
    step = 1 if _is_value(crowd[0].text) else -1
    near = position + step
    if 0 <= near < len(crowd) and not _is_value(crowd[near].text):
        return crowd[near].text
    return ""


def _price_hints(block: Block, pairs: list[Pair]) -> list[Hint]:
    hints = []
    for pair in pairs:
        text = pair.value.text
        head, colon, tail = text.partition(":")
        if colon and _price_level(head) is not None:
            value = values.price(tail.strip())
            level = _price_level(head)
        else:
            level = _price_level(pair.label)
            value = values.price(text, bare=level == 0) if level is not None else None
        if value is not None and level is not None:
            hints.append(Hint(level * 10, value))
        elif pair.value.node.tokens & _PRICE_CLASSES and not _OTHER_PRICE.match(pair.label):
            value = values.price(text)
            hints += [] if value is None else [Hint(5, value)]
    marked = re.fullmatch(r"\$?[A-Z][A-Z0-9./-]*\s*-\s*(\$.+)", block.mark.segment.text)
    if marked and (value := values.price(marked.group(1))) is not None:
        hints.append(Hint(7, value))
    return hints


def _price_level(label: str) -> int | None:
    name = normal_label(label)
    return next((level for level, names in enumerate(_PRICE_LABELS) if name in names), None)


def _gap_hints(pairs: list[Pair]) -> list[Hint]:
    hints = []
    for pair in pairs:
        text = pair.value.text
        if _GAP_LABEL.search(text):
            if len(text) <= _LONG:
                hints += _gap_inside(text)
            continue
        value = values.percent(text)
        if value is None:
            continue
        if pair.value.node.tokens & _GAP_CLASSES:
            hints.append(Hint(2, value))
        elif _GAP_LABEL.search(pair.label) and len(pair.label) <= _LONG:
            weight = values.looks_like_weight(text) and (len(pair.crowd) > 2 or _in_breakdown(pair))
            if not weight:
                hints.append(Hint(0 if normal_label(pair.label) in _GAP_EXACT else 1, value))
    return hints


def _gap_inside(text: str) -> list[Hint]:
    """Return the gap a text states itself: "Gap Size (10.88%)", "Gap: +5%", "Gap Up 5%", "+5.2% gap"."""
    inside = values.embedded_percent(text)
    hints = [] if inside is None else [Hint(2, inside)]
    for form in _GAP_TEXTS:
        match = form.fullmatch(text)
        value = values.percent(match.group(1).strip()) if match else None
        if value is not None:
            return [*hints, Hint(1, value)]
    return hints


def _in_breakdown(pair: Pair) -> bool:
    """Tell whether a value stands in a row of the score's parts."""
    if any(values.is_part_score(other.text) or "weight" in other.text.lower() for other in pair.crowd):
        return True
    return any(_BREAKDOWN.fullmatch(token) for place in _near(pair.value.node) for token in place.tokens)


def _near(node: Node) -> list[Node]:
    return [node, *list(node.ancestors())[:3]]


def _score_hints(pairs: list[Pair]) -> list[Hint]:
    hints = []
    for pair in pairs:
        text = pair.value.text
        if len(text) > _LONG:
            continue
        both = values.grade_and_score(text)
        if both is not None:
            hints.append(Hint(0, both[1]))
            continue
        inline, five = values.labelled_score(text)
        if inline is not None:
            hints.append(Hint(3 if five else 0, inline))
            continue
        hint = _score_value(pair, text)
        if hint is not None:
            hints.append(hint)
    return hints


def _score_value(pair: Pair, text: str) -> Hint | None:
    label = normal_label(pair.label)
    factor = bool(_FACTOR.search(label)) and not _TOTAL_LABEL.search(label)
    if factor or re.search(r"gain|return|target", label):
        return None
    scored = bool(_SCORE_LABEL.search(label) or re.search(r"/\s*100", pair.label))
    if (value := values.out_of_hundred(text)) is not None:
        return Hint(0, value)
    if scored and (value := values.plain_score(text)) is not None:
        return Hint(0 if _TOTAL_LABEL.search(label) else 1, value)
    if _TOTAL_LABEL.search(label) and (value := values.five_point_score(text)) is not None:
        return Hint(3, value)
    classes = any(
        _SCORE_CLASSES.fullmatch(token) for place in _near(pair.value.node)[:2] for token in place.tokens
    )
    badge = bool(pair.value.node.words & {"grade", "rating", "score", "badge"})
    inside = _in_breakdown(pair)
    if not inside and (classes or badge) and (value := values.points(text)) is not None:
        return Hint(1, value)
    owner = pair.value.node
    direct = any(_SCORE_CLASSES.fullmatch(token) for token in owner.tokens)
    direct = direct or (classes and bool(owner.tokens & {"value", "number", "num", "points"}))
    if not inside and direct and (value := values.plain_score(text)) is not None:
        return Hint(2, value)
    return None


def _grade(block: Block, page: Page) -> tuple[Grade | None, bool]:
    """Return the displayed grade (badge text, other text, then classes), and whether hints contradict."""
    badge: set[Grade] = set()
    text: set[Grade] = set()
    for segment in block.segments:
        if len(segment.text) > _LONG or segment.node.tag in {"p", "li"}:
            continue
        near = [segment.node, *list(segment.node.ancestors())[:1]]
        shown = any(place.words & {"grade", "rating"} for place in near if place.within(block.node))
        both = values.grade_and_score(segment.text)
        letter = values.as_grade(segment.text) if shown else None
        named = values.grades_named(segment.text)
        if both is not None:
            badge.add(both[0])
        elif letter is not None:
            badge.add(letter)
        elif len(named) == 1:
            (badge if shown else text).update(named)
    for found in (badge, text, _grade_classes(block, page)):
        if len(found) == 1:
            return next(iter(found)), False
        if found:
            return None, True
    return None, False


def _grade_classes(block: Block, page: Page) -> set[Grade]:
    """Return the grades that class names give: the card's own first, then those of its badges and header."""
    own = _token_grades(block.node)
    if own:
        return own
    return {
        grade
        for node in page.nodes[block.node.order : block.node.last_order() + 1]
        for grade in _token_grades(node)
    }


def _token_grades(node: Node) -> set[Grade]:
    found = set()
    for token in node.tokens:
        match = _GRADE_TOKEN.fullmatch(token)
        letter = (match.group(1) or match.group(2)) if match else None
        if (
            letter is None
            and token in {"a", "b", "c", "d"}
            and (node.words & {"grade", "badge", "card", "rating"})
        ):
            letter = token
        grade = values.as_grade(letter) if letter else None
        if grade is not None:
            found.add(grade)
    return found


def enclosing_grade(node: Node) -> Grade | None:
    """Return the grade the class of an enclosing section gives."""
    for place in node.ancestors():
        found = _token_grades(place)
        if len(found) == 1:
            return next(iter(found))
    return None


def _company(block: Block) -> str | None:
    for segment in block.segments:
        if segment.node.tokens & _COMPANY_CLASSES and re.search("[A-Za-z]{2}", segment.text):
            return segment.text
    match = re.match(r"\$?[A-Z][A-Z0-9./]*\s*-\s*([A-Za-z].+)", block.mark.segment.text)
    return match.group(1) if match else None
