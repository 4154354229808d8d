"""Every command of `jutsu`: the module that registers it and what the list of commands says of it.

So that a command loads its own module only, and `jutsu --help` none. A test holds this against the modules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Command:
    """One command, or a group of them.

    Attributes:
        topic: module in `live.cli` that registers it.
        help: first sentence of its help text.
    """

    topic: str
    help: str


COMMANDS: Final[Mapping[str, Command]] = {
    "init": Command(
        "init", "Set up a project in a folder: questions, settings, secrets, and a first `doctor`."
    ),
    "review": Command(
        "review", "Show the orders of a session with everything to judge them by; approve, edit or skip."
    ),
    "approve": Command(
        "review", "Approve the exact bytes of a signal file; the approval ends with the execution window."
    ),
    "skip": Command("review", "Send nothing of this file; the strategy proposes again in the next session."),
    "status": Command("status", "Show on one screen whether all is well and what to do next."),
    "ready": Command(
        "ready", "Count what must be true before real orders; exit code 1 when something is not met yet."
    ),
    "trades": Command("trades", "List executed trades, newest first, with the regime they were decided in."),
    "export": Command("trades", "Export all trades as CSV (or JSON)."),
    "orb": Command(
        "orb",
        "Show the book of breakouts: its session, each strategy beside its history, days, alerts, trades.",
    ),
    "explain": Command(
        "explain", "Tell why a symbol traded or did not: decision, file, approval, gates, orders and fills."
    ),
    "compare": Command(
        "compare", "Compare each primary with its shadows and judge whether switching is justified."
    ),
    "drift": Command(
        "drift",
        "Compare live with the backtest of the same sessions and name what each cause cost, to the cent.",
    ),
    "reconcile": Command(
        "reconcile", "Compare ledger and broker; exit code 4 when they differ (5 when it looks like a split)."
    ),
    "resolve": Command(
        "reconcile", "Tell the ledger what became of an order after looking at the broker's own screen."
    ),
    "realign": Command(
        "realign", "Ask that the next file carries the orders that bring a book to its strategy's targets."
    ),
    "panic": Command(
        "panic",
        "End our orders, sell all positions of ours, turn everything off. Works while the kill switch is on.",
    ),
    "kill": Command("switches", "Turn the kill switch on: no order leaves until `jutsu resume`."),
    "resume": Command(
        "switches",
        "Turn the kill switch off, the breakers back on, and what panic switched off (cron, timers) too.",
    ),
    "online": Command("switches", "Confirm once, by typing it, that this account may receive real orders."),
    "offline": Command("switches", "Withdraw the confirmation: no real order leaves until `jutsu online`."),
    "recover": Command(
        "ledger",
        "Replace a damaged or new ledger by the newest intact backup and ask the broker what it is missing.",
    ),
    "restore": Command(
        "backup",
        "Put a backup in place, in an empty folder or over a project; entries off until `jutsu reconcile`.",
    ),
    "upgrade": Command(
        "upgrade",
        "Bring the ledger up to date, a copy kept before; exit code 2 when settings or manifest need you.",
    ),
    "replay": Command(
        "replay", "Run both real stages for every past session with a simulated clock and the paper broker."
    ),
    "demo": Command(
        "replay",
        "Show the whole product on a seeded demo market: the last sessions through both real stages.",
    ),
    "optimize": Command(
        "research", "Try the parameter sets of a study file; stopped at any moment it goes on where it was."
    ),
    "study": Command("research", "List, show, judge, export, verify and promote studies."),
    "walk-forward": Command(
        "research", "Select inside each train window of a study, trade the window after it."
    ),
    "monte-carlo": Command(
        "research", "Resample a backtest, its parameters and its prices; put it through bad days."
    ),
    "validate": Command(
        "validate",
        "Compare decisions and fills with the final bars; exit code 4 when anything is RED, 5 without bars.",
    ),
    "doctor": Command("doctor", "Check everything a run needs; exit code 1 when something failed."),
    "metrics": Command(
        "metrics", "Print the figures of this account, or of every one, as Prometheus reads them."
    ),
    "runs": Command(
        "runs",
        "List every session that was due, what became of it, and the likely reason where it was missed.",
    ),
    "logs": Command(
        "logs", "Show log entries of every program in the order of time; exit code 1 when nothing matched."
    ),
    "backup": Command(
        "backup", "Copy the ledger now, or the whole project into one file (--to); rehearse a restore."
    ),
    "dashboard": Command("dashboard", "Serve a page with today's file, the books, and the switches."),
    "schedule": Command(
        "schedule",
        "When the programs start: print, install or remove cron lines, timers, agents; look ahead.",
    ),
    "live": Command("live", "Run both stages now; status, trades and export beside it."),
    "order": Command("order", "Edit the orders of a signal file; approve it afterwards."),
    "jobs": Command("jobs", "Long computations: what waits, runs and was found; run those that are due."),
    "data": Command(
        "data", "The bar store: sync, check, import, list, verify, export; confirm a price, record a split."
    ),
    "config": Command("config", "Show, check, change and freeze the settings."),
    "auth": Command("auth", "The broker login: renew it, see how long it lasts."),
    "alerts": Command("alerts", "Alerts: what was said, and whether it would be heard."),
    "taxes": Command("taxes", "Realised gains by tax lot and wash sales; not advice."),
    "audit": Command("audit", "What people did here, and whether the record is whole."),
    "report": Command("report", "Reports: of runs and books; what a report of candidates says."),
}
