"""The page's own counts of stocks per grade, as a free check of what was read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from backtest.candidates.html import values
from backtest.candidates.html.dom import Node, Page, Segment
from backtest.core.candidate import GRADES, Grade

_COUNT: Final = re.compile(r"\d{1,3}")
_FOUR: Final = re.compile(r"(\d{1,3})\s*/\s*(\d{1,3})\s*/\s*(\d{1,3})\s*/\s*(\d{1,3})")
_FOUR_LABEL: Final = re.compile(r"a\s*/\s*b\s*/\s*c\s*/\s*d", re.IGNORECASE)
_INLINE: Final = re.compile(r"([ABCD])[- ]Grade(?:\s+\w+)?\s*:?\s*(\d{1,3})", re.IGNORECASE)
_LABEL: Final = re.compile(
    r"\s*([ABCD])[- ]?Grade(?:s|d)?(?:\s+(?:stocks?|candidates?|picks?|count|setups?))?\s*(?:\(.*\))?\s*",
    re.IGNORECASE,
)


def page_counters(page: Page, cards: Iterable[Node]) -> dict[Grade, int]:
    """Return how many stocks of each grade the page says it lists; grades it does not count are absent."""
    counts: dict[Grade, set[int]] = {}
    stocks = [(card.start, card.end) for card in cards]
    for node in page.nodes:
        if not 2 <= node.end - node.start <= 4 or any(a <= node.start and node.end <= b for a, b in stocks):
            continue
        for grade, count in _read(page.text_of(node)):
            counts.setdefault(grade, set()).add(count)
    return {grade: next(iter(found)) for grade, found in counts.items() if len(found) == 1}


def _read(texts: list[Segment]) -> Iterable[tuple[Grade, int]]:
    joined = [segment.text for segment in texts]
    fours = [match for text in joined if (match := _FOUR.fullmatch(text))]
    if fours and any(_FOUR_LABEL.search(text) for text in joined):
        yield from zip(GRADES, map(int, fours[0].groups()), strict=True)
        return
    labels = {match.group(1) for text in joined if (match := _LABEL.fullmatch(text))}
    numbers = [int(text) for text in joined if _COUNT.fullmatch(text)]
    if len(labels) == 1 and len(numbers) == 1:
        grade = values.as_grade(labels.pop())
        if grade is not None:
            yield grade, numbers[0]


def disagreements(
    page: Page, cards: Iterable[Node], grades: Iterable[Grade]
) -> tuple[dict[Grade, tuple[int, int]], bool]:
    """Return grade -> (page says, we read) where they differ, and whether the page counts at all."""
    said = page_counters(page, cards)
    read = Counter(grades)
    return {grade: (count, read[grade]) for grade, count in said.items() if count != read[grade]}, bool(said)
