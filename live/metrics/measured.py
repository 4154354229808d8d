"""A scheduled run as the metrics see it: its exit code and how long it took, written when all is closed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from backtest.core.errors import JutsuError, exit_code_of
from live.runtime.lifecycle import Ending, known_settings, watched
from live.system.lock import AnotherRunError

if TYPE_CHECKING:
    from datetime import datetime

    from live.alerts.pings import Watched
    from live.model.run import Run
    from live.runtime.options import Options
    from live.settings.load import LoadedSettings

LOG = logging.getLogger("jutsu.metrics")


@contextmanager
def measured(program: Watched, options: Options, run: Run) -> Iterator[Ending]:
    """Watch a run (`watched`) and, where `metrics.textfile` names a folder, write the figures after it.

    Nothing here changes the exit code. A second run that stands aside is not counted: the first one is.
    """
    if not (run.alerts and run.about_now):
        with watched(program, options, run) as ending:
            yield ending
        return
    started, ending = _now(), Ending()
    try:
        with watched(program, options, run) as ending:
            yield ending
    except AnotherRunError:
        raise
    except BaseException as error:
        code = exit_code_of(error)
        _keep(program, ending.loaded or known_settings(options), code, started)
        raise
    _keep(program, ending.loaded or known_settings(options), ending.code, started)


def _keep(program: Watched, loaded: LoadedSettings | None, code: int, started: datetime) -> None:
    """Note the run and write the figures; what goes wrong is one line in the log.

    Without a folder for the figures only the doctor is noted: the page says when it last looked.
    """
    if loaded is None or (loaded.settings.metrics.textfile is None and program != "doctor"):
        return
    try:
        from live.metrics.program_runs import ProgramRun, remember
        from live.metrics.textfile import write

        now = _now()
        state = loaded.path(loaded.settings.paths.state_db).parent
        seconds = max(0.0, (now - started).total_seconds())
        remember(state, program, ProgramRun(now.isoformat(), code, seconds))
        if loaded.settings.metrics.textfile is not None:
            write(loaded, now)
    except (OSError, JutsuError) as error:
        LOG.warning("the metrics could not be written: %s", error)


def _now() -> datetime:
    from live.system.clock import SystemClock

    return SystemClock().now()
