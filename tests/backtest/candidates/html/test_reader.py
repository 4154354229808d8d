"""HTML reports: layouts made here, hostile pages, and the shared fixtures and real reports."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.candidates.html import values
from backtest.candidates.html.reader import read_html
from backtest.candidates.report import CandidateReport
from backtest.core.candidate import Candidate

NAME = "earnings_trade_analysis_2026-03-02.html"


def page(body: str, head: str = "") -> str:
    return f"<!doctype html><html><head>{head}</head><body><h1>Gap-ups</h1>{body}</body></html>"


def card(ticker: str = "AEO", inner: str = "", grade: str = "<div class='grade-badge'>B-Grade</div>") -> str:
    return f"<div class='stock-card'><div class='stock-ticker'>{ticker}</div>{grade}{inner}</div>"


def metric(label: str, value: str, first: str = "label") -> str:
    parts = [f"<div class='metric-label'>{label}</div>", f"<div class='metric-value'>{value}</div>"]
    return f"<div class='metric'>{''.join(parts if first == 'label' else parts[::-1])}</div>"


def read(body: str, name: Any = NAME) -> CandidateReport:
    return read_html(page(body), name)


def only(body: str) -> Candidate:
    report = read(body)
    assert len(report.candidates) == 1, report
    return report.candidates[0]


def problems(report: CandidateReport) -> list[str]:
    return [finding.problem.split(":")[0] for finding in report.findings]


# --- fields ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["label", "value"])
def test_a_card_with_labelled_metrics_in_either_order(first: str) -> None:
    inner = (
        metric("Current Price", "$1,025.53", first)
        + metric("Gap Size", "-1.25%", first)
        + metric("Total Score", "88.5", first)
        + "<p class='company-name'>American Eagle</p>"
    )
    found = only(card(inner=inner))
    assert (found.ticker, found.grade, found.score) == ("AEO", "B", 88.5)
    assert (found.price, found.gap_size, found.company_name) == (1025.53, -1.25, "American Eagle")
    assert (found.grade_source, found.report_date.isoformat()) == ("html", "2026-03-02")


@pytest.mark.parametrize(
    "metric_text",
    [
        metric("Price vs MA200", "+71.0%"),
        metric("Price Change", "$3.10"),
        metric("Price Target", "$250.00"),
        metric("Prev Close", "$15.73"),
        metric("Pre-Market Price", "$19.00"),
        metric("Current Price", "$140.00 - $143.50"),
        metric("Market Cap", "$25.78B"),
        metric("Current Price", "$0.00"),
        metric("Current Price", "$99999999999"),
        "<p>Resistance at $307.30, support at $290</p>",
        "<div><i>Stop-Loss</i><b class='price'>$133.00</b></div>",
    ],
)
def test_what_is_not_certainly_the_price_is_no_price(metric_text: str) -> None:
    assert only(card(inner=metric_text)).price is None


def test_two_prices_of_equal_standing_mean_no_price_and_a_finding() -> None:
    report = read(card(inner=metric("Price", "$10.00") + metric("Current Price", "$11.00")))
    assert report.candidates[0].price is None
    assert "unclear" in problems(report)


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("<div class='score-value'>73/100</div>", 73.0),
        ("<div class='score-value'>4/5</div>", None),
        ("<div class='score'>88 pts</div>", 88.0),
        ("<div class='score'>67.0 / 100</div>", 67.0),
        ("<div><i>Total Score</i><b>3.45 / 5.00 (69%)</b></div>", 69.0),
        (
            "<div class='total-score'><span class='l'>Total Score</span><span class='v'>4.05</span></div>",
            81.0,
        ),
        ("<h4>Backtest Score Breakdown: 66.0 Points</h4>", 66.0),
        ("<div><b>87</b><i>BACKTEST SCORE</i></div>", 87.0),
        ("<div class='total-score'>Total Score: 86.0 / 100</div>", 86.0),
        ("<div class='x'><span>Gap Size (25%)</span><span>18 pts</span></div>", None),
        ("<div class='x'><span>Volume</span><span>15/25</span></div>", None),
        ("<div class='score'>7.5e99</div>", None),
        ("<div class='score'>101</div>", None),
        ("<div class='score'>3</div>", None),
        ("<div><b>70%</b><i>Success Score</i></div>", None),
    ],
)
def test_totals_are_scores_and_parts_are_not(text: str, score: float | None) -> None:
    assert only(card(inner=text)).score == score


def test_one_badge_may_hold_grade_and_score() -> None:
    found = only(card(grade="<div class='grade-badge'>B - 82 pts</div>"))
    assert (found.grade, found.score) == ("B", 82.0)


def test_the_displayed_grade_wins_over_the_score_and_a_missing_one_is_inferred() -> None:
    assert only(card(inner="<div class='score'>95 pts</div>")).grade == "B"
    for score, grade in ((85, "A"), (84.9, "B"), (70, "B"), (69.9, "C"), (55, "C"), (54, "D")):
        found = only(card(grade="", inner=f"<div class='score'>{score}</div>"))
        assert (found.grade, found.grade_source) == (grade, "inferred")


def test_a_card_without_grade_and_score_is_dropped_with_a_reason() -> None:
    report = read(card(grade=""))
    assert report.candidates == ()
    assert "no_grade" in problems(report)


def test_section_headings_carry_the_grade_and_legends_do_not() -> None:
    legend = "<div class='legend'><h3>A-Grade (85+ pts)</h3></div>"
    body = (
        legend
        + "<h2>B-Grade Stocks (70-84 points)</h2>"
        + card(grade="")
        + "<h2>C-Grade Stocks</h2>"
        + card("ZZ", grade="")
    )
    assert [(c.ticker, c.grade) for c in read(body).candidates] == [("AEO", "B"), ("ZZ", "C")]


def test_a_methodology_heading_hides_only_its_own_part() -> None:
    body = f"<div class='m'><h2>Scoring Methodology</h2>{'<p>x</p>' * 9}</div>{card()}"
    assert len(read(body).candidates) == 1
    inside = f"<div class='m'><h2>Upcoming earnings to watch</h2>{card()}{'<p>x</p>' * 9}</div>"
    assert read(inside).candidates == ()


# --- tickers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markup", "ticker"),
    [
        ("<div class='ticker'>AEO - $17.28</div>", "AEO"),
        ("<div class='ticker'>NYSE: USB</div>", "USB"),
        ("<div class='ticker'>XYZ (Block Inc)</div>", "XYZ"),
        ("<div class='tick'>NASDAQ: BIDU | China Internet</div>", "BIDU"),
        ("<h3>$CIFR - Cipher Mining Inc</h3>", "CIFR"),
        ("<h2>CMC<span class='badge'>B-Grade</span></h2>", "CMC"),
        ("<h3>$TSM<span class='risk'>Medium Risk</span></h3>", "TSM"),
        ("<div class='stock-ticker'><span class='ticker-symbol'>$GM</span><span>+11.22%</span></div>", "GM"),
        ("<div class='ticker'>BRK.B</div>", "BRK.B"),
        ("<h3>#1 AEO</h3>", "AEO"),
        ("<h3>2. $AEO</h3>", "AEO"),
        ("<h3>Apple Inc (AAPL)</h3>", "AAPL"),
        ("<div class='code'>EGBN</div><div>Eagle Bancorp Inc (MD)</div>", "EGBN"),
    ],
)
def test_forms_of_a_ticker(markup: str, ticker: str) -> None:
    body = f"<div class='stock-card'>{markup}<div class='grade'>B</div></div>"
    assert only(body).ticker == ticker


@pytest.mark.parametrize(
    "markup",
    [
        "<h3>NVIDIA Corp</h3>",
        "<h3>ODDITY Tech</h3>",
        "<h3>Kellanova</h3>",
        "<h3>NVIDIA</h3>",
        "<h3>Eagle Bancorp Inc (MD)</h3>",
        "<h3>EPS - beat</h3>",
        "<div class='ticker'>aapl</div>",
        "<div class='ticker'>DROP TABLE orders</div>",
        "<div class='ticker'>A" + "B" * 40 + "</div>",
    ],
)
def test_company_names_and_nonsense_are_no_tickers(markup: str) -> None:
    report = read(f"<div class='stock-card'>{markup}<div class='grade'>B</div></div>")
    assert report.candidates == ()


def test_two_share_classes_are_two_candidates() -> None:
    assert [c.ticker for c in read(card("UA/UAA")).candidates] == ["UA", "UAA"]


def table(*rows: tuple[Any, ...]) -> str:
    cells = "".join(
        "<tr>" + "".join(f"<{tag}>{text}</{tag}>" for text in row) + "</tr>"
        for tag, row in zip(["th"] + ["td"] * len(rows), rows, strict=False)
    )
    return f"<table>{cells}</table>"


def test_nested_cards_and_a_table_row_make_one_candidate() -> None:
    inner = card(inner=metric("Price", "$20.00"))
    rows = table(("Ticker", "Score", "Gap"), ("AEO", "81", "+4%"))
    found = only(f"<div class='stock-card'><div class='stock-ticker'>AEO</div>{inner}</div>{rows}")
    assert (found.price, found.score, found.gap_size) == (20.0, 81.0, 4.0)


def test_places_that_state_different_prices_leave_it_out() -> None:
    rows = table(("Ticker", "Score", "Price"), ("AEO", "81", "$21"))
    report = read(card(inner=metric("Price", "$20.00")) + rows)
    assert report.candidates[0].price is None
    assert "unclear" in problems(report)


def test_graded_tables_count_and_trading_plans_do_not() -> None:
    stocks = table(
        ("Ticker", "Company", "Grade", "Score", "Price", "Gap %"),
        ("AAA", "AAA Inc", "A", 90, "$12.50", "+3.1%"),
        ("BBB", "BBB Inc", "C", 60, "$1,088", "-0.5%"),
    )
    plan = table(("Ticker", "Grade", "Entry", "Stop"), ("CCC", "A", "$5", "$4"))
    found = read(stocks + plan).candidates
    assert [(c.ticker, c.grade, c.score, c.price, c.gap_size) for c in found] == [
        ("AAA", "A", 90.0, 12.5, 3.1),
        ("BBB", "C", 60.0, 1088.0, -0.5),
    ]


# --- pages ----------------------------------------------------------------------------------------


def test_counters_are_compared_with_what_was_read() -> None:
    counter = "<div class='summary'><div class='stat'><h3>B-Grade Stocks</h3><b>{}</b></div></div>"
    assert read(counter.format(1) + card()).counters_agree is True
    report = read(counter.format(7) + card())
    assert report.counters_agree is False
    assert "counter_mismatch" in problems(report)
    assert read(card()).counters_agree is None


def test_a_page_without_stocks_returns_none_of_the_names_on_it() -> None:
    for title in (
        "<h2 class='no-stocks-title'>Nothing today</h2>",
        "<h2>No Qualifying Gap-Up Stocks Found</h2>",
    ):
        report = read(title + card("NAVN"))
        assert report.candidates == ()
        assert "no_stocks" in problems(report)


def test_a_sentence_about_one_grade_does_not_empty_the_page() -> None:
    for body in (
        "<section class='grade-section'><h2>No stocks today</h2></section>",
        "<h2>No A-Grade stocks</h2>",
    ):
        assert len(read(body + card()).candidates) == 1


def test_a_heading_that_the_counters_contradict_empties_nothing() -> None:
    counter = "<div class='x'><h3>B-Grade Stocks</h3><b>1</b></div>"
    assert len(read("<h2>No high-conviction setups today</h2>" + counter + card()).candidates) == 1


def test_a_table_inside_a_card_lists_no_candidates() -> None:
    peers = table(("Ticker", "Score"), ("AMD", 90), ("INTC", 50))
    assert [c.ticker for c in read(card(inner=peers)).candidates] == ["AEO"]


def test_a_table_without_grades_and_scores_lists_no_candidates() -> None:
    assert read("<h2>C-Grade Stocks</h2>" + table(("Ticker", "Price"), ("AMD", "$90"))).candidates == ()


@pytest.mark.parametrize("name", ["upcoming-section", "summary-section", "stock-disqualified", "x upcoming"])
def test_parts_without_candidates_are_left_out(name: str) -> None:
    assert read(f"<div class='{name}'>{card()}</div>").candidates == ()


def test_hidden_text_and_scripts_say_nothing() -> None:
    hidden = f"<div style='display:none'>{card()}</div><script>{card()}</script><template>{card()}</template>"
    assert read(hidden).candidates == ()


def test_a_name_without_a_date_gives_no_candidates() -> None:
    report = read(card(), name="report.html")
    assert (report.accepted, report.reason, report.candidates) == (False, "no_date", ())
    assert read(card(), name="x_2026-02-30_2026-03-02.html").report_date.isoformat() == "2026-03-02"


def test_a_page_cut_off_loses_its_last_stock() -> None:
    whole = page(card("AAA") + card("BBB", metric("Price", "$51.71")))
    report = read_html(whole[: whole.index("$51.7") + 4], NAME)
    assert [c.ticker for c in report.candidates] == ["AAA"]
    assert problems(report)[0] == "incomplete"


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-8-sig"])
def test_other_encodings_are_read(encoding: str) -> None:
    report = read_html(page(card(inner="<p class='company'>Café</p>")).encode(encoding), NAME)
    assert report.candidates[0].company_name == "Café"


HOSTILE = {
    "deep": "<div class='stock-card'>" * 60_000,
    "many": "".join(card(f"A{i}") for i in range(3_000)),
    "headings": "<h2>A-Grade</h2>" * 20_000,
    "nested": "".join(f"<div class='stock-card'><div class=ticker>AA{i}</div>" for i in range(60))
    + "<i>x</i>" * 3_000,
    "rows": "<table><tr><th>Ticker</th><th>Grade</th></tr>"
    + "<tr><td>AA</td><td>A</td></tr>" * 5_000
    + "</table>",
    "text": card("AAA", "<p>" + "1," * 300_000 + "</p><h3>" + "total " * 100_000 + "</h3>"),
    "nul": "\x00<div class=stock-card>\x00<div class=ticker>A\x00A</div>" * 50,
    "class": f"<div class='{'stock-card ' * 50_000}'><div class=ticker>AA</div></div>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_end_soon_and_explain_themselves(name: str) -> None:
    report = read(HOSTILE[name])
    assert len(report.candidates) <= 400
    assert report.findings


def test_a_page_of_unbelievable_size_is_rejected() -> None:
    report = read_html(b"x" * 6_000_000, NAME)
    assert (report.accepted, report.reason) == (False, "too_large")


markup = st.text(st.sampled_from("<>/='\" $%.,-ABC19\nhdivclasstickrgpue"), max_size=300)


@settings(max_examples=150)
@given(markup, st.binary(max_size=200))
def test_garbage_never_raises(text: str, raw: bytes) -> None:
    for content in (text, raw, page(card(inner=text))):
        for found in read_html(content, NAME).candidates:
            assert found.price is None or found.price > 0
            assert found.score is None or 5 < found.score <= 100


@given(st.floats(0.01, 999_999).map(lambda value: round(value, 2)))
def test_every_way_to_write_a_price_reads_back(amount: float) -> None:
    assert values.price(f"${amount:,.2f}") == amount
    assert values.price(f"${amount:.2f}") == amount


# --- shared pages ---------------------------------------------------------------------------------


@pytest.mark.shared
def test_layout_fixtures_exactly(shared_data: Path) -> None:
    files = sorted((shared_data / "earnings" / "reports").glob("*.html"))
    assert len(files) == 15
    for file in files:
        expected = json.loads(
            (shared_data / "reference" / "earnings_reports" / f"{file.stem}.json").read_text()
        )
        report = read_html(file.read_bytes(), file.name)
        assert [c.as_json() for c in report.candidates] == expected["candidates"], file.name


def mutated(kind: str, html: str) -> str:
    if kind == "minified":
        return re.sub(r">\s+<", "><", html)
    if kind == "other words":
        return (
            html.replace("stock-card", "equity-tile")
            .replace("metric-label", "foo")
            .replace("metric-value", "bar")
        )
    if kind == "no classes":
        return re.sub(r'\sclass="[^"]*"', "", html)
    if kind == "half":
        return html[: len(html) // 2]
    return html


@pytest.mark.shared
@pytest.mark.parametrize(
    ("kind", "recall"),
    [("as they are", 1.0), ("minified", 1.0), ("other words", 0.9), ("no classes", 0.0), ("half", 0.0)],
)
def test_real_reports(shared_data: Path, kind: str, recall: float) -> None:
    """Whatever happens to a page, stocks may be missed but never invented, and no value may be wrong."""
    true = hits = 0
    for file in sorted((shared_data / "earnings" / "reports_real").glob("*.html")):
        reference = shared_data / "reference" / "earnings_reports_real" / f"{file.stem}.json"
        truth = {row["ticker"]: row for row in json.loads(reference.read_text())["truth"]}
        report = read_html(mutated(kind, file.read_text("utf-8")), file.name)
        found = {candidate.ticker: candidate for candidate in report.candidates}
        assert set(found) <= set(truth), file.name
        true += len(truth)
        hits += len(found)
        for ticker, candidate in found.items():
            row = truth[ticker]
            assert candidate.grade == row["grade"], (file.name, ticker)
            for ours, key in (
                (candidate.score, "score"),
                (candidate.price, "price"),
                (candidate.gap_size, "gap_size"),
            ):
                assert ours is None or row[key] is None or ours == row[key], (file.name, ticker, key)
    assert hits >= recall * true


# --- badges that look like tickers ----------------------------------------------------------------


@pytest.mark.parametrize("badge", ["A-GRADE", "B-GRADE", "GRADE-A", "GRADE"])
@pytest.mark.parametrize("place", ["<h3>{}</h3>", "<div class='ticker-badge'>{}</div>", "<h3>{} (91)</h3>"])
def test_the_badge_of_a_grade_is_no_stock(badge: str, place: str) -> None:
    inner = place.format(badge) + metric("Current Price", "$50.00") + metric("Total Score", "91")
    report = read(card("BRK-B", inner) + f"<article class='stock-card'>{inner}</article>")
    assert [candidate.ticker for candidate in report.candidates] == ["BRK-B"]
