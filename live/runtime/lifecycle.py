"""How a stage ends: one line on the screen, the traceback in the log, the documented exit code."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

from backtest.core.errors import (
    READER_LEFT,
    JutsuError,
    UsageError,
    exit_code_of,
    one_line,
    unwritable,
)
from live.runtime.interrupted import report_interrupt
from live.system.lock import AnotherRunError
from live.system.redaction import redact
from live.system.screen import complain, print_text

if TYPE_CHECKING:
    from live.alerts.context import Context
    from live.alerts.pings import Watched
    from live.model.run import Run
    from live.runtime.options import Options
    from live.settings.load import LoadedSettings
    from live.settings.model import Settings

Made = TypeVar("Made")
#: note on an error that an alert was made of: one failure, one alert
ALERTED = "an alert tells of this"


@contextmanager
def alerting(context: Context, stage: str) -> Iterator[None]:
    """Deliver alerts after a run, waiting ones too, and say so when it ends with an error.

    Nothing is delivered while orders may be under way. Delivering never fails a run: what could not be sent
    is one more line on the screen and is tried again.
    """
    if not context.run.alerts:
        yield
        return
    with delivering_after(context), _alerting_errors(context, stage):
        yield


@contextmanager
def delivering_after(context: Context) -> Iterator[None]:
    """Hold alerts back inside and deliver them afterwards, however the block ends."""
    from live.alerts import outbox as alerts

    try:
        with alerts.collected():
            yield
    finally:
        warn_of_undelivered(lambda: alerts.flush(context))


@contextmanager
def _alerting_errors(context: Context, stage: str) -> Iterator[None]:
    """Record an alert about the error that ends a run."""
    try:
        yield
    except JutsuError as error:
        noted: list[str] = getattr(error, "__notes__", [])
        if ALERTED not in noted and not _typed(error, context.run):
            key = _key(error, stage, context.clock.now(), error.where)
            body = "\n".join((error.line(), *(str(finding) for finding in error.findings), *noted))
            _record(context, key, f"{stage} stopped with exit code {error.exit_code}", body)
            error.add_note(ALERTED)
        raise
    except Exception as error:
        title = f"{stage} stopped by an unexpected error (exit code {exit_code_of(error)})"
        body = f"{type(error).__name__}: {error}. Orders may be under way: see jutsu status"
        key = _key(error, stage, context.clock.now(), type(error).__name__)
        _record(context, key, title, body)
        raise


def _key(error: Exception, stage: str, at: datetime, where: str) -> str:
    from backtest.calendar.sessions import NEW_YORK
    from live.alerts.causes import cause_of_error, key_of

    session = at.astimezone(NEW_YORK).date()
    return key_of(cause_of_error(error), session=session, detail=f"{stage}_{where}")


def _typed(error: JutsuError, run: Run) -> bool:
    """Whether a person at the screen made the mistake: a wrong flag, or exit 2 of a run about a past date."""
    return type(error) is UsageError or (isinstance(error, UsageError) and not run.about_now)


def _record(context: Context, key: str, title: str, body: str) -> None:
    """Record a critical alert in the ledger; when that cannot be written, beside it and send it at once."""
    from live.alerts.outbox import send

    try:
        send(context, key=key, level="critical", title=title, body=body)
    except (JutsuError, OSError) as problem:
        logging.getLogger("jutsu").warning("the ledger's outbox cannot be written: %s", problem)
        if context.run.about_now:
            places = (context.settings, context.environ, context.state)
            warn_of_undelivered(lambda: _alert_beside(*places, key=key, title=title, body=body))


@dataclass(slots=True)
class Ending:
    """How a run ends, set before its block is left.

    Attributes:
        code: the exit code.
        loaded: the settings it ran with, None while they are not known.
    """

    code: int = 0
    loaded: LoadedSettings | None = None


@contextmanager
def watched(program: Watched, options: Options, run: Run) -> Iterator[Ending]:
    """Tell the dead man's switch of a run's start and end, when there is one.

    Only runs about now are told, after everything was closed. A second run that stands aside is not told:
    the first one tells how it ended.
    """
    ending, url = Ending(), _ping_address(program, options) if run.alerts and run.about_now else None
    if url is None:
        yield ending
        return
    from live.alerts import pings

    state = _known_settings(options)[2]
    last = pings.recall(state).get(program)
    if last is not None and last.problem:
        complain(f"warning: the last ping of {program} did not arrive: {last.problem}")
    _log_ping(program, pings.tell_start(url))
    try:
        yield ending
    except AnotherRunError:
        raise
    except BaseException as error:
        ending.code = exit_code_of(error)
        _log_ping(program, pings.report_end(state, program, url, ending.code, _now()))
        raise
    _log_ping(program, pings.report_end(state, program, url, ending.code, _now()))


def _ping_address(program: Watched, options: Options) -> str | None:
    from live.alerts.pings import address
    from live.settings.accounts import account_of
    from live.settings.load import DEFAULT_CONFIG, root_of
    from live.settings.secrets import own_key, secret

    root = root_of(options.config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None))
    account = account_of(options.account)

    def look_up(name: str) -> str | None:
        if options.shared:  # the common address is told once, of all accounts
            return secret(root, os.environ, own_key(name, account))
        return secret(root, os.environ, name, account)

    return address(program, look_up)


def _log_ping(program: str, problem: str) -> None:
    if problem:
        logging.getLogger("jutsu").warning("the ping of %s did not arrive: %s", program, problem)


def _now() -> datetime:
    from live.system.clock import SystemClock

    return SystemClock().now()


@contextmanager
def opening(stage: str, options: Options, run: Run) -> Iterator[None]:
    """Alert about a run that could not even be opened: no login, a damaged ledger, settings with a mistake.

    There is no outbox then; the channels are asked directly. Wrong flags (UsageError) send no alert: a person
    typed them.
    """
    try:
        yield
    except JutsuError as error:
        alerted = ALERTED in getattr(error, "__notes__", ())
        if not (alerted or _typed(error, run)) and run.alerts and run.about_now:
            title, text = f"{stage} could not start (exit code {error.exit_code})", error.line()
            key = _key(error, stage, _now(), error.where)
            warn_of_undelivered(lambda: alert_without_ledger(options, key=key, title=title, body=text))
        raise


def alert_without_ledger(options: Options, *, key: str, title: str, body: str) -> Iterable[str]:
    """Send one critical alert without a ledger, once a day; return what failed.

    It is kept in `outbox.jsonl` beside the ledger: the next program that can write takes it in, and delivers
    it when no channel took it now.
    """
    from live.settings.load import account_names
    from live.settings.secrets import Whose, with_secrets

    settings, root, state = _known_settings(options)
    try:
        whose = Whose(settings.account, account_names(options.config))
        environ: Mapping[str, str] = with_secrets(root, os.environ, (settings.alerts.urls_env,), whose)
    except JutsuError as error:
        complain(f"warning: {error.line()}")
        environ = dict(os.environ)
    return _alert_beside(settings, environ, state, key=key, title=title, body=body)


def _alert_beside(
    settings: Settings, environ: Mapping[str, str], state: Path, *, key: str, title: str, body: str
) -> Iterable[str]:
    from live.alerts import channels, plain_outbox
    from live.alerts.causes import with_remedy
    from live.alerts.delivery import deliver
    from live.alerts.message import Message, named
    from live.system.account_words import with_account
    from live.system.clock import SystemClock

    at, urls, problems = SystemClock().now(), dict[str, str](), list[str]()
    if plain_outbox.was_delivered(state, key, at):
        return problems
    try:
        urls = channels.channels(settings, state, environ)
    except JutsuError as error:
        problems.append(f"alert channels: {error.line()}")
    title, body = redact(title), redact(body)
    text = with_account(settings.account, with_remedy(key, "critical", body))
    results = deliver(urls, Message(named(settings, title), text, "critical")).values()
    problems += [f"alert channel failed: {one.channel} {one.error}" for one in results if one.error]
    delivered = any(not one.error for one in results)
    if state.exists() or (state.parent / "config").is_dir():  # a wrong folder is left as it is
        plain_outbox.keep(state, plain_outbox.PlainAlert(key, "critical", title, body, at, delivered))
    return problems


def _known_settings(options: Options) -> tuple[Settings, Path, Path]:
    """Return settings, root and the ledger's folder, as far as they can be read."""
    from live.settings.accounts import account_of, own_path
    from live.settings.load import DEFAULT_CONFIG, root_of
    from live.settings.model import Settings

    loaded = known_settings(options)
    if loaded is not None:
        return loaded.settings, loaded.root, loaded.path(loaded.settings.paths.state_db).parent
    # the settings are the trouble: places and the variable of the channels have their default names then
    root = root_of(options.config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None))
    default = Settings.model_validate({"account": account_of(options.account)})
    path = options.state_db or root / own_path(default.paths.state_db, default.account)
    return default, root, path.parent


