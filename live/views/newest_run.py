"""What the newest run of each book left undone: never "all is well" after a run that was not well."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from backtest.strategies.family import FAMILIES

if TYPE_CHECKING:
    from datetime import date

    from live.ledger.tables import RunLog
    from live.views.inputs import ViewInputs

#: after the open the first poll has had its time by then
PLACED_UNTIL = timedelta(minutes=5)
#: the end of a note about an order that a person keeps back: their answer, no problem
_OWN_SKIP = ": not sent: a person said skip"
_UNFINISHED = {
    "partial": "only a part was done",
    "gated": "every order was held back",
    "skipped": "no order was sent",
    "failed": "no order was filled",
    "expired": "the file expired unexecuted",
    "placed": "the orders were placed and nothing has looked at them since the open: `--phase poll`",
}


def newest_run(inputs: ViewInputs, variant: str) -> RunLog | None:
    """Return the newest row of the run log, None before the first run."""
    return next(iter(inputs.ledger.runs.recent(1, variant)), None)


def criticals(detail: Mapping[str, Any]) -> list[str]:
    """Return the criticals of a session's newest run, and as such those of the runs before it."""
    earlier = [f"earlier in that session: {text}" for text in detail.get("earlier", ())]
    return [*detail.get("critical", ()), *earlier]


def troubles(inputs: ViewInputs, primaries: Iterable[str], named: Collection[str] = ()) -> Iterator[str]:
    """Yield what the newest run and the newest validation of each primary found, one line each.

    Args:
        inputs: what the view is made from.
        primaries: variants that trade.
        named: variants whose failed run is named already.
    """
    for variant in primaries:
        run = newest_run(inputs, variant)
        if variant not in named:
            yield from _no_file(run)
        if run is not None and run.executed_at is not None and not _waits_for_open(inputs, run):
            found = _of_run(run, exit_named=variant in named)
            symbols = _symbols(inputs, run)
            yield from (
                f"{variant} {run.session}: {text}; see `jutsu explain {_symbol_of(text, symbols)}`"
                for text in found
            )
        yield from _of_file(inputs, variant)
        yield from _of_validation(inputs, variant)


def no_newer_file(inputs: ViewInputs, variant: str, after: date) -> tuple[str, ...]:
    """Return why the newest session has no file of a variant, where it is one after `after`."""
    run = newest_run(inputs, variant)
    return tuple(_no_file(run)) if run is not None and run.session > after else ()


def _no_file(run: RunLog | None) -> Iterator[str]:
    if run is not None and run.generator_exit and run.generated_at is None:
        stopped = f"the generator stopped with exit code {run.generator_exit}{_why(run)}"
        yield f"{run.variant} {run.session}: {stopped}"


def _of_run(run: RunLog, *, exit_named: bool) -> list[str]:
    detail = dict(run.detail or {})
    found = criticals(detail)
    unfinished = _UNFINISHED.get(run.outcome)
    if unfinished and not found and not detail.get("error"):  # the error says why nothing was done
        said = list(detail.get("warnings", ()))
        found = [text for text in said if not text.endswith(_OWN_SKIP)] or ([] if said else [unfinished])
    if run.executor_exit and not exit_named:
        found.insert(0, f"the executor stopped with exit code {run.executor_exit}{_why(run)}")
    return found


def _symbols(inputs: ViewInputs, run: RunLog) -> dict[str, str]:
    """Return client order id -> symbol, for every order of the file that a run was about."""
    row = inputs.ledger.signals.get(run.session, run.variant)
    orders = () if row is None else json.loads(row.content).get("orders", ())
    return {order["client_order_id"]: order["symbol"] for order in orders}


def _symbol_of(text: str, symbols: Mapping[str, str]) -> str:
    """Return the symbol that a note begins with or whose order it names, the word where it names none."""
    head = text.partition(":")[0]
    return symbols.get(head, head if head in symbols.values() else "SYMBOL")


def _why(run: RunLog) -> str:
    error = (run.detail or {}).get("error")
    return f": {error}" if error else ""


def _waits_for_open(inputs: ViewInputs, run: RunLog) -> bool:
    """Whether its orders rest until an open that has not come yet: nothing is wrong with that."""
    from backtest.calendar import sessions as calendar

    session = calendar.session(run.session)
    placed = run.outcome == "placed" and not run.executor_exit and not (run.detail or {}).get("critical")
    return placed and session is not None and inputs.now < session.open + PLACED_UNTIL


def _of_file(inputs: ViewInputs, variant: str) -> Iterator[str]:
    """Yield why the newest file entered nothing: a report that is missing or was refused."""
    row = next(iter(inputs.ledger.signals.recent(1, variant)), None)
    if row is None:
        return
    content = json.loads(row.content)
    family = FAMILIES.get(content.get("strategy", {}).get("family"))
    if family is None or family.holds_weights:
        return
    report = content.get("inputs", {}).get("candidates")
    if report is None:
        why = next((text for text in content.get("warnings", ()) if "report for" in text), "")
        why = why or "no report was given (--report-file): nothing could be entered"
        yield f"{variant} {row.session}: {why}"
    elif not report.get("accepted"):
        because = "; ".join(text for text in content.get("warnings", ()) if "report" in text)
        yield f"{variant} {row.session}: the report was rejected: {because or 'see the file'}"


def _of_validation(inputs: ViewInputs, variant: str) -> Iterator[str]:
    """Yield a newest validation that was RED, until a later session is validated."""
    from live.validation.sessions import NOT_POSSIBLE, verdict_key

    for row in inputs.ledger.signals.recent(5, variant):
        verdict = json.loads(inputs.ledger.state.get(verdict_key(row.session)) or "{}").get(variant)
        if verdict is None:
            continue
        if verdict == NOT_POSSIBLE:
            yield (
                f"{variant} {row.session}: it could not be validated for want of a bar; "
                f"`jutsu validate --date {row.session}` tries again"
            )
        if verdict == "RED":
            yield (
                f"{variant} {row.session}: the validation was RED; "
                f"`jutsu validate --date {row.session}` says why"
            )
        return
