"""The part of a weekly or monthly report that is about one book."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from live.reporting.document import Fact, Section, Table, Tone, amount, percent
from live.reporting.validation import check_table
from live.validation.verdict import WINDOW
from live.views.book_period import SHOWN

if TYPE_CHECKING:
    from backtest.reporting.monitoring import State
    from live.views.book_period import AgainstBacktest, BookPeriod
    from live.views.figures import BookFigures
    from live.views.monitoring import BookMonitoring

#: kinds of warnings that are shown; the JSON has them all
MOST_NOTES: Final = 20
_STATE_TONE: Final[Mapping[State, Tone]] = {
    "ok": "good",
    "info": "notice",
    "unknown": "notice",
    "warning": "notice",
    "critical": "bad",
}


def book_sections(book: BookPeriod) -> Iterator[Section]:
    """Yield the sections of one book, the answer first."""
    name = book.variant
    if book.begins is not None:
        text = f"no book then: its first session is {book.begins}"
        yield Section(name, facts=(Fact("missing", text, "notice"),))
        return
    tone: Tone = "good" if book.go else "bad"
    word = Fact("go or no-go", "GO" if book.go else "NO-GO", tone)
    yield Section(name, facts=(word, *_facts(book)), lines=book.no_go, tone="bad")
    yield Section(f"{name}: sessions not carried out", lines=tuple(_lost(book)), tone="bad")
    title = f"{name}: checks of these sessions"
    yield Section(title, table=check_table(book.checks))
    yield Section(f"{name}: checks of the last {WINDOW} sessions", table=check_table(book.rolling))
    yield _monitoring(book.monitoring)
    more = len(book.notes) - MOST_NOTES
    lines = (f"and {more} more",) if more > 0 else ()
    yield Section(f"{name}: warnings", table=_notes(book), lines=lines)


def _facts(book: BookPeriod) -> Iterator[Fact]:
    yield Fact("return", _thousandth(book.made), _sign(book.made))
    yield from _against(book.backtest)
    yield Fact("sessions", f"{book.executed} of {book.sessions} carried out")
    if book.verdicts:
        counts = ", ".join(f"{count} {verdict}" for verdict, count in book.verdicts.items())
        yield Fact("validation", counts, "bad" if "RED" in book.verdicts else "plain")
    else:
        yield Fact("validation", "missing: no session was validated", "notice")
    if book.figures is None:
        yield Fact("figures", "missing: the book has no close yet", "notice")
    else:
        yield from figure_facts(book.figures)


def _against(found: AgainstBacktest) -> Iterator[Fact]:
    """Yield the backtest of the same window: what was made, less the backtest, is the gap as shown."""
    if found.missing:
        yield Fact("backtest", f"missing: {found.missing}", "notice")
        return
    until = "" if found.last is None else f" up to {found.last}"
    yield Fact("backtest", f"{_thousandth(found.simulated)} in {found.sessions} session(s){until}")
    if found.behind:
        text = f"missing: no backtest of the last {found.behind} session(s): all three end before"
        yield Fact("after it", text, "notice")
    yield Fact("gap", f"{_thousandth(found.gap)} points".replace(" % points", " points"))
    error = found.tracking_error
    yield Fact("tracking error", "not enough sessions" if error is None else f"{percent(error)} a year")


def _thousandth(fraction: float | None) -> str:
    """Return a fraction as percent to the decimals that the gap is counted in."""
    return percent(None if fraction is None else round(fraction, SHOWN), signed=True, digits=SHOWN - 2)


def figure_facts(figures: BookFigures) -> Iterator[Fact]:
    """Yield the figures of a book."""
    yield Fact("equity", f"{amount(figures.equity)} on {figures.last}")
    yield Fact("week, month, year", _periods(figures))
    yield Fact("since the start", f"{percent(figures.total_return, signed=True)} ({figures.first})")
    yield Fact("drawdown", f"{percent(figures.drawdown)}, deepest {percent(figures.max_drawdown)}")
    yield Fact("Sharpe", "not enough sessions" if figures.sharpe is None else f"{figures.sharpe:.2f}")
    won = "no closing trade yet"
    if figures.win_rate is not None:
        won = f"{percent(figures.win_rate, digits=1)} of {figures.closing_trades} closing trades"
    yield Fact("win rate", won)


def _periods(figures: BookFigures) -> str:
    periods = (figures.week_to_date, figures.month_to_date, figures.year_to_date)
    return ", ".join(percent(made, signed=True) for made in periods)


def _sign(value: float | None) -> Tone:
    if not value:
        return "plain"
    return "good" if value > 0 else "bad"


def _lost(book: BookPeriod) -> Iterator[str]:
    for lost in book.lost:
        yield f"{lost.session} {lost.became}: {lost.why}" if lost.why else f"{lost.session} {lost.became}"


def _monitoring(found: BookMonitoring) -> Section:
    rows = tuple((one.name, one.state.upper(), one.value, one.limit) for one in found.measures)
    return Section(
        f"{found.variant}: monitoring",
        facts=(Fact("state", found.state.upper(), _STATE_TONE[found.state]),),
        table=Table(("measure", "state", "value", "limit"), rows),
        lines=tuple(f"{one.name}: {one.why}" for one in found.measures if one.why),
        tone=_STATE_TONE[found.state],
    )


def _notes(book: BookPeriod) -> Table:
    rows = tuple((f"{note.count} x", note.text, str(note.last)) for note in book.notes[:MOST_NOTES])
    return Table(("count", "warning", "last"), rows, ("count",))
