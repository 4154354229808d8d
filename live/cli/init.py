"""`jutsu init`: a project by answering questions; every question is also a flag."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args

import typer

from live.cli.common import JsonOption, echo, emit_json, open_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from live.actions.setup import Answers, PlannedFile
    from live.operations.health import HealthCheck
    from live.operations.scheduled import Kind
    from live.settings.model import BookSettings, Settings
    from live.views.health import HealthView

SCHEDULES: Final = ("print", "cron", "systemd", "launchd", "none")
HOW: Final = "How are runs started? print shows cron lines, cron, systemd and launchd install for this user."
STEPS_TO_MONEY: Final = """\
nothing real is traded: mode is offline_mock, orders go to the paper account. Three steps to money, later:
  1. let it run on paper until `jutsu ready` agrees
  2. name your broker: `jutsu config set broker.name …`, `jutsu auth login`, `jutsu doctor --first-day`
  3. `jutsu config set mode online_live`, then `jutsu online`, which asks you to type it"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(init)


def init(
    *,
    folder: Annotated[Path, typer.Argument(help="The project; made when it is not there.")] = Path(),
    data: Annotated[str | None, typer.Option("--data", help="Prices: demo, store, schwab or alpaca.")] = None,
    strategy: Annotated[str | None, typer.Option("--strategy", help="What trades.")] = None,
    cash: Annotated[float | None, typer.Option("--cash", help="Cash of the paper account.")] = None,
    approval: Annotated[
        str | None, typer.Option("--approval", help="auto, required, or mode: as the mode says.")
    ] = None,
    silence: Annotated[
        list[str] | None, typer.Option("--silence", help="INTENT=trade|skip when nobody answers; repeatable.")
    ] = None,
    alerts: Annotated[str | None, typer.Option("--alerts", help="Address of alerts (apprise URL).")] = None,
    ping: Annotated[str | None, typer.Option("--ping", help="Address of a dead man's switch.")] = None,
    schedule: Annotated[
        str | None, typer.Option("--schedule", help="print, cron, systemd, launchd or none.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Take the default of every other question.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Set up a project in a folder: questions, settings, secrets, and a first `doctor`.

    A second run changes what is answered differently. Nothing is written before the last answer.
    """
    from backtest.core.errors import UsageError
    from live.actions import setup

    talking = not yes and sys.stdin.isatty() and sys.stdout.isatty()
    if not talking and not yes:
        raise UsageError(
            "there is no terminal to ask at", where="jutsu init", remedy="give --yes, and flags for the rest"
        )
    root = folder.absolute()
    if (os.path.lexists(root) and not root.is_dir()) or not str(root).isprintable():
        raise UsageError("this can be no project folder", where=repr(str(root)), remedy="name another folder")
    known = setup.current_settings(root)
    ask = _Questions(talking=talking)
    answers = _answers(ask, root, known, (data, strategy, cash, approval, silence or [], alerts, ping))
    wanted = ask.choice("--schedule", schedule, HOW, SCHEDULES, "print")
    files = setup.plan(root, answers)
    if not as_json:
        for file in files:
            _show(file, root)
    if files and talking and not typer.confirm("write this?", default=True):
        raise typer.Abort
    setup.write(files)
    if cash is not None or answers.values["paper.initial_cash"] != known.paper.initial_cash:
        for text in _kept_accounts(root):
            echo(text, err=as_json)
    return _finish(root, files, wanted, as_json=as_json)


def _kept_accounts(root: Path) -> Iterator[str]:
    """Yield a line for each paper account that was there before: it keeps its cash."""
    from live.cli.config_change import kept_paper_account
    from live.settings.load import account_names
    from live.views.settings import SettingsSource

    config = root / "config" / "live.yaml"
    for name in account_names(config) or (None,):
        text = kept_paper_account(SettingsSource(config, None, os.environ, name))
        if text:
            yield text


def _answers(
    ask: _Questions,
    root: Path,
    known: Settings,
    flags: tuple[str | None, str | None, float | None, str | None, list[str], str | None, str | None],
) -> Answers:
    from live.actions import setup
    from live.settings.model import DataSource

    data, strategy, cash, approval, silence, alerts, ping = flags
    source = ask.choice(
        "--data",
        data,
        "Where do prices come from? demo is a made-up market, store your own files, the others your account.",
        get_args(DataSource),
        known.data.source,
    )
    values: dict[str, Any] = {"data.source": source}
    if source in setup.VENDOR_KEYS:
        values["broker.name"] = source
    names = _strategies(root)
    first = next((book.primary for book in known.books if book.run == "daily"), known.books[0].primary)
    primary = ask.choice("--strategy", strategy, "Which strategy trades?", names, first)
    values["paper.initial_cash"] = ask.money(
        "--cash", cash, "Cash of the paper account? (A real one is not asked.)", known.paper.initial_cash
    )
    values |= _approval(ask, approval, silence, known)
    return setup.Answers(
        values=values, books=_books(known, primary), secrets=_secrets(ask, root, source, alerts, ping)
    )


def _books(known: Settings, primary: str) -> tuple[BookSettings, ...]:
    from live.actions.setup import books_with

    return books_with(known.books, primary)


def _strategies(root: Path) -> tuple[str, ...]:
    from backtest.strategies.registry import STRATEGIES, strategy_files
    from live.settings.templates import templates

    own = root / STRATEGIES
    if own.is_dir():
        return tuple(file.stem for file in strategy_files(own))
    return tuple(name.stem for name in templates() if name.parent.name == "strategies")


def _approval(ask: _Questions, approval: str | None, silence: list[str], known: Settings) -> dict[str, Any]:
    from backtest.core.errors import UsageError
    from backtest.core.planned_orders import Intent

    intents: tuple[Intent, ...] = get_args(Intent)
    policy = ask.choice(
        "--approval",
        approval,
        "Must you approve each file? auto: never, required: always, mode: only for real money.",
        ("auto", "required", "mode"),
        known.approval.policy or "mode",
    )
    values: dict[str, Any] = {"approval.policy": None if policy == "mode" else policy}
    said: dict[str, str] = {}
    for text in silence:
        intent, _, answer = text.partition("=")
        if intent not in intents or answer not in {"trade", "skip"}:
            raise UsageError(
                f"{text!r} is not understood", where="--silence", remedy="write INTENT=trade or INTENT=skip"
            )
        said[intent] = answer
    for intent in intents:
        now = known.approval.on_no_answer.get(intent, "skip")
        why = f"You must approve and do not answer: is an order of kind {intent} traded or skipped?"
        values[f"approval.on_no_answer.{intent}"] = ask.choice(
            "--silence", said.get(intent), why, ("trade", "skip"), now, quiet=policy == "auto"
        )
    return values


def _secrets(
    ask: _Questions, root: Path, source: str, alerts: str | None, ping: str | None
) -> Mapping[str, str]:
    from live.actions import setup
    from live.alerts import delivery, pings
    from live.settings.secrets import FILE, read_secrets

    there = read_secrets(root / FILE) if (root / FILE).exists() else {}
    found: dict[str, str] = {}
    for key in setup.VENDOR_KEYS.get(source, ()):
        found[key] = ask.secret(None, f"{key} of your {source} account (empty: later)", known=key in there)
    address = ask.secret(alerts, "Address alerts go to, as apprise URL (empty: later)", setup.ALERTS in there)
    if address and ask.talking and not _arrived(address):
        address = ""
    _require_usable("--alerts", address, delivery.unusable)
    found[setup.ALERTS] = address
    why = "Address of a dead man's switch, which notices when nothing runs (empty: later)"
    found[setup.PING] = ask.secret(ping, why, setup.PING in there)
    _require_usable("--ping", found[setup.PING], pings.unusable)
    return {key: value for key, value in found.items() if value}


def _require_usable(flag: str, address: str, unusable: Callable[[str], str]) -> None:
    """Refuse an address that could never be heard. UsageError: what is wrong, without the address."""
    from backtest.core.errors import UsageError

    problem = unusable(address) if address else ""
    if problem:
        raise UsageError(problem, where=flag, remedy="leave it out to give it later; nothing was written")


def _arrived(address: str) -> bool:
    """Send a test to an address and ask the person whether it came."""
    from live.alerts.delivery import deliver
    from live.alerts.message import Message
    from live.system.redaction import register_secret

    register_secret(address)
    test = Message("jutsu: a test", "This is what an alert looks like.", "info")
    problem = deliver({"test": address}, test)["test"].error
    if problem:
        echo(f"it could not be sent: {problem}; the address is not kept")
        return False
    return typer.confirm("a test was sent: did it arrive?", default=True)


def _show(file: PlannedFile, root: Path) -> None:
    name = file.path.relative_to(root)
    if file.before is None or file.secret:
        echo(f"{'changes' if file.before is not None else 'makes'} {name}")
        return
    difference = difflib.unified_diff(
        file.before.splitlines(), file.after.splitlines(), str(name), str(name), n=1, lineterm=""
    )
    for text in difference:
        echo(text)


def _finish(root: Path, files: tuple[PlannedFile, ...], schedule: str, *, as_json: bool) -> int:
    from backtest.core.errors import JutsuError
    from live.cli.doctor import show

    _install(root, schedule, as_json=as_json)
    view = _doctor(root)
    if as_json:
        emit_json({"written": [str(file.path) for file in files], "doctor": view})
        return 1 if view.failed else 0
    echo(f"{len(files)} file(s) written" if files else "nothing to change")
    show(view)
    if schedule == "print":
        echo("\nthe runs, as cron lines (`jutsu schedule --install` installs them, --systemd as timers):")
        from live.cli.schedule import print_schedule

        try:
            print_schedule("cron", config=root / "config" / "live.yaml")
        except JutsuError as error:
            echo(f"not yet: {error.line()}")
    echo(f"\n{STEPS_TO_MONEY}")
    return 1 if view.failed else 0


def _install(root: Path, schedule: str, *, as_json: bool) -> None:
    """Install the schedule asked for; what fails is said, and doctor finds it missing."""
    from backtest.core.errors import JutsuError
    from live.cli.schedule import install_schedule

    if schedule not in {"cron", "systemd", "launchd"}:
        return
    kind: Kind = schedule  # type: ignore[assignment] # one of the three above
    try:
        install_schedule(kind, config=root / "config" / "live.yaml", quiet=as_json)
    except JutsuError as error:
        echo(f"the schedule is not installed: {error.line()}", err=True)


def _doctor(root: Path) -> HealthView:
    """Return what doctor says, of every account where there are several."""
    from dataclasses import replace

    from live.cli.common import command_of
    from live.settings.load import account_names
    from live.views.health import health_of

    config = root / "config" / "live.yaml"
    found = []
    for name in account_names(config) or (None,):
        with command_of(name):
            checks = _checks(config)
        found += [replace(check, name=f"{name}: {check.name}") if name else check for check in checks]
    return health_of(found)


def _checks(config: Path) -> Sequence[HealthCheck]:
    from backtest.core.errors import JutsuError
    from live.cli.doctor import not_started
    from live.model.run import Reading
    from live.operations.health import examine

    try:
        with open_command(config=config, run=Reading()) as runtime:
            return tuple(examine(runtime.context, runtime.broker, runtime.feed))
    except JutsuError as error:
        return not_started(error).checks


class _Questions:
    """Asks what no flag answered; without a person, the default is the answer."""

    def __init__(self, *, talking: bool) -> None:
        self.talking = talking

    def choice(
        self,
        flag: str,
        given: str | None,
        why: str,
        among: tuple[str, ...],
        default: str,
        *,
        quiet: bool = False,
    ) -> str:
        """Return one of `among`. UsageError: the flag names something else."""
        from backtest.core.errors import UsageError

        if given is not None:
            if given not in among:
                raise UsageError(f"{given!r} is no answer", where=flag, remedy=f"one of {', '.join(among)}")
            return given
        if quiet or not self.talking:
            return default
        while True:
            echo(why)
            answer = str(typer.prompt(" / ".join(among), default=default)).strip()
            if answer in among:
                return answer
            echo(f"{answer!r} is none of them")

    def money(self, flag: str, given: float | None, why: str, default: float) -> float:
        """Return an amount above 0. UsageError: the flag is none."""
        from math import isfinite

        from backtest.core.errors import UsageError

        if given is not None or not self.talking:
            amount = default if given is None else given
            if not (isfinite(amount) and amount > 0):
                raise UsageError(f"{amount:g} is no amount", where=flag, remedy="give more than 0")
            return amount
        while True:
            amount = float(typer.prompt(why, default=default, type=float))
            if isfinite(amount) and amount > 0:
                return amount
            echo("give more than 0")

    def secret(self, given: str | None, why: str, known: bool) -> str:
        """Return what was typed without showing it, empty text when nothing was, or what is known stays."""
        if given is not None or not self.talking:
            return (given or "").strip()
        label = f"{why[: -len('(empty: later)')]}(empty: keep it)" if known else why
        return str(typer.prompt(label, default="", show_default=False, hide_input=True)).strip()
