"""Every cause of an alert, in one list: what it means, how urgent it is, what to do.

A key is `<cause>_<variant>_<session>`, then what tells two apart of one session; `all` where a cause belongs
to no variant. The page `docs/alerts.md` is made of this list (`python -m tools.alerts_page`), and a test
refuses a key of a cause that is not in it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args

from backtest.core.errors import (
    AuthenticationFailed,
    BrokerError,
    CashJumpError,
    CorporateActionError,
    DataError,
    DisagreementError,
    JutsuError,
    KillSwitchOn,
    LimitError,
    UnresolvedError,
    UsageError,
)
from live.ledger.errors import LedgerError
from live.settings.model import AlertLevel

LOG = logging.getLogger("jutsu.alerts.causes")

Stage = Literal["signal_generator", "executor"]
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)
CauseName = Literal[
    "executed",
    "execution_warning",
    "execution_critical",
    "position_opened",
    "position_closed",
    "waiting",
    "no_entries",
    "missed",
    "missed_generated",
    "missed_executed",
    "missed_held",
    "daily_loss",
    "drawdown",
    "deep_drawdown",
    "min_balance",
    "unprotected",
    "sold_by_hand",
    "adopted",
    "panic_began",
    "panic_ended",
    "validation",
    "validation_data",
    "weekly",
    "monthly",
    "doctor",
    "doctor_start",
    "settings",
    "kill_switch",
    "difference",
    "cash_jump",
    "corporate_action",
    "data",
    "auth",
    "broker",
    "limit",
    "ledger",
    "unresolved",
    "unexpected",
    "digest",
    "unacknowledged",
    "logins",
    "orb_drawdown",
    "orb_circuit_break",
    "orb_win_rate_drift",
    "orb_expectancy_drift",
    "orb_range_size_regime",
    "orb_missing_data",
    "orb_strategy_stale",
]
CAUSE_NAMES: Final[tuple[CauseName, ...]] = get_args(CauseName)
LONGEST: Final = 128
_STAGE: Final = re.compile(rf"_\d{{4}}-\d\d-\d\d_({'|'.join(STAGES)})(_|$)")


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause.

    Attributes:
        levels: that its alerts may have, in words.
        meaning: what happened.
        remedy: what to do, with the commands.
    """

    levels: str
    meaning: str
    remedy: str


