"""HTML reports to candidates: cards and tables of pages whose layout drifts from week to week.

Nothing here knows one particular page. Places that name a ticker are found first, then the block each belongs
to, then every field by weighing all hints in that block. A value that two equally good hints contradict is
left out, and the page's own counters check the result.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, TypeVar

from backtest.candidates.html import blocks as layout
from backtest.candidates.html.counters import disagreements, page_counters
from backtest.candidates.html.dom import MAX_UNCLOSED, Node, Page, nesting, parse_page
from backtest.candidates.html.fields import Fields, enclosing_grade, read_fields
from backtest.candidates.html.tables import stock_rows
from backtest.candidates.model import inferred_grade
from backtest.candidates.report import CandidateReport, date_in_name, rejected
from backtest.core.candidate import Candidate, Grade
from backtest.core.errors import Finding

T = TypeVar("T")
MAX_BYTES: Final = 5_000_000
MAX_STOCKS: Final = 400


@dataclass(frozen=True, slots=True)
class _Stock:
    """What one place of the page says about one ticker."""

    ticker: str
    fields: Fields
    start: int


def read_html(content: bytes | str, name: str) -> CandidateReport:
    """Read an HTML report; the report date is the first date in its file name.

    Never raises for anything a page contains: what cannot be used is a finding.
    """
    day = date_in_name(name)
    if day is None:
        return rejected(None, [Finding(name, "no_date: no report date in the file name")], "no_date")
    if len(content) > MAX_BYTES:
        finding = Finding(name, f"too_large: {len(content):,} bytes, at most {MAX_BYTES:,}")
        return rejected(day, [finding], "too_large")
    findings: list[Finding] = []
    text = _text(content, findings)
    complete = "</html" in text[-2_000:].lower()
    if not complete:
        findings.append(Finding(name, "incomplete: the page does not end with </html>, it looks cut off"))
    if nesting(text) > MAX_UNCLOSED:
        findings.append(Finding(name, "nested: elements are opened thousands deep; this is no report"))
        return rejected(day, findings, "nested")
    page = parse_page(text)
    if page.cut:
        findings.append(Finding(name, f"cut: the page is {page.cut}; the rest was not read"))
    if layout.marked_empty(page) or (layout.titled_empty(page) and not any(page_counters(page, ()).values())):
        findings.append(Finding(name, "no_stocks: the page says that no stock qualifies"))
        return CandidateReport(day, (), tuple(findings))
    marks = layout.ticker_marks(page)
    marks += layout.unmarked_cards(page, marks)
    if len(marks) > MAX_STOCKS:
        return _too_many(len(marks), name, day, findings)
    found = layout.blocks(page, marks)
    states = layout.sections(page, [block.node for block in found])
    stocks = [*_cards(page, found, states, findings), *_rows(page, states, found)]
    if len(stocks) > MAX_STOCKS:
        return _too_many(len(stocks), name, day, findings)
    if not complete and stocks:
        cut = max(stocks, key=lambda stock: stock.start)
        stocks = [stock for stock in stocks if stock.ticker != cut.ticker]
        findings.append(Finding(cut.ticker, "cut: last stock of an incomplete page; dropped"))
    candidates = _merge(stocks, day, findings)
    return _checked(page, day, candidates, [block.node for block in found], findings)


def _too_many(count: int, name: str, day: date, findings: list[Finding]) -> CandidateReport:
    findings.append(Finding(name, f"too_many: {count} stocks, at most {MAX_STOCKS} are believable"))
    return rejected(day, findings, "too_many")


def _text(content: bytes | str, findings: list[Finding]) -> str:
    if isinstance(content, str):
        return content
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "cp1252"
    findings.append(Finding("$", f"encoding: not UTF-8, read as {encoding}"))
    return content.decode(encoding, errors="replace")


def _cards(
    page: Page, found: list[layout.Block], states: list[layout.Section], findings: list[Finding]
) -> list[_Stock]:
    stocks = []
    for block in found:
        where = ", ".join(block.tickers)
        section = layout.section_at(states, block.mark.segment.index)
        if section.outside:
            findings.append(
                Finding(where, "outside: listed under a heading for stocks that are no candidates")
            )
            continue
        fields = read_fields(block, page)
        if fields.grade is None and "grade" not in fields.unclear:
            fields = replace(fields, grade=_section_grade(block.node, section))
        stocks += [_Stock(ticker, fields, block.mark.segment.index) for ticker in block.tickers]
    return stocks


def _section_grade(node: Node, section: layout.Section) -> Grade | None:
    return section.grade or enclosing_grade(node)


def _rows(page: Page, states: list[layout.Section], found: list[layout.Block]) -> list[_Stock]:
    stocks = []
    cards = {block.node.order for block in found if layout.is_card(block.node)}
    for table in page.nodes:
        if table.tag != "table" or layout.outside(table):
            continue
        if any(place.order in cards for place in table.ancestors()):
            continue  # a table inside the card of one stock compares it with others
        for row in stock_rows(page, table):
            section = layout.section_at(states, row.start)
            if section.outside:
                continue
            grade = row.grade or _section_grade(row.node, section)
            fields = Fields(grade, row.score, row.price, row.gap, row.company, ())
            stocks += [_Stock(ticker, fields, row.start) for ticker in row.tickers]
    return stocks


def _merge(stocks: list[_Stock], day: date, findings: list[Finding]) -> list[Candidate]:
    """Return one candidate per ticker: the richest place speaks, others fill what it lacks."""
    by_ticker: dict[str, list[_Stock]] = {}
    for stock in stocks:
        by_ticker.setdefault(stock.ticker, []).append(stock)
    kept: list[tuple[int, Candidate]] = []
    for ticker, found in by_ticker.items():
        best = max(found, key=_richness)
        fields, contradictions = _filled(best, found)
        findings += [
            Finding(ticker, f"unclear: the page shows more than one {name}; left out")
            for name in (*best.fields.unclear, *contradictions)
        ]
        if fields.grade is None and fields.score is None:
            findings.append(Finding(ticker, "no_grade: neither a grade nor a score belongs to it; dropped"))
            continue
        kept.append((best.start, _candidate(ticker, fields, day)))
        if fields.price is None:
            findings.append(Finding(ticker, "no_price: no certain price"))
    return [candidate for _, candidate in sorted(kept, key=lambda item: item[0])]


def _richness(stock: _Stock) -> tuple[int, int]:
    fields = stock.fields
    known = [fields.grade, fields.score, fields.price, fields.gap]
    return (int(fields.grade is not None or fields.score is not None), sum(v is not None for v in known))


def _filled(best: _Stock, found: list[_Stock]) -> tuple[Fields, list[str]]:
    """Return the fields of the best place completed by the others, and names on which places contradict.

    A price or gap that two places state differently is left out; grade and score of the best place stand.
    """
    own = best.fields
    others = [best.fields, *(stock.fields for stock in found if stock is not best)]
    prices = {fields.price for fields in others} - {None}
    gaps = {fields.gap for fields in others} - {None}
    known = own.unclear
    filled = Fields(
        grade=own.grade or _first(fields.grade for fields in others if "grade" not in known),
        score=own.score or _first(fields.score for fields in others if "score" not in known),
        price=prices.pop() if len(prices) == 1 and "price" not in known else None,
        gap=gaps.pop() if len(gaps) == 1 and "gap" not in known else None,
        company=_first(fields.company for fields in others),
        unclear=known,
    )
    return filled, [name for name, found in (("price", prices), ("gap", gaps)) if len(found) > 1]


def _first(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)


def _candidate(ticker: str, fields: Fields, day: date) -> Candidate:
    inferred = fields.grade is None and fields.score is not None
    return Candidate(
        ticker=ticker,
        report_date=day,
        grade=fields.grade or inferred_grade(fields.score or 0.0),
        score=fields.score,
        price=fields.price,
        gap_size=fields.gap,
        company_name=fields.company,
        grade_source="inferred" if inferred else "html",
    )


def _checked(
    page: Page, day: date, candidates: list[Candidate], cards: list[Node], findings: list[Finding]
) -> CandidateReport:
    """Compare with the page's own counters; a difference is a finding and clears `counters_agree`."""
    wrong, counted = disagreements(page, cards, [candidate.grade for candidate in candidates])
    for grade, (said, read) in sorted(wrong.items()):
        findings.append(
            Finding("counters", f"counter_mismatch: the page says {said} of grade {grade}, {read} were read")
        )
    if not candidates and not counted:
        findings.append(Finding("$", "nothing_found: no stock was recognised on this page"))
    return CandidateReport(
        day, tuple(candidates), tuple(findings), counters_agree=(not wrong) if counted else None
    )
