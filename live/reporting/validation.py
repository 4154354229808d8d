"""The validation of one variant in one session as a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from live.reporting.document import VERDICT_TONE, Document, Fact, Section, Table, percent, points, price
from live.reporting.files import StoredReport
from live.validation.verdict import MIN_FILL_RATE_PCT, RED_ABOVE_PCT, WINDOW, YELLOW_FROM_PCT

if TYPE_CHECKING:
    from backtest.strategies.family import Choice
    from live.validation.report import VariantReport
    from live.validation.verdict import SessionCheck

_THRESHOLDS = (
    f"GREEN: the same decision on the final bars and every price within {YELLOW_FROM_PCT} %",
    f"YELLOW: the same decision, a price off by {YELLOW_FROM_PCT} % to {RED_ABOVE_PCT} %",
    f"RED: another decision, or a price off by more than {RED_ABOVE_PCT} %",
    f"RED: an order without an end, or fewer than {MIN_FILL_RATE_PCT:g} % of the shares filled",
)


def validation_report(model: VariantReport) -> StoredReport:
    """Return the report of one variant in one session."""
    document = Document(
        subject=f"validation {model.variant} {model.session} {model.verdict}",
        headline=f"{_decision(model)}, decided on the bar of {model.decided_on} ({model.role})",
        tone=VERDICT_TONE[model.verdict],
        sections=(
            Section("because", lines=model.reasons, tone=VERDICT_TONE[model.verdict]),
            _prices(model),
            _decisions(model),
            _fills(model),
            _rolling(model.rolling),
            Section("notes", lines=model.notes),
            Section("thresholds", lines=_THRESHOLDS),
        ),
    )
    return StoredReport("validation", model.session, model.variant, model, document)


def joined(documents: Sequence[Document], subject: str) -> Document:
    """Return several documents as one: the first is the worst, each keeps its subject as a heading."""
    parts = [(Section(one.subject, lines=(one.headline,), tone=one.tone), *one.sections) for one in documents]
    sections = tuple(section for made in parts for section in made)
    return Document(subject, f"{len(documents)} books", documents[0].tone, sections)


def _decision(model: VariantReport) -> str:
    if model.logic_match is None:
        return "the decision could not be recomputed"
    return (
        "the same decision on the final bars" if model.logic_match else "ANOTHER decision on the final bars"
    )


def _prices(model: VariantReport) -> Section:
    rows = tuple(
        (item.symbol, price(item.reference_price), price(item.final_price), points(item.drift_pct))
        for item in model.drifts
    )
    columns = ("symbol", "decided at", "final close", "drift")
    lines = () if rows else ("the file names no price of a bar",)
    return Section("prices", table=Table(columns, rows, columns[1:]), lines=lines)


def _decisions(model: VariantReport) -> Section:
    """Put the decision of the file beside the one on the final bars."""
    before, after = dict(_points(model.at_execution)), dict(_points(model.on_final))
    rows = tuple(
        (name, before.get(name, "-"), after.get(name, "-")) for name in dict.fromkeys((*before, *after))
    )
    return Section("decision", table=Table(("", "at execution", "on the final bars"), rows))


def _points(choice: Choice | None) -> Iterator[tuple[str, str]]:
    if choice is None:
        return
    for name, value in choice.facts.items():
        yield name.replace("_", " "), _word(value)
    for symbol, weight in choice.targets.items():
        yield f"target {symbol}", percent(weight)
    for kind, symbols in (("exits", choice.exits), ("entries", choice.entries)):
        if symbols:
            yield kind, ", ".join(sorted(symbols))


def _word(value: object) -> str:
    words = {None: "none", True: "yes", False: "no"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def _fills(model: VariantReport) -> Section:
    slipped = {item.symbol: item for item in model.slippages}
    rows = tuple(
        (fate.name, f"{fate.filled:,} of {fate.ordered:,}", ", ".join(fate.open_states) or "ended")
        for fate in model.orders
    )
    rate = "no orders were sent" if model.fill_rate_pct is None else points(model.fill_rate_pct, signed=False)
    facts = [Fact("fill rate", rate)]
    facts += [
        Fact(
            f"slippage {symbol}",
            f"{points(item.quote_pct)} of the quote, {points(item.reference_pct)} of the target",
        )
        for symbol, item in slipped.items()
    ]
    return Section("fills", facts=tuple(facts), table=Table(("order", "filled", "state"), rows, ("filled",)))


def _rolling(checks: tuple[SessionCheck, ...]) -> Section:
    return Section(f"last {WINDOW} sessions", table=check_table(checks))


def check_table(checks: tuple[SessionCheck, ...]) -> Table:
    """Return rolling statistics as a table; no data is said, never a pass."""
    rows = tuple(
        (check.name, points(check.value, signed=False), check.limit, str(check.sessions), passed(check))
        for check in checks
    )
    return Table(("check", "value", "limit", "sessions", "result"), rows, ("value", "sessions"))


def passed(check: SessionCheck) -> str:
    """Return the result of a check as one word or two."""
    return "no data" if check.passed is None else "pass" if check.passed else "FAIL"
