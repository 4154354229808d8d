"""Stocks listed in tables: Ticker, Company, Grade, Score, Price, Gap in any order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from backtest.candidates.html import values
from backtest.candidates.html.dom import Node, Page, Segment
from backtest.candidates.html.fields import normal_label
from backtest.core.candidate import Grade

_COLUMNS: Final = {
    "ticker": re.compile(r"ticker|symbol|stock|ticker symbol|ticker / company|ticker company"),
    "company": re.compile(r"company|company name|name"),
    "grade": re.compile(r"grade|rating"),
    "score": re.compile(
        r"(?:total |final |backtest |overall |weighted )?score(?: /100| /5)?|points|pts|total"
    ),
    "price": re.compile(r"price|current price|last price|stock price|share price"),
    "gap": re.compile(r"gap|gap %|gap size|gap up|gap-up|gap size %"),
}
_PLAN: Final = re.compile(r"\b(?:entry|stop|target|position size|take profit|buy zone)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """One stock of a table; a field the table lacks or shows unclearly is None."""

    tickers: tuple[str, ...]
    grade: Grade | None
    score: float | None
    price: float | None
    gap: float | None
    company: str | None
    start: int
    node: Node


def stock_rows(page: Page, table: Node) -> list[Row]:
    """Return the stocks of a table, [] for one without grades or scores and for trading plans."""
    rows = [node for node in _descendants(table, "tr") if _owner(node) is table]
    if not rows:
        return []
    header = _cells(rows[0])
    names = [normal_label(" ".join(segment.text for segment in page.text_of(cell))) for cell in header]
    columns = {field: _column(names, form) for field, form in _COLUMNS.items()}
    ticker = columns["ticker"]
    graded = columns["grade"] is not None or columns["score"] is not None
    if ticker is None or not graded or any(_PLAN.search(name) for name in names):
        return []
    found = []
    for row in rows[1:]:
        cells = _cells(row)
        if len(cells) == len(header):
            stock = _row(page, row, cells, columns, ticker)
            if stock is not None:
                found.append(stock)
    return found


def _row(page: Page, row: Node, cells: list[Node], columns: dict[str, int | None], ticker: int) -> Row | None:
    named = page.text_of(cells[ticker])
    tickers = _ticker(named)
    if not tickers:
        return None

    def texts(field: str) -> list[str]:
        column = columns[field]
        return [] if column is None else [segment.text for segment in page.text_of(cells[column])]

    both = values.grade_and_score(" ".join(texts("grade"))) if texts("grade") else None
    company = texts("company") or [segment.text for segment in named[1:2]]
    return Row(
        tickers=tickers,
        grade=both[0] if both else _grade(texts("grade")),
        score=_score(texts("score")) if texts("score") else both[1] if both else None,
        price=values.price(texts("price")[0], bare=True) if texts("price") else None,
        gap=values.percent(texts("gap")[0]) if texts("gap") else None,
        company=company[0] if company and re.search("[A-Za-z]{2}", company[0]) else None,
        start=row.start,
        node=row,
    )


def _ticker(named: list[Segment]) -> tuple[str, ...]:
    if not named:
        return ()
    text = named[0].text
    return values.exact_tickers(text) or values.leading_ticker(text) or values.marked_tickers(text)


def _grade(texts: list[str]) -> Grade | None:
    if not texts:
        return None
    named = values.grades_named(texts[0])
    return values.as_grade(texts[0]) or (next(iter(named)) if len(named) == 1 else None)


def _score(texts: list[str]) -> float | None:
    both = values.grade_and_score(" ".join(texts))
    return both[1] if both else values.plain_score(texts[0])


def _column(names: list[str], form: re.Pattern[str]) -> int | None:
    return next((index for index, name in enumerate(names) if form.fullmatch(name)), None)


def _cells(row: Node) -> list[Node]:
    return [child for child in row.children if child.tag in {"td", "th"}]


def _descendants(node: Node, tag: str) -> list[Node]:
    found, stack = [], list(reversed(node.children))
    while stack:
        child = stack.pop()
        if child.tag == tag:
            found.append(child)
        stack.extend(reversed(child.children))
    return found


def _owner(row: Node) -> Node | None:
    return next((place for place in row.ancestors() if place.tag == "table"), None)
