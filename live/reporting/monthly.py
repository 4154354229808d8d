"""The monthly report as a document."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from live.reporting.book_sections import book_sections
from live.reporting.document import Document, Fact, Section, Table, Tone, amount, percent
from live.reporting.files import StoredReport

if TYPE_CHECKING:
    from live.operations.health import Verdict
    from live.views.compare import Comparison
    from live.views.monthly_report import MonthlyReport

_WORD: Final[Mapping[bool | None, str]] = {True: "met", False: "NOT MET", None: "cannot be judged yet"}
_WORST: Final[Mapping[Verdict, Tone]] = {"ok": "good", "none": "plain", "warning": "notice", "failed": "bad"}


def monthly_report(model: MonthlyReport) -> StoredReport:
    """Return the report of a month."""
    document = Document(
        subject=f"monthly report {model.first:%Y-%m}",
        headline=f"account {model.account}, {model.mode}, version {model.version}",
        tone=_tone(model),
        sections=(
            *(section for book in model.books for section in book_sections(book)),
            _causes(model),
            *(_comparison(one) for one in model.comparisons),
            _changes(model),
            _machine(model),
            _realised(model),
            Section("wash sales", lines=model.wash_notes),
            Section("missing", lines=model.missing, tone="notice"),
        ),
    )
    return StoredReport("monthly", model.day, None, model, document)


def _tone(model: MonthlyReport) -> Tone:
    if model.secrets or model.audit.problem or any(one.verdict == "failed" for one in model.checks):
        return "bad"
    return "good" if all(book.go for book in model.books) else "notice"


def _causes(model: MonthlyReport) -> Section:
    """Return what each cause added, to the cent, and their sum: the gap to the backtest in money."""
    rows: list[tuple[str, ...]] = []
    for variant in dict.fromkeys(one.variant for one in model.causes):
        added = {one.name: one.amount for one in model.causes if one.variant == variant}
        rows += [(variant, name, amount(value, signed=True)) for name, value in added.items()]
        rows.append((variant, "gap", amount(round(math.fsum(added.values()), 2), signed=True)))
    return Section("attribution", table=Table(("book", "cause", "amount"), tuple(rows), ("amount",)))


def _comparison(found: Comparison) -> Section:
    title = f"{found.primary} and its shadow {found.shadow}"
    if not found.records:
        return Section(title, lines=(f"missing: {found.sessions} shared session(s), two are needed",))
    switch = "justified" if found.switch else "not justified"
    facts = [Fact("switch", switch, "notice" if found.switch else "plain")]
    facts += [
        Fact(
            record.variant,
            f"{percent(record.total_return, signed=True)}, drawdown {percent(record.max_drawdown)}, "
            f"{record.trades} closing trades in {record.sessions} sessions",
        )
        for record in found.records
    ]
    rows = tuple((one.name, _WORD[one.met], one.detail) for one in found.criteria)
    return Section(title, facts=tuple(facts), table=Table(("criterion", "", "detail"), rows))


def _changes(model: MonthlyReport) -> Section:
    rows = tuple((one.name, _short(one.before), _short(one.now)) for one in model.changes)
    compared = not any("no report of the month before" in line for line in model.missing)
    lines = ("nothing changed",) if compared and not rows else ()
    return Section("changes since last month", table=Table(("setting", "before", "now"), rows), lines=lines)


def _machine(model: MonthlyReport) -> Section:
    problem = model.audit.problem
    audit = f"BROKEN: {problem}" if problem else f"{model.audit.rows:,} rows, the chain holds"
    secrets = f"{len(model.secrets)} can be read by others" if model.secrets else "private"
    facts = [
        Fact("audit log", audit, "bad" if problem else "plain"),
        Fact("files with secrets", secrets, "bad" if model.secrets else "plain"),
    ]
    facts += [
        Fact(one.name, _with_remedy(one.detail, one.remedy), _WORST[one.verdict]) for one in model.checks
    ]
    return Section("machine", facts=tuple(facts), lines=model.secrets, tone="bad")


def _with_remedy(detail: str, remedy: str) -> str:
    return f"{detail}; {remedy}" if remedy else detail


def _realised(model: MonthlyReport) -> Section:
    rows = tuple(_rows(model))
    columns = ("book", "symbol", "sales", "gains", "losses", "net")
    lines = () if rows else ("nothing was sold",)
    return Section("realised, against average cost", table=Table(columns, rows, columns[2:]), lines=lines)


def _rows(model: MonthlyReport) -> Iterator[tuple[str, ...]]:
    for one in model.realised:
        sums = (amount(one.gains), amount(one.losses), amount(one.net, signed=True))
        yield (one.variant, one.symbol, str(one.sales), *sums)


def _short(text: str) -> str:
    if not text:
        return "-"
    return f"{text[:12]}…" if len(text) == 64 else text
