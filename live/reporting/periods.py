"""The weekly and the monthly report of an account, made from a run: ledger, bars, settings, machine."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from backtest.calendar import sessions as calendar
from backtest.core.errors import JutsuError, UsageError
from live.alerts.channels import urls_file
from live.reporting.files import StoredReport, kept, name_of
from live.reporting.monthly import monthly_report
from live.reporting.weekly import weekly_report
from live.settings.names import flat
from live.settings.secrets import secrets_path
from live.system.json_text import value_text
from live.views.book_period import PeriodInputs, first_session
from live.views.inputs import ViewInputs
from live.views.monitoring import baselines
from live.views.monthly_report import Cause, MonthInputs, month_before, read_monthly
from live.views.weekly_report import read_weekly, week_until

if TYPE_CHECKING:
    from live.model.broker import Broker
    from live.model.feed import Feed
    from live.runtime.runtime import RunContext
    from live.views.taxes import WashSale

#: alerts that are looked at for criticals nobody acknowledged
NEWEST = 200


def weekly_of(context: RunContext, feed: Feed, day: date | None = None) -> StoredReport:
    """Return the report of the newest week that is over on `day`, None: today.

    Raises:
        UsageError: no book had begun by then, or the period is not over.
    """
    first, last = week_until(day or context.today())
    _require_book(context, last)
    late = _made_late(context, last, week_until(context.today())[1])
    return weekly_report(read_weekly(ViewInputs.of(context), _period(context, feed, first, last), late))


def monthly_of(context: RunContext, broker: Broker, feed: Feed, day: date | None = None) -> StoredReport:
    """Return the report of the month before that of `day`, None: today.

    Raises:
        UsageError: no book had begun by then, or the period is not over.
    """
    first, last = month_before(day or context.today())
    _require_book(context, last)
    inputs, period = ViewInputs.of(context), _period(context, feed, first, last)
    return monthly_report(read_monthly(inputs, period, _month(context, broker, feed, first, last)))


def first_session_after(last: date) -> date:
    """Return the first session of the month after the day `last`: when its report is due."""
    return calendar.next_session(last).day


def no_book(context: RunContext, last: date) -> str:
    """Return that no daily book had begun by a day and when the first one does, empty when one had."""
    daily = [book.primary for book in context.settings.books if book.run == "daily"]
    begun = {name: first_session(context.ledger, name) for name in daily}
    known = {name: day for name, day in begun.items() if day is not None}
    if any(day <= last for day in known.values()):
        return ""
    if not known:
        return f"no book had begun by {last}: nothing has run yet"
    name = min(known, key=lambda one: known[one])
    return f"no book had begun by {last}: the first session of {name} is {known[name]}"


def _require_book(context: RunContext, last: date) -> None:
    if last > context.today() + timedelta(days=1):  # on a Saturday its own week is over
        raise UsageError(
            f"the period up to {last} is not over yet", where="report", remedy="wait for its end"
        )
    problem = no_book(context, last)
    if problem:
        raise UsageError(problem, where="report", remedy="name a day after a period that holds a session")


def _made_late(context: RunContext, last: date, newest: date) -> tuple[str, ...]:
    """Return what is of today in the report of a period before the newest one, which ended on `newest`."""
    if last >= newest:
        return ()
    return (f"settings, machine, exit criteria and open questions are those of {context.today()}",)


def _period(context: RunContext, feed: Feed, first: date, last: date) -> PeriodInputs:
    from live.operations.watch import run_lines_of
    from live.validation.rehearsal import backtest_curves, backtest_returns
    from live.views.readiness import read_readiness

    inputs = ViewInputs.of(context)
    ready = read_readiness(inputs, backtest_returns(context, feed))
    return PeriodInputs(
        first=first,
        last=last,
        runs=run_lines_of(context, first, past=True),
        simulated=backtest_curves(context, feed),
        baselines=baselines(context.manifest, context.settings.data.source),
        budgets={book.primary: book.budget_pct for book in context.settings.books},
        readiness={book.variant: book for book in ready.books},
        criticals=tuple(_criticals(context, inputs)),
    )


def _criticals(context: RunContext, inputs: ViewInputs) -> Iterator[str]:
    """Yield what waits for a person now: problems of `jutsu status`, criticals nobody acknowledged."""
    from live.operations.checks import ledger_problems, login_problems
    from live.views.status import read_status

    view = read_status(inputs, (*ledger_problems(context), *login_problems(context, context.loaded.root)))
    judged = [book.now.monitoring for book in view.books if book.now is not None]
    known = {
        text for one in judged if one is not None for text in one.problems
    }  # of its own day by the report
    yield from (text for text in view.problems if text not in known)
    newest = context.ledger.alerts.recent(NEWEST)
    for alert in (one for one in newest if one.level == "critical" and one.acknowledged_at is None):
        yield f"critical alert of {alert.created_at:%Y-%m-%d}: {alert.title} (`jutsu alerts ack {alert.id}`)"


def _month(context: RunContext, broker: Broker, feed: Feed, first: date, last: date) -> MonthInputs:
    from live.operations.health import examine

    day = first_session_after(last)
    earlier, until = month_before(first)
    before = kept(
        context.state / "reports",
        name_of("monthly", first_session_after(until), account=context.settings.account),
    )
    causes, missing = _causes(context, feed, first, last)
    wash_notes, no_lots = _wash_notes(context, first, last)
    return MonthInputs(
        day=day,
        settings=_settings(context),
        manifest=_digests(context.manifest),
        before=before if before is not None and before.get("first") == str(earlier) else None,
        checks=tuple(examine(context, broker, feed)),
        secrets=tuple(_readable(_secret_files(context))),
        causes=causes,
        wash_notes=wash_notes,
        version=context.version,
        missing=(*missing, *no_lots, *_made_late(context, last, month_before(context.today())[1])),
    )


def _causes(
    context: RunContext, feed: Feed, first: date, last: date
) -> tuple[tuple[Cause, ...], tuple[str, ...]]:
    """Return what each cause added in a month, and why there is no attribution of a book."""
    from live.validation.drift import measure_drift
    from live.views.drift import drift_of

    daily = {book.primary for book in context.settings.books if book.run == "daily"}
    try:
        found = drift_of(measure_drift(context, feed), first, last)
    except JutsuError as error:
        return (), (f"attribution: {error.line()}",)
    books = [book for book in found.books if book.variant in daily]
    causes = [Cause(book.variant, one.name, float(one.amount)) for book in books for one in book.causes]
    causes += [Cause(book.variant, "unexplained", float(book.unexplained)) for book in books]
    unmeasured = [one for one in found.not_measured if one.variant in daily]
    return tuple(causes), tuple(f"attribution of {one.variant}: {one.why}" for one in unmeasured)


def _wash_notes(context: RunContext, first: date, last: date) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a line per loss of the month that a purchase replaced, and why there are none."""
    from live.views.taxes import read_taxes

    try:
        found = read_taxes(context, last.year)
    except JutsuError as error:
        return (), (f"wash sales: {error.line()}",)
    return tuple(_wash_note(one) for one in found.wash_sales if first <= one.sold <= last), ()


