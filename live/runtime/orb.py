"""Opening a run of the book of breakouts: ledger and paper account of its own, no feed and no other broker.

Its rows carry the account key `paper-orb`, so the books of shares and it never see each other's orders. It is
on paper whatever the mode of the other books is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backtest import __version__
from backtest.core.errors import SettingsError
from live.runtime.account import ORB_ACCOUNT, orb_day_folder, orb_paper_file
from live.runtime.loading import Sources
from live.runtime.open import clock_of, environment_of, open_ledger
from live.runtime.runtime import RunContext

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.model.run import Run
    from live.runtime.options import Options
    from live.settings.load import LoadedSettings
    from live.settings.model import OrbSettings
    from live.system.clock import Clock

SET_UP: Final = (
    "set orb.portfolio (what `python -m backtest orb portfolio` wrote) and orb.bars in config/live.yaml"
)


@dataclass(frozen=True, slots=True)
class OrbContext:
    """What a run of the book of breakouts works with.

    Attributes:
        context: settings, clock, folders and the ledger of the book's own account.
        portfolio: file of the portfolio. bars: file of the minute bars. instruments: file of contracts.
    """

    context: RunContext
    portfolio: Path
    bars: Path
    instruments: Path | None

    @property
    def settings(self) -> OrbSettings:
        """The settings of the book."""
        return self.context.settings.orb

    @property
    def paper_file(self) -> Path:
        """The file of its paper account, beside the ledger."""
        return orb_paper_file(self.context.loaded.path(self.context.settings.paths.state_db))

    def folder(self, day: str) -> Path:
        """Return the folder of a trading day's bars and events."""
        return orb_day_folder(self.context.state, day)


@contextmanager
def open_orb(stage: str, options: Options, run: Run, clock: Clock | None = None) -> Iterator[OrbContext]:
    """Open the ledger and settings of the book of breakouts; close them at the end.

    Args:
        stage: names the log file.
        options: flags that take the place of settings.
        run: what kind of run it is.
        clock: source of time; None: the machine's, or that of a past instant.

    Raises:
        SettingsError: 2, no such book is set up. Errors of settings and ledger with their own codes.
    """
    with open_ledger(stage, options, run) as (ledger, loaded):
        yield orb_of(ledger, loaded, run, clock or clock_of(run))


def is_set_up(options: Options, run: Run) -> bool:
    """Tell whether the settings name a book of breakouts."""
    return Sources.of(options, run).load().settings.orb.portfolio is not None


def orb_of(ledger: Ledger, loaded: LoadedSettings, run: Run, clock: Clock) -> OrbContext:
    """Return the book of breakouts of an open ledger. SettingsError: 2, none is set up."""
    orb = loaded.settings.orb
    if orb.portfolio is None:
        raise SettingsError("there is no book of breakouts", where="orb.portfolio", remedy=SET_UP)
    settings = loaded.settings.model_copy(update={"mode": "offline_mock"})  # on paper, whatever the others do
    places = settings.paths
    context = RunContext(
        ledger=ledger.for_account(ORB_ACCOUNT),
        clock=clock,
        settings=settings,
        loaded=loaded,
        run=run,
        account=ORB_ACCOUNT,
        data_source="minute bars",
        bar_store=loaded.path(settings.data.store),
        state=loaded.path(places.state_db).parent,
        signals=loaded.path(places.signals),
        strategies=loaded.path(places.strategies),
        manifest=loaded.path(places.manifest),
        version=__version__,
        environ=environment_of(loaded, run),
    )
    return OrbContext(
        context=context,
        portfolio=loaded.path(orb.portfolio),
        bars=loaded.path(orb.bars),
        instruments=None if orb.instruments is None else loaded.path(orb.instruments),
    )