def known_settings(options: Options) -> LoadedSettings | None:
    """Return the settings in force, those without the ledger's overrides when it cannot be read, or None."""
    from live.runtime.loading import Sources, settings_in_force

    sources = Sources.of(options)
    for load in (settings_in_force, Sources.load):
        try:
            return load(sources)
        except JutsuError:
            continue
    return None


def warn_of_undelivered(deliver: Callable[[], Iterable[str]]) -> None:
    """Say what could not be delivered; an outbox that cannot be written is one more such thing."""
    try:
        for warning in deliver():
            complain(f"warning: {warning}")
    except (JutsuError, OSError) as error:
        logging.getLogger("jutsu").warning("no alert could be kept: %s", error)
        complain(f"warning: no alert could be kept: {error}")


def attempted(what: str, body: Callable[[], Made]) -> Made | None:
    """Return what `body` makes; None when it fails, whatever the reason: logged, one line, never raised.

    For what a run leaves beside its work: a report that cannot be made must not change how the run ended.
    """
    try:
        return body()
    except Exception as error:
        logging.getLogger("jutsu").warning("%s could not be made", what, exc_info=error)
        complain(f"warning: {what} could not be made: {error}")
        return None


def report_error(error: JutsuError, log_file: Path | None) -> int:
    """Show an expected error and every finding behind it; return its exit code."""
    logging.getLogger("jutsu").error("stopped: %s", error.line(), exc_info=error)
    only = error.findings[0] if len(error.findings) == 1 else None
    if only is None or only.problem not in error.line():
        for finding in error.findings:
            complain(f"  {finding}")
    tail = f" [log: {one_line(log_file)}]" if log_file else ""
    complain(f"error {error.exit_code}: {error.line()}{tail}")
    return error.exit_code


def leave(code: int) -> NoReturn:
    """End the process with this exit code.

    An alert server that answers without end holds a thread of the library that asks it, and the interpreter
    would wait for that thread: cron piles up, and no exit code reaches anybody. Then it is left behind.
    """
    delivery = sys.modules.get("live.alerts.delivery")
    if delivery is not None and delivery.hanging():
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    sys.exit(code)


def guarded(body: Callable[[], int], log_file: Callable[[], Path | None]) -> int:
    """Run a whole stage; turn whatever happens into one line and an exit code."""
    logging.getLogger().addHandler(logging.NullHandler())  # silent until a log file is open
    print_text()
    try:
        return body()
    except JutsuError as error:
        return report_error(error, log_file())
    except KeyboardInterrupt as stop:
        return report_interrupt(stop)
    except BrokenPipeError:
        return READER_LEFT
    except Exception as error:
        disk = unwritable(error) if isinstance(error, OSError) else None
        if disk is not None:
            return report_error(disk, log_file())
        logging.getLogger("jutsu").critical("unexpected error", exc_info=error)
        where = log_file()
        tail = f"; the traceback is in {one_line(where)}" if where else ""
        complain(f"error 1: unexpected {type(error).__name__}: {error}{tail}")
        return 1