def _wash_note(one: WashSale) -> str:
    what = "lost" if one.lost else "deferred"
    bought = f"{one.bought_symbol} bought on {one.bought}"
    return f"{one.symbol}: a loss of {one.amount:,.2f} on {one.sold}, {bought}: {what}"


def _settings(context: RunContext) -> dict[str, str]:
    """Return every setting in force and every changed parameter as text; places are nobody's decision."""
    values = flat(context.settings.model_dump(mode="json"))
    for variant, changes in context.parameter_overrides.items():
        values |= {f"strategy.{variant}.{name}": value for name, (value, _) in changes.items()}
    return {name: value_text(values[name]) for name in sorted(values) if not name.startswith("paths.")}


def _digests(manifest: Path) -> dict[str, str]:
    """Return variant -> digest of its entry; nothing of a manifest that cannot be read (doctor says so)."""
    from live.settings.manifest import read

    try:
        entries = read(manifest)
    except JutsuError:
        return {}
    texts = {name: json.dumps(entry, sort_keys=True) for name, entry in entries.items()}
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}


def _secret_files(context: RunContext) -> tuple[Path, ...]:
    token = context.loaded.path(context.settings.broker.schwab.token_file)
    secrets = secrets_path(context.loaded.root, context.environ)
    return (secrets, urls_file(context.settings, context.state), token)


def _readable(paths: tuple[Path, ...]) -> Iterator[str]:
    """Yield the files that others than their owner may read."""
    for path in paths:
        try:
            mode = path.stat().st_mode
        except OSError:
            continue
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield f"{path.name}: others can read it; chmod 600 {path}"
