"""Alerts: written to the outbox first, then delivered; a failing channel never fails a run.

Each alert reaches each of its channels at least once, each channel is tried by itself. A stage delivers at
its end, in one time box: orders never wait for it.

Rules. One key alerts once per New York day. `routing` says which channels hear a level, when, and when a
failed one is tried again. Runs about a past session record without sending, dry runs and replays do neither.
What could not be delivered stays in the outbox; the next run warns about it and tries again.

    send(context, key="...", level="warning", title="...", body=text, html=page, to=("mail",))

puts a message into the outbox; mail channels send `html` beside the text, the others the text alone.

Channels are apprise URLs: `JUTSU_ALERT_<NAME>`, and the list in the variable that `alerts.urls_env` names, of
the environment or the secrets file; else a file of URLs named by the same variable with `_FILE` appended, or
`alert_urls` beside the ledger, an account's own or that of all. They contain secrets: a file must be private,
and no text leaves with one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from backtest.calendar.sessions import NEW_YORK
from live.alerts import plain_outbox
from live.alerts.addressing import FAILED, address, level_of, named_channels, sum_up, urls_of, when
from live.alerts.causes import require_listed, with_remedy
from live.alerts.channels import Level, label
from live.alerts.daily import make_daily
from live.alerts.delivery import TIMEBOX_SECONDS, deliver_all
from live.alerts.message import Message, named
from live.alerts.routing import next_try
from live.system import run_facts
from live.system.account_words import with_account
from live.system.redaction import redact

if TYPE_CHECKING:
    from live.alerts.context import Context
    from live.ledger.alerts import Alerts
    from live.ledger.record_tables import Alert, AlertDelivery

LOG = logging.getLogger("jutsu.alerts")

_COLLECTING: Final[ContextVar[bool]] = ContextVar("collecting", default=False)


def send(
    context: Context,
    *,
    key: str,
    level: Level,
    title: str,
    body: str,
    html: str | None = None,
    to: Sequence[str] = (),
    report: bool = False,
) -> tuple[str, ...]:
    """Record an alert and, unless delivering is held back (`collected`), send it to whoever wants to hear it.

    Args:
        context: the runtime.
        key: names the cause; the same key alerts once per New York day.
        level: ``info`` (nothing to do), ``warning`` (read today), ``critical`` (act now).
        title: one line.
        body: text; secrets are masked before it is stored.
        html: the same as a whole HTML document, which mail channels send beside the text.
        to: channels by name, instead of those the settings give the level.
        report: the report of a run; sent below the minimum level when the settings want it.

    Returns:
        Warnings about channels that failed; empty when all is well. Never raises because of a channel.
    """
    outbox, now = context.ledger.alerts, context.clock.now()
    if not context.run.alerts or outbox.seen(key, now.astimezone(NEW_YORK).date()):
        return ()
    require_listed(key)
    run = run_facts.current().run or None
    page = None if html is None else redact(html)
    with outbox.together():
        alert = outbox.add(
            key, level=level, title=redact(title), body=redact(body), at=now, html=page, run=run
        )
        problem = address(context, alert, to=to, report=report)
    if problem:
        return (f"alert {key!r} was not sent: {problem}",)
    if _COLLECTING.get() or not context.run.about_now:
        return ()
    mine = [row for row in outbox.due(now) if row.alert_id == alert.id]
    return _deliver(context, mine, urls_of(context)[0], within=TIMEBOX_SECONDS)


@contextmanager
def collected() -> Iterator[None]:
    """Record alerts inside without delivering them; whoever uses this calls `flush` afterwards."""
    token = _COLLECTING.set(True)
    try:
        yield
    finally:
        _COLLECTING.reset(token)


@contextmanager
def recorded_together(context: Context) -> Iterator[None]:
    """Record the alerts inside in one commit, each all or nothing, when they are delivered later."""
    if not _COLLECTING.get():
        yield  # each is delivered at once, and nobody else may wait for that
        return
    with context.ledger.batch():
        yield


def flush(context: Context, *, within: float = TIMEBOX_SECONDS) -> tuple[str, ...]:
    """Send what waits in the outbox, critical alerts first, in `within` seconds; the rest waits on.

    The daily mail and the reminder of unacknowledged criticals are made here when their time has come.

    Returns:
        Warnings: what earlier tries could not deliver, and channels that fail now.
    """
    if not (context.run.alerts and context.run.about_now):
        return ()
    _take_in(context)
    outbox, now = context.ledger.alerts, context.clock.now()
    make_daily(context)
    known = _known_failures(outbox)
    problems = [problem for alert in outbox.unaddressed() if (problem := address(context, alert))]
    urls, problem = urls_of(context)
    if problem:
        return (*known, *dict.fromkeys((*problems, problem)))
    waiting = _present(context, outbox.due(now), urls)
    return (*known, *dict.fromkeys(problems), *_deliver(context, waiting, urls, within=within))


def _take_in(context: Context) -> None:
    try:
        plain_outbox.take_in(context.state, context.ledger.alerts)
    except OSError as error:
        LOG.warning("%s could not be taken in: %s", plain_outbox.FILE, error)


def _present(
    context: Context, waiting: Iterable[AlertDelivery], urls: Mapping[str, str]
) -> list[AlertDelivery]:
    """Return what is at channels that exist or the settings name; what is at others goes elsewhere."""
    outbox, named = context.ledger.alerts, named_channels(context.settings.alerts)
    found = []
    for row in waiting:
        if row.channel in urls or row.channel in named or not urls:
            found.append(row)
            continue
        outbox.forget(row.alert_id, row.channel)
        alert = outbox.get(row.alert_id)
        if alert is not None and not outbox.deliveries(alert.id):
            outbox.address(alert.id, dict.fromkeys(urls, context.clock.now()), at=context.clock.now())
        else:
            sum_up(outbox, row.alert_id, context.clock.now())
    ids = {row.alert_id for row in waiting} - {row.alert_id for row in found}
    return found + [row for row in outbox.due(context.clock.now()) if row.alert_id in ids]


def _known_failures(outbox: Alerts) -> tuple[str, ...]:
    return tuple(
        f"alert {alert.key!r} of {when(alert)} was not delivered: {alert.error.removeprefix(FAILED)}"
        for alert in outbox.unsent()
        if alert.error
    )


def _deliver(
    context: Context, waiting: Sequence[AlertDelivery], urls: Mapping[str, str], *, within: float
) -> tuple[str, ...]:
    """Try every channel whose time has come, each by itself; return what fails, and that something waits."""
    outbox = context.ledger.alerts
    alerts = {number: outbox.get(number) for number in {row.alert_id for row in waiting}}
    queues: dict[str, list[AlertDelivery]] = {}
    warnings: list[str] = []
    for row in waiting:
        if row.channel in urls:
            queues.setdefault(row.channel, []).append(row)
        else:
            error = f"has no address: put JUTSU_ALERT_{row.channel.upper()}=URL into secrets.env"
            warnings.append(_note(context, row, alerts[row.alert_id], error, row.channel))
    messages = {
        name: [_message(context, alerts[row.alert_id], tried=row.attempts > 0) for row in rows]
        for name, rows in queues.items()
    }
    tried = len(waiting) - sum(map(len, queues.values()))
    for outcome in deliver_all(urls, messages, within=within):
        row, shown = queues[outcome.channel][outcome.number], label(outcome.channel, urls[outcome.channel])
        warnings.append(_note(context, row, alerts[row.alert_id], outcome.error, shown))
        tried += 1
    if tried < len(waiting):
        warnings.append("some alerts still wait: `jutsu alerts flush`")
    return tuple(dict.fromkeys(filter(None, warnings)))


def _note(context: Context, row: AlertDelivery, alert: Alert | None, error: str, shown: str) -> str:
    """Write what became of one try; return a warning when it failed."""
    outbox, now = context.ledger.alerts, context.clock.now()
    assert alert is not None  # its delivery refers to it
    with outbox.together():
        if error:
            attempts = row.attempts + 1
            wanted, level = context.settings.alerts, level_of(alert)
            due = next_try(wanted, level, made=alert.created_at, attempts=attempts, now=now)
            outbox.failed(alert.id, row.channel, at=now, error=error, due=due)
        else:
            outbox.delivered(alert.id, row.channel, at=now)
        sum_up(outbox, alert.id, now)
    if not error:
        return ""
    LOG.warning("alert channel failed: %s %s", shown, error)
    return f"alert channel failed: {shown} {error}"


def _message(context: Context, alert: Alert | None, *, tried: bool) -> Message:
    """Return what a channel is given; a message that comes late says of when it is."""
    assert alert is not None  # its delivery refers to it
    title = f"{alert.title} (from {when(alert)})" if tried or alert.attempts else alert.title
    level = level_of(alert)
    body = with_account(context.settings.account, with_remedy(alert.key, level, alert.body))
    body = f"{body}\n\nrun {alert.run}" if alert.run else body
    html = None if alert.html is None else with_account(context.settings.account, alert.html)
    return Message(named(context.settings, title), body, level, html)