CAUSES: Final[Mapping[CauseName, Cause]] = {
    "executed": Cause(
        "info",
        "A file was carried out; the report names fills, slippage and allocation.",
        "Nothing.",
    ),
    "execution_warning": Cause(
        "warning",
        "A file was carried out with something to read: slippage above `safety.slippage_warn_pct`, an order "
        "held back, a buy that was not filled whole, cash that moved a little.",
        "Read the report. `jutsu status` shows orders and positions.",
    ),
    "execution_critical": Cause(
        "critical",
        "A file was carried out, and something needs a person: a position without its stop, a sale that was "
        "not filled, buying stopped for bad prices, a breaker that tripped.",
        "`jutsu status`, then what the message names. Another run of the executor places a missing stop.",
    ),
    "position_opened": Cause("info", "A book holds a symbol that it did not hold before.", "Nothing."),
    "position_closed": Cause("info", "A book holds nothing of a symbol any more.", "Nothing."),
    "waiting": Cause(
        "warning",
        "A signal file waits for an answer; the message says what happens without one.",
        "`jutsu review`, then `jutsu approve FILE` or `jutsu skip FILE`.",
    ),
    "no_entries": Cause(
        "warning",
        "The book sells as usual and buys nothing: its report of candidates is missing, late or wrong, the "
        "kill switch is on, or a breaker tripped; the message says which.",
        "Of a report: put it into the folder of the book and run the generator again. Of the kill switch or "
        "a breaker: `jutsu resume` when trading may go on.",
    ),
    "missed": Cause(
        "warning, critical from three sessions in a row",
        "Sessions passed without an execution; they are skipped, and today is decided anew.",
        "`jutsu runs` names the likely reason of each.",
    ),
    "missed_generated": Cause(
        "warning or critical",
        "The generator should have written a file and did not.",
        "`jutsu runs`, `jutsu doctor`; run `python -m live.signal_generator` while the window is open.",
    ),
    "missed_executed": Cause(
        "warning or critical",
        "The executor should have run and did not.",
        "`jutsu runs` and `jutsu doctor`; a later run decides anew, the prices of the missed one are gone.",
    ),
    "missed_held": Cause(
        "warning or critical",
        "Orders were held back for several sessions in a row, because nobody answered.",
        "`jutsu review`, or change what silence means (`approval.on_no_answer`).",
    ),
    "daily_loss": Cause(
        "critical",
        "The account lost more than `safety.daily_loss_pct` since the previous close; entries are blocked.",
        "Look at the positions. It ends with the session; `jutsu resume` ends it before.",
    ),
    "drawdown": Cause(
        "critical",
        "The account fell more than `safety.drawdown_pct` from its peak; entries are blocked.",
        "Decide whether to go on. `jutsu resume` makes the equity of now the new peak.",
    ),
    "deep_drawdown": Cause(
        "critical",
        "The account is more than `safety.drawdown_alert_pct` below its peak.",
        "Decide whether to go on. `jutsu panic` closes everything.",
    ),
    "min_balance": Cause(
        "critical",
        "The account holds less than `safety.min_balance`; entries are blocked.",
        "Bring cash, or lower the setting; then `jutsu resume`.",
    ),
    "unprotected": Cause(
        "critical",
        "A position has no protective stop at the broker.",
        "Run `python -m live.executor`: it places the stop first. Else place one at the broker.",
    ),
    "sold_by_hand": Cause(
        "warning",
        "A position was sold at the broker by a person; the book closed it at that price.",
        "Nothing when it was you. Else change the broker's password and `jutsu kill`.",
    ),
    "adopted": Cause("info", "A person took the broker's holdings into the books.", "Nothing."),
    "panic_began": Cause("critical", "A person closes every position.", "Wait for the end."),
    "panic_ended": Cause(
        "warning, critical when something is left",
        "Everything was closed, or the message names what was not.",
        "Look at the broker's own screen; `jutsu resume` and `jutsu schedule --install` take it back.",
    ),
    "validation": Cause(
        "info GREEN, warning YELLOW, critical RED",
        "A session was compared with its final bars.",
        "The commands that the message names; of RED `jutsu kill --entries-only` until you know why.",
    ),
    "validation_data": Cause(
        "warning",
        "A session could not be validated: a final bar is missing.",
        "`jutsu data list`, then `jutsu validate --date DATE`.",
    ),
    "weekly": Cause(
        "info",
        "The report of a week, GO or NO-GO: return, backtest, checks, missed sessions, open questions.",
        "NO-GO: the report names every reason; `jutsu ready` and `jutsu status` say what to do.",
    ),
    "monthly": Cause(
        "info",
        "The report of a month: causes, shadows, changes, the machine, realised gains.",
        "Read it once; what is not in order names its command.",
    ),
    "doctor": Cause("critical", "A check of the machine failed.", "`jutsu doctor` shows it with what to do."),
    "doctor_start": Cause(
        "critical", "`jutsu doctor` could not open the project.", "Do what the message says; `jutsu doctor`."
    ),
    "settings": Cause(
        "critical",
        "A run stopped: a setting, a flag or a signal file is wrong (exit code 2).",
        "`jutsu config check` names every mistake with its line.",
    ),
    "kill_switch": Cause(
        "critical",
        "A run stopped: a person turned the kill switch on (exit code 3).",
        "`jutsu resume` when trading may go on.",
    ),
    "difference": Cause(
        "critical",
        "A run stopped: ledger and broker differ (exit code 4).",
        "`jutsu reconcile` shows both sides; `jutsu reconcile --adopt` takes the broker's.",
    ),
    "cash_jump": Cause(
        "critical",
        "A run stopped: cash moved without a trade or a transaction that explains it (exit code 4).",
        "`jutsu reconcile` shows it; when it was a deposit or a withdrawal, `jutsu reconcile --adopt`.",
    ),
    "corporate_action": Cause(
        "critical",
        "A run stopped: quantities or prices look like a split (exit code 5).",
        "Check the corporate action; once the broker has booked it, `jutsu reconcile --adopt`.",
    ),
    "data": Cause(
        "critical",
        "A run stopped: prices are stale, missing or contradictory (exit code 5).",
        "`jutsu doctor`; `jutsu data verify` for a store. Run again while the window is open.",
    ),
    "auth": Cause(
        "critical",
        "A run stopped: the broker does not accept the login (exit code 6).",
        "`jutsu auth login`, then run the stage again while the window is open.",
    ),
    "broker": Cause(
        "critical",
        "A run stopped: the broker cannot be used (exit code 6).",
        "`jutsu doctor`; run the stage again while the window is open.",
    ),
    "limit": Cause(
        "critical",
        "A run stopped at a safety limit, came too late, or orders that had to go did not (exit code 7).",
        "Do what the message says; `jutsu status` shows what became of each order.",
    ),
    "ledger": Cause(
        "critical",
        "A run stopped: the ledger is damaged or cannot be opened (exit code 8).",
        "`jutsu recover` puts the newest backup back and asks the broker for the rest.",
    ),
    "unresolved": Cause(
        "critical",
        "A run stopped: the fate of an order is unknown (exit code 8).",
        "Look at the broker's own screen, then `jutsu resolve ORDER`.",
    ),
    "unexpected": Cause(
        "critical",
        "A run stopped by an error nobody foresaw (exit code 1); the traceback is in the log.",
        "`jutsu status`, `jutsu logs --level ERROR`; report it.",
    ),
    "digest": Cause("info", "The daily mail: everything that needed nothing.", "Nothing."),
    "logins": Cause(
        "warning",
        "Many logins to the dashboard failed in a short time; whoever tries has to wait longer each time.",
        "When it was not you: `jutsu dashboard password` ends every session and remembered device.",
    ),
    "unacknowledged": Cause(
        "critical",
        "Critical alerts that nobody acknowledged, once a day.",
        "Do what each of them says, then `jutsu alerts ack ID`.",
    ),
    "orb_drawdown": Cause(
        "warning", "A day of breakouts is below its warning, `drawdown_warning_r`.", "`jutsu orb`."
    ),
    "orb_circuit_break": Cause(
        "critical",
        "A day of breakouts reached its loss, `drawdown_halt_r`: no entry until the next day.",
        "Look at the trades of the day: `jutsu orb`.",
    ),
    "orb_win_rate_drift": Cause(
        "warning",
        "The last 50 trades of a strategy won far less often than its history did.",
        "Disable it in the next plan, or make the portfolio again: `python -m backtest orb portfolio`.",
    ),
    "orb_expectancy_drift": Cause(
        "critical",
        "The last 50 trades of a strategy brought less than half of what its history did.",
        "Disable it in the next plan, or make the portfolio again: `python -m backtest orb portfolio`.",
    ),
    "orb_range_size_regime": Cause(
        "info", "Opening ranges are twice as large as in the history.", "Nothing."
    ),
    "orb_missing_data": Cause(
        "warning",
        "A day had less than 80 % of its usual minute bars.",
        "Look at what writes the file of `orb.bars`.",
    ),
    "orb_strategy_stale": Cause("info", "A strategy had no trade for a month.", "Nothing."),
}
_BY_LENGTH: Final = sorted(CAUSE_NAMES, key=len, reverse=True)


def key_of(cause: CauseName, *, variant: str = "all", session: date | str, detail: str = "") -> str:
    """Return the key of an alert; the same key alerts once per New York day.

    Args:
        cause: of the list.
        variant: that it is about.
        session: date, or a span of dates.
        detail: what tells apart two alerts of one cause, variant and session.
    """
    return "_".join(part for part in (cause, variant, str(session), detail) if part)[:LONGEST]


def cause_of(key: str) -> CauseName | None:
    """Return the cause a key names, None when it is not in the list."""
    return next((name for name in _BY_LENGTH if key.startswith(f"{name}_")), None)


def stage_of(key: str) -> Stage | None:
    """Return the stage that stopped or was not content, None for other alerts."""
    found = _STAGE.search(key)
    return None if found is None else next(stage for stage in STAGES if stage == found[1])


def require_listed(key: str) -> None:
    """Write into the log that a key is of no listed cause: our fault, and no reason to lose the alert."""
    if cause_of(key) is None:
        LOG.error("the alert key %r is of no cause in the list", key)


_OF_ERRORS: Final[tuple[tuple[type[JutsuError], CauseName], ...]] = (
    (AuthenticationFailed, "auth"),
    (CashJumpError, "cash_jump"),
    (CorporateActionError, "corporate_action"),
    (LedgerError, "ledger"),
    (KillSwitchOn, "kill_switch"),
    (DisagreementError, "difference"),
    (DataError, "data"),
    (BrokerError, "broker"),
    (LimitError, "limit"),
    (UnresolvedError, "unresolved"),
    (UsageError, "settings"),
)


def cause_of_error(error: Exception) -> CauseName:
    """Return the cause of a run that ended with an error."""
    return next((cause for kind, cause in _OF_ERRORS if isinstance(error, kind)), "unexpected")


def urgency_of(
    critical: Sequence[str], warnings: Sequence[str], failure: Exception | None
) -> tuple[AlertLevel, CauseName]:
    """Return how urgent the alert of an executor's run is, and its cause; `failure` is what ended the run."""
    if failure is not None:
        return "critical", cause_of_error(failure)
    if critical:
        return "critical", "execution_critical"
    return ("warning", "execution_warning") if warnings else ("info", "executed")


def remedy_of(cause: CauseName) -> str:
    """Return what to do about a cause."""
    return CAUSES[cause].remedy


def with_remedy(key: str, level: AlertLevel, body: str) -> str:
    """Return the text of a message, with what to do where it names no command; `info` needs nothing."""
    cause = cause_of(key)
    if level == "info" or cause is None or "jutsu " in body or "python -m live." in body:
        return body
    return f"{body}\n\nWhat to do: {CAUSES[cause].remedy}"
